//! A record's identity as a part of a key.

use steadfast::idempotent::RecordId;

use crate::error::RedisError;

/// `14:charges.create-order-42`, or with a scope `14:charges.create8:tenant-7order-42`: with the
/// lengths in front, no two ids are written alike, whatever is in them.
pub(super) fn write(id: &RecordId) -> Vec<u8> {
    let name = id.name();
    let scope = id.scope().map_or("-".to_owned(), |scope| format!("{}:{scope}", scope.len()));
    format!("{}:{name}{scope}{}", name.len(), id.key()).into_bytes()
}

/// The id that was written so.
pub(super) fn read(bytes: &[u8]) -> Result<RecordId, RedisError> {
    parse(bytes).ok_or(RedisError::Unreadable)
}

fn parse(bytes: &[u8]) -> Option<RecordId> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (name, rest) = counted(text)?;
    let (scope, key) = match rest.strip_prefix('-') {
        Some(key) => (None, key),
        None => counted(rest).map(|(scope, key)| (Some(scope), key))?,
    };
    RecordId::new(name.to_owned(), scope, key).ok()
}

fn counted(text: &str) -> Option<(&str, &str)> {
    let (length, rest) = text.split_once(':')?;
    rest.split_at_checked(length.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_can_be_read_in_the_server() {
        let id = RecordId::new("charges.create", None, "order-42").unwrap();
        assert_eq!(write(&id), b"14:charges.create-order-42");
        let id = RecordId::new("charges.create", Some("tenant-7"), "order-42").unwrap();
        assert_eq!(write(&id), b"14:charges.create8:tenant-7order-42");
    }

    #[test]
    fn what_is_no_id_is_an_error() {
        for wrong in [&b""[..], b"x", b"9:a-k", b"1:a", b"1:a-", b"1:a9:sk", b"\xff", b"1:a1:\xc3\xa4k", b"-1:a-k"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn every_id_comes_back(name in any::<String>(), scope in proptest::option::of("\\PC{1,20}"), key in "\\PC{1,20}") {
            let id = RecordId::new(name, scope.as_deref(), &key).unwrap();
            prop_assert_eq!(read(&write(&id)).unwrap(), id);
        }

        /// Parts that borrow from each other are what a separator would confuse.
        #[test]
        fn two_ids_are_never_written_alike(
            a in ("[:0-9a-]{0,3}", proptest::option::of("[:0-9a-]{1,3}"), "[:0-9a-]{1,3}"),
            b in ("[:0-9a-]{0,3}", proptest::option::of("[:0-9a-]{1,3}"), "[:0-9a-]{1,3}"),
        ) {
            let [a, b] = [a, b].map(|(name, scope, key)| RecordId::new(name, scope.as_deref(), &key).unwrap());
            prop_assert_eq!(write(&a) == write(&b), a == b);
        }

        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
            let _ = read(&bytes);
        }
    }
}
