//! A record as the fields of a hash.

use std::sync::Arc;
use std::time::SystemTime;

use redis::Value;
use steadfast::idempotent::{Fingerprint, Outcome, Record, RecordState, Stored, Token};

use crate::error::RedisError;
use crate::reply::{self, Fields};
use crate::{hex, time};

/// The record of an answered hash; `None` for an empty one, which is none.
pub(super) fn read(hash: Value) -> Result<Option<Record>, RedisError> {
    reply::hash(hash, |fields| parse(&fields))
}

fn parse(fields: &Fields) -> Option<Record> {
    let text = |name: &str| std::str::from_utf8(fields.get(name)?).ok();
    Some(Record {
        fingerprint: match text("fingerprint")? {
            "" => None,
            digits => Some(Fingerprint::from_bytes(hex::read(digits)?)),
        },
        token: Token::from_bytes(hex::read(text("token")?)?),
        version: text("version")?.parse().ok()?,
        claimed_at: time::read(text("claimed_at")?)?,
        state: state(fields, text("state")?, || time::read(text("until")?))?,
        resolved: match fields.get("reason") {
            None => None,
            Some(_) => Some(text("reason")?.into()),
        },
    })
}

fn state(fields: &Fields, state: &str, until: impl Fn() -> Option<SystemTime>) -> Option<RecordState> {
    let result = || fields.get("result").map(|bytes| Arc::from(bytes.as_slice()));
    let stored = match state {
        "in_flight" => return Some(RecordState::InFlight { lease_until: until()? }),
        "unknown" => return Some(RecordState::Ended(Outcome::Unknown)),
        "value" => Stored::Value(result()?),
        "terminal" => Stored::Terminal(result()?),
        _ => return None,
    };
    Some(RecordState::Ended(Outcome::Known { stored, expires_at: until()? }))
}

/// What a result's state is called, and the result.
pub(super) fn known(stored: &Stored) -> (&'static str, &[u8]) {
    match stored {
        Stored::Value(bytes) => ("value", bytes),
        Stored::Terminal(bytes) => ("terminal", bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::answered as hash;

    const TOKEN: (&str, &[u8]) = ("token", b"000102030405060708090a0b0c0d0eff");
    const REST: [(&str, &[u8]); 3] = [("version", b"3"), ("claimed_at", b"17000000001"), ("fingerprint", b"")];

    #[test]
    fn each_state_is_read() {
        let until = SystemTime::UNIX_EPOCH + std::time::Duration::new(18, 2);
        let known = |stored| RecordState::Ended(Outcome::Known { stored, expires_at: until });
        let cases: [(&[u8], RecordState); 4] = [
            (b"in_flight", RecordState::InFlight { lease_until: until }),
            (b"unknown", RecordState::Ended(Outcome::Unknown)),
            (b"value", known(Stored::Value(b"\0\xff".as_slice().into()))),
            (b"terminal", known(Stored::Terminal(b"\0\xff".as_slice().into()))),
        ];
        for (name, state) in cases {
            let fields =
                [&REST[..], &[TOKEN, ("state", name), ("until", b"18000000002"), ("result", b"\0\xff")]].concat();
            let record = read(hash(&fields)).unwrap().unwrap();
            assert_eq!((record.state, record.version), (state, 3));
            assert_eq!(hex::write(&record.token.to_bytes()).as_bytes(), TOKEN.1);
        }
    }

    #[test]
    fn no_fields_are_no_record_and_a_missing_or_odd_one_is_an_error() {
        assert_eq!(read(hash(&[])), Ok(None));
        let whole = [&REST[..], &[TOKEN, ("state", b"in_flight"), ("until", b"18000000002")]].concat();
        assert!(read(hash(&whole)).is_ok());
        for at in 0..whole.len() {
            let mut without = whole.clone();
            without.remove(at);
            assert_eq!(read(hash(&without)), Err(RedisError::Unreadable), "{}", whole[at].0);
            let mut odd = whole.clone();
            odd[at].1 = "+ä".as_bytes();
            assert_eq!(read(hash(&odd)), Err(RedisError::Unreadable), "{}", whole[at].0);
        }
        assert_eq!(read(Value::Int(1)), Err(RedisError::Unreadable));
    }
}
