//! Where circuits are kept that several processes share.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use super::{BreakerState, Control, Window};

/// Keeps circuits that several processes share. A [`CircuitBreaker`](super::CircuitBreaker) is made
/// [`shared`](super::CircuitBreaker::shared) with one.
///
/// Each method is one atomic step on the circuit of one name, on a clock that is the same for all
/// processes: that of the backend's server. It answers in bounded time, or fails: a breaker waits for as
/// long as it takes.
///
/// A backend is a handle: its clones share their circuits. The crate `steadfast-redis` has one; this one
/// only knows what an operator said, and lets all else through:
///
/// ```
/// use std::collections::HashMap;
/// use std::convert::Infallible;
/// use std::sync::{Arc, Mutex, PoisonError};
///
/// use steadfast::Rejection;
/// use steadfast::circuit_breaker::{Admission, Backend, BreakerState, Circuit, CircuitBreaker, Control, Ended, Permit, Seen};
/// use steadfast::shared::WhenDown;
///
/// #[derive(Clone, Default)]
/// struct Switches(Arc<Mutex<HashMap<String, Control>>>);
///
/// impl Backend for Switches {
///     type Error = Infallible;
///
///     async fn admit(&self, circuit: &Circuit<'_>) -> Result<Admission, Infallible> {
///         let seen = self.look(circuit).await?;
///         Ok(match seen.state {
///             BreakerState::ForcedOpen => Admission::Refused(seen),
///             _ => Admission::Admitted(None, seen),
///         })
///     }
///
///     async fn record(&self, circuit: &Circuit<'_>, _: Permit, _: Ended) -> Result<Seen, Infallible> {
///         self.look(circuit).await
///     }
///
///     async fn put(&self, circuit: &Circuit<'_>, control: Control) -> Result<Seen, Infallible> {
///         self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(circuit.name.to_owned(), control);
///         self.look(circuit).await
///     }
///
///     async fn look(&self, circuit: &Circuit<'_>) -> Result<Seen, Infallible> {
///         let switches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         Ok(Seen::new(match switches.get(circuit.name) {
///             Some(Control::ForcedOpen) => BreakerState::ForcedOpen,
///             _ => BreakerState::Disabled,
///         }))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // Two processes, in the example two breakers of one name.
/// let switches = Switches::default();
/// let breaker = || CircuitBreaker::new("gateway").shared(switches.clone(), WhenDown::Admit);
/// let (one, other) = (breaker(), breaker());
///
/// one.force_open().await.unwrap();
/// let refused = other.call(|| async { Ok::<_, Rejection>(17) }).await.unwrap_err();
/// assert_eq!(refused.code(), "circuit_open");
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` keeps no circuits that processes share",
    label = "this is no backend of a circuit breaker",
    note = "give a `steadfast_redis::Redis`, or implement `steadfast::circuit_breaker::Backend` for a type of yours"
)]
pub trait Backend: Clone + Send + Sync + 'static {
    /// What goes wrong. It is logged, and stands in refusals, so nothing secret may be in its text.
    type Error: Error + Send + Sync + 'static;

    /// Lets a call through, or not.
    fn admit(&self, circuit: &Circuit<'_>) -> impl Future<Output = Result<Admission, Self::Error>> + Send;

    /// Takes what became of a call. That of a call whose permit is of another generation, or of a probe
    /// whose lease has ended, changes nothing.
    fn record(
        &self,
        circuit: &Circuit<'_>,
        permit: Permit,
        ended: Ended,
    ) -> impl Future<Output = Result<Seen, Self::Error>> + Send;

    /// Puts somebody in charge. The circuit begins closed, and as if nothing had happened.
    fn put(&self, circuit: &Circuit<'_>, control: Control) -> impl Future<Output = Result<Seen, Self::Error>> + Send;

    /// How the circuit stands. It changes nothing.
    fn look(&self, circuit: &Circuit<'_>) -> impl Future<Output = Result<Seen, Self::Error>> + Send;
}

/// Which circuit a [`Backend`] is asked for, and its settings.
///
/// See [`Backend`] for an example.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Circuit<'a> {
    /// The breaker's name: what the processes share.
    pub name: &'a str,
    /// What opens it.
    pub opens: Opens,
    /// How long it stays open first.
    pub recovery_timeout: Duration,
    /// How much longer each time a probe has failed; at least 1.
    pub recovery_backoff: f64,
    /// The longest that becomes.
    pub max_recovery_timeout: Duration,
    /// How many probes may be under way at once, at least 1.
    pub half_open_max_calls: u32,
    /// How many probes must succeed to close it, at least 1.
    pub success_threshold: u32,
    /// How long a probe holds its place at most: a process may have died with it.
    pub probe_lease: Duration,
}

impl Circuit<'_> {
    /// The same settings under another name: one that lives longer, or has a program's own prefix.
    ///
    /// ```
    /// use steadfast::circuit_breaker::Circuit;
    ///
    /// fn to_send(circuit: &Circuit<'_>) -> Circuit<'static> {
    ///     circuit.renamed("eu.gateway")
    /// }
    /// ```
    pub const fn renamed<'a>(&self, name: &'a str) -> Circuit<'a> {
        Circuit { name, ..*self }
    }
}

/// What opens a circuit.
///
/// See [`Circuit`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a backend has to count in each of them")]
pub enum Opens {
    /// So many failures in a row.
    InARow(u32),
    /// Rates, once one of them is reached.
    ByRate {
        /// What they are taken over. A window of time may move on in tenths.
        window: Window,
        /// Of how many calls on they are known.
        minimum_calls: u32,
        /// The rate of failures.
        failure_rate: f64,
        /// That of slow calls, where there are any.
        slow_rate: Option<f64>,
    },
}

/// What a [`Backend`] answers to a call.
///
/// See [`Backend`] for an example.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "backends make it")]
pub enum Admission {
    /// It goes through. Without a permit its end teaches nothing.
    Admitted(Option<Permit>, Seen),
    /// It does not.
    Refused(Seen),
}

/// With what a call was let through.
///
/// See [`Backend`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "backends make it")]
pub struct Permit {
    /// The state in which it was let through has this number. Each change of state has another.
    pub generation: u64,
    /// Of a probe: the number of its place.
    pub probe: Option<u64>,
}

/// What became of a call that was let through.
///
/// See [`Backend`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests of backends make it")]
pub struct Ended {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it took as long as a slow call.
    pub slow: bool,
}

/// How a call ended, as far as it teaches something.
///
/// See [`Ended`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a backend has to know each of them")]
pub enum Outcome {
    /// It succeeded.
    Success,
    /// It failed.
    Failure,
    /// It teaches nothing but whether it was slow.
    Neutral,
}

/// How a circuit stands.
///
/// ```
/// use steadfast::circuit_breaker::{BreakerState, Seen};
///
/// let mut seen = Seen::new(BreakerState::Closed);
/// seen.failures = 2;
/// assert_eq!((seen.generation, seen.retry_after), (0, None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Seen {
    /// The number of the state.
    pub generation: u64,
    /// The state.
    pub state: BreakerState,
    /// The state it would be in, where it only measures.
    pub would_be: Option<BreakerState>,
    /// Failures in a row, while closed, of a circuit that opens after some.
    pub failures: u32,
    /// How long until a probe is let through, while open.
    pub retry_after: Option<Duration>,
}

impl Seen {
    /// In that state, and nothing more is known.
    ///
    /// See [`Seen`] for an example.
    pub const fn new(state: BreakerState) -> Self {
        Self { generation: 0, state, would_be: None, failures: 0, retry_after: None }
    }
}
