//! The orders: a file of JSON lines, one for each request of a client.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use steadfast::idempotent::IdempotencyKey;
use steadfast_payments::gateway::{Authorize, CardToken};
use steadfast_payments::{Currency, Money};

/// What a file holds: its good lines, and what is wrong with the others.
#[derive(Debug)]
pub struct Orders {
    pub(crate) path: PathBuf,
    pub(crate) lines: Vec<Line>,
    pub(crate) broken: Vec<Broken>,
}

/// Why a file cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// None of its lines is an order.
    #[error("{} holds no orders", .0.display())]
    Empty(PathBuf),
}

/// A line that is no request, and is skipped.
#[derive(Debug)]
pub struct Broken {
    number: usize,
    reason: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.number, self.reason)
    }
}

/// A client's request, and how the client behaves.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    number: usize,
    pub(crate) request: Authorize,
    pub(crate) key: IdempotencyKey,
    pub(crate) client: Client,
    pub(crate) is: Is,
}

/// How a client behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Client {
    /// Waits for the answer, and comes back when it is asked to.
    #[default]
    Patient,
    /// Leaves before the answer, and comes back with the same key.
    HangsUp,
    /// Sends the request twice at the same time.
    Impatient,
}

impl Client {
    /// How often it sends the request at the same time.
    pub(crate) const fn times(self) -> usize {
        match self {
            Self::Patient | Self::HangsUp => 1,
            Self::Impatient => 2,
        }
    }
}

/// What a line is to the lines before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Is {
    /// The first of its order.
    Order,
    /// The same request again.
    Duplicate,
    /// The key again, with another amount, currency or card.
    Tampered,
}

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    order: String,
    key: IdempotencyKey,
    amount: i64,
    currency: Currency,
    card: CardToken,
    #[serde(default)]
    client: Client,
}

impl Orders {
    /// Reads a file. A broken line is told and skipped.
    ///
    /// # Errors
    /// When the file cannot be read, or none of its lines is a request.
    pub fn load(path: &Path, tell: impl FnMut(&Broken)) -> Result<Self, LoadError> {
        let bytes = std::fs::read(path).map_err(|error| LoadError::Unreadable { path: path.to_owned(), error })?;
        let orders = Self::parse(path, &bytes);
        orders.broken.iter().for_each(tell);
        if orders.lines.is_empty() { Err(LoadError::Empty(path.to_owned())) } else { Ok(orders) }
    }

    /// How many requests the clients send: an impatient one sends two.
    pub(crate) fn requests(&self) -> usize {
        self.lines.iter().map(|line| line.client.times()).sum()
    }

    /// The first line of each order.
    pub(crate) fn orders(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.is == Is::Order)
    }

    pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Self {
        let mut orders = Self { path: path.to_owned(), lines: Vec::new(), broken: Vec::new() };
        let mut seen = Seen::default();
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match written(line).and_then(|written| seen.place(number, written)) {
                Ok(line) => orders.lines.push(line),
                Err(reason) => orders.broken.push(Broken { number, reason }),
            }
        }
        orders
    }
}

fn written(line: &[u8]) -> Result<Written, String> {
    // Each line is a text of its own to the parser, so its line number says nothing.
    serde_json::from_slice(line).map_err(|error| error.to_string().replace(" at line 1 column ", ", at column "))
}

/// The first line of each order, by order and by key.
#[derive(Default)]
struct Seen {
    by_order: HashMap<String, Line>,
    by_key: HashMap<IdempotencyKey, String>,
}

