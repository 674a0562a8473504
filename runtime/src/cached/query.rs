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
