//! What a policy may say of a call that is not the first, or has no key.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::config::duration;

/// What a call does when another call with its key is running.
///
/// ```
/// use std::time::Duration;
/// use steadfast::Rejection;
/// use steadfast::idempotent::MemoryStore;
///
/// #[steadfast::idempotent(name = "docs.in_flight.refuse", key = key, payload = none, store = records)]
/// async fn refuse(records: MemoryStore, key: &'static str) -> Result<u32, Rejection> {
///     tokio::time::sleep(Duration::from_millis(1)).await;
///     Ok(7)
/// }
///
/// #[steadfast::idempotent(
///     name = "docs.in_flight.wait",
///     key = key,
///     payload = none,
///     store = records,
///     in_flight = wait = "20s"
/// )]
/// async fn wait(records: MemoryStore, key: &'static str) -> Result<u32, Rejection> {
///     tokio::time::sleep(Duration::from_millis(1)).await;
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let records = MemoryStore::default();
/// let (one, two) = tokio::join!(refuse(records.clone(), "order-17"), refuse(records.clone(), "order-17"));
/// assert_eq!((one.unwrap(), two.unwrap_err().code()), (7, "in_flight"));
///
/// let (one, two) = tokio::join!(wait(records.clone(), "order-17"), wait(records, "order-17"));
/// assert_eq!((one.unwrap(), two.unwrap()), (7, 7)); // the body ran once
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InFlight {
    /// It is refused with [`Reason::InFlight`](crate::Reason::InFlight).
    Refuse,
    /// It waits for the other's result, at most so long, and is refused then. It looks at the
    /// record in growing pauses of 5 to 200 ms. Where the other call frees the key, it runs.
    Wait(Duration),
}

/// What a call does when an earlier call with its key ended without an answer, so that it may
/// have happened.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use steadfast::idempotent::MemoryStore;
/// use steadfast::{Failure, Rejection, idempotent};
///
/// #[derive(Debug, Failure)]
/// enum PayoutError {
///     #[failure(unknown)]
///     NoAnswer,
///     #[failure(transparent)]
///     Refused(Rejection),
/// }
/// # impl From<Rejection> for PayoutError {
/// #     fn from(rejection: Rejection) -> Self {
/// #         Self::Refused(rejection)
/// #     }
/// # }
///
/// /// The bank pays once for each key, however often it is asked.
/// async fn bank(key: &str) -> Result<String, PayoutError> {
///     static ASKED: AtomicU32 = AtomicU32::new(0);
///     match ASKED.fetch_add(1, Ordering::Relaxed) {
///         0 => Err(PayoutError::NoAnswer),
///         _ => Ok(format!("po_{}", &key[..8])),
///     }
/// }
///
/// #[idempotent(
///     name = "docs.on_unknown.payout",
///     key = key,
///     payload = none,
///     store = records,
///     claim = claim,
///     on_unknown = rerun
/// )]
/// async fn payout(records: MemoryStore, key: String) -> Result<String, PayoutError> {
///     bank(claim.downstream_key()).await
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let records = MemoryStore::default();
/// assert!(matches!(payout(records.clone(), "order-17".into()).await, Err(PayoutError::NoAnswer)));
/// assert!(payout(records, "order-17".into()).await.is_ok()); // ran again, under the same downstream key
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnknown {
    /// It is refused with [`Reason::OutcomeUnknown`](crate::Reason::OutcomeUnknown) until
    /// somebody resolves the record.
    Refuse,
    /// It runs the function again. Right only where the other side sees that it is the same
    /// call, by [`Claim::downstream_key`](crate::idempotent::Claim::downstream_key) for instance.
    /// A run that comes to nothing, with a transient error or a refusal, leaves the outcome
    /// unknown.
    Rerun,
    /// It asks the function that `on_unknown = recover = path` names; see [`Recovered`](super::Recovered). A call
    /// that has nobody to ask is refused.
    Recover,
}

/// What a call without a key does: where [`AsKey::as_key`](super::AsKey::as_key) is `None`.
///
/// ```
/// use steadfast::Rejection;
/// use steadfast::idempotent::MemoryStore;
///
/// #[steadfast::idempotent(
///     name = "docs.missing_key.note",
///     key = key,
///     payload = none,
///     store = records,
///     missing_key = run
/// )]
/// async fn note(records: MemoryStore, key: Option<String>) -> Result<(), Rejection> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let records = MemoryStore::default();
/// note(records.clone(), None).await.unwrap();
/// assert_eq!(records.len(), 0);
/// note(records.clone(), Some("order-17".into())).await.unwrap();
/// assert_eq!(records.len(), 1);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingKey {
    /// It is refused with [`Reason::MissingKey`](crate::Reason::MissingKey).
    Refuse,
    /// It runs, unprotected and unrecorded.
    Run,
}

impl InFlight {
    pub(super) const fn patience(self) -> Duration {
        match self {
            Self::Refuse => Duration::ZERO,
            Self::Wait(limit) => limit,
        }
    }
}

impl OnUnknown {
    /// What a call does that has nobody to ask.
    pub(super) const fn alone(self) -> Self {
        match self {
            Self::Recover => Self::Refuse,
            own => own,
        }
    }
}

/// As the attribute and settings from outside have them: `refuse`, `wait 2s`.
impl fmt::Display for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refuse => f.write_str("refuse"),
            Self::Wait(limit) => write!(f, "wait {}", humantime::format_duration(*limit)),
        }
    }
}

/// `refuse`, `rerun`, `recover`.
impl fmt::Display for OnUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "refuse",
            Self::Rerun => "rerun",
            Self::Recover => "recover",
        })
    }
}

/// `refuse`, `run`.
impl fmt::Display for MissingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "refuse",
            Self::Run => "run",
        })
    }
}

fn in_flight(text: &str) -> Result<InFlight, String> {
    match text.split_once(char::is_whitespace) {
        None if text == "refuse" => Ok(InFlight::Refuse),
        Some(("wait", limit)) => duration::parse(limit).map(InFlight::Wait),
        _ => Err(format!("`{text}` is neither `refuse` nor `wait` with a time, such as `wait 2s`")),
    }
}

fn on_unknown(text: &str) -> Result<OnUnknown, String> {
    match text {
        "refuse" => Ok(OnUnknown::Refuse),
        "rerun" => Ok(OnUnknown::Rerun),
        "recover" => Err("`recover` needs a function to ask, which only the attribute can name".to_owned()),
        _ => Err(format!("`{text}` is neither `refuse` nor `rerun`")),
    }
}

fn missing_key(text: &str) -> Result<MissingKey, String> {
    match text {
        "refuse" => Ok(MissingKey::Refuse),
        "run" => Ok(MissingKey::Run),
        _ => Err(format!("`{text}` is neither `refuse` nor `run`")),
    }
}

macro_rules! words {
    ($($choice:ident: $read:ident),*) => {
        $(impl Serialize for $choice {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $choice {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                $read(text.trim()).map_err(D::Error::custom)
            }
        })*
    };
}
words!(InFlight: in_flight, OnUnknown: on_unknown, MissingKey: missing_key);
