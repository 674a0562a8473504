//! The id of an event that stands in its body.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::error::{Flaw, Place, WebhookError};
use super::id;

/// The text `id` of the JSON object in the body. Nothing after it is read: what the sender has signed
/// is the sender's word, and whoever acts on the event reads the rest.
pub(super) fn of(body: &[u8]) -> Result<String, WebhookError> {
    in_front(body).map_or_else(|| by_reader(body), Ok)
}

/// Where Stripe writes it: `{"id": "evt_..", ..`. Whatever is not as plain as that is left to the reader
/// of JSON, which finds the same with more work.
pub(super) fn in_front(body: &[u8]) -> Option<String> {
    let key = after_space(body.strip_prefix(b"{")?).strip_prefix(b"\"id\":")?;
    let value = after_space(key).strip_prefix(b"\"")?;
    let id = value.get(..memchr::memchr2(b'"', b'\\', value)?)?;
    if value.get(id.len()) != Some(&b'"') || id::check(id).is_err() {
        return None;
    }
    String::from_utf8(id.to_vec()).ok()
}

fn after_space(json: &[u8]) -> &[u8] {
    let space = json.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count();
    json.get(space..).unwrap_or_default()
}

pub(super) fn by_reader(body: &[u8]) -> Result<String, WebhookError> {
    let mut found = None;
    let mut json = serde_json::Deserializer::from_slice(body);
    // What stops the reader behind the id is not a mistake.
    let read = Find(&mut found).deserialize(&mut json);
    let missing = if read.is_ok() { Flaw::Missing } else { Flaw::NotAnObject };
    let id = found.ok_or(match missing {
        Flaw::Missing => WebhookError::Malformed { place: Place::BodyId, flaw: missing },
        flaw => WebhookError::body(flaw),
    })?;
    id::check(id.as_bytes()).map_err(|flaw| WebhookError::Malformed { place: Place::BodyId, flaw })?;
    Ok(id)
}

#[derive(Deserialize)]
#[serde(field_identifier)]
enum Key {
    #[serde(rename = "id")]
    Id,
    #[serde(other)]
    Other,
}

struct Find<'f>(&'f mut Option<String>);

impl<'de> DeserializeSeed<'de> for Find<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut event: A) -> Result<(), A::Error> {
        while let Some(key) = event.next_key()? {
            match key {
                Key::Id => {
                    *self.0 = Some(event.next_value()?);
                    return Ok(());
                }
                Key::Other => _ = event.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}
