//! Where the headers come from.

use super::error::{Flaw, WebhookError};

/// The headers of a request. Pairs of name and value are some (`[(N, V)]`, an array, a `Vec`), and
/// so is, with the feature `axum`, the `HeaderMap` that axum and hyper have.
///
/// ```
/// use steadfast_payments::webhooks::Headers;
///
/// let headers = vec![("Webhook-Id".to_string(), b"evt_17".to_vec())];
/// assert_eq!(headers.pairs().next(), Some(("Webhook-Id", &b"evt_17"[..])));
/// ```
///
/// For the map of another framework:
///
/// ```
/// use std::collections::BTreeMap;
/// use steadfast_payments::webhooks::Headers;
///
/// struct Lambda(BTreeMap<String, String>);
///
/// impl Headers for Lambda {
///     fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
///         self.0.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not known to be headers of a request",
    note = "pairs such as `[(\"webhook-id\", \"evt_17\")]` are, `HeaderMap` is with the feature `axum`; implement `Headers` for another map"
)]
pub trait Headers {
    /// Each header, in any order: its name, in any case, and the bytes of its value as they came. One that
    /// is there twice is two.
    fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])>;
}

impl<H: Headers + ?Sized> Headers for &H {
    fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        (**self).pairs()
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for [(N, V)] {
    fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const L: usize> Headers for [(N, V); L] {
    fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.as_slice().pairs()
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.as_slice().pairs()
    }
}

#[cfg(feature = "axum")]
impl Headers for axum::http::HeaderMap {
    fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }
}

/// The headers of these names, which are in lower case, in one pass over all.
#[inline(always)] // Then the names, and so their lengths, are constants.
pub(super) fn find<'a, const N: usize>(
    headers: &'a (impl Headers + ?Sized),
    names: [&'static str; N],
) -> [Found<'a>; N] {
    let mut found = names.map(|name| Found { name, first: None, repeated: false });
    for (name, value) in headers.pairs() {
        for found in &mut found {
            if is(name, found.name) {
                found.repeated = found.first.is_some();
                found.first = found.first.or(Some(value));
            }
        }
    }
    found
}

/// Most come in lower case, and then this is one comparison. Of names that are as long, those that begin
/// alike still end differently.
#[inline(always)] // As above.
fn is(key: &str, name: &str) -> bool {
    let end = |name: &str| name.as_bytes().last().map(u8::to_ascii_lowercase);
    key.len() == name.len() && end(key) == end(name) && (key == name || is_in_other_case(key, name))
}

#[inline(never)] // What is rarely needed would keep the loop over the names from being inlined.
fn is_in_other_case(key: &str, name: &str) -> bool {
    key.eq_ignore_ascii_case(name)
}

/// What there is of a header.
pub(super) struct Found<'a> {
    name: &'static str,
    first: Option<&'a [u8]>,
    repeated: bool,
}

impl<'a> Found<'a> {
    /// Its value, if it is there once and no longer than `limit`.
    pub(super) fn only(&self, limit: usize) -> Result<&'a [u8], WebhookError> {
        let flaw = match self.first {
            None => Flaw::Missing,
            Some(_) if self.repeated => Flaw::Repeated,
            Some([]) => Flaw::Empty,
            Some(value) if value.len() > limit => Flaw::HeaderTooLong { limit },
            Some(value) => return Ok(value),
        };
        Err(WebhookError::header(self.name, flaw))
    }

    /// One that must be text beside.
    pub(super) fn only_text(&self, limit: usize) -> Result<&'a [u8], WebhookError> {
        let value = self.only(limit)?;
        // Nearly all are ASCII, which is seen sooner.
        let is_text = value.is_ascii() || std::str::from_utf8(value).is_ok();
        if is_text { Ok(value) } else { Err(WebhookError::header(self.name, Flaw::NotText)) }
    }
}
