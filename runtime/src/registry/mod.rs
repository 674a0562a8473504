//! Every annotated function of the program, called or not: its name, place, stack, settings and
//! live state; and its policies by name, to be configured and operated.
//!
//! The linker gathers the functions, so nothing has to be registered, and nothing runs before `main`.
//!
//! | for | ask |
//! |---|---|
//! | an operator's page | [`snapshot`], or with the feature `axum` [`router`](fn@router) |
//! | whether the program may start | [`check`] |
//! | settings that differ from those in the source | [`configure`](fn@crate::configure) |
//! | an operator's hand on a breaker or a cache | [`control`](fn@crate::control) |
//!
//! # Names
//!
//! A policy goes by the name that refusals, logs and metrics carry: a shared one by the name it was
//! given (`CircuitBreaker::new("gateway")`), an idempotent one by its `name`, any other by its
//! function's. A policy that functions share is one policy.
//!
//! Where several policies of one attribute have the same name, each is called by the module of its
//! function as well, `app::cards::charge`; and where that is not enough (methods of two types, two
//! `#[timeout]`s on one function) by a number too, `app::cards::charge#2`, counted in the order of the
//! source. The bare name is refused then, and the refusal lists the others.

mod check;
mod configure;
mod control;
mod describe;
mod function;
mod nearest;
mod policies;
#[cfg(feature = "axum")]
mod router;
#[doc(hidden)]
pub mod rt;
mod snapshot;
mod state;
#[cfg(test)]
mod testing;

pub use check::{DuplicateNames, check, duplicate_names};
pub use configure::{Configuration, ConfigureErrors, SectionError, configure};
pub use control::{Control, Operated, PolicyName, UnknownName, control};
pub use describe::{Describe, Operation, Settings};
pub(crate) use function::{Function, functions};
#[cfg(feature = "testing")]
pub(crate) use nearest::nearest;
#[cfg(feature = "axum")]
pub use router::{Operator, router, router_with_control};
pub use snapshot::{FunctionSnapshot, LayerSnapshot, snapshot};
pub use state::State;
