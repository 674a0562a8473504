//! An operator's hand on a policy, by its name.

use std::fmt;

use serde::Serialize;

use super::nearest::{did_you_mean, known};
use super::policies::{self, Found, Named};
use super::{Describe, Function, Operation, functions};
use crate::{Layer, observe};

/// The policies of a name: those of a breaker, a limiter, a cache that functions share under it, or
/// all layers of the function that has it.
///
/// [Names](crate::registry#names) says what a policy is called.
///
/// ```
/// use steadfast::circuit_breaker::CircuitBreaker;
/// use steadfast::{Rejection, circuit_breaker};
///
/// static LEDGER: CircuitBreaker = CircuitBreaker::new("docs-ledger");
///
/// #[circuit_breaker(LEDGER)]
/// async fn docs_control_post() -> Result<(), Rejection> {
///     Ok(())
/// }
///
/// let ledger = steadfast::control("docs-ledger")?;
/// let operated = ledger.by("maria").force_open();
/// println!("{operated}");
///
/// let unknown = steadfast::control("docs-leger").unwrap_err();
/// assert!(unknown.to_string().contains("did you mean `docs-ledger`?"));
/// # Ok::<(), steadfast::UnknownName>(())
/// ```
///
/// # Errors
/// No policy has the name, or several of one attribute have it; the error says which others there are.
pub fn control(name: &str) -> Result<Control, UnknownName> {
    of(&functions(), name)
}

pub(super) fn of(functions: &[&'static Function], name: &str) -> Result<Control, UnknownName> {
    let policies = policies::of(functions);
    let mut targets = Vec::new();
    let mut several: Vec<String> = Vec::new();
    for layer in Layer::ALL {
        let of_layer: Vec<&Named> = policies.iter().filter(|policy| policy.layer == *layer).collect();
        match policies::find(&of_layer, name, policies::exactly) {
            Found::One(one) => targets.push(Target { layer: *layer, policy: one.policy }),
            Found::Several(addresses) => several.extend(addresses.into_iter().map(str::to_owned)),
            Found::Nothing => {}
        }
    }
    if !several.is_empty() || targets.is_empty() {
        return Err(UnknownName::new(name, several, &policies));
    }
    Ok(Control { targets, by: "program".to_owned() })
}

/// A hand on the policies of one name; [`control`] gives it.
///
/// Each operation is an event (`operated`, level info, with the layer, the name, the operation and
/// [who](Self::by) did it) and counts in `steadfast_operations_total`. It changes this process only, but
/// for a breaker or a limiter that is [shared](crate::shared): its backend is told, and so all processes.
///
/// | operation | on | what it does |
/// |---|---|---|
/// | [`force_open`](Self::force_open) | circuit breakers | every call is refused |
/// | [`disable`](Self::disable) | circuit breakers | every call goes through, and nothing is learnt |
/// | [`metrics_only`](Self::metrics_only) | circuit breakers | every call goes through; what the breaker would do is counted and told |
/// | [`reset`](Self::reset) | circuit breakers | it decides by itself again, and begins closed |
/// | [`clear`](Self::clear) | caches, limiters, what is keyed | entries, admissions and keys are forgotten |
///
/// See [`control`] for an example.
#[derive(Clone)]
pub struct Control {
    targets: Vec<Target>,
    by: String,
}

#[derive(Clone, Copy)]
struct Target {
    layer: Layer,
    policy: &'static dyn Describe,
}

impl Control {
    /// Who operates, for the event; `program` where nobody is named.
    ///
    /// See [`control`] for an example.
    #[must_use]
    pub fn by(mut self, who: impl Into<String>) -> Self {
        self.by = who.into();
        self
    }

    /// Only the policies of one attribute.
    ///
    /// ```
    /// use steadfast::{Layer, Rejection, circuit_breaker, retry};
    ///
    /// #[retry]
    /// #[circuit_breaker]
    /// async fn docs_control_only() -> Result<(), Rejection> {
    ///     Ok(())
    /// }
    ///
    /// let both = steadfast::control("docs_control_only")?;
    /// assert_eq!(both.layers().collect::<Vec<_>>(), [Layer::Retry, Layer::CircuitBreaker]);
    /// let breaker = both.only(Layer::CircuitBreaker);
    /// assert_eq!(breaker.layers().collect::<Vec<_>>(), [Layer::CircuitBreaker]);
    /// # Ok::<(), steadfast::UnknownName>(())
    /// ```
    #[must_use]
    pub fn only(mut self, layer: Layer) -> Self {
        self.targets.retain(|target| target.layer == layer);
        self
    }

    /// The attributes whose policies have the name.
    ///
    /// See [`only`](Self::only) for an example.
    pub fn layers(&self) -> impl Iterator<Item = Layer> {
        self.targets.iter().map(|target| target.layer)
    }

    /// Circuit breakers refuse every call, until [`reset`](Self::reset).
    ///
    /// See [`control`] for an example.
    pub fn force_open(&self) -> Operated {
        self.operate(Operation::ForceOpen)
    }

    /// Circuit breakers let every call through and learn nothing, until [`reset`](Self::reset).
    ///
    /// See [`control`] for an example.
    pub fn disable(&self) -> Operated {
        self.operate(Operation::Disable)
    }

    /// Circuit breakers let every call through, and count and tell what they would do, until
    /// [`reset`](Self::reset).
    ///
    /// See [`control`] for an example.
    pub fn metrics_only(&self) -> Operated {
        self.operate(Operation::MetricsOnly)
    }

    /// Circuit breakers decide by themselves again, and begin closed.
    ///
    /// See [`control`] for an example.
    pub fn reset(&self) -> Operated {
        self.operate(Operation::Reset)
    }

    /// Caches forget their entries, limiters what they admitted, and what is keyed its keys.
    ///
    /// See [`control`] for an example.
    pub fn clear(&self) -> Operated {
        self.operate(Operation::Clear)
    }

    /// The operation that a value names, as where it comes from a request.
    ///
    /// See [`control`] for an example.
    pub fn operate(&self, operation: Operation) -> Operated {
        let done = self.targets.iter().filter(|target| target.policy.operate(operation));
        let done = done.map(|target| {
            let name = target.policy.name();
            observe::operated(target.layer, name, operation.as_str(), &self.by);
            PolicyName { layer: target.layer.as_str(), name }
        });
        Operated { operation, done: done.collect() }
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.targets.iter().map(|target| (target.layer.as_str(), target.policy.name()));
        f.debug_map().entries(names).finish()
    }
}

/// What an operation did.
///
/// ```
/// use steadfast::{Rejection, retry};
///
/// #[retry]
/// async fn docs_operated() -> Result<(), Rejection> {
///     Ok(())
/// }
///
/// let operated = steadfast::control("docs_operated")?.force_open();
/// assert!(operated.done.is_empty()); // a retry has no circuit
/// assert_eq!(operated.to_string(), "force_open: means nothing to the policies of this name");
/// # Ok::<(), steadfast::UnknownName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Operated {
    /// What was asked.
    pub operation: Operation,
    /// The policies that did it; empty where it means nothing to any of them.
    pub done: Vec<PolicyName>,
}

