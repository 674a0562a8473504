//! How a function's value is stored and given back, and how its result is.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use super::json;
use super::record::Stored;
use crate::kinds::{Ended, Keep};
use crate::{RecordError, ReplayFailure};

/// A value that can be stored and given back as the same value.
///
/// Every type with serde's `Serialize` and `Deserialize` is one, and with the feature `axum` so are
/// `axum::Json<T>` and `(StatusCode, Json<T>)`. `M` only says which of these ways it is, and the
/// compiler infers it. A type that serde does not know, or that is to be kept in another form, says
/// itself how it is stored, under the way [`Custom`]:
///
/// ```
/// use steadfast::idempotent::{Custom, MemoryStore, Replay};
/// use steadfast::{RecordError, Rejection};
///
/// struct Receipt { number: u64 }
///
/// impl Replay<Custom> for Receipt {
///     fn to_record(&self) -> Result<Vec<u8>, RecordError> {
///         Ok(self.number.to_be_bytes().to_vec())
///     }
///     fn from_record(record: &[u8]) -> Result<Self, RecordError> {
///         let bytes = record.try_into().map_err(|_| RecordError::new("not a receipt"))?;
///         Ok(Self { number: u64::from_be_bytes(bytes) })
///     }
/// }
///
/// #[steadfast::idempotent(name = "docs.replay.print", key = key, payload = number, store = records)]
/// async fn print(records: MemoryStore, number: u64, key: String) -> Result<Receipt, Rejection> {
///     Ok(Receipt { number })
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let records = MemoryStore::default();
/// print(records.clone(), 42, "order-17".into()).await.unwrap();
/// let replayed = print(records, 42, "order-17".into()).await.unwrap();
/// assert_eq!(replayed.number, 42);
/// # }
/// ```
///
/// A record is read back once when it is written. What cannot be read back is not kept as a result:
/// its caller gets it, and the outcome is kept as unknown.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored and replayed",
    label = "`idempotent` hands this value out again to every later call with the key",
    note = "derive both: `#[derive(serde::Serialize, serde::Deserialize)]`",
    note = "or implement `steadfast::idempotent::Replay<steadfast::idempotent::Custom>` for {Self}"
)]
pub trait Replay<M = BySerde>: Sized + Send + 'static {
    /// The value as bytes.
    ///
    /// # Errors
    /// When it cannot be written without loss. The caller still gets the value; its record is
    /// kept as of unknown outcome.
    ///
    /// ```
    /// use steadfast::idempotent::Replay;
    ///
    /// assert_eq!("ch_17".to_owned().to_record()?, br#""ch_17""#);
    /// assert!(f64::NAN.to_record().is_err()); // JSON has no such number
    /// # Ok::<(), steadfast::RecordError>(())
    /// ```
    fn to_record(&self) -> Result<Vec<u8>, RecordError>;

    /// The value that the bytes were made of.
    ///
    /// # Errors
    /// When the bytes are of another type, or of a version of it that differs too much. The call
    /// is then refused, and does not run again.
    ///
    /// ```
    /// use steadfast::idempotent::Replay;
    ///
    /// assert_eq!(String::from_record(br#""ch_17""#)?, "ch_17");
    /// assert!(u32::from_record(br#""ch_17""#).is_err());
    /// # Ok::<(), steadfast::RecordError>(())
    /// ```
    fn from_record(record: &[u8]) -> Result<Self, RecordError>;
}

/// The way of types that serde knows: exact JSON. Nobody has to name it.
///
/// ```
/// use steadfast::idempotent::{BySerde, Replay};
///
/// fn keeps<T: Replay<BySerde>>() {}
/// keeps::<Vec<u64>>();
/// ```
#[derive(Debug)]
pub enum BySerde {}

/// The way of types that say themselves how they are stored.
///
/// See [`Replay`] for an example.
#[derive(Debug)]
pub enum Custom {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Replay<BySerde> for T {
    fn to_record(&self) -> Result<Vec<u8>, RecordError> {
        json::exact(self)
    }

    fn from_record(record: &[u8]) -> Result<Self, RecordError> {
        serde_json::from_slice(record).map_err(|e| RecordError::from_json(&e))
    }
}

#[cfg(feature = "axum")]
pub use by_axum::{ByJson, ByStatusAndJson};

#[cfg(feature = "axum")]
mod by_axum {
    use axum::Json;
    use axum::http::StatusCode;

    use super::{BySerde, RecordError, Replay};

    /// The way of `axum::Json<T>`: the `T` inside. Nobody has to name it. (Feature `axum`.)
    ///
    /// ```
    /// use axum::Json;
    /// use steadfast::idempotent::Replay;
    ///
    /// assert_eq!(Json(17).to_record()?, b"17");
    /// # Ok::<(), steadfast::RecordError>(())
    /// ```
    #[derive(Debug)]
    pub enum ByJson {}

