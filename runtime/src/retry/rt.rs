//! What the expansion calls.

pub use super::attempts::{Attempts, Failed, Step};
pub use super::beside::{Beside, OfCall};
pub use super::future::Pause;
pub use super::schedule::Schedule;
use super::{RetryBudget, RetryPolicy};
use crate::named::named;

named! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no `RetryPolicy`",
        label = "`retry` takes a policy here, or settings of its own",
        note = "a `RetryBudget` is given with `budget = ..`",
        note = "a policy behind a pointer of another kind is written with a star: `*pointer`"
    )]
    NamesRetryPolicy, <> RetryPolicy
}

named! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no `RetryBudget`",
        label = "`budget` takes a budget, which functions share",
        note = "a `RetryPolicy` stands by itself: `#[retry(POLICY)]`",
        note = "a budget behind a pointer of another kind is written with a star: `*pointer`"
    )]
    NamesRetryBudget, <> RetryBudget
}
