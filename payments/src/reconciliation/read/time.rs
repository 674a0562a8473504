//! Times as files write them.

use std::time::{Duration, SystemTime};

use super::layout::{Times, whole};

pub(super) fn read(text: &str, times: Times) -> Option<SystemTime> {
    match times {
        Times::Rfc3339 => read_rfc3339(text),
        Times::UnixSeconds => since_1970(text, Duration::from_secs),
        Times::UnixMillis => since_1970(text, Duration::from_millis),
    }
}

fn since_1970(text: &str, unit: fn(u64) -> Duration) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(unit(u64::try_from(whole(text)?).ok()?))
}

/// The library reads UTC; an offset is ours.
fn read_rfc3339(text: &str) -> Option<SystemTime> {
    if text.ends_with('Z') {
        return humantime::parse_rfc3339(text).ok();
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let number = |digits: &str| match digits.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(u64::from(tens - b'0') * 10 + u64::from(ones - b'0')),
        _ => None,
    };
    let (hours, minutes) =
        (number(hours).filter(|hours| *hours < 24)?, number(minutes).filter(|minutes| *minutes < 60)?);
    let ahead = Duration::from_secs(hours * 3600 + minutes * 60);
    let as_if_utc = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    match offset.as_bytes().first()? {
        b'+' => as_if_utc.checked_sub(ahead),
        b'-' => as_if_utc.checked_add(ahead),
        _ => None,
    }
}

/// A time as reports write it, in UTC. What RFC 3339 cannot say (before 1970, beyond 9999) is cut to what it
/// can.
pub(in super::super) fn rfc3339(at: SystemTime) -> impl std::fmt::Display {
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(LAST);
    humantime::format_rfc3339(SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH))
}
