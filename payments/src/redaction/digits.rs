//! Secret digits, as they are read.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};
use zeroize::{Zeroize, Zeroizing};

/// Whether one space or dash may stand between two digits.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Separators {
    Allowed,
    Refused,
}

/// The digits of a text.
pub(super) struct Digits {
    /// As many as were asked for, at most. Its room does not grow, so no copy is left behind.
    pub(super) text: Zeroizing<String>,
    /// How many there are.
    pub(super) count: usize,
}

/// The digits of a text, or where something else is.
pub(super) fn read(text: &str, separators: Separators, at_most: usize) -> Result<Digits, usize> {
    let mut digits = Digits { text: Zeroizing::new(String::with_capacity(at_most)), count: 0 };
    let mut after_digit = false;
    for (at, byte) in text.bytes().enumerate() {
        let is_separator = separators == Separators::Allowed && matches!(byte, b' ' | b'-');
        if byte.is_ascii_digit() {
            if digits.count < at_most {
                digits.text.push(char::from(byte));
            }
            digits.count += 1;
        } else if !is_separator || !after_digit || at + 1 == text.len() {
            return Err(at);
        }
        after_digit = byte.is_ascii_digit();
    }
    Ok(digits)
}

/// Reads a secret from a string. What is no string is refused by our own words: serde's would hold it.
pub(super) struct FromDigits<T> {
    what: &'static str,
    value: PhantomData<T>,
}

impl<T> FromDigits<T> {
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, value: PhantomData }
    }

    /// A format that says what it holds is asked for that: asked for a string, it would quote a number.
    pub(super) fn read<'de, D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error>
    where
        T: FromStr,
        T::Err: Display,
    {
        if from.is_human_readable() { from.deserialize_any(self) } else { from.deserialize_str(self) }
    }

    fn no_string<E: Error>(&self) -> Result<T, E> {
        Err(E::custom(format_args!("this is no string: expected {}", self.what)))
    }
}

impl<T> Visitor<'_> for FromDigits<T>
where
    T: FromStr,
    T::Err: Display,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_string<E: Error>(self, mut text: String) -> Result<T, E> {
        let value = self.visit_str(&text);
        text.zeroize();
        value
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        self.no_string()
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<T, E> {
        self.no_string()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        self.no_string()
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<T, E> {
        self.no_string()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        self.no_string()
    }
}