/// A policy, as [`Operated`] names it.
///
/// See [`Operated`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PolicyName {
    /// The attribute's name.
    pub layer: &'static str,
    /// The policy's name.
    pub name: &'static str,
}

impl fmt::Display for Operated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        if self.done.is_empty() {
            return f.write_str("means nothing to the policies of this name");
        }
        for (index, policy) in self.done.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{} `{}`", policy.layer, policy.name)?;
        }
        Ok(())
    }
}

/// A name that is no policy's, or that several of one attribute have.
///
/// ```
/// let unknown = steadfast::control("docs-nobody").unwrap_err();
/// assert!(unknown.to_string().starts_with("no policy is called `docs-nobody`"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName(String);

impl UnknownName {
    fn new(name: &str, several: Vec<String>, policies: &[Named]) -> Self {
        if !several.is_empty() {
            let others: Vec<_> = several.iter().map(String::as_str).collect();
            return Self(format!("several policies are called `{name}`; {}", known(&others)));
        }
        let mut names: Vec<&str> = policies.iter().map(|policy| policy.address.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        Self(format!("no policy is called `{name}`{}; {}", did_you_mean(name, names.iter().copied()), known(&names)))
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownName {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::registry::testing::{Example, function};

    #[test]
    fn a_name_stands_for_every_layer_that_has_it_and_an_operation_says_who_did_it() {
        let (limiter, cache, other) = (Example::leaked("rates"), Example::leaked("rates"), Example::leaked("other"));
        let functions =
            [function("app", "rates", &[(Layer::RateLimit, limiter), (Layer::Cached, cache), (Layer::Retry, other)])];
        let rates = of(&functions, "rates").unwrap();
        assert!(rates.force_open().done.is_empty());
        let cleared = rates.clear();
        assert_eq!(cleared.to_string(), "clear: rate_limit `rates`, cached `rates`");
        of(&functions, "rates").unwrap().only(Layer::Cached).clear();
        let times = [limiter, cache, other].map(|policy| policy.operated.load(Ordering::Relaxed));
        assert_eq!(times, [1, 2, 0]);
    }

    #[test]
    fn a_name_that_two_policies_of_a_layer_have_is_refused() {
        let two = [Example::leaked("charge"), Example::leaked("charge")];
        let functions = [
            function("app::cards", "charge", &[(Layer::Cached, two[0])]),
            function("app::wallets", "charge", &[(Layer::Cached, two[1])]),
        ];
        let refused = of(&functions, "charge").unwrap_err().to_string();
        assert_eq!(
            refused,
            "several policies are called `charge`; known are `app::cards::charge`, `app::wallets::charge`"
        );
        assert_eq!(of(&functions, "app::wallets::charge").unwrap().clear().done.len(), 1);
        assert_eq!(two.map(|policy| policy.operated.load(Ordering::Relaxed)), [0, 1]);
    }
}
