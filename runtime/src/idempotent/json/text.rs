//! Strings: the few escapes that JSON asks for, and the order of UTF-16.

use std::cmp::Ordering;
use std::fmt;

use super::Writer;

impl Writer {
    /// A string with its quotes. Whether its bytes sort as its UTF-16 does: it is ASCII, and nothing
    /// in it was escaped.
    #[inline]
    pub(super) fn string(&mut self, text: &str) -> bool {
        self.quoted(text, *b"\"")
    }

    /// A string, and what stands behind it from its quote on. Most are short and usual: two words that may
    /// overlap, each in its place, are there before a copy of any length is begun.
    #[inline]
    pub(super) fn quoted<const N: usize>(&mut self, text: &str, behind: [u8; N]) -> bool {
        const { assert!(1 + SHORT + N <= ROOM, "all of it has room") };
        let bytes = text.as_bytes();
        let (start, length) = (self.out.len(), bytes.len());
        if length > SHORT || !is_usual_short(bytes) {
            return self.quoted_at_length(text, behind);
        }
        self.out.extend_from_slice(&[b'"'; ROOM]);
        if let Some(room) = self.out.last_chunk_mut::<ROOM>() {
            room[1..9].copy_from_slice(&prefix(bytes).to_be_bytes());
            if let Some(last) = bytes.last_chunk::<8>() {
                room[length - 7..=length].copy_from_slice(last);
            }
            room[1 + length..1 + length + N].copy_from_slice(&behind);
        }
        self.out.truncate(start + 1 + length + N);
        true
    }

    #[inline(never)]
    fn quoted_at_length<const N: usize>(&mut self, text: &str, behind: [u8; N]) -> bool {
        let plain = is_usual(text.as_bytes());
        self.out.reserve(1 + text.len() + N);
        self.out.push(b'"');
        if plain {
            self.out.extend_from_slice(text.as_bytes());
        } else {
            self.escaped(text);
        }
        self.out.extend_from_slice(&behind);
        plain
    }

    /// The first so many of these bytes. All are written and most often some taken back, which is done sooner
    /// than a copy of any length is begun.
    #[inline]
    pub(super) fn put_first<const N: usize>(&mut self, bytes: [u8; N], length: usize) {
        let end = self.out.len() + length;
        self.out.extend_from_slice(&bytes);
        self.out.truncate(end);
    }

    /// What stands between the quotes.
    pub(super) fn escaped(&mut self, text: &str) {
        let mut bytes = text.as_bytes();
        while let Some(at) = special(bytes) {
            let (clean, rest) = bytes.split_at(at);
            self.out.extend_from_slice(clean);
            let Some((&byte, after)) = rest.split_first() else { break };
            self.escape(byte);
            bytes = after;
        }
        self.out.extend_from_slice(bytes);
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            _ => {
                let hex = |digit: u8| b"0123456789abcdef"[usize::from(digit & 15)];
                self.out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte)]);
                return;
            }
        };
        self.out.extend_from_slice(&[b'\\', short]);
    }
}

/// Where the first byte stands that must be escaped: a control character, a quote or a backslash.
/// Eight at a time, because most texts have none; the last eight may overlap those before.
fn special(bytes: &[u8]) -> Option<usize> {
    let any = |eight: &[u8; 8]| specials(u64::from_ne_bytes(*eight)) & HIGH != 0;
    let far = match (bytes.as_chunks::<8>().0, bytes.last_chunk::<8>()) {
        (eights, Some(last)) => match eights.iter().position(any) {
            None if !any(last) => return None,
            None => bytes.len() - 8,
            Some(eight) => eight * 8,
        },
        (_, None) => 0,
    };
    let near = bytes[far..].iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
    near.map(|at| far + at)
}

/// Two words.
const SHORT: usize = 16;

/// For a quote, a short text, and what stands behind it.
const ROOM: usize = 32;

const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES * 0x80;

/// A byte's high bit where it must be escaped. It may say so of more than those, but not of none.
const fn specials(eight: u64) -> u64 {
    // A byte below `n` borrows into its high bit when `n` is taken away; one that is zero when one is.
    let control = eight.wrapping_sub(ONES * 0x20);
    let quote = (eight ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (eight ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    control | quote | backslash
}

/// Whether a text is ASCII, and nothing in it must be escaped.
#[inline]
fn is_usual(bytes: &[u8]) -> bool {
    let unusual = |eight: u64| specials(eight) | eight;
    let seen = match bytes.last_chunk::<8>() {
        // Blanks in the places that are left: they are usual.
        None => unusual(prefix(bytes) | (ONES * 0x20) >> (8 * bytes.len())),
        Some(last) => {
            let eights = bytes.as_chunks::<8>().0;
            let last = unusual(u64::from_ne_bytes(*last));
            eights.iter().fold(last, |seen, eight| seen | unusual(u64::from_ne_bytes(*eight)))
        }
    };
    seen & HIGH == 0
}

/// The same of a [short](SHORT) one.
#[inline]
fn is_usual_short(bytes: &[u8]) -> bool {
    let unusual = |eight: u64| specials(eight) | eight;
    let first = prefix(bytes);
    let seen = match bytes.last_chunk::<8>() {
        // Blanks in the places that are left: they are usual.
        None => unusual(first | (ONES * 0x20) >> (8 * bytes.len())),
        Some(last) => unusual(first) | unusual(u64::from_be_bytes(*last)),
    };
    seen & HIGH == 0
}

/// The first eight bytes as a number that sorts as they do. What is missing is zero.
#[inline]
pub(super) fn prefix(bytes: &[u8]) -> u64 {
    if let Some(eight) = bytes.first_chunk::<8>() {
        return u64::from_be_bytes(*eight);
    }
    // Two halves that may overlap, each in its place.
    let unused = 64 - 8 * bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_be_bytes(*first)) << 32 | u64::from(u32::from_be_bytes(*last)) << unused;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<2>(), bytes.last_chunk::<2>()) {
        return u64::from(u16::from_be_bytes(*first)) << 48 | u64::from(u16::from_be_bytes(*last)) << unused;
    }
    bytes.first().map_or(0, |&byte| u64::from(byte) << 56)
}

/// Escapes what is displayed, piece by piece.
pub(super) struct Escaped<'a>(pub(super) &'a mut Writer);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.0.escaped(piece);
        Ok(())
    }
}

/// Whether the bytes of an escaped key sort as its UTF-16 does.
pub(super) fn is_plain(escaped: &[u8]) -> bool {
    escaped.iter().all(|&byte| byte < 0x80 && byte != b'\\')
}

/// The order of two escaped keys by the UTF-16 of what they mean.
pub(super) fn by_utf16(a: &[u8], b: &[u8]) -> Ordering {
    units(a).cmp(units(b))
}

fn units(escaped: &[u8]) -> impl Iterator<Item = u16> {
    let mut text = str::from_utf8(escaped).unwrap_or_default().chars();
    let mut pair = [0; 2];
    let mut rest = 0..0;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            rest = 0..meant(&mut text)?.encode_utf16(&mut pair).len();
        }
        rest.next().map(|at| pair[at])
    })
}

/// The next character, unescaped. Only our own escapes occur.
fn meant(text: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match text.next()? {
        '\\' => match text.next()? {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            'u' => {
                let code =
                    text.by_ref().take(4).fold(0, |code, digit| code * 16 + digit.to_digit(16).unwrap_or_default());
                char::from_u32(code)?
            }
            same => same,
        },
        plain => plain,
    })
}
