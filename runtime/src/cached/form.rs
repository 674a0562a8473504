//! What is kept of a function's result, and what is handed out for it.

use super::answer::Answer;
use super::decision::Worth;
use super::entry::Kept;

/// The way between a function's result `R` and what is kept of it.
pub trait Form<V, R> {
    fn worth(&self, result: &R) -> Worth;
    fn copied(&self, result: &R) -> Option<R>;
    /// What is kept of a result that is worth it.
    fn keep(&self, result: &R) -> Option<Kept<V>>;
    /// The result that is handed out for it.
    fn give(&self, kept: &Kept<V>) -> Option<R>;
}

/// Keeps whole results: a function's own cache.
#[derive(Clone, Copy)]
pub struct Whole<W, C> {
    pub(super) worth: W,
    pub(super) copied: C,
}

impl<R, W: Fn(&R) -> Worth, C: Fn(&R) -> Option<R>> Form<R, R> for Whole<W, C> {
    fn worth(&self, result: &R) -> Worth {
        (self.worth)(result)
    }

    fn copied(&self, result: &R) -> Option<R> {
        (self.copied)(result)
    }

    fn keep(&self, result: &R) -> Option<Kept<R>> {
        (self.copied)(result).map(Kept::Value)
    }

    #[inline]
    fn give(&self, kept: &Kept<R>) -> Option<R> {
        match kept {
            Kept::Value(value) => (self.copied)(value),
            Kept::No(_) => None,
        }
    }
}

/// Keeps values: a shared cache. A definite "no" is kept for the functions of its type.
pub struct Valued<V, R, W, C> {
    worth: W,
    copied: C,
    value: fn(&R) -> Option<&V>,
    of: fn(V) -> R,
}

// Derived, they would ask it of the value and the result.
impl<V, R, W: Copy, C: Copy> Clone for Valued<V, R, W, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V, R, W: Copy, C: Copy> Copy for Valued<V, R, W, C> {}

impl<V, R: Answer<V>, W, C> Valued<V, R, W, C> {
    #[inline]
    pub(super) fn new(worth: W, copied: C) -> Self {
        Self { worth, copied, value: R::value, of: R::of }
    }
}

impl<V, R, W, C> Form<V, R> for Valued<V, R, W, C>
where
    V: Clone,
    R: Send + Sync + 'static,
    W: Fn(&R) -> Worth,
    C: Fn(&R) -> Option<R>,
{
    /// A value is one whatever it is; `worth` knows the rest.
    fn worth(&self, result: &R) -> Worth {
        if (self.value)(result).is_some() { Worth::Good } else { (self.worth)(result) }
    }

    fn copied(&self, result: &R) -> Option<R> {
        (self.copied)(result)
    }

    fn keep(&self, result: &R) -> Option<Kept<V>> {
        match (self.value)(result) {
            Some(value) => Some(Kept::Value(value.clone())),
            None => (self.copied)(result).map(|no| Kept::No(Box::new(no))),
        }
    }

    #[inline]
    fn give(&self, kept: &Kept<V>) -> Option<R> {
        match kept {
            Kept::Value(value) => Some((self.of)(value.clone())),
            Kept::No(no) => no.downcast_ref().and_then(|no| (self.copied)(no)),
        }
    }
}
