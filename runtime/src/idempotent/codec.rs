//! What stands between a function's records and the store: encryption, as a rule.

use std::sync::Arc;

use super::call::Call;
use super::record::{RecordId, Stored};
use super::replay::{Query, Reply};
use crate::RecordError;

/// Turns the bytes of a result into those that are stored, and back: to encrypt them, as a rule.
///
/// `#[idempotent(.., codec = app.seal)]` takes one; it is cloned for each call, as the store is, and
/// every `Arc` of one, and every reference that lives as long as the program, is one too. It is
/// given the values and the terminal errors that are kept, and the id of their record, for a cipher
/// that authenticates it: bytes that were moved to another record then do not decode. What is not
/// given to it: keys, scopes and fingerprints. A fingerprint is a hash of the payload without a
/// secret; where the payload could be guessed from it, leave the guessable out of `payload`.
///
/// It is not async. A data key from a key service is fetched before, at start or by a task of its
/// own, and the codec holds it.
///
/// A record that does not decode is an error,
/// [`Reason::Undecodable`](crate::Reason::Undecodable), and never a second run; so a codec keeps the
/// keys of before for as long as records live. What was stored before a function had a codec is
/// such a record too, unless the codec knows it and leaves it as it is.
///
/// A toy, which hides nothing from anybody who means it; take an AEAD such as AES-GCM:
///
/// ```
/// use steadfast::idempotent::{Codec, MemoryStore, Outcome, RecordId, RecordState, Store, Stored};
/// use steadfast::{RecordError, Rejection, idempotent};
///
/// #[derive(Clone, Copy)]
/// struct Toy(u8);
///
/// impl Codec for Toy {
///     fn encode(&self, _: &RecordId, plain: Vec<u8>) -> Result<Vec<u8>, RecordError> {
///         let mut sealed = vec![1]; // which key it was
///         sealed.extend(plain.into_iter().map(|byte| byte ^ self.0));
///         Ok(sealed)
///     }
///
///     fn decode(&self, _: &RecordId, sealed: &[u8]) -> Result<Vec<u8>, RecordError> {
///         match sealed {
///             [1, sealed @ ..] => Ok(sealed.iter().map(|byte| byte ^ self.0).collect()),
///             _ => Err(RecordError::new("sealed with a key that is not known")),
///         }
///     }
/// }
///
/// #[idempotent(name = "docs.codec.issue", key = key, payload = none, store = records, codec = toy)]
/// async fn issue(records: MemoryStore, toy: Toy, key: String) -> Result<String, Rejection> {
///     Ok("voucher-4711".to_owned())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let records = MemoryStore::default();
/// issue(records.clone(), Toy(0x5a), "order-17".into()).await?;
/// assert_eq!(issue(records.clone(), Toy(0x5a), "order-17".into()).await?, "voucher-4711"); // replayed
///
/// let record = records.get(&RecordId::new("docs.codec.issue", None, "order-17")?).await?.unwrap();
/// let RecordState::Ended(Outcome::Known { stored: Stored::Value(bytes), .. }) = record.state else { panic!() };
/// assert!(!bytes.windows(7).any(|part| part == b"voucher"));
///
/// let refused = issue(records, Toy(0x77), "order-17".into()).await.unwrap_err();
/// assert_eq!(refused.code(), "record_undecodable");
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not encode idempotency records",
    label = "this is no codec",
    note = "implement `steadfast::idempotent::Codec` for it: `encode` makes of a result's bytes those that are stored, `decode` the other way"
)]
pub trait Codec: Send + Sync + 'static {
    /// The bytes to store.
    ///
    /// # Errors
    /// When they cannot be made. The caller still gets the result; its record is kept as of unknown
    /// outcome.
    ///
    /// See [`Codec`] for an example.
    fn encode(&self, id: &RecordId, plain: Vec<u8>) -> Result<Vec<u8>, RecordError>;

    /// The bytes that [`encode`](Self::encode) was given.
    ///
    /// # Errors
    /// When the stored bytes are not what it made for this record. The call is then refused, and
    /// does not run again.
    ///
    /// See [`Codec`] for an example.
    fn decode(&self, id: &RecordId, stored: &[u8]) -> Result<Vec<u8>, RecordError>;
}

macro_rules! pointers {
    ($($type:ty),*) => {
        $(#[diagnostic::do_not_recommend]
        impl<K: Codec + ?Sized> Codec for $type {
            fn encode(&self, id: &RecordId, plain: Vec<u8>) -> Result<Vec<u8>, RecordError> {
                (**self).encode(id, plain)
            }

            fn decode(&self, id: &RecordId, stored: &[u8]) -> Result<Vec<u8>, RecordError> {
                (**self).decode(id, stored)
            }
        })*
    };
}
pointers!(&'static K, Arc<K>);

/// The codec that a call names. The one place that asks anything of its type, which is forgotten
/// here: nothing that comes after it is an error too.
pub fn codec<K: Codec>(codec: K) -> Box<dyn Codec> {
    Box::new(codec)
}

/// Answers for a function's result, with a codec between.
pub fn coded<R, C>(call: &Call, codec: Box<dyn Codec>, plain: C) -> impl Fn(Query<'_, R>) -> Reply<R> + use<R, C>
where
    C: Fn(Query<'_, R>) -> Reply<R>,
{
    let (id, codec): (_, Arc<dyn Codec>) = (call.id().cloned(), Arc::from(codec));
    if let Some(claim) = call.claimed_as() {
        claim.through(codec.clone());
    }
    move |query| {
        let Some(id) = &id else { return plain(query) };
        match query {
            Query::Encode(_) => match plain(query) {
                Reply::Store(stored) => encode(&*codec, id, &stored).map_or_else(Reply::Unencodable, Reply::Store),
                other => other,
            },
            Query::Decode(sealed) => match decode(&*codec, id, sealed) {
                Ok(stored) => plain(Query::Decode(&stored)),
                Err(error) => Reply::Decoded(Err(error)),
            },
            Query::Plain(_) => plain(query),
        }
    }
}

/// What is stored of a result. What does not decode to the same is not kept as one.
pub(super) fn encode<K: Codec + ?Sized>(codec: &K, id: &RecordId, plain: &Stored) -> Result<Stored, RecordError> {
    let sealed = plain.with(codec.encode(id, plain.bytes().to_vec())?);
    match decode(codec, id, &sealed)? == *plain {
        true => Ok(sealed),
        false => Err(RecordError::new("the codec does not give back what it was given")),
    }
}

fn decode<K: Codec + ?Sized>(codec: &K, id: &RecordId, sealed: &Stored) -> Result<Stored, RecordError> {
    Ok(sealed.with(codec.decode(id, sealed.bytes())?))
}
