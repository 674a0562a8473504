//! The settings of one idempotent function.

use std::time::Duration;

use crate::PolicyError;
use crate::policy::checked;
use crate::registry::{Describe, Settings};

/// How a function treats its idempotency keys: how long it remembers, and what it does where an
/// earlier call is not finished.
///
/// [`#[idempotent]`](macro@crate::idempotent) makes one of its settings, of the same names, and
/// keeps it in a `static`:
///
/// ```
/// use std::time::Duration;
/// use steadfast::idempotent::{Idempotency, InFlight};
///
/// static CHARGES: Idempotency = Idempotency::new("charges.create")
///     .ttl(Duration::from_secs(7 * 24 * 3600))
///     .in_flight(InFlight::Wait(Duration::from_secs(2)));
///
/// assert_eq!(CHARGES.name(), "charges.create");
/// ```
///
/// | setting | default |
/// |---|---|
/// | `ttl` | 24 hours after completion |
/// | `lease` | 60 seconds |
/// | `in_flight`, `on_unknown`, `missing_key` | refuse |
///
/// A setting that cannot be right does not compile where the policy is a `static`, and panics
/// elsewhere; each step that can be wrong has a `try_` twin that returns a [`PolicyError`] instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    name: &'static str,
    ttl: Duration,
    lease: Duration,
    in_flight: InFlight,
    on_unknown: OnUnknown,
    missing_key: MissingKey,
}

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

impl Idempotency {
    /// The policy of a function. `name` is part of every record's identity: it must stay what it
    /// is when the function is renamed, and no two functions may share it.
    ///
    /// Defaults: results are remembered for 24 hours, the lease is 60 seconds, and a call that
    /// is in flight, of unknown outcome, or without a key is refused.
    ///
    /// # Panics
    /// When the name is empty; in a `static`, that is a compile error.
    ///
    /// ```
    /// use steadfast::idempotent::Idempotency;
    /// assert_eq!(Idempotency::new("refunds").name(), "refunds");
    /// ```
    ///
    /// ```compile_fail
    /// use steadfast::idempotent::Idempotency;
    /// static REFUNDS: Idempotency = Idempotency::new("");
    /// ```
    pub const fn new(name: &'static str) -> Self {
        checked!(Self::try_new(name))
    }

    /// [`new`](Self::new) for a name that is not known to be right.
    ///
    /// # Errors
    /// When the name is empty.
    ///
    /// ```
    /// use steadfast::idempotent::Idempotency;
    /// assert_eq!(Idempotency::try_new("").unwrap_err().setting(), "name");
    /// ```
    pub const fn try_new(name: &'static str) -> Result<Self, PolicyError> {
        if name.is_empty() {
            return Err(PolicyError::new("name", "must not be empty"));
        }
        Ok(Self {
            name,
            ttl: Duration::from_secs(24 * 3600),
            lease: Duration::from_secs(60),
            in_flight: InFlight::Refuse,
            on_unknown: OnUnknown::Refuse,
            missing_key: MissingKey::Refuse,
        })
    }

    /// How long a result is replayed, counted from the moment the function finished. Default
    /// 24 hours.
    ///
    /// # Panics
    /// When it is zero; in a `static`, that is a compile error.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::idempotent::Idempotency;
    ///
    /// let day = Duration::from_secs(24 * 3600);
    /// assert_eq!(Idempotency::new("refunds").ttl(day), Idempotency::new("refunds"));
    /// assert_ne!(Idempotency::new("refunds").ttl(7 * day), Idempotency::new("refunds"));
    /// ```
    pub const fn ttl(self, ttl: Duration) -> Self {
        checked!(self.try_ttl(ttl))
    }

    /// [`ttl`](Self::ttl) for a setting that is not known to be right.
    ///
    /// # Errors
    /// When it is zero.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::idempotent::Idempotency;
    /// assert!(Idempotency::new("refunds").try_ttl(Duration::ZERO).is_err());
    /// ```
    pub const fn try_ttl(mut self, ttl: Duration) -> Result<Self, PolicyError> {
        if ttl.is_zero() {
            return Err(PolicyError::new("ttl", "must be longer than zero"));
        }
        self.ttl = ttl;
        Ok(self)
    }

    /// How long a running call owns its key without a sign of life. It is renewed at a third of
    /// it while the call runs; when it runs out, the outcome counts as unknown. Default 60 s.
    ///
    /// It should be longer than a living process may stand still (a blocked thread, a store that
    /// does not answer): to others, a lease that ran out is an unknown outcome. A crash is seen
    /// when it ends, not before.
    ///
    /// # Panics
    /// When it is zero; in a `static`, that is a compile error.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::idempotent::Idempotency;
    ///
    /// let minute = Duration::from_secs(60);
    /// assert_eq!(Idempotency::new("refunds").lease(minute), Idempotency::new("refunds"));
    /// assert_ne!(Idempotency::new("refunds").lease(minute / 2), Idempotency::new("refunds"));
    /// ```
    pub const fn lease(self, lease: Duration) -> Self {
        checked!(self.try_lease(lease))
    }

