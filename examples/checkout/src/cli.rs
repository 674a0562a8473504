//! The command line.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use crate::Stack;
use crate::place::Place;
use crate::scenarios::Scenario;

/// What `--help` says.
pub const HELP: &str = include_str!("help.txt");

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Run the orders.
    Run(Options),
    /// Play these scenarios.
    Scenarios(Vec<Scenario>),
    /// Be the process that the scenario `killed` kills, with its files in this folder.
    PlaceOrder(PathBuf),
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
    /// What outlives the process.
    pub keeps: Keeps,
    /// What the gateway does.
    pub faults: Faults,
}

/// What outlives the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// Nothing: records and ledger are in memory.
    Nothing,
    /// The records, and the gateway's ledger.
    Records {
        /// Where the records are.
        store: Place,
        /// The ledger's file.
        ledger: PathBuf,
        /// Whether what is there is deleted first.
        fresh: bool,
    },
}

/// What goes wrong on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    /// What the faults follow from.
    pub seed: u64,
    /// After so many charges of this run the process dies.
    pub die_after: Option<NonZeroU32>,
}

impl Default for Options {
    fn default() -> Self {
        let faults = Faults { seed: 1, die_after: None };
        Self { orders: shipped_orders(), stack: Stack::Whole, keeps: Written::default().records(), faults }
    }
}

fn shipped_orders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/orders.jsonl")
}

/// Under the workspace's `target`: git ignores it, and `cargo clean` forgets it.
fn own_folder() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).join("target/checkout")
}

/// Why the command line cannot be understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} (see --help)")]
pub struct UsageError(String);

/// What was written, before it is known whether it fits together.
#[derive(Default)]
struct Written {
    orders: Option<PathBuf>,
    without: bool,
    /// The inner `None` is `memory`.
    store: Option<Option<Place>>,
    ledger: Option<PathBuf>,
    fresh: bool,
    seed: Option<u64>,
    die_after: Option<NonZeroU32>,
}

impl Command {
    /// Reads the arguments that follow the program's name.
    ///
    /// # Errors
    /// On an option that does not exist, on a value that is missing or wrong, and on options that
    /// contradict each other.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, UsageError> {
        let mut arguments = arguments.into_iter().peekable();
        if arguments.next_if(|first| first == "--scenarios").is_some() {
            return scenarios(arguments);
        }
        if arguments.next_if(|first| first == "--place-order").is_some() {
            return place_order(arguments);
        }
        let mut written = Written::default();
        while let Some(argument) = arguments.next() {
            let name = argument.to_string_lossy();
            let mut value = || arguments.next().ok_or_else(|| UsageError(format!("`{name}` needs a value")));
            match &*name {
                "--help" | "-h" => return Ok(Self::Help),
                "--orders" => written.orders = Some(value()?.into()),
                "--store" => written.store = Some(store(&value()?)?),
                "--ledger" => written.ledger = Some(value()?.into()),
                "--fresh" => written.fresh = true,
                "--die-after" => written.die_after = Some(number(&name, &value()?, "a whole number above 0")?),
                "--without" => written.without = without(&value()?)?,
                "--seed" => written.seed = Some(number(&name, &value()?, "a whole number, such as 7")?),
                alone @ ("--scenarios" | "--place-order") => {
                    return Err(UsageError(format!("`{alone}` comes first: no option of a run goes with it")));
                }
                other => return Err(UsageError(format!("there is no option `{other}`"))),
            }
        }
        written.options().map(Self::Run).map_err(UsageError)
    }
}

/// All of them, unless some are named.
fn scenarios(names: impl Iterator<Item = OsString>) -> Result<Command, UsageError> {
    let named = |name: OsString| {
        let name = name.to_string_lossy();
        let known = Scenario::ALL.map(Scenario::name).join(", ");
        Scenario::named(&name).ok_or_else(|| UsageError(format!("there is no scenario `{name}`; there are {known}")))
    };
    let scenarios: Vec<Scenario> = names.map(named).collect::<Result<_, _>>()?;
    Ok(Command::Scenarios(if scenarios.is_empty() { Scenario::ALL.to_vec() } else { scenarios }))
}

fn place_order(mut rest: impl Iterator<Item = OsString>) -> Result<Command, UsageError> {
    match (rest.next(), rest.next()) {
        (Some(folder), None) => Ok(Command::PlaceOrder(folder.into())),
        _ => Err(UsageError("`--place-order` needs a folder, and nothing else".to_owned())),
    }
}

impl Written {
    fn options(self) -> Result<Options, String> {
        let keeps = self.keeps()?;
        let stack = if self.without { Stack::WithoutIdempotent } else { Stack::Whole };
        let faults = Faults { seed: self.seed.unwrap_or(1), die_after: self.die_after };
        Ok(Options { orders: self.orders.unwrap_or_else(shipped_orders), stack, keeps, faults })
    }

    fn keeps(&self) -> Result<Keeps, String> {
        let in_memory = match &self.store {
            Some(Some(_)) | None if self.without => Some("--without idempotent"),
            Some(None) => Some("--store memory"),
            _ => None,
        };
        let Some(in_memory) = in_memory else { return Ok(self.records()) };
        let kept = [
            ("--store", matches!(self.store, Some(Some(_)))),
            ("--ledger", self.ledger.is_some()),
            ("--fresh", self.fresh),
        ];
        match kept.iter().find(|(_, written)| *written) {
            Some((option, _)) => {
                Err(format!("`{in_memory}` runs in memory, where nothing is kept: leave out `{option}`"))
            }
            None => Ok(Keeps::Nothing),
        }
    }

