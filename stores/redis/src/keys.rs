//! What keys are called, and which of them lie together.

use std::fmt;

use crate::error::RedisError;

/// What all keys begin with.
#[derive(Clone, Debug)]
pub(crate) struct Prefix(String);

impl Prefix {
    const LONGEST: usize = 64;

    pub(crate) fn new(text: String) -> Result<Self, RedisError> {
        const WHY: &str = "a prefix has 1 to 64 letters, digits, `-`, `_`, `.` and `:`: what is in braces decides \
                           on which node of a cluster a key lies, and must be the bucket";
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let fits = (1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(plain);
        if fits { Ok(Self(text)) } else { Err(RedisError::Setting(WHY)) }
    }

    /// `prefix:{bucket}:kind`
    pub(crate) fn of(&self, bucket: Bucket, kind: &str) -> Vec<u8> {
        format!("{}:{{{bucket}}}:{kind}", self.0).into_bytes()
    }

    /// `prefix:{bucket}:kind:id`
    pub(crate) fn key(&self, bucket: Bucket, kind: &str, id: &[u8]) -> Vec<u8> {
        let mut key = self.of(bucket, kind);
        key.push(b':');
        key.extend_from_slice(id);
        key
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A part of the keys that lies on one node of a cluster, so that one script may touch any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket(u8);

impl Bucket {
    /// Part of the format: another number would look for records where they are not.
    const COUNT: u8 = 64;

    pub(crate) const FIRST: Self = Self(0);

    /// The bucket of an id, the same in every process and version: FNV-1a, folded.
    pub(crate) fn of(id: &[u8]) -> Self {
        let hash = id
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let folded = (hash >> 32) ^ hash;
        Self((folded % u64::from(Self::COUNT)) as u8)
    }

    /// This one and all after it.
    pub(crate) fn and_after(self) -> impl Iterator<Item = Self> {
        (self.0..Self::COUNT).map(Self)
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_bucket_in_the_first_braces() {
        let prefix = Prefix::new("steadfast".into()).unwrap();
        assert_eq!(prefix.key(Bucket(7), "record", b"a{b}"), b"steadfast:{07}:record:a{b}");
        assert_eq!(prefix.of(Bucket(7), "open"), b"steadfast:{07}:open");
    }

    #[test]
    fn a_prefix_that_would_move_keys_is_refused() {
        for wrong in ["", "a{b", "a}b", "a b", "ä", &"x".repeat(65)] {
            assert!(Prefix::new(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    /// Records are looked for where these say: the numbers may never change.
    #[test]
    fn buckets_are_the_same_for_ever() {
        let buckets = [&b""[..], b"order-17", b"order-18", "größe".as_bytes()].map(|id| Bucket::of(id).0);
        assert_eq!(buckets, [1, 40, 41, 4]);
    }

    #[test]
    fn ids_spread_over_all_buckets() {
        let mut count = [0_u32; Bucket::COUNT as usize];
        for number in 0..64_000 {
            count[usize::from(Bucket::of(format!("order-{number}").as_bytes()).0)] += 1;
        }
        assert!(count.iter().all(|&in_one| (800..1200).contains(&in_one)), "{count:?}");
    }
}
