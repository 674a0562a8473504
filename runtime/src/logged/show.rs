//! A value as text, by what its type can do, and masked.

#![allow(missing_docs, reason = "only expansions see the probes")]

use std::any::type_name;
use std::fmt::{Arguments, Debug, Display, Write};

use crate::__rt::Probe;
use crate::mask::mask;

/// A value's text, masked.
pub struct Shown(pub(super) String);

/// What an event shows of a function's result; both are masked.
#[derive(Default)]
pub struct ShownResult {
    pub value: Option<String>,
    pub error: Option<String>,
}

pub(super) fn masked_display(value: &(impl Display + ?Sized)) -> String {
    masked(format_args!("{value}"))
}

fn masked_debug(value: &(impl Debug + ?Sized)) -> String {
    masked(format_args!("{value:?}"))
}

/// What a value could write, where its own `fmt` fails: `format!` would panic.
fn masked(value: Arguments<'_>) -> String {
    let mut text = String::new();
    let _ = text.write_fmt(value);
    match mask(&text) {
        std::borrow::Cow::Borrowed(_) => text,
        std::borrow::Cow::Owned(masked) => masked,
    }
}

fn name_of_type<T: ?Sized>() -> String {
    format!("<{}>", type_name::<T>())
}

/// A value: its `Display`, else its `Debug`, else the name of its type.
#[doc(hidden)]
#[macro_export]
macro_rules! __show {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::__rt::{ShowAny as _, ShowDebug as _, ShowDisplay as _};
        (&&&$crate::__rt::Probe($value)).shown()
    }};
}

pub trait ShowDisplay {
    fn shown(&self) -> Shown;
}

impl<T: Display + ?Sized> ShowDisplay for &&Probe<'_, T> {
    fn shown(&self) -> Shown {
        Shown(masked_display(self.0))
    }
}

pub trait ShowDebug {
    fn shown(&self) -> Shown;
}

impl<T: Debug + ?Sized> ShowDebug for &Probe<'_, T> {
    fn shown(&self) -> Shown {
        Shown(masked_debug(self.0))
    }
}

pub trait ShowAny {
    fn shown(&self) -> Shown;
}

impl<T: ?Sized> ShowAny for Probe<'_, T> {
    fn shown(&self) -> Shown {
        Shown(name_of_type::<T>())
    }
}

/// The error of a result, where it can be printed, and nothing else.
#[doc(hidden)]
#[macro_export]
macro_rules! __shown_error {
    ($result:expr) => {{
        #[allow(unused_imports)]
        use $crate::__rt::{ErrorOfAny as _, ErrorOfDebug as _, ErrorOfDisplay as _};
        $crate::__rt::ShownResult { value: None, error: (&&&$crate::__rt::Probe($result)).error() }
    }};
}

/// The error of a result, and its value; the whole value of what is no result.
#[doc(hidden)]
#[macro_export]
macro_rules! __shown_result {
    ($result:expr) => {{
        #[allow(unused_imports)]
        use $crate::__rt::{
            ValueOfAny as _, ValueOfDebug as _, ValueOfDisplay as _, ValueOfOk as _, ValueOfOkDebug as _,
            ValueOfOkDisplay as _,
        };
        let result = $result;
        $crate::__rt::ShownResult {
            value: (&&&&&&$crate::__rt::Probe(result)).value(),
            ..$crate::__rt::shown_error!(result)
        }
    }};
}

pub trait ErrorOfDisplay {
    fn error(&self) -> Option<String>;
}

impl<T, E: Display> ErrorOfDisplay for &&Probe<'_, Result<T, E>> {
    fn error(&self) -> Option<String> {
        self.0.as_ref().err().map(masked_display)
    }
}

pub trait ErrorOfDebug {
    fn error(&self) -> Option<String>;
}

impl<T, E: Debug> ErrorOfDebug for &Probe<'_, Result<T, E>> {
    fn error(&self) -> Option<String> {
        self.0.as_ref().err().map(masked_debug)
    }
}

pub trait ErrorOfAny {
    fn error(&self) -> Option<String>;
}

impl<T: ?Sized> ErrorOfAny for Probe<'_, T> {
    fn error(&self) -> Option<String> {
        None
    }
}

pub trait ValueOfOkDisplay {
    fn value(&self) -> Option<String>;
}

impl<T: Display, E> ValueOfOkDisplay for &&&&&Probe<'_, Result<T, E>> {
    fn value(&self) -> Option<String> {
        self.0.as_ref().ok().map(masked_display)
    }
}

pub trait ValueOfOkDebug {
    fn value(&self) -> Option<String>;
}

impl<T: Debug, E> ValueOfOkDebug for &&&&Probe<'_, Result<T, E>> {
    fn value(&self) -> Option<String> {
        self.0.as_ref().ok().map(masked_debug)
    }
}

pub trait ValueOfOk {
    fn value(&self) -> Option<String>;
}

impl<T, E> ValueOfOk for &&&Probe<'_, Result<T, E>> {
    fn value(&self) -> Option<String> {
        self.0.as_ref().ok().map(|_| name_of_type::<T>())
    }
}

pub trait ValueOfDisplay {
    fn value(&self) -> Option<String>;
}

impl<T: Display + ?Sized> ValueOfDisplay for &&Probe<'_, T> {
    fn value(&self) -> Option<String> {
        Some(masked_display(self.0))
    }
}

pub trait ValueOfDebug {
    fn value(&self) -> Option<String>;
}

impl<T: Debug + ?Sized> ValueOfDebug for &Probe<'_, T> {
    fn value(&self) -> Option<String> {
        Some(masked_debug(self.0))
    }
}

pub trait ValueOfAny {
    fn value(&self) -> Option<String>;
}

impl<T: ?Sized> ValueOfAny for Probe<'_, T> {
    fn value(&self) -> Option<String> {
        Some(name_of_type::<T>())
    }
}
