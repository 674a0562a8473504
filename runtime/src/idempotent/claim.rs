//! What the function's body knows of its own claim.

use std::fmt;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use super::record::{RecordId, Token};

/// The version of the derivation. Another one would be another key to the other side.
const DERIVATION: &[u8] = b"steadfast downstream key 1";

/// The call's claim on its key, as the body sees it. A handle: cheap to clone, free to keep.
///
/// It is there before the key is claimed, and says nothing about who holds it.
///
/// `#[idempotent(.., claim = claim)]` binds it under the name that the function chooses:
///
/// ```
/// use steadfast::Rejection;
/// use steadfast::idempotent::MemoryStore;
///
/// #[steadfast::idempotent(
///     name = "docs.claim.charge",
///     scope = tenant,
///     key = key,
///     payload = none,
///     store = records,
///     claim = claim
/// )]
/// async fn charge(records: MemoryStore, tenant: String, key: String) -> Result<String, Rejection> {
///     assert_eq!(claim.name(), "docs.claim.charge");
///     assert_eq!((claim.scope(), claim.key()), (Some(&*tenant), Some(&*key)));
///     Ok(claim.downstream_key().to_owned()) // what the gateway is sent
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // One key for the other side, even where our record of the first call is gone.
/// let sent = charge(MemoryStore::default(), "acme".into(), "order-17".into()).await.unwrap();
/// let again = charge(MemoryStore::default(), "acme".into(), "order-17".into()).await.unwrap();
/// assert_eq!((&sent, sent.len()), (&again, 64));
///
/// let other = charge(MemoryStore::default(), "initech".into(), "order-17".into()).await.unwrap();
/// assert_ne!(sent, other);
/// # }
/// ```
#[derive(Clone)]
pub struct Claim(Arc<Inner>);

struct Inner {
    name: &'static str,
    of: Of,
    downstream: OnceLock<String>,
}

#[derive(Clone)]
pub(super) enum Of {
    Key(RecordId),
    /// A call without a key: only itself.
    Call(Token),
}

impl Claim {
    pub(super) fn new(name: &'static str, of: Of) -> Self {
        Self(Arc::new(Inner { name, of, downstream: OnceLock::new() }))
    }

    /// The function's declared name.
    ///
    /// See [`Claim`] for an example.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// The caller's key; `None` for a call that runs without one (`missing_key = run`).
    ///
    /// See [`Claim`] for an example.
    pub fn key(&self) -> Option<&str> {
        self.id().map(RecordId::key)
    }

    /// The scope; `None` where the function has none, or the call has no key.
    ///
    /// See [`Claim`] for an example.
    pub fn scope(&self) -> Option<&str> {
        self.id().and_then(RecordId::scope)
    }

    /// A key for the call to the other side: 64 hexadecimal digits, derived from name, scope and
    /// key, and the same in every attempt, every process, and every later call with this key. So
    /// the other side sees one call, however often this one is tried.
    ///
    /// A call that runs without a key has one of its own: the same in all its attempts, and in no
    /// other call.
    ///
    /// See [`Claim`] for an example.
    pub fn downstream_key(&self) -> &str {
        self.0.downstream.get_or_init(|| derive(self.0.name, &self.0.of))
    }

    fn id(&self) -> Option<&RecordId> {
        match &self.0.of {
            Of::Key(id) => Some(id),
            Of::Call(_) => None,
        }
    }
}

/// Each part with its length in front, so that no two identities are written alike.
fn derive(name: &str, of: &Of) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(DERIVATION);
    part(name.as_bytes());
    match of {
        Of::Key(id) => {
            part(if id.scope().is_some() { b"scope" } else { b"" });
            part(id.scope().unwrap_or_default().as_bytes());
            part(id.key().as_bytes());
        }
        Of::Call(token) => {
            part(b"call");
            part(&token.to_bytes());
        }
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble & 15), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("name", &self.name())
            .field("scope", &self.scope())
            .field("key", &self.key())
            .finish()
    }
}
