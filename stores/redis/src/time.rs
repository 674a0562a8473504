//! Times as Redis keeps them: text, because a number of Lua is not exact beyond 2^53.

use std::time::{Duration, SystemTime};

const SECOND: i128 = 1_000_000_000;

/// Nanoseconds since 1970, in digits: what comes back is the same time.
pub(crate) fn write(time: SystemTime) -> String {
    nanos(time).to_string()
}

/// The time that was written so.
pub(crate) fn read(digits: &str) -> Option<SystemTime> {
    let nanos: i128 = digits.parse().ok()?;
    let distance = nanos.unsigned_abs();
    let seconds = u64::try_from(distance / SECOND.unsigned_abs()).ok()?;
    let rest = u32::try_from(distance % SECOND.unsigned_abs()).ok()?;
    let distance = Duration::new(seconds, rest);
    if nanos < 0 { SystemTime::UNIX_EPOCH.checked_sub(distance) } else { SystemTime::UNIX_EPOCH.checked_add(distance) }
}

/// Milliseconds since 1970, as a deadline of Redis: not before the time, not before 1970, and not
/// after the year 9999, so that it is exact as a number of Lua.
pub(crate) fn millis(time: SystemTime) -> u64 {
    let up = nanos(time).max(0).saturating_add(999_999) / 1_000_000;
    u64::try_from(up).map_or(LATEST, |millis| millis.min(LATEST))
}

/// Nanoseconds since 1970, all of one length: their order as text is that of the times. What lies
/// before 1970 is 1970.
pub(crate) fn ordered(time: SystemTime) -> String {
    format!("{:030}", nanos(time).max(0))
}

const LATEST: u64 = 253_402_300_799_000;

fn nanos(time: SystemTime) -> i128 {
    let of = |distance: Duration| i128::from(distance.as_secs()) * SECOND + i128::from(distance.subsec_nanos());
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => of(after),
        Err(before) => -of(before.duration()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64, nanos: u32) -> SystemTime {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let whole = if seconds < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance };
        whole + Duration::from_nanos(nanos.into())
    }

    proptest! {
        #[test]
        fn a_time_comes_back_as_it_was(seconds in -(1_i64 << 62)..1 << 62, nanos in 0_u32..1_000_000_000) {
            let time = at(seconds, nanos);
            prop_assert_eq!(read(&write(time)), Some(time));
        }

        #[test]
        fn times_and_their_texts_have_one_order(a in 0_i64..1 << 62, b in 0_i64..1 << 62, nanos in 0_u32..1_000_000_000) {
            let [a, b] = [at(a, nanos), at(b, 0)];
            prop_assert_eq!(ordered(a).cmp(&ordered(b)), a.cmp(&b));
        }

        #[test]
        fn no_text_panics(text in any::<String>(), number in any::<i128>()) {
            read(&text);
            read(&number.to_string());
        }
    }

    #[test]
    fn a_deadline_is_never_early() {
        assert_eq!(millis(at(1, 0)), 1000);
        assert_eq!(millis(at(1, 1)), 1001);
        assert_eq!(millis(at(-1, 0)), 0);
        assert_eq!(millis(at(1 << 60, 0)), 253_402_300_799_000);
    }
}
