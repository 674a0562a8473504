//! Where a fault befalls a body.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::fault::Fault;
use super::inside::{current, locked};
use crate::__rt::Refusal;
use crate::registry::Function;
use crate::{Kind, Layer, Reason, Rejection};

/// What ends, or holds up, one run of a body.
pub(crate) enum Strike {
    /// The run has not begun.
    Ahead(&'static Function),
    Delayed(Pin<Box<Sleep>>),
    Hanging,
    Over,
}

impl Strike {
    #[inline]
    pub(crate) fn none() -> Self {
        Self::Over
    }

    #[inline]
    pub(crate) fn on(function: &'static Function) -> Self {
        Self::Ahead(function)
    }

    /// Whether the body goes on (`None`), or ends with a refusal.
    pub(crate) fn poll<J: Refusal>(&mut self, cx: &mut Context<'_>) -> Poll<Option<J>> {
        if let Self::Ahead(function) = *self {
            *self = Self::Over;
            match befalls(function) {
                None => {}
                Some((Fault::Hang, _)) => *self = Self::Hanging,
                Some((Fault::Delay(delay), _)) => *self = Self::Delayed(Box::pin(sleep(delay))),
                Some((fault, attempt)) => return Poll::Ready(Some(end(function, fault, attempt))),
            }
        }
        match self {
            Self::Delayed(sleep) => ready!(sleep.as_mut().poll(cx)),
            Self::Hanging => return Poll::Pending,
            Self::Ahead(_) | Self::Over => return Poll::Ready(None),
        }
        *self = Self::Over;
        Poll::Ready(None)
    }

    /// The same for a body that cannot wait.
    #[allow(clippy::panic, reason = "a test that asks for what cannot be is told so")]
    pub(crate) fn now<J: Refusal>(&mut self) -> Option<J> {
        let Self::Ahead(function) = std::mem::replace(self, Self::Over) else { return None };
        match befalls(function)? {
            (Fault::Hang, _) => {
                panic!("`{}` is not async: a hang would keep its thread; use another fault", function.name)
            }
            (Fault::Delay(delay), _) => {
                std::thread::sleep(delay);
                None
            }
            (fault, attempt) => Some(end(function, fault, attempt)),
        }
    }
}

fn befalls(function: &Function) -> Option<(Fault, u32)> {
    let (attempt, fault) = locked(&current()?.faults).run(function);
    Some((fault?, attempt))
}

#[allow(clippy::panic, reason = "the test asked for it")]
fn end<J: Refusal>(function: &'static Function, fault: Fault, attempt: u32) -> J {
    let name = function.name;
    let reason = match fault {
        Fault::Transient => Reason::Fault(Kind::Transient),
        Fault::Unknown => Reason::Fault(Kind::Unknown),
        Fault::TimedOut => Reason::TimedOut { after: limit(function) },
        Fault::Panic | Fault::Hang | Fault::Delay(_) => panic!("injected fault: `{name}`, attempt {attempt}"),
    };
    // No layer did it; the innermost stands for it.
    let layer = function.layers.last().map_or(Layer::Timeout, |entry| entry.layer);
    J::injected(Rejection::new(layer, name, reason))
}

/// The limit of the innermost timeout, if its length is known.
fn limit(function: &Function) -> Duration {
    let limit = |policy: &'static dyn crate::registry::Describe| policy.limit();
    function.layers.iter().rev().find_map(|entry| entry.policy.get().and_then(limit)).unwrap_or_default()
}
