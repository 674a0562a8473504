//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Stack;

/// What `--help` says.
pub const HELP: &str = "\
Charges the orders of a file against a gateway that fails, and proves from the gateway's
own ledger that each order was charged once.

usage: cargo run -p checkout -- [options]

  --without idempotent   run the same code without that attribute and its key
  --orders FILE          JSON lines, such as
                         {\"order\":\"o-1\",\"key\":\"k-1\",\"amount\":500,\"currency\":\"EUR\",\"card\":\"tok_visa\"}
                         default: the 200 of examples/checkout/data/orders.jsonl
  --seed N               another seed: other faults for the same orders (default 1)
  --help                 this

A line may say what its client does: \"client\": \"patient\" (the default), \"hangs_up\" (leaves
before the answer and comes back) or \"impatient\" (sends it twice at the same time). The same
line again is a duplicate; its key with another amount is a tampered one. Some cards are known
for what they do: tok_declined, tok_flaky (fails twice), tok_silent (never answers).

RUST_LOG=checkout=info shows the event that #[logged] emits for each call, and
RUST_LOG=steadfast=debug what the layers do.

The command ends with 1 when the proof fails, with 2 when it cannot run.";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Run the orders.
    Run(Options),
    /// Say how it is used.
    Help,
}

/// How to run.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// The file of orders.
    pub orders: PathBuf,
    /// The function that the clients call.
    pub stack: Stack,
    /// What the faults follow from.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        let orders = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/data/orders.jsonl"));
        Self { orders, stack: Stack::Whole, seed: 1 }
    }
}

/// Why the command line cannot be understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} (see --help)")]
pub struct UsageError(String);

impl Command {
    /// Reads the arguments that follow the program's name.
    ///
    /// # Errors
    /// On an option that does not exist, and on a value that is missing or wrong.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, UsageError> {
        let mut options = Options::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let name = argument.to_string_lossy();
            match &*name {
                "--help" | "-h" => return Ok(Self::Help),
                "--orders" => options.orders = value(&name, arguments.next())?.into(),
                "--without" => options.stack = without(&value(&name, arguments.next())?)?,
                "--seed" => options.seed = seed(&value(&name, arguments.next())?)?,
                other => return Err(UsageError(format!("there is no option `{other}`"))),
            }
        }
        Ok(Self::Run(options))
    }
}

fn value(option: &str, value: Option<OsString>) -> Result<OsString, UsageError> {
    value.ok_or_else(|| UsageError(format!("`{option}` needs a value")))
}

fn without(attribute: &OsString) -> Result<Stack, UsageError> {
    if attribute == "idempotent" {
        return Ok(Stack::WithoutIdempotent);
    }
    let attribute = attribute.to_string_lossy();
    Err(UsageError(format!("`--without {attribute}`: only `idempotent` can be left out")))
}

fn seed(text: &OsString) -> Result<u64, UsageError> {
    let text = text.to_string_lossy();
    text.parse().map_err(|_| UsageError(format!("`--seed {text}`: a seed is a whole number, such as 7")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Command, String> {
        Command::parse(arguments.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_runs_the_shipped_orders_with_the_whole_stack() {
        assert_eq!(parse(&[]), Ok(Command::Run(Options::default())));
        assert!(Options::default().orders.is_file());
    }

    #[test]
    fn all_options() {
        let options = Options { orders: "mine.jsonl".into(), stack: Stack::WithoutIdempotent, seed: 9 };
        let parsed = parse(&["--orders", "mine.jsonl", "--without", "idempotent", "--seed", "9"]);
        assert_eq!(parsed, Ok(Command::Run(options)));
        assert_eq!(parse(&["--help"]), Ok(Command::Help));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases: [(&[&str], &str); 5] = [
            (&["--sede", "1"], "there is no option `--sede` (see --help)"),
            (&["--orders"], "`--orders` needs a value (see --help)"),
            (&["--without", "retry"], "`--without retry`: only `idempotent` can be left out (see --help)"),
            (&["--seed", "x"], "`--seed x`: a seed is a whole number, such as 7 (see --help)"),
            (&["--seed", "-1"], "`--seed -1`: a seed is a whole number, such as 7 (see --help)"),
        ];
        for (arguments, error) in cases {
            assert_eq!(parse(arguments), Err(error.to_owned()));
        }
    }
}
