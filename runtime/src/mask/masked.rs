use std::fmt::{self, Write};

use super::mask;

/// A value that prints masked: by its `Debug` under `{:?}`, by its `Display` under `{}`.
///
/// ```
/// use steadfast::mask::masked;
///
/// #[derive(Debug)]
/// struct Card { number: String, cvv: u16 }
///
/// let card = Card { number: "4111 1111 1111 1111".into(), cvv: 123 };
/// assert_eq!(format!("{:?}", masked(&card)), r#"Card { number: "************1111", cvv: [masked] }"#);
/// ```
pub struct Masked<'a, T: ?Sized>(&'a T);

/// The value, printing masked. Works for `&dyn Debug` as well.
///
/// The text is put together first and masked as a whole, because a name and its value are often
/// written in two pieces.
///
/// ```
/// use std::fmt::Debug;
/// use steadfast::mask::masked;
///
/// let error: &dyn Debug = &"card 378282246310005 is blocked";
/// assert_eq!(format!("{:?}", masked(error)), r#""card ***********0005 is blocked""#);
/// assert_eq!(masked("pin 1234").to_string(), "pin [masked]");
/// ```
pub fn masked<T: ?Sized>(value: &T) -> Masked<'_, T> {
    Masked(value)
}

impl<T: fmt::Display + ?Sized> fmt::Display for Masked<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            write_masked(f, format_args!("{:#}", self.0))
        } else {
            write_masked(f, format_args!("{}", self.0))
        }
    }
}

impl<T: fmt::Debug + ?Sized> fmt::Debug for Masked<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            write_masked(f, format_args!("{:#?}", self.0))
        } else {
            write_masked(f, format_args!("{:?}", self.0))
        }
    }
}

/// Not by `format!`, which panics where a value's own `fmt` fails.
fn write_masked(f: &mut fmt::Formatter<'_>, value: fmt::Arguments<'_>) -> fmt::Result {
    let mut text = String::new();
    text.write_fmt(value)?;
    f.write_str(&mask(&text))
}
