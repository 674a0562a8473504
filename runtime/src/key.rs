//! Keys: borrowed for the lookup, owned only when an entry is made.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, Hasher};

use equivalent::Equivalent;
use rapidhash::quality::{RandomState, RapidHasher};

/// One part of a key: an argument, or what an expression makes of one.
///
/// It hashes as its owned form does.
pub trait KeyPart {
    /// What the cache keeps.
    type Owned: Hash + Eq + Send + Sync + 'static;
    /// Hashes as the owned form does.
    fn hash_part<H: Hasher>(&self, state: &mut H);
    /// Whether it is the same as an owned one.
    fn is(&self, owned: &Self::Owned) -> bool;
    /// The owned form.
    fn to_owned_part(&self) -> Self::Owned;
}

/// A part behind a reference: `&str`, `&[u8]`, `&T`.
#[derive(Debug)]
pub struct ByRef<'a, T: ?Sized>(pub &'a T);

impl<T: ?Sized> Clone for ByRef<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for ByRef<'_, T> {}

impl<T> KeyPart for ByRef<'_, T>
where
    T: ToOwned<Owned: Hash + Eq + Send + Sync + 'static> + Hash + Eq + ?Sized,
{
    type Owned = T::Owned;

    #[inline]
    fn hash_part<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }

    fn is(&self, owned: &T::Owned) -> bool {
        self.0 == owned.borrow()
    }

    fn to_owned_part(&self) -> T::Owned {
        self.0.to_owned()
    }
}

/// A part that may be missing: `Option<&str>`.
#[derive(Debug)]
pub struct ByOption<'a, T: ?Sized>(pub Option<&'a T>);

impl<T: ?Sized> Clone for ByOption<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for ByOption<'_, T> {}

impl<T> KeyPart for ByOption<'_, T>
where
    T: ToOwned<Owned: Hash + Eq + Send + Sync + 'static> + Hash + Eq + ?Sized,
{
    type Owned = Option<T::Owned>;

    #[inline]
    fn hash_part<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }

    fn is(&self, owned: &Option<T::Owned>) -> bool {
        self.0 == owned.as_ref().map(Borrow::borrow)
    }

    fn to_owned_part(&self) -> Option<T::Owned> {
        self.0.map(ToOwned::to_owned)
    }
}

/// A part that owns what it is: `u64`, `String`, `Uuid`.
#[derive(Debug)]
pub struct ByValue<'a, T>(pub &'a T);

impl<T> Clone for ByValue<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ByValue<'_, T> {}

impl<T: Clone + Hash + Eq + Send + Sync + 'static> KeyPart for ByValue<'_, T> {
    type Owned = T;

    #[inline]
    fn hash_part<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }

    fn is(&self, owned: &T) -> bool {
        self.0 == owned
    }

    fn to_owned_part(&self) -> T {
        self.0.clone()
    }
}

/// A key: up to twelve parts in a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be looked up as a key",
    label = "not a key",
    note = "by hand a key is borrowed, `&key`, or a tuple of borrowed parts; it has at most twelve",
    note = "on the attribute name what tells the calls apart with `key = (..)`, or skip arguments with `except(..)`"
)]
pub trait Key {
    /// What the cache keeps.
    type Owned: Hash + Eq + Send + Sync + 'static;
    /// Hashes as the owned form does.
    fn hash_key<H: Hasher>(&self, state: &mut H);
    /// Whether it is the same as an owned one.
    fn is(&self, owned: &Self::Owned) -> bool;
    /// The owned form.
    fn to_owned_key(&self) -> Self::Owned;
}

/// A key of one part that is not a tuple: what a [`Keyed`](crate::keyed::Keyed) of one type is
/// asked for.
#[derive(Clone, Copy, Debug)]
pub struct Lone<P>(pub P);

impl<P: KeyPart> Key for Lone<P> {
    type Owned = P::Owned;

    #[inline]
    fn hash_key<H: Hasher>(&self, state: &mut H) {
        self.0.hash_part(state);
    }

    #[inline]
    fn is(&self, owned: &P::Owned) -> bool {
        self.0.is(owned)
    }

