//! What a value's type lets the cache do with it, asked as `Probe` asks.

use super::decision::Worth;
use super::tiered::Codec;
use crate::__rt::Probe;
use crate::idempotent::json::exact;
use crate::key::{ByOption, ByRef, ByValue, KeyPart};
use crate::{Failure, Kind};

use std::hash::Hash;
use std::marker::PhantomData;

/// A part of a key: borrowed, whatever the type. It borrows from the expression, and must not
/// outlive the statement where that is not a place.
///
/// ```
/// use steadfast::__rt::{Key, key_part};
/// #[derive(Clone, Copy, PartialEq, Eq, Hash)]
/// struct Uuid([u8; 16]);
///
/// fn owned<K: Key>(key: K) -> K::Owned { key.to_owned_key() }
///
/// fn generic<T: Clone + std::hash::Hash + Eq + Send + Sync + 'static>(value: T, list: &[T]) -> (T, Vec<T>) {
///     owned((key_part!(value), key_part!(list)))
/// }
///
/// let (name, uuid, bytes) = (String::from("n"), Uuid([0; 16]), [1_u8]);
/// let (nothing, some): (Option<String>, Option<&str>) = (None, Some("s"));
/// let text: (String, String, String) = owned((key_part!("s"), key_part!(name), key_part!(&name)));
/// let plain: (u64, Uuid, Vec<u8>) = owned((key_part!(7_u64), key_part!(uuid), key_part!(&bytes[..])));
/// let optional: (Option<String>, Option<String>) = owned((key_part!(nothing), key_part!(some)));
/// assert_eq!(generic(1, &[2]), (1, vec![2]));
/// ```
///
/// ```compile_fail,E0277
/// let _ = steadfast::__rt::key_part!(1.5_f64);
/// ```
///
/// ```compile_fail,E0277
/// fn generic<T>(value: T) {
///     let _ = steadfast::__rt::key_part!(value);
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __key_part {
    // A `match`, so that a temporary lives as long as the statement.
    ($value:expr) => {
        match &$value {
            value => {
                #[allow(unused_imports)]
                use $crate::__rt::{
                    PartByOption as _, PartByRef as _, PartByRefRef as _, PartByValue as _, PartOfAny as _,
                };
                (&&&&&$crate::__rt::Probe(value)).key_part()
            }
        }
    };
}
pub use __key_part as key_part;

pub trait PartByOption<'k> {
    type Part: KeyPart;
    fn key_part(&self) -> Self::Part;
}

impl<'k, T> PartByOption<'k> for &&&&Probe<'_, Option<&'k T>>
where
    T: ToOwned<Owned: Hash + Eq + Send + Sync + 'static> + Hash + Eq + ?Sized,
{
    type Part = ByOption<'k, T>;

    fn key_part(&self) -> Self::Part {
        ByOption(*self.0)
    }
}

pub trait PartByRefRef<'k> {
    type Part: KeyPart;
    fn key_part(&self) -> Self::Part;
}

impl<'k, T> PartByRefRef<'k> for &&&Probe<'_, &&'k T>
where
    T: ToOwned<Owned: Hash + Eq + Send + Sync + 'static> + Hash + Eq + ?Sized,
{
    type Part = ByRef<'k, T>;

    fn key_part(&self) -> Self::Part {
        ByRef(**self.0)
    }
}

pub trait PartByRef<'k> {
    type Part: KeyPart;
    fn key_part(&self) -> Self::Part;
}

impl<'k, T> PartByRef<'k> for &&Probe<'_, &'k T>
where
    T: ToOwned<Owned: Hash + Eq + Send + Sync + 'static> + Hash + Eq + ?Sized,
{
    type Part = ByRef<'k, T>;

    fn key_part(&self) -> Self::Part {
        ByRef(*self.0)
    }
}

pub trait PartByValue<'k> {
    type Part: KeyPart;
    fn key_part(&self) -> Self::Part;
}

impl<'k, T: Clone + Hash + Eq + Send + Sync + 'static> PartByValue<'k> for &Probe<'k, T> {
    type Part = ByValue<'k, T>;

    fn key_part(&self) -> Self::Part {
        ByValue(self.0)
    }
}

