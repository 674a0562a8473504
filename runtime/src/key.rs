//! Keys: borrowed for the lookup, owned only when an entry is made.

use std::borrow::Borrow;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};

use equivalent::Equivalent;

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

/// How keys are hashed: by the standard library's hash, which nobody can aim at without knowing the
/// random seeds of this process. Keys often come from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seeds(RandomState);

impl Seeds {
    /// The hash of a key.
    #[inline(always)] // It is half of a lookup.
    #[allow(clippy::manual_hash_one, reason = "that is a call of its own")]
    pub(crate) fn hash<K: Hash>(&self, key: &K) -> u64 {
        let mut hasher = self.build_hasher();
        key.hash(&mut hasher);
        hasher.finish()
    }
}

impl BuildHasher for Seeds {
    type Hasher = KeyHasher;

    #[inline]
    fn build_hasher(&self) -> KeyHasher {
        KeyHasher { hasher: self.0.build_hasher(), ended: false }
    }
}

/// The standard library's hasher, spared the mark after the last text.
///
/// After each text comes a byte that no text has, so that the texts of `("ab", "c")` are not those of
/// `("a", "bc")`. After the last one it tells nothing apart: no key's bytes begin another's. And it is
/// dear, because the hash takes eight bytes at a time.
pub(crate) struct KeyHasher {
    hasher: DefaultHasher,
    /// A text has ended, and its mark is written when something follows.
    ended: bool,
}

const END_OF_TEXT: u8 = 0xff;

impl KeyHasher {
    #[inline]
    fn go_on(&mut self) -> &mut DefaultHasher {
        if self.ended {
            self.ended = false;
            self.hasher.write_u8(END_OF_TEXT);
        }
        &mut self.hasher
    }
}

impl Hasher for KeyHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.go_on().write(bytes);
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        let hasher = self.go_on();
        match byte {
            END_OF_TEXT => self.ended = true,
            byte => hasher.write_u8(byte),
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.hasher.finish()
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
        // The mark itself, where it is not a text's.
        assert_ne!(seeds.hash(&("a", 0xff_u8)), seeds.hash(&("a", 0xfe_u8)));
        assert_ne!(seeds.hash(&(0xff_u8, 0xff_u8, 1_u8)), seeds.hash(&(0xff_u8, 1_u8, 1_u8)));
    }

    #[test]
    fn another_process_hashes_otherwise() {
        assert_ne!(Seeds::default().hash(&"acme"), Seeds::default().hash(&"acme"));
    }
}
