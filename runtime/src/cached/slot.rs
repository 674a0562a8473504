//! An untyped place for typed state: a `static` in a generic function cannot name its types, so
//! each instantiation finds its own here.

use std::any::Any;
use std::sync::OnceLock;

/// What stands in a slot.
pub(super) trait Shelved: Any + Send + Sync {
    /// How many entries it has.
    fn entries(&self) -> u64;
}

/// A list that only grows: one node for each type that asked, the first one first. It is read
/// without a lock, and nearly always has one node.
pub(super) struct Slot(OnceLock<Box<Node<dyn Shelved>>>);

struct Node<T: ?Sized> {
    next: Slot,
    shelf: T,
}

impl Slot {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The one state of type `T`.
    pub(super) fn get_or_init<T: Shelved>(&self, make: impl Fn() -> T) -> &T {
        let mut slot = self;
        loop {
            let node = slot.0.get_or_init(|| Box::new(Node { next: Self::new(), shelf: make() }));
            let shelf: &dyn Any = &node.shelf;
            match shelf.downcast_ref() {
                Some(shelf) => return shelf,
                None => slot = &node.next,
            }
        }
    }

    pub(super) fn entries(&self) -> u64 {
        let nodes = std::iter::successors(self.0.get(), |node| node.next.0.get());
        nodes.map(|node| node.shelf.entries()).sum()
    }
}