pub trait PartOfAny<T> {
    fn key_part(&self) -> ByValue<'static, ()>
    where
        T: PartOfKey;
}

impl<T> PartOfAny<T> for Probe<'_, T> {
    fn key_part(&self) -> ByValue<'static, ()>
    where
        T: PartOfKey,
    {
        ByValue(&())
    }
}

/// Implemented for nothing: it is here for its message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a cache key",
    label = "this cannot tell calls apart",
    note = "a part of a key needs `Hash + Eq + Clone`, and `Send + Sync + 'static` when it is owned",
    note = "name what tells the calls apart with `key = ..`, or skip this argument with `except(..)`"
)]
pub trait PartOfKey {}

/// A copy of a result, where it can be handed out again: `Option` of the same type.
///
/// ```
/// use steadfast::__rt::copied;
/// struct Unique;
/// fn generic<T: Clone>(value: T) -> Option<T> { copied!(&value) }
///
/// assert_eq!(copied!(&Result::<u32, String>::Err("e".into())), Some(Err("e".into())));
/// assert!(matches!(copied!(&Result::<u32, Unique>::Ok(1)), Some(Ok(1))));
/// assert!(copied!(&Result::<u32, Unique>::Err(Unique)).is_none());
/// assert_eq!(generic(Some(1)), Some(Some(1)));
/// ```
///
/// ```compile_fail,E0277
/// struct Unique;
/// let _ = steadfast::__rt::copied!(&Result::<Unique, u32>::Err(1));
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __copied {
    ($result:expr) => {{
        #[allow(unused_imports)]
        use $crate::__rt::{CopyOfAny as _, CopyOfClone as _, CopyOfOk as _};
        (&&&$crate::__rt::Probe($result)).copied()
    }};
}
pub use __copied as copied;

pub trait CopyOfClone<R> {
    fn copied(&self) -> Option<R>;
}

impl<R: Clone> CopyOfClone<R> for &&Probe<'_, R> {
    fn copied(&self) -> Option<R> {
        Some(self.0.clone())
    }
}

pub trait CopyOfOk<R> {
    fn copied(&self) -> Option<R>;
}

impl<T: Clone, E> CopyOfOk<Result<T, E>> for &Probe<'_, Result<T, E>> {
    fn copied(&self) -> Option<Result<T, E>> {
        self.0.as_ref().ok().cloned().map(Ok)
    }
}

pub trait CopyOfAny<R> {
    fn copied(&self) -> Option<R>
    where
        R: HandedOutTwice;
}

impl<R> CopyOfAny<R> for Probe<'_, R> {
    fn copied(&self) -> Option<R>
    where
        R: HandedOutTwice,
    {
        None
    }
}

/// Implemented for nothing: it is here for its message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be handed out twice",
    label = "`#[cached]` keeps one copy of the result and returns clones of it",
    note = "derive `Clone` for the value; an error type may do without"
)]
pub trait HandedOutTwice {}

/// What a result is worth to a cache.
///
/// ```
/// use steadfast::__rt::{Worth, worth};
/// type Alias<T> = Result<T, String>;
/// fn generic<T>(value: Option<T>) -> Worth { worth!(&value) }
///
/// assert_eq!(worth!(&Alias::Ok(1)), Worth::Good);
/// assert_eq!(worth!(&Alias::<u32>::Err("no".into())), Worth::Bad);
/// assert_eq!(worth!(&Alias::<Option<u32>>::Ok(None)), Worth::Good);
/// assert_eq!(generic(None::<u32>), Worth::Negative);
/// assert_eq!(worth!(&()), Worth::Good);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __worth {
    ($result:expr) => {{
        #[allow(unused_imports)]
        use $crate::__rt::{WorthOfAny as _, WorthOfFailure as _, WorthOfOption as _, WorthOfResult as _};
        (&&&&$crate::__rt::Probe($result)).worth()
    }};
}
pub use __worth as worth;

pub trait WorthOfFailure {
    fn worth(&self) -> Worth;
}

