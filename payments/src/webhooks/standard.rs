//! Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
//!
//! What is signed is `id.timestamp.body`.

use std::cell::LazyCell;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::error::{Flaw, WebhookError};
use super::headers::{Headers, find};
use super::id;
use super::scheme::Signed;
use super::scheme::sealed::Check;
use super::setup::{SecretFlaw, SetupError, decoded, each, sized};
use super::signatures::{Count, Mac, Right, tokens};
use super::text::from_base64;
use super::timestamp::Timestamp;

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

const MAX_TIMESTAMP_HEADER: usize = 64;
const MAX_SIGNATURE_HEADER: usize = 4096;

/// What the specification asks of a symmetric secret, in bytes.
const SECRET: (usize, usize) = (24, 64);

/// Secrets by which deliveries of Standard Webhooks are verified.
///
/// See [`Verifier::standard`](super::Verifier::standard) for an example.
pub struct Standard {
    macs: Vec<Mac>,
    keys: Vec<VerifyingKey>,
}

impl Standard {
    pub(super) fn new(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, SetupError> {
        let mut standard = Self { macs: Vec::new(), keys: Vec::new() };
        for secret in each(secrets, verifying)? {
            match secret {
                Verifying::Symmetric(mac) => standard.macs.push(mac),
                Verifying::Asymmetric(key) => standard.keys.push(key),
            }
        }
        Ok(standard)
    }

    /// Whether a signature of the list is right. All are tried under all secrets. A token of another
    /// version, or one that is no base64 of the right length, says nothing and is passed over.
    fn any_fits(&self, list: &[u8], head: &[u8], body: &[u8]) -> Result<bool, Flaw> {
        let right = Right::of(&self.macs, |mac| mac.sign([head, body]));
        let message = LazyCell::new(|| [head, body].concat());
        let (mut symmetric, mut asymmetric) = (Count::default(), Count::default());
        let mut fits = false;
        for token in tokens(list, b' ') {
            if let Some(signature) = self.symmetric(token) {
                symmetric.add()?;
                fits |= right.has(&signature);
            } else if let Some(signature) = self.asymmetric(token) {
                asymmetric.add()?;
                let signature = Signature::from_bytes(&signature);
                self.keys.iter().for_each(|key| fits |= key.verify_strict(&message, &signature).is_ok());
            }
        }
        symmetric.some().or(asymmetric.some())?;
        Ok(fits)
    }

    fn symmetric(&self, token: &[u8]) -> Option<[u8; 32]> {
        from_base64(token.strip_prefix(b"v1,").filter(|_| !self.macs.is_empty())?.try_into().ok()?)
    }

    fn asymmetric(&self, token: &[u8]) -> Option<[u8; 64]> {
        let text = token.strip_prefix(b"v1a,").filter(|_| !self.keys.is_empty())?;
        // The decoder wants room for whole groups of three.
        let mut bytes = [0; 66];
        let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
        bytes.get(..length)?.try_into().ok()
    }
}

impl Check for Standard {
    fn check(&self, headers: &(impl Headers + ?Sized), body: &[u8]) -> Result<Signed, WebhookError> {
        let [id, timestamp, list] = find(headers, [ID, TIMESTAMP, SIGNATURE]);
        let id = id.only(id::MAX_ID)?;
        let timestamp = timestamp.only(MAX_TIMESTAMP_HEADER)?;
        let list = list.only_text(MAX_SIGNATURE_HEADER)?;

        id::check_before_dot(id).map_err(|flaw| WebhookError::header(ID, flaw))?;
        let at = Timestamp::read(timestamp).map_err(|flaw| WebhookError::header(TIMESTAMP, flaw))?;
        let mut head = head(id, timestamp);
        if !self.any_fits(list, &head, body).map_err(|flaw| WebhookError::header(SIGNATURE, flaw))? {
            return Err(WebhookError::WrongSignature);
        }
        // What it begins with is the id.
        head.truncate(id.len());
        let id = String::from_utf8(head).map_err(|_| WebhookError::header(ID, Flaw::NotText))?;
        Ok(Signed { id, at })
    }