    /// [`lease`](Self::lease) for a setting that is not known to be right.
    ///
    /// # Errors
    /// When it is zero.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::idempotent::Idempotency;
    /// assert!(Idempotency::new("refunds").try_lease(Duration::ZERO).is_err());
    /// ```
    pub const fn try_lease(mut self, lease: Duration) -> Result<Self, PolicyError> {
        if lease.is_zero() {
            return Err(PolicyError::new("lease", "must be longer than zero"));
        }
        self.lease = lease;
        Ok(self)
    }

    /// What a call does when another with its key is running. Default: refuse.
    ///
    /// # Panics
    /// When it is to wait for no time; in a `static`, that is a compile error.
    ///
    /// See [`InFlight`] for what it does.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::idempotent::{Idempotency, InFlight};
    ///
    /// let default = Idempotency::new("refunds");
    /// assert_eq!(Idempotency::new("refunds").in_flight(InFlight::Refuse), default);
    /// assert_ne!(Idempotency::new("refunds").in_flight(InFlight::Wait(Duration::from_secs(2))), default);
    /// ```
    pub const fn in_flight(self, in_flight: InFlight) -> Self {
        checked!(self.try_in_flight(in_flight))
    }

    /// [`in_flight`](Self::in_flight) for a setting that is not known to be right.
    ///
    /// # Errors
    /// When it is to wait for no time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::idempotent::{Idempotency, InFlight};
    /// let refused = Idempotency::new("refunds").try_in_flight(InFlight::Wait(Duration::ZERO));
    /// assert_eq!(refused.unwrap_err().setting(), "in_flight");
    /// ```
    pub const fn try_in_flight(mut self, in_flight: InFlight) -> Result<Self, PolicyError> {
        if let InFlight::Wait(limit) = in_flight
            && limit.is_zero()
        {
            return Err(PolicyError::new("in_flight", "must wait longer than zero"));
        }
        self.in_flight = in_flight;
        Ok(self)
    }

    /// What a call does when an earlier one ended without an answer. Default: refuse.
    ///
    /// See [`OnUnknown`] for what it does.
    ///
    /// ```
    /// use steadfast::idempotent::{Idempotency, OnUnknown};
    ///
    /// let default = Idempotency::new("refunds");
    /// assert_eq!(Idempotency::new("refunds").on_unknown(OnUnknown::Refuse), default);
    /// assert_ne!(Idempotency::new("refunds").on_unknown(OnUnknown::Rerun), default);
    /// ```
    pub const fn on_unknown(mut self, on_unknown: OnUnknown) -> Self {
        self.on_unknown = on_unknown;
        self
    }

    /// What a call without a key does. Default: refuse.
    ///
    /// See [`MissingKey`] for what it does.
    ///
    /// ```
    /// use steadfast::idempotent::{Idempotency, MissingKey};
    ///
    /// let default = Idempotency::new("refunds");
    /// assert_eq!(Idempotency::new("refunds").missing_key(MissingKey::Refuse), default);
    /// assert_ne!(Idempotency::new("refunds").missing_key(MissingKey::Run), default);
    /// ```
    pub const fn missing_key(mut self, missing_key: MissingKey) -> Self {
        self.missing_key = missing_key;
        self
    }

    /// The declared name.
    ///
    /// See [`Idempotency`] for an example.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub(super) const fn remembered(&self) -> Duration {
        self.ttl
    }

    pub(super) const fn leased(&self) -> Duration {
        self.lease
    }

    pub(super) const fn patience(&self) -> Duration {
        match self.in_flight {
            InFlight::Refuse => Duration::ZERO,
            InFlight::Wait(limit) => limit,
        }
    }

    pub(super) const fn unknown(&self) -> OnUnknown {
        self.on_unknown
    }

    pub(super) const fn keyless(&self) -> MissingKey {
        self.missing_key
    }
}

impl Describe for Idempotency {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        let in_flight = match self.in_flight {
            InFlight::Refuse => "refuse".to_owned(),
            InFlight::Wait(limit) => format!("wait {limit:?}"),
        };
        let on_unknown = match self.on_unknown {
            OnUnknown::Refuse => "refuse",
            OnUnknown::Rerun => "rerun",
        };
        let missing_key = match self.missing_key {
            MissingKey::Refuse => "refuse",
            MissingKey::Run => "run",
        };
        Settings::from([
            ("name", self.name.to_owned()),
            ("ttl", format!("{:?}", self.ttl)),
            ("lease", format!("{:?}", self.lease)),
            ("in_flight", in_flight),
            ("on_unknown", on_unknown.to_owned()),
            ("missing_key", missing_key.to_owned()),
        ])
    }

    fn idempotent_name(&self) -> Option<&'static str> {
        Some(self.name)
    }

    fn lease(&self) -> Option<Duration> {
        Some(self.leased())
    }
}