    fn to_owned_key(&self) -> P::Owned {
        self.0.to_owned_part()
    }
}

macro_rules! tuples {
    ($($part:ident $place:tt),*) => {
        impl<$($part: KeyPart),*> Key for ($($part,)*) {
            type Owned = ($($part::Owned,)*);

            #[inline]
            fn hash_key<H: Hasher>(&self, _state: &mut H) {
                $(self.$place.hash_part(_state);)*
            }

            #[inline]
            fn is(&self, _owned: &Self::Owned) -> bool {
                true $(&& self.$place.is(&_owned.$place))*
            }

            #[allow(clippy::unused_unit, reason = "the key of no parts is the unit")]
            fn to_owned_key(&self) -> Self::Owned {
                ($(self.$place.to_owned_part(),)*)
            }
        }
    };
}

tuples!();
tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, I 7);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, I 7, J 8);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, I 7, J 8, K 9);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, I 7, J 8, K 9, L 10);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, I 7, J 8, K 9, L 10, M 11);

/// A borrowed key as the map looks it up.
pub(crate) struct Borrowed<'a, K>(pub(crate) &'a K);

impl<K: Key> Hash for Borrowed<'_, K> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash_key(state);
    }
}

impl<K: Key> Equivalent<K::Owned> for Borrowed<'_, K> {
    fn equivalent(&self, owned: &K::Owned) -> bool {
        self.0.is(owned)
    }
}

/// How keys are hashed: from random seeds, which each process draws anew and each map varies.
///
/// Keys often come from outside, and who does not know the seeds cannot choose keys that collide.
/// They are drawn from the operating system's randomness, and no hash leaves the process. It is not
/// a cryptographic hash: who could measure very many lookups, each by itself, might learn of the
/// seeds. What hashes by it is bounded, and compares the keys themselves, so a collision costs time
/// and nothing else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seeds(RandomState);

impl Seeds {
    /// The hash of a key.
    #[inline(always)] // It is much of a lookup.
    #[allow(clippy::manual_hash_one, reason = "that is a call of its own")]
    pub(crate) fn hash<K: Hash + ?Sized>(&self, key: &K) -> u64 {
        let mut hasher = self.build_hasher();
        key.hash(&mut hasher);
        hasher.finish()
    }
}

impl BuildHasher for Seeds {
    type Hasher = RapidHasher<'static>;

    #[inline]
    fn build_hasher(&self) -> RapidHasher<'static> {
        self.0.build_hasher()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_borrowed_key_hashes_as_the_owned_one() {
        let seeds = Seeds::default();
        let borrowed = (ByRef("acme"), ByValue(&7_u64), ByRef("eu"));
        assert_eq!(seeds.hash(&Borrowed(&borrowed)), seeds.hash(&borrowed.to_owned_key()));
        assert_eq!(seeds.hash(&Borrowed(&Lone(ByRef("acme")))), seeds.hash(&String::from("acme")));
        assert_eq!(seeds.hash(&("acme", 7)), seeds.hash_one(("acme", 7)));
    }

    #[test]
    fn texts_are_told_apart_by_where_they_end() {
        let seeds = Seeds::default();
        let hashes = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")].map(|texts| seeds.hash(&texts));
        let different: std::collections::HashSet<_> = hashes.into_iter().collect();
        assert_eq!(different.len(), 4);
    }

    #[test]
    fn keys_that_differ_little_spread_over_the_shards() {
        // Both ends of the hash: one picks a shard, the other a place in it.
        let seeds = Seeds::default();
        let hashes: Vec<_> = (0..4096_u64).map(|key| seeds.hash(&key)).collect();
        for shift in [0, 57] {
            let mut places = [0; 128];
            hashes.iter().for_each(|hash| places[(hash >> shift) as usize % 128] += 1);
            assert!(places.iter().all(|&keys| keys < 128), "{shift}: {places:?}");
        }
    }

    #[test]
    fn another_map_hashes_otherwise() {
        assert_ne!(Seeds::default().hash(&"acme"), Seeds::default().hash(&"acme"));
    }
}
