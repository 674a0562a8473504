//! Kept values as `tracing` takes them.

use std::error::Error;
use std::ops::Range;

use steadfast::mask::MASKED;
use tracing_core::field::{DisplayValue, FieldSet, Value, ValueSet, display};

use super::kept::{Kept, One, Plain};

/// A value that borrows from those that are kept.
enum Shown<'a> {
    Absent,
    Plain(Plain),
    Text(&'a str),
    Printed(DisplayValue<&'a str>),
    Bytes(&'a [u8]),
    Error(&'a (dyn Error + 'static)),
}

/// An event with so many fields is handed on without an allocation.
const FEW: usize = 32;

impl Kept {
    /// Hands the values on, as those of these fields.
    pub(super) fn hand_on<R>(self, fields: &FieldSet, to: impl FnOnce(&ValueSet<'_>) -> R) -> R {
        let length = fields.len();
        let answer = if length <= FEW {
            let mut shown = [const { Shown::Absent }; FEW];
            self.show(&mut shown);
            let mut values = [None; FEW];
            refer(&shown, &mut values);
            to(&fields.value_set_all(values.get(..length).unwrap_or_default()))
        } else {
            let mut shown: Vec<_> = std::iter::repeat_with(|| Shown::Absent).take(length).collect();
            self.show(&mut shown);
            let mut values = vec![None; length];
            refer(&shown, &mut values);
            to(&fields.value_set_all(&values))
        };
        self.give_back();
        answer
    }

    fn show<'a>(&'a self, shown: &mut [Shown<'a>]) {
        for (index, value) in &self.values {
            if let Some(place) = shown.get_mut(*index) {
                *place = self.shown(value);
            }
        }
    }

    fn shown<'a>(&'a self, value: &'a One) -> Shown<'a> {
        match value {
            One::Hidden => Shown::Text(MASKED),
            One::Plain(value) => Shown::Plain(*value),
            One::Text(place) => Shown::Text(self.text_at(place)),
            One::Printed(place) => Shown::Printed(display(self.text_at(place))),
            One::Bytes(place) => Shown::Bytes(self.bytes.get(place.clone()).unwrap_or_default()),
            One::Error(error) => Shown::Error(error),
        }
    }

    fn text_at(&self, place: &Range<usize>) -> &str {
        self.text.get(place.clone()).unwrap_or_default()
    }
}

fn refer<'a>(shown: &'a [Shown<'a>], values: &mut [Option<&'a dyn Value>]) {
    for (shown, value) in shown.iter().zip(values) {
        *value = shown.as_value();
    }
}

impl Shown<'_> {
    fn as_value(&self) -> Option<&dyn Value> {
        Some(match self {
            Self::Absent => return None,
            Self::Plain(value) => value.as_value(),
            Self::Text(value) => value,
            Self::Printed(value) => value,
            Self::Bytes(value) => value,
            Self::Error(value) => value,
        })
    }
}

impl Plain {
    fn as_value(&self) -> &dyn Value {
        match self {
            Self::F64(value) => value,
            Self::I64(value) => value,
            Self::U64(value) => value,
            Self::I128(value) => value,
            Self::U128(value) => value,
            Self::Bool(value) => value,
        }
    }
}