    fn describe(&self) -> (&'static str, usize) {
        ("Standard", self.macs.len() + self.keys.len())
    }
}

/// What is signed in front of the body.
fn head(id: &[u8], timestamp: &[u8]) -> Vec<u8> {
    let mut head = Vec::with_capacity(id.len() + timestamp.len() + 2);
    for part in [id, b".", timestamp, b"."] {
        head.extend_from_slice(part);
    }
    head
}

enum Verifying {
    Symmetric(Mac),
    Asymmetric(VerifyingKey),
}

fn verifying(secret: &str) -> Result<Verifying, SecretFlaw> {
    if let Some(text) = secret.strip_prefix("whsec_") {
        return symmetric(text).map(Verifying::Symmetric);
    }
    if secret.starts_with("whsk_") {
        return Err(SecretFlaw::PrivateKey);
    }
    let text = secret.strip_prefix("whpk_").ok_or(SecretFlaw::Prefix { expected: "`whsec_`, `whpk_`" })?;
    let bytes = decoded(text)?;
    let key = bytes.as_slice().try_into().ok().and_then(|bytes| VerifyingKey::from_bytes(bytes).ok());
    key.filter(|key| !key.is_weak()).map(Verifying::Asymmetric).ok_or(SecretFlaw::NotAKey)
}

fn symmetric(text: &str) -> Result<Mac, SecretFlaw> {
    let (at_least, at_most) = SECRET;
    Mac::new(sized(&decoded(text)?, at_least, at_most)?).map_err(|_| SecretFlaw::Long { at_most })
}

/// Signs deliveries as Standard Webhooks has it: for who sends webhooks, and for tests of who
/// receives them.
///
/// With several keys there is a signature for each, so that receivers can replace the old one in
/// their own time. Clone it as often as you like in an `Arc`; its keys are wiped when it goes.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast_payments::webhooks::{StandardSigner, Verifier};
///
/// let key = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=";
/// let signer = StandardSigner::new([key])?;
///
/// let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_614_265_330);
/// let headers = signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#)?;
/// assert_eq!(headers[1], ("webhook-timestamp", "1614265330".to_owned()));
///
/// // What is given to the receiver.
/// let verifier = Verifier::standard(signer.public_keys())?;
/// assert!(verifier.verify(&headers, r#"{"test": 2432232314}"#, at).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StandardSigner(Vec<Signing>);

enum Signing {
    Symmetric(Mac),
    Asymmetric(Box<SigningKey>),
}

impl StandardSigner {
    /// A signer with these secrets: `whsec_` with 24 to 64 bytes of base64, or `whsk_` with an
    /// ed25519 seed (32 bytes) or key pair (64).
    ///
    /// # Errors
    /// When there is none, there are more than four, or one is not what its prefix says.
    ///
    /// See [`StandardSigner`] for an example.
    pub fn new(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, SetupError> {
        each(secrets, signing).map(Self)
    }

    /// The headers to send with the body: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    ///
    /// `id` is the event's and stays the same for each attempt to deliver it; `at` is the time of
    /// this attempt, of which whole seconds are signed.
    ///
    /// # Errors
    /// When the id has a dot, has no or more than 255 characters or one that is not visible ASCII, and
    /// when `at` is before 1970 or after the year 5138.
    ///
    /// See [`StandardSigner`] for an example.
    pub fn sign(
        &self,
        id: &str,
        at: SystemTime,
        body: impl AsRef<[u8]>,
    ) -> Result<[(&'static str, String); 3], WebhookError> {
        id::check_before_dot(id.as_bytes()).map_err(|flaw| WebhookError::header(ID, flaw))?;
        let at = Timestamp::of(at).map_err(|flaw| WebhookError::header(TIMESTAMP, flaw))?;
        let timestamp = at.seconds().to_string();
        let head = head(id.as_bytes(), timestamp.as_bytes());
        let signatures: Vec<String> = self.0.iter().map(|key| key.sign(&head, body.as_ref())).collect();
        Ok([(ID, id.to_owned()), (TIMESTAMP, timestamp), (SIGNATURE, signatures.join(" "))])
    }

    /// The public keys (`whpk_`) to give to receivers: one for each private key, none for a symmetric
    /// secret.
    ///
    /// See [`StandardSigner`] for an example.
    pub fn public_keys(&self) -> Vec<String> {
        let public = |key: &Signing| match key {
            Signing::Symmetric(_) => None,
            Signing::Asymmetric(key) => Some(format!("whpk_{}", STANDARD.encode(key.verifying_key().as_bytes()))),
        };
        self.0.iter().filter_map(public).collect()
    }
}

impl std::fmt::Debug for StandardSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StandardSigner").field("secrets", &self.0.len()).finish_non_exhaustive()
    }
}

impl Signing {
    fn sign(&self, head: &[u8], body: &[u8]) -> String {
        match self {
            Self::Symmetric(mac) => format!("v1,{}", STANDARD.encode(mac.sign([head, body]))),
            Self::Asymmetric(key) => format!("v1a,{}", STANDARD.encode(key.sign(&[head, body].concat()).to_bytes())),
        }
    }
}

fn signing(secret: &str) -> Result<Signing, SecretFlaw> {
    if let Some(text) = secret.strip_prefix("whsec_") {
        return symmetric(text).map(Signing::Symmetric);
    }
    if secret.starts_with("whpk_") {
        return Err(SecretFlaw::PublicKey);
    }
    let text = secret.strip_prefix("whsk_").ok_or(SecretFlaw::Prefix { expected: "`whsec_`, `whsk_`" })?;
    private_key(&decoded(text)?).map(|key| Signing::Asymmetric(Box::new(key)))
}

/// A seed, or a seed with its public key after it.
fn private_key(bytes: &Zeroizing<Vec<u8>>) -> Result<SigningKey, SecretFlaw> {
    if let Ok(seed) = bytes.as_slice().try_into() {
        return Ok(SigningKey::from_bytes(seed));
    }
    let pair = bytes.as_slice().try_into().map_err(|_| SecretFlaw::NotAKey)?;
    SigningKey::from_keypair_bytes(pair).map_err(|_| SecretFlaw::NotAKey)
}
