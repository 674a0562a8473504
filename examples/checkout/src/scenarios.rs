//! What can go wrong with a payment, each in a file of its own: what happens, in order, and that it is
//! what it should be.

mod account;
mod compensation;
mod event;
mod fraud;
mod hang_up;
mod killed;
mod reconciliation;
mod redaction;
mod replay;
mod stage;
mod timeout;
mod transient;
mod watched;
mod webhooks;

use std::path::Path;

pub(crate) use self::account::Journal;
pub use self::account::{Account, Books};
pub use self::event::{Call, Event, Sent, Told};
pub use self::killed::place_order;

/// Why a scenario could not be played: its files, its database, a setting.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// A transient failure, recovered by retry.
    Transient,
    /// The same request again.
    Replay,
    /// A saga that goes back, in reverse order.
    Compensation,
    /// A payment that a rule blocks.
    Fraud,
    /// Webhooks: a valid one, a replayed one, a tampered one.
    Webhooks,
    /// Our books against the gateway's report.
    Reconciliation,
    /// A card number and a CVV in the log.
    Redaction,
    /// Killed in the middle, and resumed.
    Killed,
    /// A timeout with unknown outcome, resolved by asking.
    Timeout,
    /// A caller who leaves while the charge runs.
    HangUp,
}

impl Scenario {
    /// All of them, in the order in which they are played.
    pub const ALL: [Self; 10] = [
        Self::Transient,
        Self::Replay,
        Self::Compensation,
        Self::Fraud,
        Self::Webhooks,
        Self::Reconciliation,
        Self::Redaction,
        Self::Killed,
        Self::Timeout,
        Self::HangUp,
    ];

    /// As it is called on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Replay => "replay",
            Self::Compensation => "compensation",
            Self::Fraud => "fraud",
            Self::Webhooks => "webhooks",
            Self::Reconciliation => "reconciliation",
            Self::Redaction => "redaction",
            Self::Killed => "killed",
            Self::Timeout => "timeout",
            Self::HangUp => "hang-up",
        }
    }

    /// The scenario of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name)
    }

    /// What it is about.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Transient => "The gateway is not reached twice, and a retry gets through",
            Self::Replay => "The same request again, and the same key with another amount",
            Self::Compensation => "The carrier refuses, and what was done is undone, last first",
            Self::Fraud => "A rule blocks a payment before the gateway hears of it",
            Self::Webhooks => "A webhook that is genuine, one sent again by a listener, one changed",
            Self::Reconciliation => "Our books and the gateway's report, which differ in three places",
            Self::Redaction => "A card number and a verification code on their way into the log",
            Self::Killed => "The process is killed in the middle, and another one goes on",
            Self::Timeout => "No answer, so nobody knows; then the gateway is asked",
            Self::HangUp => "The client leaves while the charge runs, and comes back",
        }
    }

    /// Plays it. `checkout` is the command itself, which one of them starts and kills.
    ///
    /// # Errors
    /// When it cannot be played. That a promise was broken is no error: it is in the account.
    pub async fn play(self, checkout: &Path) -> Result<Account, Failed> {
        match self {
            Self::Transient => transient::play().await,
            Self::Replay => replay::play().await,
            Self::Compensation => compensation::play().await,
            Self::Fraud => fraud::play().await,
            Self::Webhooks => webhooks::play().await,
            Self::Reconciliation => reconciliation::play().await,
            Self::Redaction => redaction::play(),
            Self::Killed => killed::play(checkout).await,
            Self::Timeout => timeout::play().await,
            Self::HangUp => hang_up::play().await,
        }
    }
}
