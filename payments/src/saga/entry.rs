//! The entries of a log, as JSON. A log of any age must be read: what stands here is added to, and
//! not changed.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use steadfast::Kind;
use steadfast::idempotent::Fingerprint;

use super::plan::Plan;

/// The form of entries that this version writes, and the latest that it reads.
const FORM: u32 = 1;

/// One thing that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Event {
    /// The saga begins.
    Begun { plan: Plan, fingerprint: Fingerprint, input: Box<RawValue> },
    /// Another executor goes on with it.
    Resumed,
    /// The step's action may have run from here on.
    Started { step: String },
    /// It is done, and left this state.
    Done { step: String, state: Box<RawValue> },
    /// It has surely not happened, and is not tried again.
    Failed { step: String, why: Why, error: Option<String> },
    /// The step's undo may have run from here on.
    UndoStarted { step: String },
    /// It is undone.
    Undone { step: String },
    /// Its action, or its undo, failed for good where the saga can go neither on nor back.
    Stuck { step: String, why: Why, error: Option<String> },
    /// An operator has looked.
    Resolved { by: By, reason: String },
}

/// What an operator found out about what is stuck.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum By {
    /// Nothing: it is to be tried again.
    Again,
    /// The step is done, and left this state.
    Done { state: Box<RawValue> },
    /// The step is undone, or never happened.
    Undone,
}

/// Why a step failed for good.
///
/// ```
/// use steadfast::Kind;
/// use steadfast_payments::saga::Why;
///
/// assert_eq!(Why::of(Kind::Unknown).to_string(), "its outcome is unknown");
/// assert_eq!(Why::Unrecordable.as_str(), "unrecordable");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Why {
    /// It failed with a transient error, and every further attempt did.
    Transient,
    /// It failed with a terminal error.
    Terminal,
    /// It may have happened: its last attempts had no answer, or a crash had none.
    Unknown,
    /// A layer refused it, and every further attempt.
    Refused,
    /// It is done, and the state that it left cannot be written to the log.
    Unrecordable,
}

impl Why {
    /// The step failed with an error of this kind.
    ///
    /// See [`Why`] for an example.
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Transient => Self::Transient,
            Kind::Terminal => Self::Terminal,
            Kind::Unknown => Self::Unknown,
            Kind::Refused => Self::Refused,
        }
    }

    /// In lower case.
    ///
    /// See [`Why`] for an example.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Terminal => "terminal",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::Unrecordable => "unrecordable",
        }
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Transient => "it failed, and so did every further attempt",
            Self::Terminal => "it failed with a definite answer",
            Self::Unknown => "its outcome is unknown",
            Self::Refused => "it was refused, and so was every further attempt",
            Self::Unrecordable => "its state cannot be recorded",
        })
    }
}

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    at: u64,
    event: &'a Event,
}

#[derive(Deserialize)]
struct Head {
    v: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    #[serde(rename = "v")]
    _form: u32,
    #[serde(rename = "at")]
    _at: u64,
    event: Event,
}

impl Event {
    /// The event as bytes, with its time.
    pub(super) fn write(&self, at: SystemTime) -> Vec<u8> {
        let at = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis();
        let written = Written { v: FORM, at: u64::try_from(at).unwrap_or(u64::MAX), event: self };
        // Texts, numbers and JSON that is written already: nothing here can fail.
        serde_json::to_vec(&written).unwrap_or_default()
    }

    /// The event of bytes, or why they are none. Never says what they hold.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let head: Head = serde_json::from_slice(bytes).map_err(|_| "it is no entry of a saga's log")?;
        if head.v > FORM {
            return Err("it was written by a later version of this library");
        }
        let read: Read = serde_json::from_slice(bytes).map_err(|_| "it is no entry that this library writes")?;
        Ok(read.event)
    }
}
