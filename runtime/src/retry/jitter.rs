//! How chance spreads the pauses, so that those who failed together do not return together.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How chance changes a computed pause. None of them makes it longer than `max_delay`.
///
/// A pause that the failure itself asked for is never changed.
///
/// ```
/// use steadfast::retry::Jitter;
/// assert_eq!(Jitter::default(), Jitter::Full);
/// assert_eq!(Jitter::Decorrelated.to_string(), "decorrelated");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Jitter {
    /// The computed pause as it is.
    None,
    /// Between zero and the computed pause. Spreads best.
    #[default]
    Full,
    /// Between half of the computed pause and all of it. Never returns at once.
    Equal,
    /// Between `delay` and three times the pause before, at most `max_delay`. It grows by itself,
    /// so `backoff` has no part in it.
    Decorrelated,
}

impl Jitter {
    /// The name, as on the attribute.
    ///
    /// ```
    /// assert_eq!(steadfast::retry::Jitter::Full.as_str(), "full");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Full => "full",
            Self::Equal => "equal",
            Self::Decorrelated => "decorrelated",
        }
    }
}

impl fmt::Display for Jitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The point between `low` and `high` that lies `random`, from 0 to 1, of the way up.
pub(super) fn between(low: Duration, high: Duration, random: f64) -> Duration {
    let span = high.saturating_sub(low);
    low.saturating_add(scaled(span, random).min(span))
}

/// A duration times a factor that is not negative. What no duration can hold is the longest one;
/// zero stays zero whatever the factor.
pub(super) fn scaled(duration: Duration, factor: f64) -> Duration {
    if duration.is_zero() {
        return duration;
    }
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}