impl<T, E: Failure> WorthOfFailure for &&&Probe<'_, Result<T, E>> {
    fn worth(&self) -> Worth {
        match self.0 {
            Ok(_) => Worth::Good,
            Err(error) if error.kind() == Kind::Terminal => Worth::Negative,
            Err(_) => Worth::Bad,
        }
    }
}

pub trait WorthOfResult {
    fn worth(&self) -> Worth;
}

impl<T, E> WorthOfResult for &&Probe<'_, Result<T, E>> {
    fn worth(&self) -> Worth {
        if self.0.is_ok() { Worth::Good } else { Worth::Bad }
    }
}

pub trait WorthOfOption {
    fn worth(&self) -> Worth;
}

impl<T> WorthOfOption for &Probe<'_, Option<T>> {
    fn worth(&self) -> Worth {
        if self.0.is_some() { Worth::Good } else { Worth::Negative }
    }
}

pub trait WorthOfAny {
    fn worth(&self) -> Worth;
}

impl<T> WorthOfAny for Probe<'_, T> {
    fn worth(&self) -> Worth {
        Worth::Good
    }
}

/// How a second tier keeps the results of a type: the value, as JSON.
///
/// ```
/// use steadfast::__rt::{Codec, codec};
/// let result = codec!(Result<u32, String>);
/// assert_eq!((result.encode)(&Ok(1)).unwrap().unwrap(), b"1");
/// assert!((result.encode)(&Err("no".into())).is_none());
/// assert_eq!((result.decode)(b"1"), Some(Ok(1)));
/// let option = codec!(Option<u32>);
/// assert!((option.encode)(&None).is_none());
/// assert_eq!((option.decode)(b"1"), Some(Some(1)));
/// assert_eq!((codec!(u32).decode)(b"one"), None);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __codec {
    ($result:ty) => {{
        #[allow(unused_imports)]
        use $crate::__rt::{CodecOfAny as _, CodecOfOption as _, CodecOfResult as _};
        (&&&$crate::__rt::Probe(&::core::marker::PhantomData::<fn() -> $result>)).codec()
    }};
}
pub use __codec as codec;

/// What a second tier can keep.
#[diagnostic::on_unimplemented(
    message = "a second tier cannot keep a `{Self}`",
    label = "`tier` writes the value as JSON, and reads it in another process",
    note = "derive `Serialize` and `Deserialize` for it, or leave `tier` out"
)]
pub trait TierValue: serde::Serialize + serde::de::DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize + serde::de::DeserializeOwned> TierValue for T {}

/// What can be a key in a second tier.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key in a second tier",
    label = "`tier` writes the key as JSON, and reads those that other processes invalidate",
    note = "derive `Serialize` and `Deserialize` for it, or name what tells the calls apart with `key = ..`"
)]
pub trait TierKey: serde::Serialize + serde::de::DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize + serde::de::DeserializeOwned> TierKey for T {}

fn read<T: TierValue>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

type Type<R> = PhantomData<fn() -> R>;

pub trait CodecOfResult<T, E> {
    fn codec(&self) -> Codec<Result<T, E>>
    where
        T: TierValue;
}

impl<T, E> CodecOfResult<T, E> for &&Probe<'_, Type<Result<T, E>>> {
    fn codec(&self) -> Codec<Result<T, E>>
    where
        T: TierValue,
    {
        Codec { encode: |result| result.as_ref().ok().map(exact), decode: |bytes| read(bytes).map(Ok) }
    }
}

pub trait CodecOfOption<T> {
    fn codec(&self) -> Codec<Option<T>>
    where
        T: TierValue;
}

impl<T> CodecOfOption<T> for &Probe<'_, Type<Option<T>>> {
    fn codec(&self) -> Codec<Option<T>>
    where
        T: TierValue,
    {
        Codec { encode: |result| result.as_ref().map(exact), decode: |bytes| read(bytes).map(Some) }
    }
}

pub trait CodecOfAny<T> {
    fn codec(&self) -> Codec<T>
    where
        T: TierValue;
}

impl<T> CodecOfAny<T> for Probe<'_, Type<T>> {
    fn codec(&self) -> Codec<T>
    where
        T: TierValue,
    {
        Codec { encode: |value| Some(exact(value)), decode: read }
    }
}
