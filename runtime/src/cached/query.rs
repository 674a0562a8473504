//! Keys as code that holds a cache writes them: `RATES.get(&key)`, `RATES.get("EUR")`,
//! `RATES.get(("EUR", "USD"))`.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

use crate::key::{Key, KeyPart};

impl<T> KeyPart for &T
where
    T: ToOwned<Owned: Hash + Eq + Send + Sync + 'static> + Hash + Eq + ?Sized,
{
    type Owned = T::Owned;

    fn hash_part<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }

    fn is(&self, owned: &T::Owned) -> bool {
        **self == *owned.borrow()
    }

    fn to_owned_part(&self) -> T::Owned {
        (**self).to_owned()
    }
}

impl<T> Key for &T
where
    T: ToOwned<Owned: Hash + Eq + Send + Sync + 'static> + Hash + Eq + ?Sized,
{
    type Owned = T::Owned;

    #[inline]
    fn hash_key<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }

    #[inline]
    fn is(&self, owned: &T::Owned) -> bool {
        **self == *owned.borrow()
    }

    fn to_owned_key(&self) -> T::Owned {
        (**self).to_owned()
    }
}

/// A key of one part, without a tuple around it.
#[derive(Debug)]
pub struct One<P>(pub P);

impl<P: KeyPart> Key for One<P> {
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
