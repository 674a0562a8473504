//! A saga's identity as a part of a key.

use steadfast_payments::saga::SagaId;

use crate::error::RedisError;

/// `8:checkoutorder-17`: with the length in front, no two ids are written alike, and those of one
/// definition stand together.
pub(super) fn write(id: &SagaId) -> Vec<u8> {
    [&definition(id.saga()), id.id().as_bytes()].concat()
}

/// What all ids of a definition begin with.
pub(super) fn definition(saga: &str) -> Vec<u8> {
    format!("{}:{saga}", saga.len()).into_bytes()
}

/// The id that was written so.
pub(super) fn read(bytes: &[u8]) -> Result<SagaId, RedisError> {
    parse(bytes).ok_or(RedisError::Unreadable)
}

fn parse(bytes: &[u8]) -> Option<SagaId> {
    let (length, rest) = std::str::from_utf8(bytes).ok()?.split_once(':')?;
    let (saga, id) = rest.split_at_checked(length.parse().ok()?)?;
    SagaId::new(saga, id).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_comes_back_and_no_other_is_written_like_it(
            saga in "\\PC{1,20}", id in "\\PC{1,20}", other in "\\PC{1,20}",
        ) {
            let [one, other] = [(&saga, &id), (&saga, &other)].map(|(saga, id)| SagaId::new(saga, id));
            if let (Ok(one), Ok(other)) = (one, other) {
                prop_assert_eq!(read(&write(&one)), Ok(one.clone()));
                prop_assert_eq!(write(&one) == write(&other), one == other);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>(), text in "[0-9]{0,3}:?\\PC{0,9}") {
            let _ = (read(&bytes), read(text.as_bytes()));
        }
    }
}
