//! What a scheme of signatures must do.

use super::error::WebhookError;
use super::headers::Headers;
use super::timestamp::Timestamp;

/// A scheme of signatures with its secrets: [`Standard`](super::Standard) or
/// [`Stripe`](super::Stripe).
pub trait Scheme: sealed::Check {}

impl<S: sealed::Check> Scheme for S {}

pub(super) mod sealed {
    use super::{Headers, Signed, WebhookError};

    #[allow(unreachable_pub, reason = "sealed: its users name `Scheme`")]
    pub trait Check: Send + Sync + 'static {
        /// What was signed, if a signature is right. Nothing is said of its time.
        fn check(&self, headers: &(impl Headers + ?Sized), body: &[u8]) -> Result<Signed, WebhookError>;

        /// The name for `Debug`, and how many secrets there are.
        fn describe(&self) -> (&'static str, usize);
    }
}

/// What a right signature vouches for, beside the body.
#[derive(Debug)]
#[allow(unreachable_pub, reason = "sealed")]
pub struct Signed {
    pub(super) id: String,
    pub(super) at: Timestamp,
}