impl Seen {
    /// What the line is to those before it. An order has one key and a key has one order, or there
    /// could be no proof that it was charged once.
    fn place(&mut self, number: usize, written: Written) -> Result<Line, String> {
        let Written { order, key, amount, currency, card, client } = written;
        let request = Authorize { card, amount: Money::new(amount, currency), reference: order };
        if let Some(other) = self.by_key.get(&key).filter(|other| **other != request.reference) {
            return Err(format!("its key is that of order `{other}`"));
        }
        let is = match self.by_order.get(&request.reference) {
            None => Is::Order,
            Some(first) if first.key != key => {
                return Err(format!("order `{}` has another key on line {}", request.reference, first.number));
            }
            Some(first) if first.request == request => Is::Duplicate,
            Some(_) => Is::Tampered,
        };
        let line = Line { number, request, key, client, is };
        if is == Is::Order {
            self.by_key.insert(line.key.clone(), line.request.reference.clone());
            self.by_order.insert(line.request.reference.clone(), line.clone());
        }
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = r#"{"order":"o-1","key":"k-1","amount":500,"currency":"EUR","card":"tok_visa"}"#;

    fn parse(text: &str) -> Orders {
        Orders::parse(Path::new("orders.jsonl"), text.as_bytes())
    }

    fn broken(text: &str) -> Vec<String> {
        parse(text).broken.iter().map(Broken::to_string).collect()
    }

    #[test]
    fn a_line_is_a_request_of_a_patient_client() {
        let orders = parse(FIRST);
        assert_eq!(orders.lines.len(), 1);
        assert_eq!(orders.lines[0].is, Is::Order);
        assert_eq!(orders.lines[0].client, Client::Patient);
        assert_eq!(orders.lines[0].request.amount.to_string(), "5.00 EUR");
    }

    #[test]
    fn the_same_line_again_is_a_duplicate_and_another_amount_is_tampered() {
        let tampered = FIRST.replace("500", "900");
        let orders = parse(&[FIRST, FIRST, &tampered].join("\n"));
        let is: Vec<Is> = orders.lines.iter().map(|line| line.is).collect();
        assert_eq!(is, [Is::Order, Is::Duplicate, Is::Tampered]);
        assert_eq!(orders.orders().count(), 1);
    }

    #[test]
    fn a_broken_line_is_named_and_the_others_are_kept() {
        let text = format!("\n{FIRST}\n{{\"order\":\n{}\n", FIRST.replace("-1", "-2"));
        assert_eq!(parse(&text).lines.len(), 2);
        assert_eq!(broken(&text), ["line 3: EOF while parsing a value, at column 9"]);
    }

    #[test]
    fn the_reason_says_what_is_wrong() {
        let cases = [
            (FIRST.replace("EUR", "eur"), "line 1: not a currency code of ISO 4217: it takes three capital letters"),
            (FIRST.replace("tok_visa", "4111111111111111"), "line 1: this is card data, not a token"),
            (FIRST.replace("k-1", ""), "line 1: the idempotency key is empty"),
            (FIRST.replace("\"amount\":500,", ""), "line 1: missing field `amount`"),
            (FIRST.replace("order", "ordre"), "line 1: unknown field `ordre`, expected one of"),
            (FIRST.replace("500", "5.5"), "line 1: invalid type: floating point `5.5`, expected i64"),
            (FIRST.replace("o-1", "\u{7}"), "line 1: control character"),
        ];
        for (line, reason) in cases {
            let told = broken(&line);
            assert!(told[0].starts_with(reason), "{told:?} is not {reason:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_a_broken_line() {
        let bytes = [FIRST.replace("-1", "-2").as_bytes(), b"\n\"\xff\"\n", FIRST.as_bytes()].concat();
        let orders = Orders::parse(Path::new("orders.jsonl"), &bytes);
        assert_eq!((orders.lines.len(), orders.broken.len()), (2, 1));
    }

    #[test]
    fn an_order_has_one_key_and_a_key_one_order() {
        let other_key = format!("{FIRST}\n{}", FIRST.replace("k-1", "k-2"));
        assert_eq!(broken(&other_key), ["line 2: order `o-1` has another key on line 1"]);
        let other_order = format!("{FIRST}\n{}", FIRST.replace("o-1", "o-2"));
        assert_eq!(broken(&other_order), ["line 2: its key is that of order `o-1`"]);
    }

    #[test]
    fn windows_line_ends_are_fine() {
        assert_eq!(parse(&format!("{FIRST}\r\n\r\n{}\r\n", FIRST.replace("-1", "-2"))).lines.len(), 2);
    }
}
