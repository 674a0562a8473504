//! A verifier that remembers what it accepted.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use steadfast::clock;
use steadfast::first_seen::FirstSeen;

use super::delivery::Delivery;
use super::error::WebhookError;
use super::headers::Headers;
use super::scheme::Scheme;
use super::verifier::Verifier;

/// Accepts each delivery once: verifies it, and asks a store whether the same one came before.
///
/// "The same" is the same id signed at the same time: what somebody sends again who has overheard it.
/// A sender that got no 2xx signs its next attempt anew, with a later time, so it is accepted, and
/// **a handler that fails loses no event**. It follows that an event may be accepted more than once;
/// that its work is done once is said where the work is, with `#[idempotent]` and the event's id as
/// the key: see [the module](super).
///
/// The store is asked after the signature and the time were found right, so nobody else can fill it.
/// It remembers for as long as the delivery could be accepted anywhere (up to three times the
/// verifier's tolerance), which is why no duration has to be given.
///
/// ```
/// use steadfast::clock;
/// use steadfast::first_seen::MemoryFirstSeen;
/// use steadfast_payments::webhooks::{Inbox, StandardSigner, Verifier, WebhookError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// let inbox = Inbox::new("webhooks.gateway", Verifier::standard([secret])?, MemoryFirstSeen::default());
///
/// let headers = StandardSigner::new([secret])?.sign("evt_17", clock::wall(), "{}")?;
/// assert_eq!(inbox.accept(&headers, "{}").await?.id(), "evt_17");
/// assert!(matches!(inbox.accept(&headers, "{}").await, Err(WebhookError::Replayed)));
/// # Ok(())
/// # }
/// ```
pub struct Inbox<S, F> {
    space: Arc<str>,
    verifier: Verifier<S>,
    seen: F,
}

impl<S: Scheme, F: FirstSeen> Inbox<S, F> {
    /// An inbox over a store. `space` tells its deliveries from those of other senders in the same
    /// store; give each sender its own, and keep it: under another one nothing came before.
    ///
    /// See [`Inbox`] for an example.
    pub fn new(space: impl Into<Arc<str>>, verifier: Verifier<S>, seen: F) -> Self {
        Self { space: space.into(), verifier, seen }
    }

    /// The delivery, if it is one and did not come before.
    ///
    /// It counts as seen from here on. A caller that goes away before it has acted, or whose handler
    /// fails, answers with no 2xx, and the sender delivers the event again.
    ///
    /// # Errors
    /// As [`Verifier::verify`]; [`WebhookError::Replayed`] when it came before, and
    /// [`WebhookError::StoreUnavailable`] when the store does not know or has no room.
    ///
    /// See [`Inbox`] for an example.
    pub async fn accept<B>(
        &self,
        headers: &(impl Headers + Sync + ?Sized),
        body: B,
    ) -> Result<Delivery<B>, WebhookError>
    where
        B: AsRef<[u8]> + Send,
    {
        let now = clock::wall();
        let delivery = self.verifier.verify(headers, body, now)?;
        let (name, until) = (name(&delivery), self.verifier.remembered_until(&delivery));
        match self.seen.first_seen(&self.space, &name, now, until).await {
            Ok(true) => Ok(delivery),
            Ok(false) => Err(WebhookError::Replayed),
            Err(error) => Err(WebhookError::StoreUnavailable(error)),
        }
    }

    #[cfg(feature = "axum")]
    pub(super) const fn max_body(&self) -> usize {
        self.verifier.max_body()
    }
}

/// What a delivery is remembered by. The time has no dot in it, so no two deliveries share a name.
fn name<B>(delivery: &Delivery<B>) -> String {
    let at = delivery.at().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    format!("{}.{}", at.as_secs(), delivery.id())
}

impl<S, F: Clone> Clone for Inbox<S, F> {
    fn clone(&self) -> Self {
        Self { space: Arc::clone(&self.space), verifier: self.verifier.clone(), seen: self.seen.clone() }
    }
}

impl<S: Scheme, F> fmt::Debug for Inbox<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut inbox = f.debug_struct("Inbox");
        inbox.field("space", &self.space).field("verifier", &self.verifier).finish_non_exhaustive()
    }
}
