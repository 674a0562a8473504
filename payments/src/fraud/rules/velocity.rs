//! Too many payments in too short a time.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::Found;
use crate::fraud::facts::plain_email;
use crate::fraud::{
    Case, Code, Count, CountedBy, Decision, Facts, FraudError, MOST_COUNTED, Opinion, Rule, VelocityKey,
};

/// What a [`Velocity`] rule says when its counts cannot be had. There is no default: going on costs
/// money where somebody tries cards, and refusing takes the shop down with a server.
///
/// ```
/// use std::time::Duration;
/// use steadfast_payments::fraud::{Velocity, WhenDown};
///
/// let hour = Duration::from_secs(3600);
/// let by_card = Velocity::<()>::per_card(3, hour, WhenDown::Refuse)?;
/// let by_ip = Velocity::<()>::per_ip(50, hour, WhenDown::NoOpinion)?;
/// # let _ = (by_card, by_ip);
/// # Ok::<(), steadfast_payments::fraud::FraudError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing fourth to do with a payment")]
pub enum WhenDown {
    /// The payment must not go on: its assessment ends with an error, and may be tried again.
    Refuse,
    /// The payment may be made, and a person looks at it.
    Review,
    /// Nothing: the payment is as if the rule were not there.
    NoOpinion,
}

/// Looks for more payments than a number in a window that slides, for each user, card, or whatever it
/// counts by. What is counted is [attempts](crate::fraud::FraudEngine::assess), each payment once.
///
/// | it says | when |
/// |---|---|
/// | block, 100: `too_many` | there were more than `max` in the window, this one included |
/// | approve: `few_enough` | there were not |
/// | no opinion: `attribute_missing` | what it counts by is not known, or empty |
/// | as chosen: `counts_unavailable` | the counts cannot be had: see [`WhenDown`] |
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast_payments::fraud::{Case, Count, Decision, Facts, Opinion, Rule, Velocity, WhenDown};
///
/// let hourly = Velocity::per_user(5, Duration::from_secs(3600), WhenDown::Review)?.then(Decision::Challenge, 40);
/// let facts = Facts::new("order-17").user("u_42");
/// let of = |count| hourly.opinion(&Case::new(&facts, count, SystemTime::UNIX_EPOCH));
/// assert_eq!(of(Count::Counted(5)), Opinion::approve("few_enough"));
/// assert_eq!(of(Count::Counted(6)), Opinion::challenge(40, "too_many"));
/// assert_eq!(of(Count::Unavailable), Opinion::review(0, "counts_unavailable"));
/// # Ok::<(), steadfast_payments::fraud::FraudError>(())
/// ```
pub struct Velocity<X = ()> {
    max: u32,
    window: Duration,
    when_down: WhenDown,
    by: Box<By<X>>,
    found: Found,
}

type By<X> = dyn Fn(&Facts<X>) -> Option<String> + Send + Sync;

impl<X> Velocity<X> {
    /// For each [user](Facts::user).
    ///
    /// # Errors
    /// When `max` is 0 or not below [`MOST_COUNTED`], or the window is shorter than a millisecond or
    /// longer than 366 days.
    ///
    /// See [`Velocity`] for an example.
    pub fn per_user(max: u32, window: Duration, when_down: WhenDown) -> Result<Self, FraudError> {
        Self::per(max, window, when_down, |facts: &Facts<X>| facts.user.clone())
    }

    /// For each [card](Facts::card).
    ///
    /// # Errors
    /// As [`per_user`](Self::per_user).
    ///
    /// See [`WhenDown`] for an example.
    pub fn per_card(max: u32, window: Duration, when_down: WhenDown) -> Result<Self, FraudError> {
        Self::per(max, window, when_down, |facts: &Facts<X>| facts.card.clone())
    }

