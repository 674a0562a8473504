//! How a call ended, in the one word that metrics and logs give it.

use crate::__rt::{Outcome, Refusal};
use crate::{Failure, Kind, Signal};

/// The end of a call, as those who watch it name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Success,
    Transient,
    Terminal,
    Unknown,
    Refused,
    /// The function's error does not say its kind.
    Failed,
    /// Dropped while it ran.
    Cancelled,
    Panicked,
}

impl End {
    /// All of them, in the order of their declaration.
    pub(crate) const ALL: [Self; 8] = [
        Self::Success,
        Self::Transient,
        Self::Terminal,
        Self::Unknown,
        Self::Refused,
        Self::Failed,
        Self::Cancelled,
        Self::Panicked,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Transient => Kind::Transient.as_str(),
            Self::Terminal => Kind::Terminal.as_str(),
            Self::Unknown => Kind::Unknown.as_str(),
            Self::Refused => Kind::Refused.as_str(),
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Panicked => "panicked",
        }
    }

    /// The end of a call that returned. `outcome` reads the function's own result.
    #[inline]
    pub(crate) fn of<R, J: Refusal>(result: &Result<R, J>, outcome: impl FnOnce(&R) -> Outcome) -> Self {
        match result {
            Ok(own) => Self::of_own(outcome(own)),
            Err(refusal) => refusal.rejection().map_or(Self::Refused, |r| Self::of_kind(Failure::kind(r))),
        }
    }

    const fn of_own(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::Success,
            Outcome::Failed(None) => Self::Failed,
            Outcome::Failed(Some(Signal { kind, .. })) => Self::of_kind(kind),
        }
    }

    const fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Transient => Self::Transient,
            Kind::Terminal => Self::Terminal,
            Kind::Unknown => Self::Unknown,
            Kind::Refused => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Layer, Reason, Rejection};

    fn of(result: Result<Outcome, Rejection>) -> &'static str {
        End::of(&result, |outcome| *outcome).as_str()
    }

    fn failed(kind: Kind) -> Result<Outcome, Rejection> {
        Ok(Outcome::Failed(Some(Signal::of(kind))))
    }

    fn refused(reason: Reason) -> Result<Outcome, Rejection> {
        Err(Rejection::new(Layer::Timeout, "test", reason))
    }

    #[test]
    fn every_end_has_its_word() {
        assert_eq!(of(Ok(Outcome::Success)), "success");
        assert_eq!(of(failed(Kind::Transient)), "transient");
        assert_eq!(of(failed(Kind::Terminal)), "terminal");
        assert_eq!(of(failed(Kind::Unknown)), "unknown");
        assert_eq!(of(failed(Kind::Refused)), "refused");
        assert_eq!(of(Ok(Outcome::Failed(None))), "failed");
        assert_eq!(of(refused(Reason::Conflict)), "refused");
        assert_eq!(of(refused(Reason::TimedOut { after: Duration::from_secs(1) })), "unknown");
    }

    #[test]
    fn all_lists_each_once_in_order() {
        for (index, end) in End::ALL.into_iter().enumerate() {
            assert_eq!(end as usize, index);
        }
    }
}
