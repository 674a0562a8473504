//! How a function's result and what a cache keeps are made of each other.

/// A function's result, as a [`Cache`](super::Cache) of `V` sees it: it keeps the value, and makes
/// results of it again.
///
/// | the function returns | `V` |
/// |---|---|
/// | `Result<T, E>` | `T` |
/// | `Option<T>` | `T` |
/// | `T`, also an `Option` or a `Result` as a whole | `T` |
///
/// So several functions can share one cache, each with an error type of its own.
///
/// ```
/// use steadfast::cached::Answer;
///
/// assert_eq!(Result::<u32, String>::Ok(7).value(), Some(&7));
/// assert_eq!(Answer::<u32>::value(&None), None);
/// assert_eq!(<Option<u32> as Answer<u32>>::of(7), Some(7));
/// ```
#[diagnostic::on_unimplemented(
    message = "a cache of `{V}` cannot keep what this function returns: `{Self}`",
    label = "this is neither a `{V}`, nor a `Result` or an `Option` of one",
    note = "a shared `Cache<K, V>` keeps the value: `V` is what `Ok` or `Some` holds"
)]
pub trait Answer<V>: Sized {
    /// The value, where there is one.
    fn value(&self) -> Option<&V>;
    /// The result that holds this value.
    fn of(value: V) -> Self;
}

impl<V> Answer<V> for V {
    fn value(&self) -> Option<&V> {
        Some(self)
    }

    fn of(value: V) -> Self {
        value
    }
}

impl<V, E> Answer<V> for Result<V, E> {
    fn value(&self) -> Option<&V> {
        self.as_ref().ok()
    }

    fn of(value: V) -> Self {
        Ok(value)
    }
}

impl<V> Answer<V> for Option<V> {
    fn value(&self) -> Option<&V> {
        self.as_ref()
    }

    fn of(value: V) -> Self {
        Some(value)
    }
}
