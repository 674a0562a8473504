//! What was verified.

use std::fmt;
use std::time::SystemTime;

/// A delivery whose signature is right, and whose time is near enough. Nothing but a
/// [`Verifier`](super::Verifier) makes one, so a function that takes it cannot be reached by a
/// request that nobody verified.
///
/// `B` is the body as it was given: `&[u8]`, `Vec<u8>`, `Bytes`, a string. It is never copied.
///
/// See [`Verifier::verify`](super::Verifier::verify) for an example.
pub struct Delivery<B> {
    id: String,
    at: SystemTime,
    body: B,
}

impl<B> Delivery<B> {
    pub(super) const fn new(id: String, at: SystemTime, body: B) -> Self {
        Self { id, at, body }
    }

    /// The event's id: the header `webhook-id`, or `id` in the body of a Stripe event. It is the same
    /// each time the event is delivered. It has 1 to 255 characters of visible ASCII, so it is an
    /// idempotency key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When this attempt to deliver it was signed, in whole seconds.
    pub const fn at(&self) -> SystemTime {
        self.at
    }

    /// The body itself.
    pub fn into_body(self) -> B {
        self.body
    }
}

impl<B: AsRef<[u8]>> Delivery<B> {
    /// The body's bytes, as they came and were signed.
    pub fn body(&self) -> &[u8] {
        self.body.as_ref()
    }
}

/// Neither the id nor the body: they are the sender's.
impl<B: AsRef<[u8]>> fmt::Debug for Delivery<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.body().len();
        f.debug_struct("Delivery").field("at", &self.at).field("bytes", &bytes).finish_non_exhaustive()
    }
}
