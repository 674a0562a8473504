//! Which results can be stored, and how the compiler finds the way.

use std::sync::Arc;

use super::support::*;
use crate::idempotent::rt::{Query, Reply, answer};
use crate::idempotent::*;
use crate::{RecordError, ReplayFailure};

/// Through the store and back.
fn again<R>(result: &R, codec: impl Fn(Query<'_, R>) -> Reply<R>) -> R {
    let Reply::Store(stored) = codec(Query::Encode(result)) else { panic!("not stored") };
    let Reply::Decoded(Ok(result)) = codec(Query::Decode(&stored)) else { panic!("not read") };
    result
}

#[test]
fn serde_types_by_themselves() {
    type R<T> = Result<T, PayError>;
    assert_eq!(again(&Ok(Charge { id: 7 }), |q: Query<'_, R<Charge>>| answer(&q)).unwrap(), Charge { id: 7 });
    again(&Ok(()), |q: Query<'_, R<()>>| answer(&q)).unwrap();
    assert_eq!(again(&Ok(None), |q: Query<'_, R<Option<u8>>>| answer(&q)).unwrap(), None);
    assert_eq!(again(&Ok(0.1), |q: Query<'_, R<f64>>| answer(&q)).unwrap(), 0.1);
    assert_eq!(again(&Ok(u128::MAX), |q: Query<'_, R<u128>>| answer(&q)).unwrap(), u128::MAX);
}

#[test]
fn generic_functions_too() {
    fn through<T, E>(result: &Result<T, E>) -> Result<T, E>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
        E: ReplayFailure,
    {
        again(result, |q: Query<'_, Result<T, E>>| answer(&q))
    }
    assert_eq!(through::<_, PayError>(&Ok(3)).unwrap(), 3);
}

#[derive(Debug, PartialEq)]
struct Receipt(Arc<str>);

impl Replay<Custom> for Receipt {
    fn to_record(&self) -> Result<Vec<u8>, RecordError> {
        Ok(self.0.as_bytes().to_vec())
    }
    fn from_record(record: &[u8]) -> Result<Self, RecordError> {
        let text = str::from_utf8(record).map_err(|_| RecordError::new("not text"))?;
        Ok(Self(text.into()))
    }
}

#[test]
fn types_that_say_it_themselves() {
    let receipt = Ok(Receipt("r".into()));
    assert_eq!(again(&receipt, |q: Query<'_, Result<Receipt, PayError>>| answer(&q)).unwrap(), Receipt("r".into()));
}

#[cfg(feature = "axum")]
#[test]
fn axum_responses() {
    use axum::{Json, http::StatusCode};
    type J = Result<Json<Charge>, PayError>;
    type S = Result<(StatusCode, Json<Charge>), PayError>;
    let Json(charge) = again(&Ok(Json(Charge { id: 7 })), |q: Query<'_, J>| answer(&q)).unwrap();
    assert_eq!(charge, Charge { id: 7 });
    let created = Ok((StatusCode::CREATED, Json(Charge { id: 7 })));
    let (status, Json(charge)) = again(&created, |q: Query<'_, S>| answer(&q)).unwrap();
    assert_eq!((status, charge), (StatusCode::CREATED, Charge { id: 7 }));
    let declined = again(&Err(PayError::Declined { code: 5 }), |q: Query<'_, J>| answer(&q));
    assert!(matches!(declined, Err(PayError::Declined { code: 5 })));
}

#[test]
fn what_would_not_read_back_is_not_written() {
    type Nested = Result<Option<Option<u8>>, PayError>;
    let some_none: Nested = Ok(Some(None));
    assert!(matches!(answer(&Query::Encode(&some_none)), Reply::Unencodable(_)));

    #[derive(serde::Serialize, serde::Deserialize)]
    struct OneWay(#[serde(serialize_with = "as_number")] String);
    fn as_number<S: serde::Serializer>(_: &str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(1)
    }
    let one_way: Result<OneWay, PayError> = Ok(OneWay("secret".into()));
    let Reply::Unencodable(error) = answer(&Query::Encode(&one_way)) else { panic!("written") };
    assert!(!error.to_string().contains("secret"));
}
