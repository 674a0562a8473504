//! Who says whether a delivery is what it says it is.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::delivery::Delivery;
use super::error::{Flaw, WebhookError};
use super::headers::Headers;
use super::scheme::Scheme;
use super::setup::SetupError;
use super::standard::Standard;
use super::stripe::Stripe;
use super::timestamp::{fresh, remembered_until};

const TOLERANCE: Duration = Duration::from_secs(300);
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
const MAX_BODY: usize = 1 << 20;

/// Verifies deliveries: who signed them, that nothing was changed, and that they are of now.
///
/// It holds one secret or, while one is replaced, several. All signatures of a delivery are compared
/// with all secrets, in constant time, so how long it takes tells nobody which one fits. It cannot
/// be printed with its secrets, and wipes them when the last clone goes. Clones are cheap and share
/// them.
///
/// It does not know what came before; an [`Inbox`](super::Inbox) does.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast_payments::webhooks::{Verifier, WebhookError};
///
/// let verifier = Verifier::standard(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])?;
/// let headers = [
///     ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
///     ("webhook-timestamp", "1614265330"),
///     ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
/// ];
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_614_265_400);
///
/// let delivery = verifier.verify(&headers, r#"{"test": 2432232314}"#, now)?;
/// assert_eq!(delivery.id(), "msg_p5jXN8AQM9LWM0D4loKWxJek");
///
/// let forged = verifier.verify(&headers, r#"{"test": 9999999999}"#, now);
/// assert!(matches!(forged, Err(WebhookError::WrongSignature)));
/// let kept = verifier.verify(&headers, r#"{"test": 2432232314}"#, now + Duration::from_secs(3600));
/// assert!(matches!(kept, Err(WebhookError::TooOld { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Verifier<S> {
    scheme: Arc<S>,
    tolerance: Duration,
    max_body: usize,
}

impl Verifier<Standard> {
    /// Of [Standard Webhooks](https://www.standardwebhooks.com), with these secrets: `whsec_` with 24
    /// to 64 bytes of base64 (HMAC-SHA256, signatures `v1`), or the sender's public key `whpk_`
    /// (ed25519, signatures `v1a`).
    ///
    /// # Errors
    /// When there is none, there are more than four, or one is not what its prefix says.
    ///
    /// ```
    /// use steadfast_payments::webhooks::Verifier;
    ///
    /// let current = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    /// let before = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    /// let verifier = Verifier::standard([current, before])?;
    /// # Ok::<(), steadfast_payments::webhooks::SetupError>(())
    /// ```
    pub fn standard(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, SetupError> {
        Standard::new(secrets).map(Self::new)
    }
}

impl Verifier<Stripe> {
    /// Of Stripe's webhooks, with these signing secrets of the endpoint (`whsec_..`, not an API key).
    /// Signatures are those of `v1`; the event's id is `id` in its body.
    ///
    /// # Errors
    /// When there is none, there are more than four, or one is no such secret.
    ///
    /// See [`StripeSigner`](super::StripeSigner) for an example.
    pub fn stripe(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, SetupError> {
        Stripe::new(secrets).map(Self::new)
    }
}

impl<S: Scheme> Verifier<S> {
    fn new(scheme: S) -> Self {
        Self { scheme: Arc::new(scheme), tolerance: TOLERANCE, max_body: MAX_BODY }
    }

    /// How far from now, in either direction, a delivery may be signed: five minutes if it is not
    /// said. It bounds how long a delivery that somebody kept can be sent again, and how far clocks
    /// may differ.
    ///
    /// # Errors
    /// When it is less than a second or more than a day.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_payments::webhooks::Verifier;
    ///
    /// let verifier = Verifier::standard(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])?;
    /// assert!(verifier.clone().with_tolerance(Duration::ZERO).is_err());
    /// let strict = verifier.with_tolerance(Duration::from_secs(60))?;
    /// # Ok::<(), steadfast_payments::webhooks::SetupError>(())
    /// ```
    pub fn with_tolerance(self, tolerance: Duration) -> Result<Self, SetupError> {
        if !(SHORTEST..=LONGEST).contains(&tolerance) {
            return Err(SetupError::Tolerance { is: tolerance });
        }
        Ok(Self { tolerance, ..self })
    }

    /// How many bytes a body may have: 1 MiB if it is not said. A longer one is refused unread.
    ///
    /// # Errors
    /// When it is 0.
    ///
    /// ```
    /// use steadfast_payments::webhooks::Verifier;
    ///
    /// let verifier = Verifier::stripe(["whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH"])?.with_max_body(64 * 1024)?;
    /// # Ok::<(), steadfast_payments::webhooks::SetupError>(())
    /// ```
    pub fn with_max_body(self, bytes: usize) -> Result<Self, SetupError> {
        if bytes == 0 {
            return Err(SetupError::MaxBody);
        }
        Ok(Self { max_body: bytes, ..self })
    }

    /// The delivery, if it is one. `now` is the time by the caller's wall clock
    /// (`steadfast::clock::wall()`).
    ///
    /// The body must be the bytes as they came. One that was parsed and written anew has others, and
    /// no signature fits.
    ///
    /// # Errors
    /// When a header is missing, repeated, too long or malformed, the body is too long, no signature is
    /// right, or the time of signing is not near enough to now. The time is judged last: who is told
    /// that a delivery is too old knows that it is real.
    ///
    /// See [`Verifier`] for an example.
    pub fn verify<B: AsRef<[u8]>>(
        &self,
        headers: &(impl Headers + ?Sized),
        body: B,
        now: SystemTime,
    ) -> Result<Delivery<B>, WebhookError> {
        let bytes = body.as_ref();
        if bytes.len() > self.max_body {
            return Err(WebhookError::body(Flaw::TooLong { limit: self.max_body }));
        }
        let signed = self.scheme.check(headers, bytes)?;
        let at = signed.at.time();
        fresh(at, now, self.tolerance)?;
        Ok(Delivery::new(signed.id, at, body))
    }

    #[cfg(feature = "axum")]
    pub(super) const fn max_body(&self) -> usize {
        self.max_body
    }

    /// Until when a delivery must be remembered so that it is accepted once.
    pub(super) fn remembered_until<B>(&self, delivery: &Delivery<B>) -> SystemTime {
        remembered_until(delivery.at(), self.tolerance)
    }
}

impl<S> Clone for Verifier<S> {
    fn clone(&self) -> Self {
        Self { scheme: Arc::clone(&self.scheme), ..*self }
    }
}

impl<S: Scheme> fmt::Debug for Verifier<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, secrets) = self.scheme.describe();
        let mut verifier = f.debug_struct("Verifier");
        verifier.field("scheme", &scheme).field("secrets", &secrets);
        verifier.field("tolerance", &self.tolerance).field("max_body", &self.max_body).finish()
    }
}
