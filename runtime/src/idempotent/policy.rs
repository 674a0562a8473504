//! The settings of one idempotent function.

use std::time::Duration;

use super::choices::{InFlight, MissingKey, OnUnknown};
use crate::config::Configurable;
use crate::observe::Counted;
use crate::policy::checked;
use crate::{ConfigureError, PolicyError};

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
#[derive(Debug)]
pub struct Idempotency {
    name: &'static str,
    terms: Configurable<Terms>,
    replays: Counted,
}

/// Settings that cannot be wrong, apart from the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) ttl: Duration,
    pub(super) lease: Duration,
    pub(super) in_flight: InFlight,
    pub(super) on_unknown: OnUnknown,
    pub(super) missing_key: MissingKey,
}

impl Terms {
    pub(super) const DEFAULT: Self = Self {
        ttl: Duration::from_secs(24 * 3600),
        lease: Duration::from_secs(60),
        in_flight: InFlight::Refuse,
        on_unknown: OnUnknown::Refuse,
        missing_key: MissingKey::Refuse,
    };

    pub(super) const fn ttl(self, ttl: Duration) -> Result<Self, PolicyError> {
        match ttl.is_zero() {
            true => Err(PolicyError::new("ttl", "must be longer than zero")),
            false => Ok(Self { ttl, ..self }),
        }
    }

    pub(super) const fn lease(self, lease: Duration) -> Result<Self, PolicyError> {
        match lease.is_zero() {
            true => Err(PolicyError::new("lease", "must be longer than zero")),
            false => Ok(Self { lease, ..self }),
        }
    }

    pub(super) const fn in_flight(self, in_flight: InFlight) -> Result<Self, PolicyError> {
        match in_flight {
            InFlight::Wait(limit) if limit.is_zero() => {
                Err(PolicyError::new("in_flight", "must wait longer than zero"))
            }
            in_flight => Ok(Self { in_flight, ..self }),
        }
    }
}

const fn named(name: &str) -> Result<(), PolicyError> {
    match name.is_empty() {
        true => Err(PolicyError::new("name", "must not be empty")),
        false => Ok(()),
    }
}

/// One of the settings in force.
impl Clone for Idempotency {
    fn clone(&self) -> Self {
        Self::of(self.name, *self.terms.get())
    }
}

/// Of the same name, and with the same settings in force.
impl PartialEq for Idempotency {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.terms.get()) == (other.name, other.terms.get())
    }
}

impl Eq for Idempotency {}

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
        checked!(named(name));
        Self::of(name, Terms::DEFAULT)
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
        match named(name) {
            Ok(()) => Ok(Self::of(name, Terms::DEFAULT)),
            Err(error) => Err(error),
        }
    }

    pub(super) const fn of(name: &'static str, terms: Terms) -> Self {
        Self { name, terms: Configurable::new(terms), replays: Counted::new() }
    }

    const fn with(mut self, terms: Result<Terms, PolicyError>) -> Self {
        self.terms.built = checked!(terms);
        self
    }

    fn try_with(mut self, terms: Result<Terms, PolicyError>) -> Result<Self, PolicyError> {
        self.terms.built = terms?;
        Ok(self)
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
        let terms = self.terms.built.ttl(ttl);
        self.with(terms)
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
    pub fn try_ttl(self, ttl: Duration) -> Result<Self, PolicyError> {
        let terms = self.terms.built.ttl(ttl);
        self.try_with(terms)
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
        let terms = self.terms.built.lease(lease);
        self.with(terms)
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
    pub fn try_lease(self, lease: Duration) -> Result<Self, PolicyError> {
        let terms = self.terms.built.lease(lease);
        self.try_with(terms)
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
        let terms = self.terms.built.in_flight(in_flight);
        self.with(terms)
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
    pub fn try_in_flight(self, in_flight: InFlight) -> Result<Self, PolicyError> {
        let terms = self.terms.built.in_flight(in_flight);
        self.try_with(terms)
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
        self.terms.built.on_unknown = on_unknown;
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
        self.terms.built.missing_key = missing_key;
        self
    }

    /// The declared name.
    ///
    /// See [`Idempotency`] for an example.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The settings in force.
    /// Where its replays are counted.
    pub(super) const fn replays(&self) -> &Counted {
        &self.replays
    }

    #[inline]
    pub(super) fn terms(&self) -> &Terms {
        self.terms.get()
    }

    /// Puts others in force, once.
    pub(super) fn put_in_force(&self, terms: Terms) -> Result<(), ConfigureError> {
        self.terms.configure(terms)
    }

    /// The settings it was built with.
    pub(super) const fn built(&self) -> Terms {
        self.terms.built
    }
}
