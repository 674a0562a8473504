//! The values of one event or span, masked and kept until they are handed on.

use std::borrow::Cow;
use std::cell::Cell;
use std::error::Error;
use std::fmt::{Debug, Write};
use std::ops::Range;

use steadfast::mask::{is_sensitive_name, mask};
use tracing_core::field::{Field, Visit};
use zeroize::Zeroize;

use super::error::MaskedError;
use crate::redaction::number::{masked_float, masked_integer};

/// What was recorded. Reused by the next event of the thread, so that it need not allocate.
#[derive(Default)]
pub(super) struct Kept {
    /// By the index of their field.
    pub(super) values: Vec<(usize, One)>,
    /// The texts of all values, one behind the other.
    pub(super) text: String,
    pub(super) bytes: Vec<u8>,
    /// A value's text before it is masked.
    scratch: String,
}

/// A value as it may be shown.
pub(super) enum One {
    /// By the name of its field.
    Hidden,
    Plain(Plain),
    /// A text, by its place.
    Text(Range<usize>),
    /// What `%` or `?` printed, by its place.
    Printed(Range<usize>),
    Bytes(Range<usize>),
    Error(MaskedError),
}

/// A value that is handed on as it came.
#[derive(Clone, Copy)]
pub(super) enum Plain {
    F64(f64),
    I64(i64),
    U64(u64),
    I128(i128),
    U128(u128),
    Bool(bool),
}

thread_local!(static SPARE: Cell<Option<Kept>> = const { Cell::new(None) });

/// A thread does not hold on to more than this between two events.
const SPARE_ROOM: usize = 64 * 1024;

impl Kept {
    /// Keeps what is recorded. A value's own `Debug` may emit events: those do not find the spare.
    pub(super) fn of(record: impl FnOnce(&mut dyn Visit)) -> Self {
        let mut kept = SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default();
        record(&mut kept);
        kept
    }

    /// Makes room for the next.
    pub(super) fn give_back(mut self) {
        self.values.clear();
        self.text.clear();
        self.bytes.clear();
        self.scratch.clear();
        if self.text.capacity().max(self.scratch.capacity()).max(self.bytes.capacity()) <= SPARE_ROOM {
            // A thread that ends keeps nothing.
            let _ = SPARE.try_with(|spare| spare.set(Some(self)));
        }
    }

    fn keep(&mut self, field: &Field, value: impl FnOnce(&mut Self) -> One) {
        let value = if is_sensitive_name(field.name()) { One::Hidden } else { value(self) };
        self.values.push((field.index(), value));
    }

    fn place(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    /// A number, or what is left of one that is a card number.
    fn number(&mut self, masked: Option<String>, number: Plain) -> One {
        masked.map_or(One::Plain(number), |text| One::Text(self.place(&text)))
    }

    /// The text in front of it, masked.
    fn printed(&mut self) -> Range<usize> {
        let scratch = std::mem::take(&mut self.scratch);
        let masked = mask(&scratch);
        let place = self.place(&masked);
        let had_card_data = matches!(masked, Cow::Owned(_));
        drop(masked);
        self.scratch = scratch;
        if had_card_data {
            self.scratch.zeroize();
        }
        place
    }

    /// Whether bytes are a text with card data, or decimal digits in halves of bytes, as terminals
    /// send card numbers and tracks.
    fn has_card_data(&mut self, bytes: &[u8]) -> bool {
        let is_masked = |text: &str| matches!(mask(text), Cow::Owned(_));
        self.scratch.clear();
        for byte in bytes {
            let _ = write!(self.scratch, "{byte:02x}");
        }
        let found = std::str::from_utf8(bytes).is_ok_and(is_masked) || is_masked(&self.scratch);
        if found {
            self.scratch.zeroize();
        }
        found
    }
}

impl Visit for Kept {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field, |kept| kept.number(masked_float(value), Plain::F64(value)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, |kept| kept.number(masked_integer(value.unsigned_abs().into()), Plain::I64(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, |kept| kept.number(masked_integer(value.into()), Plain::U64(value)));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.keep(field, |kept| kept.number(masked_integer(value.unsigned_abs()), Plain::I128(value)));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.keep(field, |kept| kept.number(masked_integer(value), Plain::U128(value)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, |_| One::Plain(Plain::Bool(value)));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, |kept| One::Text(kept.place(&mask(value))));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.keep(field, |kept| {
            if kept.has_card_data(value) {
                return One::Hidden;
            }
            let start = kept.bytes.len();
            kept.bytes.extend_from_slice(value);
            One::Bytes(start..kept.bytes.len())
        });
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.keep(field, |_| One::Error(MaskedError::of(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.keep(field, |kept| {
            kept.scratch.clear();
            // What a value printed before its own `fmt` failed is all there is of it.
            let _ = write!(kept.scratch, "{value:?}");
            One::Printed(kept.printed())
        });
    }
}
