//! Times as whole numbers: nanoseconds since 1970.

use std::time::{Duration, SystemTime};

/// The column's number. Exact from 1677 to 2262; what is outside counts as the end of that time.
pub(crate) fn to_column(at: SystemTime) -> i64 {
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
    }
}

/// The time of a column's number.
pub(crate) fn from_column(nanos: i64) -> SystemTime {
    let distance = Duration::from_nanos(nanos.unsigned_abs());
    let at = match nanos {
        0.. => SystemTime::UNIX_EPOCH.checked_add(distance),
        _ => SystemTime::UNIX_EPOCH.checked_sub(distance),
    };
    at.unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_number_comes_back(nanos in any::<i64>()) {
            prop_assert_eq!(to_column(from_column(nanos)), nanos);
        }

        #[test]
        fn order_is_kept(one in any::<i64>(), other in any::<i64>()) {
            prop_assert_eq!(one.cmp(&other), from_column(one).cmp(&from_column(other)));
        }
    }

    #[test]
    fn a_time_beyond_the_column_is_its_end() {
        let thousand_years = Duration::from_secs(1000 * 366 * 24 * 3600);
        assert_eq!(to_column(SystemTime::UNIX_EPOCH + thousand_years), i64::MAX);
        assert_eq!(to_column(SystemTime::UNIX_EPOCH - thousand_years), i64::MIN);
    }
}
