//! A row of a ledger, whatever it was read from.

use std::fmt;
use std::time::SystemTime;

use crate::money::Money;

/// What became of a payment, in words that both ledgers can be translated to.
///
/// A ledger has words of its own; [`Layout::word`](super::Layout::word) translates them when it is read.
///
/// ```
/// use steadfast_payments::reconciliation::Status;
///
/// assert_eq!(Status::Captured.as_str(), "captured");
/// assert_eq!(Status::named("captured"), Some(Status::Captured));
/// assert_eq!(Status::named("succeeded"), None); // a word of the gateway's own: translate it
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Status {
    /// Begun, and not decided.
    Pending,
    /// The money is reserved.
    Authorized,
    /// The money is taken.
    Captured,
    /// The money was given back.
    Refunded,
    /// The reservation was given up.
    Voided,
    /// It was refused, or went wrong.
    Failed,
    /// The customer's bank took it back, or wants to.
    Disputed,
}

impl Status {
    /// All of them.
    ///
    /// ```
    /// use steadfast_payments::reconciliation::Status;
    ///
    /// assert!(Status::ALL.iter().all(|status| Status::named(status.as_str()) == Some(*status)));
    /// ```
    pub const ALL: [Self; 7] =
        [Self::Pending, Self::Authorized, Self::Captured, Self::Refunded, Self::Voided, Self::Failed, Self::Disputed];

    /// In lower case, as reports write it.
    ///
    /// See [`Status`] for an example.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
            Self::Failed => "failed",
            Self::Disputed => "disputed",
        }
    }

    /// The one that is written so.
    ///
    /// See [`Status`] for an example.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// A row of a ledger.
///
/// The reference is what both ledgers know the payment by: the order, the payment intent, the key that
/// was sent downstream. Several rows may have one reference. `Debug` tells neither it nor the amounts.
///
/// ```
/// use std::time::SystemTime;
/// use steadfast_payments::{Currency, Money};
/// use steadfast_payments::reconciliation::{Row, Status};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let row = Row::new("order-17", Money::new(1250, Currency::EUR), Status::Captured, SystemTime::UNIX_EPOCH)
///     .with_fee(Money::new(31, Currency::EUR));
/// assert_eq!((row.reference(), row.status()), ("order-17", Status::Captured));
/// assert_eq!((row.amount().minor(), row.fee().map(Money::minor)), (1250, Some(31)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    reference: String,
    amount: Money,
    status: Status,
    fee: Option<Money>,
    at: SystemTime,
    number: u64,
}

impl Row {
    /// A row without a fee. Money that went back to the customer has a negative amount.
    ///
    /// See [`Row`] for an example.
    pub fn new(reference: impl Into<String>, amount: Money, status: Status, at: SystemTime) -> Self {
        Self { reference: reference.into(), amount, status, fee: None, at, number: 0 }
    }

    /// With what the gateway took. Fees are compared where both ledgers state one.
    ///
    /// See [`Row`] for an example.
    pub fn with_fee(mut self, fee: Money) -> Self {
        self.fee = Some(fee);
        self
    }

    /// What both ledgers know the payment by.
    ///
    /// See [`Row`] for an example.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// How much.
    ///
    /// See [`Row`] for an example.
    pub fn amount(&self) -> Money {
        self.amount
    }

    /// What became of it.
    ///
    /// See [`Row`] for an example.
    pub fn status(&self) -> Status {
        self.status
    }

    /// What the gateway took, where the ledger says it.
    ///
    /// See [`Row`] for an example.
    pub fn fee(&self) -> Option<Money> {
        self.fee
    }

    /// When, by the ledger's word: an internal row that the gateway lacks is pending for the settlement
    /// lag from here.
    ///
    /// See [`Row`] for an example.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// The how-manieth of its ledger it is, counted from 1, with those that could not be read. 0 for a
    /// row that has not been through a reconciliation.
    ///
    /// ```
    /// # use std::time::SystemTime;
    /// # use steadfast_payments::{Currency, Money};
    /// # use steadfast_payments::reconciliation::{Row, Status};
    /// let row = Row::new("order-17", Money::new(1250, Currency::EUR), Status::Captured, SystemTime::UNIX_EPOCH);
    /// assert_eq!(row.number(), 0);
    /// ```
    pub fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn numbered(mut self, number: u64) -> Self {
        self.number = number;
        self
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("number", &self.number).field("status", &self.status).finish_non_exhaustive()
    }
}
