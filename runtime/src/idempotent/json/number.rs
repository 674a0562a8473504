//! Numbers: as ECMAScript writes them in a fingerprint, as serde_json does in a record.

use std::io;

use serde::Serialize;

use super::{Error, Mode, Writer};

/// Integers below this are exact as a double, so that `1.0` and `1` are one text.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Writer {
    /// An integer's digits; the formatter of the standard library takes several times as long.
    pub(super) fn integer(&mut self, negative: bool, mut size: u64) {
        if negative {
            self.out.push(b'-');
        }
        if size < 100_000_000 {
            // Each digit in front of those behind it, in a word and not in memory.
            let (mut word, mut length) = (0_u64, 0);
            loop {
                word = word >> 8 | (u64::from(b'0') + size % 10) << 56;
                length += 1;
                size /= 10;
                if size == 0 {
                    return self.put_first(word.to_be_bytes(), length);
                }
            }
        }
        let mut digits = [0; 20];
        let mut first = digits.len();
        loop {
            first -= 1;
            // Below ten.
            digits[first] = b"0123456789"[(size % 10) as usize];
            size /= 10;
            if size == 0 {
                break;
            }
        }
        self.put(&digits[first..]);
    }

    pub(super) fn float<F>(&mut self, value: F) -> Result<(), Error>
    where
        F: Copy + Into<f64> + Serialize,
    {
        let wide: f64 = value.into();
        if !wide.is_finite() {
            return Err(Error::new("a number is not finite"));
        }
        match self.mode {
            Mode::Exact => serde_json::to_writer(&mut self.out, &value).map_err(|_| unwritten())?,
            #[allow(clippy::cast_possible_truncation, reason = "whole, and in the range")]
            Mode::Canonical if wide.fract() == 0.0 && wide.abs() < EXACT => self.display(wide as i64),
            Mode::Canonical => {
                // The shortest digits, and of two that are as near the even ones, as ECMAScript
                // has it; the standard library would take the odd ones.
                let mut shortest = Digits::default();
                serde_json::to_writer(&mut shortest, &value).map_err(|_| unwritten())?;
                self.canonical_number(shortest.as_str())?;
            }
        }
        Ok(())
    }

    /// A number's text as it stands.
    pub(super) fn number(&mut self, text: &str) -> Result<(), Error> {
        match self.mode {
            Mode::Exact => self.put(text.as_bytes()),
            Mode::Canonical => self.canonical_number(text)?,
        }
        Ok(())
    }

    /// A number's text in ECMAScript's form, without rounding: all digits are kept.
    fn canonical_number(&mut self, text: &str) -> Result<(), Error> {
        let (negative, size) = match text.strip_prefix('-') {
            Some(size) => (true, size),
            None => (false, text),
        };
        let (mantissa, exponent) = size.split_once(['e', 'E']).unwrap_or((size, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.len() == size.len() {
            // An integer: its digits are its canonical form, however many.
            let zero = whole.bytes().all(|digit| digit == b'0');
            self.put(if negative && !zero { b"-" } else { b"" });
            self.put(if zero { b"0" } else { whole.as_bytes() });
            return Ok(());
        }
        let exponent: i64 = exponent.parse().map_err(|_| Error::new("a number's exponent is too large"))?;

        self.scratch.clear();
        self.scratch.extend(whole.bytes().chain(fraction.bytes()));
        let zeros = self.scratch.iter().take_while(|&&digit| digit == b'0').count();
        let end = self.scratch.iter().rposition(|&digit| digit != b'0').map_or(zeros, |at| at + 1);
        if zeros == end {
            self.put(b"0");
            return Ok(());
        }
        let shift = i64::try_from(whole.len()).unwrap_or(i64::MAX);
        let point = shift.saturating_add(exponent).saturating_sub(i64::try_from(zeros).unwrap_or(i64::MAX));
        if negative {
            self.out.push(b'-');
        }
        let digits = std::mem::take(&mut self.scratch);
        self.ecmascript(&digits[zeros..end], point);
        self.scratch = digits;
        Ok(())
    }

    /// `0.digits * 10^point` by the rules of `Number::toString`.
    fn ecmascript(&mut self, digits: &[u8], point: i64) {
        let len = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        match usize::try_from(point) {
            Ok(whole) if len <= point && point <= 21 => {
                self.put(digits);
                self.out.resize(self.out.len() + whole - digits.len(), b'0');
            }
            Ok(whole) if 0 < point && point <= 21 => {
                self.put(&digits[..whole]);
                self.out.push(b'.');
                self.put(&digits[whole..]);
            }
            _ if -6 < point && point <= 0 => {
                self.put(b"0.");
                let zeros = usize::try_from(-point).unwrap_or_default();
                self.out.resize(self.out.len() + zeros, b'0');
                self.put(digits);
            }
            _ => self.scientific(digits, point.saturating_sub(1)),
        }
    }

    fn scientific(&mut self, digits: &[u8], exponent: i64) {
        let (first, rest) = digits.split_at(1);
        self.put(first);
        if !rest.is_empty() {
            self.out.push(b'.');
            self.put(rest);
        }
        self.put(if exponent < 0 { b"e" } else { b"e+" });
        self.display(exponent);
    }
}

/// Room for the shortest form of a double.
#[derive(Default)]
struct Digits {
    bytes: [u8; 32],
    len: usize,
}

impl Digits {
    fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl io::Write for Digits {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let end = self.len + piece.len();
        self.bytes.get_mut(self.len..end).ok_or(io::ErrorKind::WriteZero)?.copy_from_slice(piece);
        self.len = end;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn unwritten() -> Error {
    Error::new("a number cannot be written")
}
