//! What happens: between a client, us, the gateway and the others.

use std::fmt;

use serde::{Deserialize, Serialize};
use steadfast_payments::{Money, PaymentError};

use crate::shop::Deed;
use crate::sums::shown;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Somebody called the gateway.
    Gateway {
        /// Which call.
        call: Call,
        /// Of how much, where the call says it.
        amount: Option<Money>,
        /// What the caller was told.
        told: Told,
    },
    /// The warehouse or the carrier did something.
    Deed(Deed),
    /// The carrier refused.
    NoDelivery,
    /// A client asked for a payment, and was told how it ended.
    Client(Told),
    /// A client left before there was an answer.
    HungUp,
    /// A webhook arrived, and what its sender was told.
    Webhook {
        /// What was sent.
        sent: Sent,
        /// What was answered.
        told: Told,
    },
    /// What a webhook told was written down.
    Settled(String),
    /// A reference on which our books and the gateway's report differ, with the class.
    Differs {
        /// Which.
        reference: String,
        /// How.
        class: String,
    },
    /// What was written to the log, as it stands there.
    Logged(String),
    /// The process was killed.
    Killed,
    /// Another one goes on.
    Resumed,
}

/// A call to the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// To hold money.
    Authorize,
    /// To take it.
    Capture,
    /// To let go of it.
    Void,
    /// To give it back.
    Refund,
    /// To ask what became of a call.
    LookUp,
}

/// What is sent to the address of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// By the gateway.
    Genuine,
    /// The same bytes, by somebody who listened.
    Again,
    /// With another amount.
    Changed,
    /// By the gateway, which did not hear that it arrived.
    SecondAttempt,
}

impl Sent {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::Again => "sent again by a listener",
            Self::Changed => "with another amount",
            Self::SecondAttempt => "the gateway's second attempt",
        }
    }
}

/// What somebody was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It is done.
    Done,
    /// The code of the error.
    Error(String),
    /// No answer came.
    Nothing,
}

impl Told {
    /// What an answer of the gateway's, or of a function that pays, says.
    pub(crate) fn of<T>(answer: &Result<T, PaymentError>) -> Self {
        match answer {
            Ok(_) => Self::Done,
            Err(error) => Self::Error(error.code().to_owned()),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |who: &str, what: &str| write!(f, "{who:<11}{what}");
        match self {
            Self::Gateway { call, amount, told } => {
                let amount = amount.map(|amount| format!(" {}", shown(amount))).unwrap_or_default();
                line("gateway", &format!("{}{amount}: {told}", call.as_str()))
            }
            Self::Deed(deed) => line(deed.system(), deed.as_str()),
            Self::NoDelivery => line("carrier", "does not go there"),
            Self::Client(told) => line("client", &format!("is told: {told}")),
            Self::HungUp => line("client", "leaves, with no answer"),
            Self::Webhook { sent, told } => line("webhook", &format!("{}: {told}", sent.as_str())),
            Self::Settled(event) => line("books", &format!("{event} is written down")),
            Self::Differs { reference, class } => line("books", &format!("{reference}: {class}")),
            Self::Logged(text) => line("log", text),
            Self::Killed => line("process", "killed with SIGKILL"),
            Self::Resumed => line("process", "another one goes on"),
        }
    }
}

impl Call {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::LookUp => "look up",
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Error(code) => f.write_str(code),
            Self::Nothing => f.write_str("no answer"),
        }
    }
}