    fn records(&self) -> Keeps {
        let folder = own_folder();
        Keeps::Records {
            store: self.store.clone().flatten().unwrap_or_else(|| Place::Sqlite(folder.join("records.sqlite"))),
            ledger: self.ledger.clone().unwrap_or_else(|| folder.join("ledger.sqlite")),
            fresh: self.fresh,
        }
    }
}

fn store(written: &OsString) -> Result<Option<Place>, UsageError> {
    let written = written.to_str().ok_or_else(|| UsageError("`--store`: that is no text".to_owned()))?;
    Place::parse(written).map_err(|wrong| UsageError(format!("`--store`: {wrong}")))
}

fn without(attribute: &OsString) -> Result<bool, UsageError> {
    if attribute == "idempotent" {
        return Ok(true);
    }
    let attribute = attribute.to_string_lossy();
    Err(UsageError(format!("`--without {attribute}`: only `idempotent` can be left out")))
}

fn number<N: std::str::FromStr>(option: &str, text: &OsString, what: &str) -> Result<N, UsageError> {
    let text = text.to_string_lossy();
    text.parse().map_err(|_| UsageError(format!("`{option} {text}`: it takes {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Command, String> {
        Command::parse(arguments.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_runs_the_shipped_orders_with_the_whole_stack_and_keeps_the_records() {
        assert_eq!(parse(&[]), Ok(Command::Run(Options::default())));
        assert!(Options::default().orders.is_file());
        let Keeps::Records { store: Place::Sqlite(records), ledger, fresh: false } = Options::default().keeps else {
            panic!("{:?}", Options::default())
        };
        assert!(records.ends_with("target/checkout/records.sqlite"), "{records:?}");
        assert!(ledger.ends_with("target/checkout/ledger.sqlite"), "{ledger:?}");
    }

    #[test]
    fn all_options() {
        let arguments = ["--orders", "mine.jsonl", "--seed", "9", "--die-after", "3", "--fresh"];
        let places = ["--store", "sqlite:a.db", "--ledger", "b.db"];
        let options = Options {
            orders: "mine.jsonl".into(),
            stack: Stack::Whole,
            keeps: Keeps::Records { store: Place::Sqlite("a.db".into()), ledger: "b.db".into(), fresh: true },
            faults: Faults { seed: 9, die_after: NonZeroU32::new(3) },
        };
        assert_eq!(parse(&[&arguments[..], &places].concat()), Ok(Command::Run(options)));
        assert_eq!(parse(&["--help"]), Ok(Command::Help));
    }

    #[test]
    fn scenarios_are_played_all_or_by_name() {
        assert_eq!(parse(&["--scenarios"]), Ok(Command::Scenarios(Scenario::ALL.to_vec())));
        let named = Command::Scenarios(vec![Scenario::Killed, Scenario::Fraud]);
        assert_eq!(parse(&["--scenarios", "killed", "fraud"]), Ok(named));
        let error = parse(&["--scenarios", "frod"]).unwrap_err();
        assert!(error.starts_with("there is no scenario `frod`; there are transient, replay,"), "{error}");
        assert!(Scenario::ALL.into_iter().all(|scenario| HELP.contains(scenario.name())));
        assert_eq!(parse(&["--place-order", "folder"]), Ok(Command::PlaceOrder("folder".into())));
        let error = parse(&["--seed", "7", "--scenarios"]).unwrap_err();
        assert_eq!(error, "`--scenarios` comes first: no option of a run goes with it (see --help)");
        assert!(parse(&["--place-order"]).is_err() && parse(&["--place-order", "a", "b"]).is_err());
    }

    #[test]
    fn some_runs_keep_nothing() {
        for arguments in [&["--store", "memory"][..], &["--without", "idempotent"]] {
            let Ok(Command::Run(options)) = parse(arguments) else { panic!("{arguments:?}") };
            assert_eq!(options.keeps, Keeps::Nothing);
        }
        assert!(parse(&["--without", "idempotent", "--store", "memory"]).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases: [(&[&str], &str); 10] = [
            (&["--sede", "1"], "there is no option `--sede` (see --help)"),
            (&["--orders"], "`--orders` needs a value (see --help)"),
            (&["--without", "retry"], "`--without retry`: only `idempotent` can be left out (see --help)"),
            (&["--seed", "x"], "`--seed x`: it takes a whole number, such as 7 (see --help)"),
            (&["--seed", "-1"], "`--seed -1`: it takes a whole number, such as 7 (see --help)"),
            (&["--die-after", "0"], "`--die-after 0`: it takes a whole number above 0 (see --help)"),
            (&["--store", "sqlite:"], "`--store`: `sqlite:` needs the path of a file behind it (see --help)"),
            (
                &["--store", "memory", "--fresh"],
                "`--store memory` runs in memory, where nothing is kept: leave out `--fresh` (see --help)",
            ),
            (
                &["--without", "idempotent", "--store", "sqlite:a.db"],
                "`--without idempotent` runs in memory, where nothing is kept: leave out `--store` (see --help)",
            ),
            (
                &["--without", "idempotent", "--ledger", "a.db"],
                "`--without idempotent` runs in memory, where nothing is kept: leave out `--ledger` (see --help)",
            ),
        ];
        for (arguments, error) in cases {
            assert_eq!(parse(arguments), Err(error.to_owned()));
        }
    }
}
