//! An untyped place for typed state: a `static` in a generic function cannot name its types, so
//! each instantiation finds its own here.

use std::any::Any;
use std::sync::{Arc, OnceLock};

/// What stands in a slot.
pub(crate) trait Shelved: Any + Send + Sync {
    /// How many entries it has.
    fn entries(&self) -> u64;
    /// How much of it is in use at this moment.
    fn busy(&self) -> u64 {
        0
    }
    /// Forgets all entries.
    fn clear(&self) {}
}

impl<T: Shelved> Shelved for Arc<T> {
    fn entries(&self) -> u64 {
        (**self).entries()
    }

    fn busy(&self) -> u64 {
        (**self).busy()
    }

    fn clear(&self) {
        (**self).clear();
    }
}

/// A list that only grows: one place for each type that asked, the first one first. It is read
/// without a lock, and nearly always has one place.
pub(crate) struct Slot {
    shelf: OnceLock<Box<dyn Shelved>>,
    next: OnceLock<Box<Slot>>,
}

impl Slot {
    pub(crate) const fn new() -> Self {
        Self { shelf: OnceLock::new(), next: OnceLock::new() }
    }

    /// The one state of type `T`.
    #[inline]
    pub(crate) fn get_or_init<T: Shelved>(&self, make: impl Fn() -> T) -> &T {
        let mut slot = self;
        loop {
            let shelf: &dyn Any = &**slot.shelf.get_or_init(|| Box::new(make()));
            match shelf.downcast_ref() {
                Some(shelf) => return shelf,
                None => slot = slot.next.get_or_init(|| Box::new(Self::new())),
            }
        }
    }

    /// Those of all types.
    pub(crate) fn each(&self) -> impl Iterator<Item = &dyn Shelved> {
        let places = std::iter::successors(Some(self), |place| place.next.get().map(|next| &**next));
        places.filter_map(|place| place.shelf.get()).map(|shelf| &**shelf)
    }

    pub(crate) fn entries(&self) -> u64 {
        self.each().map(Shelved::entries).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.shelf.get().is_none()
    }

    pub(crate) fn clear(&self) {
        self.each().for_each(Shelved::clear);
    }
}
