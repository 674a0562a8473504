//! Where the headers come from.

use super::error::{Flaw, WebhookError};

/// The headers of a request. Pairs of name and value are some (`[(N, V)]`, an array, a `Vec`), and
/// so is, with the feature `axum`, the `HeaderMap` that axum and hyper have.
///
/// ```
/// use steadfast_payments::webhooks::Headers;
///
/// let headers = vec![("Webhook-Id".to_string(), b"evt_17".to_vec())];
/// assert_eq!(headers.values("webhook-id").next(), Some(&b"evt_17"[..]));
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
///     fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
///         self.0.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_bytes())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not known to be headers of a request",
    note = "pairs such as `[(\"webhook-id\", \"evt_17\")]` are, `HeaderMap` is with the feature `axum`; implement `Headers` for another map"
)]
pub trait Headers {
    /// Every value under the name, in any order. The name is in lower case and stands for any case;
    /// a value is the bytes as they came.
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]>;
}

impl<H: Headers + ?Sized> Headers for &H {
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        (**self).values(name)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for [(N, V)] {
    #[inline]
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(move |(key, _)| is(key.as_ref(), name)).map(|(_, value)| value.as_ref())
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const L: usize> Headers for [(N, V); L] {
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.as_slice().values(name)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    #[inline]
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.as_slice().values(name)
    }
}

/// Most come in lower case, and then this is one comparison. Of names that are as long, those that begin
/// alike still end differently.
#[inline(always)] // Then the name, and so its length, is a constant.
fn is(key: &str, name: &str) -> bool {
    let end = |name: &str| name.as_bytes().last().map(u8::to_ascii_lowercase);
    key.len() == name.len() && end(key) == end(name) && (key == name || is_in_other_case(key, name))
}

#[inline(never)] // What is rarely needed would keep the loop over the names from being inlined.
fn is_in_other_case(key: &str, name: &str) -> bool {
    key.eq_ignore_ascii_case(name)
}

#[cfg(feature = "axum")]
impl Headers for axum::http::HeaderMap {
    fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.get_all(name).into_iter().map(axum::http::HeaderValue::as_bytes)
    }
}

/// The value of a header that must be there once, and be no longer than `limit`.
#[inline(always)] // As above.
pub(super) fn only<'a>(
    headers: &'a (impl Headers + ?Sized),
    name: &'static str,
    limit: usize,
) -> Result<&'a [u8], WebhookError> {
    let (mut first, mut count) = (None, 0_usize);
    for value in headers.values(name) {
        first = first.or(Some(value));
        count += 1;
    }
    let flaw = match first {
        None => Flaw::Missing,
        Some(_) if count > 1 => Flaw::Repeated,
        Some([]) => Flaw::Empty,
        Some(value) if value.len() > limit => Flaw::HeaderTooLong { limit },
        Some(value) => return Ok(value),
    };
    Err(WebhookError::header(name, flaw))
}

/// One that must be text beside.
#[inline(always)] // As above.
pub(super) fn only_text<'a>(
    headers: &'a (impl Headers + ?Sized),
    name: &'static str,
    limit: usize,
) -> Result<&'a [u8], WebhookError> {
    let value = only(headers, name, limit)?;
    // Nearly all are ASCII, which is seen sooner.
    let is_text = value.is_ascii() || std::str::from_utf8(value).is_ok();
    if is_text { Ok(value) } else { Err(WebhookError::header(name, Flaw::NotText)) }
}
