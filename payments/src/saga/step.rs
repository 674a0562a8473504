//! What a step's function is told of the step it runs for.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::id::SagaId;

/// One attempt of a step's action, or of its undo, as its function is told of it.
///
/// ```
/// use steadfast::Rejection;
/// use steadfast_payments::saga::{MemorySagaLog, Saga, Step};
///
/// async fn charge(_: (), mut sent: Vec<String>, step: Step) -> Result<Vec<String>, Rejection> {
///     assert_eq!((step.id().id(), step.name(), step.attempt()), ("order-17", "charge", 1));
///     sent.push(step.downstream_key().to_owned()); // POST /charges, Idempotency-Key: ..
///     Ok(sent)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let checkout = Saga::new("checkout", 1).pivot("charge", charge);
/// let sent = checkout.run(&(), &MemorySagaLog::default(), "order-17", Vec::new()).await.unwrap();
/// assert_eq!(sent[0].len(), 64);
/// # }
/// ```
#[derive(Clone)]
pub struct Step(Arc<Told>);

struct Told {
    id: SagaId,
    name: String,
    undo: bool,
    attempt: u32,
    key: String,
}

impl Step {
    pub(super) fn new(id: SagaId, name: String, undo: bool, attempt: u32) -> Self {
        let key = derive(&id, &name, undo);
        Self(Arc::new(Told { id, name, undo, attempt, key }))
    }

    /// The saga.
    ///
    /// See [`Step`] for an example.
    pub fn id(&self) -> &SagaId {
        &self.0.id
    }

    /// The step's name.
    ///
    /// See [`Step`] for an example.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether the step is being undone.
    ///
    /// See [`Step`] for an example.
    pub fn is_undo(&self) -> bool {
        self.0.undo
    }

    /// Which attempt of this executor it is, from 1. After a crash it begins anew: the first attempt may
    /// not be the first that reaches the other side.
    ///
    /// See [`Step`] for an example.
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// A key for the call to the other side: 64 hexadecimal digits, derived from the saga's name and id and
    /// the step's name. It is the same in every attempt, in every process, after every crash, and under
    /// every version of the definition; the undo has another one. So the other side sees one call,
    /// however often this one is made. A step that makes several calls adds a word of its own to
    /// each.
    ///
    /// See [`Step`] for an example.
    pub fn downstream_key(&self) -> &str {
        &self.0.key
    }
}

/// Each part with its length in front, so that no two steps are written alike.
fn derive(id: &SagaId, step: &str, undo: bool) -> String {
    let mut hash = Sha256::new();
    let doing = if undo { "undo" } else { "act" };
    for part in ["steadfast saga step, 1", id.saga(), id.id(), step, doing] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digit = |nibble: u8| char::from_digit(u32::from(nibble & 15), 16).unwrap_or_default();
    hash.finalize().iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// Without the key.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("id", &self.0.id)
            .field("name", &self.0.name)
            .field("undo", &self.0.undo)
            .field("attempt", &self.0.attempt)
            .finish_non_exhaustive()
    }
}
