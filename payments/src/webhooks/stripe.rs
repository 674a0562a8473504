//! Stripe: `Stripe-Signature: t=1492774577,v1=5257a8..,v0=6ffbb5..`
//!
//! What is signed is `t.body`. The event's id stands in the body.

use std::time::SystemTime;

use super::error::{Flaw, Place, WebhookError};
use super::event_id;
use super::headers::{Headers, find};
use super::scheme::Signed;
use super::scheme::sealed::Check;
use super::setup::{SecretFlaw, SetupError, each, sized};
use super::signatures::{Count, MAX_SIGNATURES, Mac, Right, tokens};
use super::text::hex;
use super::timestamp::Timestamp;

const SIGNATURE: &str = "stripe-signature";
const MAX_HEADER: usize = 4096;

const PREFIX: &str = "whsec_";
/// In characters, without the prefix. Stripe's own have 32, those of its command line 64.
const SECRET: (usize, usize) = (24, 255);

/// Secrets by which deliveries of Stripe are verified.
///
/// See [`Verifier::stripe`](super::Verifier::stripe) for an example.
pub struct Stripe {
    macs: Vec<Mac>,
}

impl Stripe {
    pub(super) fn new(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, SetupError> {
        Ok(Self { macs: each(secrets, secret)? })
    }
}

impl Check for Stripe {
    fn check(&self, headers: &(impl Headers + ?Sized), body: &[u8]) -> Result<Signed, WebhookError> {
        let [header] = find(headers, [SIGNATURE]);
        let written = Written::read(header.only_text(MAX_HEADER)?)?;
        let right = Right::of(&self.macs, |mac| hex(mac.sign([written.timestamp, b".", body])));
        if written.signatures().fold(false, |fits, signature| fits | right.has(signature)) {
            Ok(Signed { id: event_id::of(body)?, at: written.at })
        } else {
            Err(WebhookError::WrongSignature)
        }
    }

    fn describe(&self) -> (&'static str, usize) {
        ("Stripe", self.macs.len())
    }
}

/// Stripe's key is the text of the secret with its prefix, not what it might be base64 of.
fn secret(text: &str) -> Result<Mac, SecretFlaw> {
    let (at_least, at_most) = SECRET;
    let rest = text.strip_prefix(PREFIX).ok_or(SecretFlaw::NotStripe)?;
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SecretFlaw::NotVisibleAscii);
    }
    sized(rest.as_bytes(), at_least, at_most)?;
    Mac::new(text.as_bytes()).map_err(|_| SecretFlaw::Long { at_most })
}

/// What the header says.
struct Written<'a> {
    timestamp: &'a [u8],
    at: Timestamp,
    signatures: [Option<&'a [u8; 64]>; MAX_SIGNATURES],
}

impl<'a> Written<'a> {
    /// `t` must be there once. A token that is no signature, and one of another version, says nothing
    /// and is passed over: Stripe adds a `v0` for tests.
    fn read(header: &'a [u8]) -> Result<Self, WebhookError> {
        let timestamp_is = |flaw| WebhookError::Malformed { place: Place::StripeTimestamp, flaw };
        let (mut timestamp, mut signatures, mut count) = (None, [None; MAX_SIGNATURES], Count::default());
        for token in tokens(header, b',') {
            if let Some(text) = token.strip_prefix(b"t=") {
                if timestamp.replace(text).is_some() {
                    return Err(timestamp_is(Flaw::Repeated));
                }
            } else if let Some(digits) = signature(token) {
                let place = count.add().map_err(|flaw| WebhookError::header(SIGNATURE, flaw))?;
                signatures[place] = Some(digits);
            }
        }
        let timestamp = timestamp.ok_or(timestamp_is(Flaw::Missing))?;
        let at = Timestamp::read(timestamp).map_err(timestamp_is)?;
        count.some().map_err(|flaw| WebhookError::header(SIGNATURE, flaw))?;
        Ok(Self { timestamp, at, signatures })
    }

    fn signatures(&self) -> impl Iterator<Item = &'a [u8; 64]> {
        self.signatures.iter().flatten().copied()
    }
}

/// The 64 digits of a token that is a signature.
fn signature(token: &[u8]) -> Option<&[u8; 64]> {
    let digits: &[u8; 64] = token.strip_prefix(b"v1=")?.try_into().ok()?;
    let odd = |byte: &u8| !(byte.is_ascii_digit() | matches!(byte, b'a'..=b'f'));
    // Without an early exit it is a few vector instructions.
    (!digits.iter().fold(false, |any, byte| any | odd(byte))).then_some(digits)
}

/// Signs deliveries as Stripe does: for tests of who receives them.
///
/// ```
/// use std::time::SystemTime;
/// use steadfast_payments::webhooks::{StripeSigner, Verifier};
///
/// let secret = "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH";
/// let (now, body) = (SystemTime::now(), r#"{"id": "evt_17", "type": "charge.succeeded"}"#);
/// let header = StripeSigner::new([secret])?.sign(now, body)?;
/// assert_eq!(Verifier::stripe([secret])?.verify(&header, body, now)?.id(), "evt_17");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StripeSigner(Vec<Mac>);

impl StripeSigner {
    /// A signer with these secrets, each `whsec_` and at least 24 characters.
    ///
    /// # Errors
    /// When there is none, there are more than four, or one is no such secret.
    ///
    /// See [`StripeSigner`] for an example.
    pub fn new(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, SetupError> {
        each(secrets, secret).map(Self)
    }

    /// The header to send with the body, as an array of one. Whole seconds of `at` are signed.
    ///
    /// # Errors
    /// When `at` is before 1970 or after the year 5138.
    ///
    /// See [`StripeSigner`] for an example.
    pub fn sign(&self, at: SystemTime, body: impl AsRef<[u8]>) -> Result<[(&'static str, String); 1], WebhookError> {
        let at = Timestamp::of(at).map_err(|flaw| WebhookError::Malformed { place: Place::StripeTimestamp, flaw })?;
        let timestamp = at.seconds().to_string();
        let mut header = format!("t={timestamp}");
        for mac in &self.0 {
            header += ",v1=";
            header.extend(hex(mac.sign([timestamp.as_bytes(), b".", body.as_ref()])).map(char::from));
        }
        Ok([(SIGNATURE, header)])
    }
}

impl std::fmt::Debug for StripeSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StripeSigner").field("secrets", &self.0.len()).finish_non_exhaustive()
    }
}
