//! When a delivery was signed, and whether that is near enough to now.

use std::time::{Duration, SystemTime};

use super::error::{Flaw, WebhookError};

/// Up to the year 5138. One more digit and most are milliseconds.
const MAX_DIGITS: usize = 11;

/// Seconds since 1970, as the sender wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timestamp(u64);

impl Timestamp {
    /// Digits and nothing else: no sign, no space, no leading zero. So a time has one text only.
    pub(super) fn read(text: &[u8]) -> Result<Self, Flaw> {
        let seconds = text.iter().try_fold(0_u64, |seconds, byte| {
            // It wraps in a text that is refused for its length.
            byte.is_ascii_digit().then(|| seconds.wrapping_mul(10).wrapping_add(u64::from(byte & 15)))
        });
        match (text, seconds) {
            ([], _) => Err(Flaw::Empty),
            (_, None) => Err(Flaw::NotDigits),
            (digits, _) if digits.len() > MAX_DIGITS => Err(Flaw::NotSeconds { limit: MAX_DIGITS }),
            ([b'0', _, ..], _) => Err(Flaw::LeadingZero),
            (_, Some(seconds)) => Ok(Self(seconds)),
        }
    }

    /// The second in which `at` lies.
    pub(super) fn of(at: SystemTime) -> Result<Self, Flaw> {
        let since = at.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| Flaw::Before1970)?;
        if since.as_secs() >= 10_u64.pow(MAX_DIGITS as u32) {
            return Err(Flaw::NotSeconds { limit: MAX_DIGITS });
        }
        Ok(Self(since.as_secs()))
    }

    pub(super) const fn seconds(self) -> u64 {
        self.0
    }

    pub(super) fn time(self) -> SystemTime {
        // Eleven digits fit into every platform's time.
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.0)).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

/// Whether what was signed at `at` may be acted on at `now`: no further apart than `tolerance`, in
/// either direction.
pub(super) fn fresh(at: SystemTime, now: SystemTime, tolerance: Duration) -> Result<(), WebhookError> {
    match now.duration_since(at) {
        Ok(age) if age > tolerance => Err(WebhookError::TooOld { by: age.saturating_sub(tolerance) }),
        Err(ahead) if ahead.duration() > tolerance => {
            Err(WebhookError::TooNew { by: ahead.duration().saturating_sub(tolerance) })
        }
        _ => Ok(()),
    }
}

/// Until when a delivery signed at `at` must be remembered, so that it is accepted once.
///
/// A machine whose clock is right accepts it until `at + tolerance`. One whose clock is late accepts
/// it longer; if it is late by more than the tolerance, it takes what is sent now for too new.
pub(super) fn remembered_until(at: SystemTime, tolerance: Duration) -> SystemTime {
    at.checked_add(tolerance.saturating_mul(2)).unwrap_or(at)
}
