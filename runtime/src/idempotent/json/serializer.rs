//! serde's side of the writer: every shape a value may have, and what a key may be.

use std::fmt::{Display, Write as _};

use serde::Serialize;
use serde::ser::{
    Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::object::Pending;
use super::text::Escaped;
use super::{Error, Mark, Mode, Writer};

/// How serde_json's own types say that their one field is JSON text.
const RAW_VALUE: &str = "$serde_json::private::RawValue";
const NUMBER: &str = "$serde_json::private::Number";

macro_rules! displayed {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<(), Error> {
            self.display(value);
            Ok(())
        })*
    };
}

macro_rules! integers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<(), Error> {
            let value = i64::from(value);
            self.integer(value.is_negative(), value.unsigned_abs());
            Ok(())
        })*
    };
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Array<'a>;
    type SerializeTuple = Array<'a>;
    type SerializeTupleStruct = Array<'a>;
    type SerializeTupleVariant = Array<'a>;
    type SerializeMap = Object<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Object<'a>;

    integers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32
    }

    displayed! {
        serialize_i128: i128, serialize_u128: u128
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.put(if value { b"true" } else { b"false" });
        Ok(())
    }

    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.integer(value.is_negative(), value.unsigned_abs());
        Ok(())
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.integer(false, value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.float(value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.float(value)
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.string(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        let start = self.out.len();
        self.serialize_newtype_struct("", value)?;
        // It would read back as `None`, which is another value.
        if self.mode == Mode::Exact && self.out[start..] == *b"null" {
            return Err(Error::new("a `Some` would read back as `None`"));
        }
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.put(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        self.deeper()?;
        value.serialize(&mut *self)?;
        self.up();
        Ok(())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut mark = self.open()?;
        self.entry(&mut mark, variant, value)?;
        self.close(&mark)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Array<'a>, Error> {
        Array::open(self, None)
    }

    fn serialize_tuple(self, _: usize) -> Result<Array<'a>, Error> {
        Array::open(self, None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Array<'a>, Error> {
        Array::open(self, None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Array<'a>, Error> {
        Array::open(self, Some(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Object<'a>, Error> {
        Object::open(self, None)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'a>, Error> {
        Ok(match name {
            RAW_VALUE => Fields::Raw(self),
            NUMBER => Fields::Number(self),
            _ => Fields::Named(Object::open(self, None)?),
        })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Object<'a>, Error> {
        Object::open(self, Some(variant))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.out.push(b'"');
        write!(Escaped(self), "{value}").map_err(|_| Error::new("a value cannot be displayed"))?;
        self.out.push(b'"');
        Ok(())
    }
}

/// `{"Variant":` before what a variant holds.
fn open_variant(writer: &mut Writer, variant: Option<&'static str>) -> Result<bool, Error> {
    let Some(variant) = variant else {
        return Ok(false);
    };
    writer.deeper()?;
    writer.put(b"{");
    writer.string(variant);
    writer.put(b":");
    Ok(true)
}

fn close_variant(writer: &mut Writer, variant: bool) {
    if variant {
        writer.put(b"}");
        writer.up();
    }
}

/// A sequence, a tuple, or a tuple variant.
pub(crate) struct Array<'a> {
    writer: &'a mut Writer,
    variant: bool,
    first: bool,
}

impl<'a> Array<'a> {
    fn open(writer: &'a mut Writer, variant: Option<&'static str>) -> Result<Self, Error> {
        let variant = open_variant(writer, variant)?;
        writer.deeper()?;
        writer.put(b"[");
        Ok(Self { writer, variant, first: true })
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        if !std::mem::take(&mut self.first) {
            self.writer.put(b",");
        }
        value.serialize(&mut *self.writer)
    }

    fn close(self) -> Result<(), Error> {
        self.writer.put(b"]");
        self.writer.up();
        close_variant(self.writer, self.variant);
        Ok(())
    }
}

macro_rules! array {
    ($($shape:ident::$method:ident),*) => {
        $(impl $shape for Array<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        })*
    };
}
array! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
}

/// A map, or a struct variant.
pub(crate) struct Object<'a> {
    writer: &'a mut Writer,
    mark: Mark,
    variant: bool,
    key: Option<Pending>,
}

impl<'a> Object<'a> {
    fn open(writer: &'a mut Writer, variant: Option<&'static str>) -> Result<Self, Error> {
        let variant = open_variant(writer, variant)?;
        let mark = writer.open()?;
        Ok(Self { writer, mark, variant, key: None })
    }

    fn close(self) -> Result<(), Error> {
        self.writer.close(&self.mark)?;
        close_variant(self.writer, self.variant);
        Ok(())
    }
}

impl SerializeMap for Object<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let key = self.writer.key(&mut self.mark, |writer| key.serialize(Key(writer)))?;
        self.key = Some(key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.key.take().ok_or_else(|| Error::new("a map has a value without a key"))?;
        self.writer.value(key, value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

impl SerializeStructVariant for Object<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.writer.entry(&mut self.mark, name, value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

/// A struct, or serde_json's way to say that JSON text follows.
pub(crate) enum Fields<'a> {
    Named(Object<'a>),
    Raw(&'a mut Writer),
    Number(&'a mut Writer),
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        match self {
            Self::Named(object) => object.writer.entry(&mut object.mark, name, value),
            Self::Raw(writer) => writer.raw(&carried(value)?),
            Self::Number(writer) => writer.number(&carried(value)?),
        }
    }

    fn end(self) -> Result<(), Error> {
        match self {
            Self::Named(object) => object.close(),
            Self::Raw(_) | Self::Number(_) => Ok(()),
        }
    }
}

fn carried<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => Ok(text),
        _ => Err(Error::new("raw JSON in the value is not text")),
    }
}

/// A map's key: text, or what has one text.
struct Key<'a>(&'a mut Writer);

fn not_a_key<T>() -> Result<T, Error> {
    Err(Error::new("a map's key is not a string"))
}

macro_rules! quoted {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<(), Error> {
            self.0.collect_str(&value)
        })*
    };
}

macro_rules! refused {
    ($($method:ident($($type:ty),*) -> $ok:ty),* $(,)?) => {
        $(fn $method(self, $(_: $type),*) -> Result<$ok, Error> {
            not_a_key()
        })*
    };
}

impl Serializer for Key<'_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    quoted! {
        serialize_bool: bool, serialize_char: char,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.0.string(value);
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.0.collect_str(value)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Error> {
        not_a_key()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        not_a_key()
    }

    refused! {
        serialize_f32(f32) -> (),
        serialize_f64(f64) -> (),
        serialize_bytes(&[u8]) -> (),
        serialize_none() -> (),
        serialize_unit() -> (),
        serialize_unit_struct(&'static str) -> (),
        serialize_seq(Option<usize>) -> Self::SerializeSeq,
        serialize_tuple(usize) -> Self::SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant,
        serialize_map(Option<usize>) -> Self::SerializeMap,
        serialize_struct(&'static str, usize) -> Self::SerializeStruct,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant,
    }
}
