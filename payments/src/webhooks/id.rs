//! What an event's id may be.

use super::error::Flaw;

/// As long as an idempotency key may be.
pub(super) const MAX_ID: usize = 255;

/// Visible ASCII, 1 to 255 characters.
pub(super) fn check(id: &[u8]) -> Result<(), Flaw> {
    match id.len() {
        0 => Err(Flaw::Empty),
        1..=MAX_ID if all(id, |byte| byte.is_ascii_graphic()) => Ok(()),
        1..=MAX_ID => Err(Flaw::NotVisibleAscii),
        _ => Err(Flaw::TooLong { limit: MAX_ID }),
    }
}

/// One that is signed in front of a dot, and so has none.
pub(super) fn check_before_dot(id: &[u8]) -> Result<(), Flaw> {
    let good = matches!(id.len(), 1..=MAX_ID) && all(id, |byte| byte.is_ascii_graphic() & (byte != b'.'));
    if good { Ok(()) } else { check(id).and(Err(Flaw::Dot)) }
}

/// Whether all bytes are so. Without an early exit it is a few vector instructions.
fn all(id: &[u8], are: impl Fn(u8) -> bool) -> bool {
    id.iter().fold(true, |all, byte| all & are(*byte))
}
