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

/// A list that only grows: one node for each type that asked, the first one first. It is read
/// without a lock, and nearly always has one node.
pub(crate) struct Slot(OnceLock<Box<Node>>);

struct Node {
    /// In a box of its own, so that its place in the node is not worked out at each look.
    shelf: Box<dyn Shelved>,
    next: Slot,
}

impl Slot {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The one state of type `T`.
    pub(crate) fn get_or_init<T: Shelved>(&self, make: impl Fn() -> T) -> &T {
        let mut slot = self;
        loop {
            let node = slot.0.get_or_init(|| Box::new(Node { shelf: Box::new(make()), next: Self::new() }));
            let shelf: &dyn Any = &*node.shelf;
            match shelf.downcast_ref() {
                Some(shelf) => return shelf,
                None => slot = &node.next,
            }
        }
    }

    /// Those of all types.
    pub(crate) fn each(&self) -> impl Iterator<Item = &dyn Shelved> {
        std::iter::successors(self.0.get(), |node| node.next.0.get()).map(|node| &*node.shelf)
    }

    pub(crate) fn entries(&self) -> u64 {
        self.each().map(Shelved::entries).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.get().is_none()
    }

    pub(crate) fn clear(&self) {
        self.each().for_each(Shelved::clear);
    }
}
