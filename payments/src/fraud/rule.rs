//! What a rule is.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::{Facts, Opinion};

/// Says what it thinks of a payment, by its facts alone.
///
/// A rule is pure: it waits for nothing, and reads no clock and no list that changes while it looks.
/// What it is told is all it knows, so the same case gives the same opinion tomorrow, from an audit.
///
/// A closure is a rule; it names the type that it is given:
///
/// ```
/// use steadfast_payments::fraud::{Case, FraudEngine, MemoryVelocity, Opinion};
///
/// struct Account {
///     age_days: u32,
/// }
///
/// let engine = FraudEngine::builder("checkout", MemoryVelocity::default())
///     .rule("account_age", |case: &Case<'_, Account>| match case.facts.own.age_days {
///         0 => Opinion::challenge(30, "created_today"),
///         1..7 => Opinion::risk(20, "created_this_week"),
///         _ => Opinion::approve("not_new"),
///     })
///     .build()?;
/// # let _ = engine;
/// # Ok::<(), steadfast_payments::fraud::FraudError>(())
/// ```
///
/// A type is one too, and may ask for payments to be counted before it looks:
///
/// ```
/// use std::time::Duration;
/// use steadfast_payments::fraud::{Case, Count, CountedBy, Facts, Opinion, Rule};
///
/// /// No more than three payments in a minute from one country.
/// struct Burst;
///
/// impl Rule for Burst {
///     fn counts(&self, facts: &Facts) -> Option<CountedBy> {
///         Some(CountedBy::new(facts.ip_country?.to_string(), Duration::from_secs(60)))
///     }
///
///     fn opinion(&self, case: &Case<'_>) -> Opinion {
///         match case.count {
///             Count::NotAsked => Opinion::none("ip_country_missing"),
///             Count::Unavailable => Opinion::none("counts_unavailable"),
///             Count::Counted(payments) if payments > 3 => Opinion::review(30, "burst"),
///             Count::Counted(_) => Opinion::approve("few"),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no fraud rule for facts with `{X}`",
    label = "this is no rule for these facts",
    note = "a closure is one when it names its parameter: `|case: &Case<'_, X>| -> Opinion`; a type when it implements `Rule<X>`"
)]
pub trait Rule<X = ()>: Send + Sync + 'static {
    /// What it says of the payment.
    ///
    /// See [`Rule`] for an example.
    fn opinion(&self, case: &Case<'_, X>) -> Opinion;

    /// What the payment is to be counted by before this rule looks: `None` when there is nothing to
    /// count it by.
    ///
    /// See [`Rule`] for an example.
    fn counts(&self, facts: &Facts<X>) -> Option<CountedBy> {
        let _ = facts;
        None
    }
}

impl<X, F: Fn(&Case<'_, X>) -> Opinion + Send + Sync + 'static> Rule<X> for F {
    fn opinion(&self, case: &Case<'_, X>) -> Opinion {
        self(case)
    }
}

/// What a rule is told.
///
/// See [`Rule`] for an example.
#[derive(Debug)]
#[non_exhaustive]
pub struct Case<'a, X = ()> {
    /// What is known of the payment.
    pub facts: &'a Facts<X>,
    /// How many payments there were, if the rule has asked.
    pub count: Count,
    /// The time of the assessment.
    pub now: SystemTime,
}

impl<'a, X> Case<'a, X> {
    /// A case as an engine makes it, for a rule's own tests.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use steadfast_payments::fraud::{AvsResult, Case, CardChecks, Count, Facts, Opinion, Rule};
    ///
    /// let facts = Facts::new("order-17").avs(AvsResult::Mismatch);
    /// let case = Case::new(&facts, Count::NotAsked, SystemTime::UNIX_EPOCH);
    /// assert_eq!(CardChecks::new().opinion(&case), Opinion::block(100, "avs_mismatch"));
    /// ```
    pub fn new(facts: &'a Facts<X>, count: Count, now: SystemTime) -> Self {
        Self { facts, count, now }
    }
}

/// How many payments there were in the window, this one included.
///
/// See [`Rule`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a rule has to answer each of them")]
pub enum Count {
    /// The rule has not asked, because it does not count or has nothing to count by.
    NotAsked,
    /// So many, and no more than [`MOST_COUNTED`](super::MOST_COUNTED).
    Counted(u32),
    /// Whoever counts could not say.
    Unavailable,
}

/// What a rule counts payments by, and how far back.
///
/// See [`Rule`] for an example.
pub struct CountedBy {
    pub(super) value: String,
    pub(super) window: Duration,
}

impl CountedBy {
    /// By this value, over so long a time until now. A window shorter than a millisecond counts as
    /// one, a window longer than 366 days as 366 days.
    ///
    /// A rule gives the same window each time: what is counted is forgotten after it. The value
    /// leaves the process as a hash only.
    ///
    /// See [`Rule`] for an example.
    pub fn new(value: impl Into<String>, window: Duration) -> Self {
        Self { value: value.into(), window }
    }
}

/// Without the value: it is a person's.
impl fmt::Debug for CountedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountedBy").field("window", &self.window).finish_non_exhaustive()
    }
}
