//! JSON text that a value carries as it is: verbatim in a record, rewritten in a fingerprint.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Error, Mode, Writer};

impl Writer {
    pub(super) fn raw(&mut self, text: &str) -> Result<(), Error> {
        if self.mode == Mode::Exact {
            self.put(text.as_bytes());
            return Ok(());
        }
        self.canonical_raw(text.trim())
    }

    fn canonical_raw(&mut self, text: &str) -> Result<(), Error> {
        match text.as_bytes().first() {
            Some(b'{') => read(text, RawObject(self)),
            Some(b'[') => read(text, RawArray(self)),
            Some(b'"') => {
                let string: String = serde_json::from_str(text).map_err(|_| not_json())?;
                self.string(&string);
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => self.number(text),
            Some(b't' | b'f' | b'n') => {
                self.put(text.as_bytes());
                Ok(())
            }
            _ => Err(not_json()),
        }
    }
}

fn not_json() -> Error {
    Error::new("raw JSON in the value is not JSON")
}

fn read<'de>(text: &'de str, visitor: impl Visitor<'de, Value = Result<(), Error>>) -> Result<(), Error> {
    serde_json::Deserializer::from_str(text).deserialize_any(visitor).map_err(|_| not_json())?
}

struct RawObject<'a>(&'a mut Writer);

impl<'de> Visitor<'de> for RawObject<'_> {
    type Value = Result<(), Error>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut mark = match self.0.open() {
            Ok(mark) => mark,
            Err(error) => return Ok(Err(error)),
        };
        while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
            if let Err(error) = self.0.entry(&mut mark, &key, value) {
                return Ok(Err(error));
            }
        }
        Ok(self.0.close(&mark))
    }
}

struct RawArray<'a>(&'a mut Writer);

impl<'de> Visitor<'de> for RawArray<'_> {
    type Value = Result<(), Error>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        if let Err(error) = self.0.deeper() {
            return Ok(Err(error));
        }
        self.0.put(b"[");
        let mut first = true;
        while let Some(item) = items.next_element::<&RawValue>()? {
            self.0.put(if first { b"" } else { b"," });
            first = false;
            if let Err(error) = self.0.canonical_raw(item.get().trim()) {
                return Ok(Err(error));
            }
        }
        self.0.put(b"]");
        self.0.up();
        Ok(Ok(()))
    }
}
