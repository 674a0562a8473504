//! Every annotated function, as its attributes registered it.

use super::Describe;
use crate::Layer;

/// One annotated function, as its attributes registered it.
#[doc(hidden)]
pub struct Function {
    pub name: &'static str,
    pub module: &'static str,
    pub file: &'static str,
    pub line: u32,
    pub column: u32,
    pub layers: &'static [Entry],
}

/// One layer of a registered function.
#[doc(hidden)]
pub struct Entry {
    pub layer: Layer,
    pub policy: Described,
    /// The settings as they are written on the attribute.
    pub written: &'static str,
}

/// Where the policy of a layer is, for those who describe it.
#[doc(hidden)]
pub enum Described {
    /// The function has it to itself.
    Own(&'static (dyn Describe + Sync)),
    /// Functions share it. Asked when somebody wants to know, by a [probe](crate::__rt::Probe) that
    /// takes any type: one of a wrong type is an error where it is used, and only there.
    Shared(fn() -> Option<&'static dyn Describe>),
    /// It belongs to an instance or to the call.
    Elsewhere,
    /// The layer's own, and one that it uses beside it: a retry's budget.
    With(&'static Described, &'static Described),
}

/// All of them, gathered by the linker.
#[doc(hidden)]
#[linkme::distributed_slice]
pub static FUNCTIONS: [Function];

/// The registered functions, each place once: an attribute above ours that copies the function
/// (such as `#[axum::debug_handler]`) makes our attributes expand, and register, twice.
pub(crate) fn functions() -> Vec<&'static Function> {
    let mut functions: Vec<_> = FUNCTIONS.iter().collect();
    functions.sort_by_key(|f| (f.module, f.name, f.file, f.line, f.column));
    functions.dedup_by_key(|f| (f.module, f.name, f.file, f.line, f.column));
    functions
}

impl Function {
    pub(super) fn place(&self) -> String {
        format!("{}::{} ({}:{})", self.module, self.name, self.file, self.line)
    }
}

/// A function for each type of policy that a function may have to itself: see where they are emitted.
macro_rules! own {
    ($($attribute:ident: $policy:ty),* $(,)?) => {
        impl Described {
            $(pub const fn $attribute(policy: &'static $policy) -> Self {
                Self::Own(policy)
            })*
        }
    };
}
own! {
    bulkhead: crate::bulkhead::Bulkhead,
    cached: crate::__rt::Cached,
    circuit_breaker: crate::circuit_breaker::CircuitBreaker,
    fallback: crate::__rt::Fallback,
    idempotent: crate::__rt::Idempotency,
    logged: crate::__rt::Logged,
    rate_limit: crate::rate_limit::RateLimiter,
    retry: crate::__rt::RetryPolicy,
    timed: crate::__rt::Timed,
    timeout: crate::__rt::Timeout,
}

impl Described {
    pub(crate) fn get(&self) -> Option<&'static dyn Describe> {
        match *self {
            Self::Own(policy) => Some(policy),
            Self::Shared(ask) => ask(),
            Self::Elsewhere => None,
            Self::With(policy, _) => policy.get(),
        }
    }

    /// What the layer uses beside its policy: the budget of a retry.
    pub(crate) fn budget(&self) -> Option<&'static dyn Describe> {
        match *self {
            Self::With(_, budget) => budget.get(),
            _ => None,
        }
    }
}

impl Entry {
    /// All policies of the layer.
    pub(super) fn policies(&self) -> impl Iterator<Item = (Layer, &'static dyn Describe)> {
        let own = self.policy.get().map(|policy| (self.layer, policy));
        own.into_iter().chain(self.policy.budget().map(|budget| (Layer::RetryBudget, budget)))
    }
}

/// A shared policy, if its type describes itself; whatever it is otherwise is not ours to say.
#[doc(hidden)]
#[macro_export]
macro_rules! __describe {
    ($policy:expr) => {{
        #[allow(unused_imports, reason = "which of them is used depends on the type")]
        use $crate::__rt::{DescribeOfAny as _, DescribeOfPolicy as _};
        (&&$crate::__rt::Probe($policy)).describe()
    }};
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, LazyLock};
    use std::time::Duration;

    use super::Described;
    use crate::circuit_breaker::CircuitBreaker;
    use crate::rate_limit::RateLimiter;

    static PLAIN: CircuitBreaker = CircuitBreaker::new("plain");
    static LAZY: LazyLock<RateLimiter> = LazyLock::new(|| RateLimiter::window("lazy", 7, Duration::from_secs(1)));
    static COUNTED: LazyLock<Arc<CircuitBreaker>> = LazyLock::new(|| Arc::new(CircuitBreaker::new("counted")));
    static OTHER: u32 = 7;

    #[test]
    fn a_shared_policy_is_described_where_its_type_says_how() {
        let name = |described: Described| described.get().map(|policy| policy.name());
        assert_eq!(name(Described::Shared(|| crate::__describe!(&PLAIN))), Some("plain"));
        assert_eq!(name(Described::Shared(|| crate::__describe!(&LAZY))), Some("lazy"));
        assert_eq!(name(Described::Shared(|| crate::__describe!(&COUNTED))), Some("counted"));
        assert_eq!(name(Described::Shared(|| crate::__describe!(&OTHER))), None);
        assert_eq!(name(Described::Own(&PLAIN)), Some("plain"));
        assert_eq!(name(Described::Elsewhere), None);
    }
}
