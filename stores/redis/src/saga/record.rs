//! A saga as the fields of a hash.

use redis::Value;
use steadfast::idempotent::Token;
use steadfast_payments::saga::{SagaRecord, Status, Then};

use crate::error::RedisError;
use crate::reply::{self, Fields};
use crate::{hex, time};

/// The saga of an answered hash; `None` for an empty one, which is none.
pub(super) fn read(hash: Value) -> Result<Option<SagaRecord>, RedisError> {
    reply::hash(hash, parse)
}

fn parse(mut fields: Fields) -> Option<SagaRecord> {
    let text = |name: &str| std::str::from_utf8(fields.get(name)?).ok();
    let token = Token::from_bytes(hex::read(text("token")?)?);
    let version = text("version")?.parse().ok()?;
    let status = status(text("status")?, text("until"))?;
    let count: u64 = text("entries")?.parse().ok()?;
    // All that it has: a saga that lost an entry must not look like a shorter one.
    let entries = (0..count).map(|place| fields.remove(&place.to_string())).collect::<Option<_>>()?;
    Some(SagaRecord { token, version, status, entries })
}

/// The status of two fields; `None` where they are none.
pub(super) fn status(status: &str, until: Option<&str>) -> Option<Status> {
    match status {
        "open" => Some(Status::Open { lease_until: time::read(until?)? }),
        "stuck" => Some(Status::Stuck),
        "ended" => Some(Status::Ended { at: time::read(until?)? }),
        _ => None,
    }
}

/// What a status is called that an entry leaves.
pub(super) fn called(then: Then) -> &'static str {
    match then {
        Then::GoesOn => "open",
        Then::Stuck => "stuck",
        Then::Ended { .. } => "ended",
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::reply::answered as hash;

    const REST: [(&str, &[u8]); 5] = [
        ("token", b"000102030405060708090a0b0c0d0eff"),
        ("version", b"3"),
        ("entries", b"2"),
        ("0", b"{}"),
        ("1", b"\xff\0"),
    ];

    #[test]
    fn each_status_is_read() {
        let at = SystemTime::UNIX_EPOCH + Duration::new(18, 2);
        for (name, status) in
            [("open", Status::Open { lease_until: at }), ("stuck", Status::Stuck), ("ended", Status::Ended { at })]
        {
            let fields = [&REST[..], &[("status", name.as_bytes()), ("until", b"18000000002")]].concat();
            let record = read(hash(&fields)).unwrap().unwrap();
            assert_eq!((record.status, record.version), (status, 3));
            assert_eq!(record.entries, [&b"{}"[..], b"\xff\0"]);
        }
    }

    #[test]
    fn no_fields_are_no_saga_and_a_missing_or_odd_one_is_an_error() {
        assert_eq!(read(hash(&[])), Ok(None));
        let whole = [&REST[..], &[("status", b"open"), ("until", b"18000000002")]].concat();
        for at in 0..whole.len() {
            let mut without = whole.clone();
            without.remove(at);
            assert_eq!(read(hash(&without)), Err(RedisError::Unreadable), "{}", whole[at].0);
            let mut odd = whole.clone();
            odd[at].1 = "+ä".as_bytes();
            let is_entry = whole[at].0.parse::<u8>().is_ok();
            assert_eq!(read(hash(&odd)).is_ok(), is_entry, "{}", whole[at].0);
        }
        assert_eq!(read(Value::Int(1)), Err(RedisError::Unreadable));
    }
}