    /// For each [address of a person](Facts::email), without regard to case.
    ///
    /// # Errors
    /// As [`per_user`](Self::per_user).
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_payments::fraud::{Velocity, WhenDown};
    ///
    /// let daily = Velocity::<()>::per_email(20, Duration::from_secs(24 * 3600), WhenDown::Review)?;
    /// # let _ = daily;
    /// # Ok::<(), steadfast_payments::fraud::FraudError>(())
    /// ```
    pub fn per_email(max: u32, window: Duration, when_down: WhenDown) -> Result<Self, FraudError> {
        Self::per(max, window, when_down, |facts: &Facts<X>| facts.email.as_deref().map(plain_email))
    }

    /// For each [IP address](Facts::ip); of IPv6 for each network of 64 bits, because whoever has one
    /// address there has all of them.
    ///
    /// # Errors
    /// As [`per_user`](Self::per_user).
    ///
    /// See [`WhenDown`] for an example.
    pub fn per_ip(max: u32, window: Duration, when_down: WhenDown) -> Result<Self, FraudError> {
        Self::per(max, window, when_down, |facts: &Facts<X>| facts.ip.map(network))
    }

    /// For each value of a function of the facts. It has no opinion where that is `None` or empty.
    ///
    /// # Errors
    /// As [`per_user`](Self::per_user).
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_payments::fraud::{Facts, Velocity, WhenDown};
    ///
    /// struct Device(String);
    ///
    /// let by_device = |facts: &Facts<Device>| Some(facts.own.0.clone());
    /// let hourly = Velocity::per(10, Duration::from_secs(3600), WhenDown::NoOpinion, by_device)?;
    /// # let _ = hourly;
    /// # Ok::<(), steadfast_payments::fraud::FraudError>(())
    /// ```
    pub fn per(
        max: u32,
        window: Duration,
        when_down: WhenDown,
        by: impl Fn(&Facts<X>) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, FraudError> {
        let wrong = |setting, reason| Err(FraudError::Setting { setting, reason });
        if max == 0 {
            return wrong("max", "must be at least 1: with 0 the first payment would already be too many");
        }
        if max >= MOST_COUNTED {
            return wrong(
                "max",
                "must be less than 10000: no more payments are counted, so it would never be exceeded",
            );
        }
        if window < VelocityKey::SHORTEST {
            return wrong("window", "must be at least a millisecond: no two payments would be in it");
        }
        if window > VelocityKey::LONGEST {
            return wrong("window", "must be at most 366 days: every payment in it is remembered");
        }
        Ok(Self { max, window, when_down, by: Box::new(by), found: Found::new(Decision::Block, 100) })
    }

    /// What it says when there were too many, in place of a block with score 100.
    ///
    /// See [`Velocity`] for an example.
    pub fn then(mut self, decision: Decision, score: u32) -> Self {
        self.found = Found::new(decision, score);
        self
    }
}

fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

impl<X: 'static> Rule<X> for Velocity<X> {
    fn counts(&self, facts: &Facts<X>) -> Option<CountedBy> {
        let value = (self.by)(facts).filter(|value| !value.trim().is_empty())?;
        Some(CountedBy::new(value, self.window))
    }

    fn opinion(&self, case: &Case<'_, X>) -> Opinion {
        match (case.count, self.when_down) {
            (Count::NotAsked, _) => Opinion::none("attribute_missing"),
            (Count::Counted(payments), _) if payments > self.max => self.found.because(Code::new("too_many")),
            (Count::Counted(_), _) => Opinion::approve("few_enough"),
            (Count::Unavailable, WhenDown::Refuse) => Opinion::refuse(UNAVAILABLE),
            (Count::Unavailable, WhenDown::Review) => Opinion::review(0, UNAVAILABLE),
            (Count::Unavailable, WhenDown::NoOpinion) => Opinion::none(UNAVAILABLE),
        }
    }
}

const UNAVAILABLE: Code = Code::new("counts_unavailable");

impl<X> fmt::Debug for Velocity<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Velocity");
        shown.field("max", &self.max).field("window", &self.window).field("when_down", &self.when_down);
        shown.field("then", &self.found.decision).field("score", &self.found.score).finish_non_exhaustive()
    }
}