    /// The way of `(StatusCode, axum::Json<T>)`: the number and the `T` inside. Nobody has to name
    /// it. (Feature `axum`.)
    ///
    /// ```
    /// use axum::Json;
    /// use axum::http::StatusCode;
    /// use steadfast::Rejection;
    /// use steadfast::idempotent::{IdempotencyKey, MemoryStore};
    ///
    /// #[steadfast::idempotent(name = "docs.by_status.create", key = key, payload = none, store = records)]
    /// async fn create(records: MemoryStore, key: IdempotencyKey) -> Result<(StatusCode, Json<u64>), Rejection> {
    ///     Ok((StatusCode::CREATED, Json(17)))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (records, key) = (MemoryStore::default(), IdempotencyKey::new("order-17")?);
    /// create(records.clone(), key.clone()).await?;
    /// let (status, Json(id)) = create(records, key).await?; // replayed, status and all
    /// assert_eq!((status, id), (StatusCode::CREATED, 17));
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    pub enum ByStatusAndJson {}

    #[diagnostic::do_not_recommend]
    impl<T: Replay<BySerde>> Replay<ByJson> for Json<T> {
        fn to_record(&self) -> Result<Vec<u8>, RecordError> {
            self.0.to_record()
        }

        fn from_record(record: &[u8]) -> Result<Self, RecordError> {
            T::from_record(record).map(Json)
        }
    }

    #[diagnostic::do_not_recommend]
    impl<T: Replay<BySerde>> Replay<ByStatusAndJson> for (StatusCode, Json<T>) {
        /// Two bytes of status, then the value's record.
        fn to_record(&self) -> Result<Vec<u8>, RecordError> {
            let mut record = self.0.as_u16().to_be_bytes().to_vec();
            record.extend(self.1.0.to_record()?);
            Ok(record)
        }

        fn from_record(record: &[u8]) -> Result<Self, RecordError> {
            let other = || RecordError::new("the record has no HTTP status");
            let (status, value) = record.split_first_chunk().ok_or_else(other)?;
            let status = StatusCode::from_u16(u16::from_be_bytes(*status)).map_err(|_| other())?;
            Ok((status, Json(T::from_record(value)?)))
        }
    }
}

/// What the layer asks about the function's result type.
pub enum Query<'a, R> {
    /// What becomes of the record of this result?
    Encode(&'a R),
    /// As what would it be kept, if nothing stood between it and the store?
    Plain(&'a R),
    /// Which result is this?
    Decode(&'a Stored),
}

/// The answer to a [`Query`].
#[derive(Debug)]
pub enum Reply<R> {
    /// Keep it as this.
    Store(Stored),
    /// Nothing happened: forget the call.
    Release,
    /// It may have happened.
    Unknown,
    /// It happened, and cannot be written.
    Unencodable(RecordError),
    /// This is the result that was stored, or why it cannot be read.
    Decoded(Result<R, RecordError>),
}

/// Answers for a function's result. The one place that asks anything of its types.
pub fn answer<T, E, M>(query: &Query<'_, Result<T, E>>) -> Reply<Result<T, E>>
where
    T: Replay<M>,
    E: ReplayFailure,
{
    match query {
        Query::Encode(Ok(value)) | Query::Plain(Ok(value)) => {
            stored(T::to_record(value), |r| T::from_record(r).map(drop), Stored::Value)
        }
        Query::Encode(Err(error)) | Query::Plain(Err(error)) => match Ended::from(error.signal()).ending.row().keep {
            Keep::Released => Reply::Release,
            Keep::Unknown => Reply::Unknown,
            Keep::Stored => stored(terminal(error), |r| E::from_record(r).map(drop), Stored::Terminal),
        },
        Query::Decode(Stored::Value(record)) => Reply::Decoded(T::from_record(record).map(Ok)),
        Query::Decode(Stored::Terminal(record)) => Reply::Decoded(E::from_record(record).map(Err)),
    }
}

fn terminal<E: ReplayFailure>(error: &E) -> Result<Vec<u8>, RecordError> {
    error.to_record().unwrap_or_else(|| Err(RecordError::new("a terminal failure has no record")))
}

/// A record is only one if it can be read again.
fn stored<R>(
    record: Result<Vec<u8>, RecordError>,
    read_again: impl FnOnce(&[u8]) -> Result<(), RecordError>,
    as_what: impl FnOnce(Arc<[u8]>) -> Stored,
) -> Reply<R> {
    match record.and_then(|record| read_again(&record).map(|()| record)) {
        Ok(record) => Reply::Store(as_what(record.into())),
        Err(error) => Reply::Unencodable(error),
    }
}
