//! Strings: the few escapes that JSON asks for, and the order of UTF-16.

use std::cmp::Ordering;
use std::fmt;

use super::Writer;

impl Writer {
    /// A string with its quotes.
    pub(super) fn string(&mut self, text: &str) {
        self.out.push(b'"');
        self.escaped(text);
        self.out.push(b'"');
    }

    pub(super) fn escaped(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut from = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                continue;
            }
            self.out.extend_from_slice(&bytes[from..at]);
            self.escape(byte);
            from = at + 1;
        }
        self.out.extend_from_slice(&bytes[from..]);
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
