//! What processes tell each other: which cache was invalidated, which key of it, and by whom.

use steadfast::cached::{Listeners, Origin};

/// An invalidation, as it goes over the channel.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) by: Origin,
    pub(super) cache: &'a str,
    /// `None` where all of them are.
    pub(super) key: Option<&'a [u8]>,
}

const ALL: u8 = 0;
const KEY: u8 = 1;

impl<'a> Message<'a> {
    /// The origin in eight bytes, what follows, the length of the name in four, the name, the key.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = self.by.to_u64().to_be_bytes().to_vec();
        bytes.push(if self.key.is_some() { KEY } else { ALL });
        bytes.extend((self.cache.len() as u32).to_be_bytes());
        bytes.extend(self.cache.as_bytes());
        bytes.extend(self.key.unwrap_or_default());
        bytes
    }

    /// `None` where it is no message of this version.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (by, rest) = bytes.split_first_chunk()?;
        let (what, rest) = rest.split_first()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (cache, key) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let key = match *what {
            ALL if key.is_empty() => None,
            KEY => Some(key),
            _ => return None,
        };
        Some(Self { by: Origin::from_u64(u64::from_be_bytes(*by)), cache: std::str::from_utf8(cache).ok()?, key })
    }
}

/// Tells the caches of this process. What does not read is of another version, and may mean any.
pub(super) fn heard(bytes: &[u8], listeners: &Listeners) {
    match Message::read(bytes) {
        Some(Message { by, cache, key: Some(key) }) => listeners.forget(cache, key, by),
        Some(Message { by, cache, key: None }) => listeners.forget_all(cache, by),
        None => listeners.forget_everything(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(
            by in any::<u64>(), cache in ".{0,20}", key in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
        ) {
            let message = Message { by: Origin::from_u64(by), cache: &cache, key: key.as_deref() };
            let written = message.write();
            prop_assert_eq!(Message::read(&written), Some(message));
        }

        #[test]
        fn what_anybody_sends_does_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Some(message) = Message::read(&bytes) {
                prop_assert_eq!(message.write(), bytes);
            }
        }
    }
}
