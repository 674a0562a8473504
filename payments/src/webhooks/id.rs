//! What an event's id may be.

use super::error::Flaw;

/// As long as an idempotency key may be.
pub(super) const MAX_ID: usize = 255;

/// Visible ASCII, 1 to 255 characters.
pub(super) fn check(id: &str) -> Result<(), Flaw> {
    match id.len() {
        0 => Err(Flaw::Empty),
        1..=MAX_ID if all(id, |byte| byte.is_ascii_graphic()) => Ok(()),
        1..=MAX_ID => Err(Flaw::NotVisibleAscii),
        _ => Err(Flaw::TooLong { limit: MAX_ID }),
    }
}

/// One that is signed in front of a dot, and so has none.
pub(super) fn check_before_dot(id: &str) -> Result<(), Flaw> {
    check(id)?;
    if all(id, |byte| byte != b'.') { Ok(()) } else { Err(Flaw::Dot) }
}

/// Whether all bytes are so. Without an early exit it is a few vector instructions.
fn all(id: &str, are: impl Fn(u8) -> bool) -> bool {
    id.bytes().fold(true, |all, byte| all & are(byte))
}
