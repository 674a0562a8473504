//! Where a policy's state is looked for. Outside of tests it is where the policy is, and all of this
//! is nothing; the [testing kit](crate::testing) gives a test copies of its own, and faults.

/// A policy of the same settings, with a state of its own.
pub(crate) trait Fresh: Sized + Send + Sync + 'static {
    /// The same settings, and a state as at the program's start.
    fn fresh(&self) -> Self;

    /// Whether it is a part of another policy, which has a copy for each test already.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "read by the testing kit"))]
    fn is_part(&self) -> bool {
        false
    }
}

#[cfg(feature = "testing")]
pub(crate) use crate::testing::inside::{Strike, here, is_entered, outside, pause};

#[cfg(not(feature = "testing"))]
pub(crate) use none::{Strike, here, is_entered, outside, pause};

#[cfg(not(feature = "testing"))]
mod none {
    use std::task::{Context, Poll};
    use std::time::Duration;

    use super::Fresh;
    use crate::registry::Function;

    /// The policy whose state this call uses. Everything that reads or changes state asks here first.
    #[inline(always)]
    pub(crate) fn here<P: Fresh>(policy: &P) -> &P {
        policy
    }

    /// The pause that a retry makes.
    #[inline(always)]
    pub(crate) fn pause(pause: Duration) -> Duration {
        pause
    }

    /// Whether there is a scope.
    pub(crate) fn is_entered() -> bool {
        false
    }

    /// Does something in no scope.
    pub(crate) fn outside<T>(what: impl FnOnce() -> T) -> T {
        what()
    }

    /// What ends a body before it runs: nothing.
    pub(crate) struct Strike;

    impl Strike {
        #[inline(always)]
        pub(crate) fn none() -> Self {
            Self
        }

        #[inline(always)]
        pub(crate) fn on(_: &'static Function) -> Self {
            Self
        }

        #[inline(always)]
        pub(crate) fn poll<J>(&mut self, _: &mut Context<'_>) -> Poll<Option<J>> {
            Poll::Ready(None)
        }

        #[inline(always)]
        pub(crate) fn now<J>(&mut self) -> Option<J> {
            None
        }
    }
}
