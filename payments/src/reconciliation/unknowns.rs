//! Calls of unknown outcome, resolved by what the gateway reports.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use futures_core::Stream;
use steadfast::idempotent::{
    Codec, Operator, Plain, RecordId, Replay, ResolveError, Store, StoreError, UnknownOutcome,
};
use steadfast::{ReplayFailure, clock};

use super::read::{BadRow, IntoRow, RowError};
use super::row::Row;
use super::run::next;

/// More rows of one downstream key than anybody means.
const MAX_ROWS_OF_A_CALL: usize = 16;

/// Resolves the calls of unknown outcome that [`idempotent`](macro@steadfast::idempotent) has kept, by a report of
/// the gateway whose rows have the [downstream key](steadfast::idempotent::Claim::downstream_key) as their
/// reference.
///
/// | the report | the call |
/// |---|---|
/// | has rows of it | is what your function makes of them: a result, a terminal error, nothing, or unclear |
/// | has none, and was to have them | never happened: its key is free, and the next call with it runs |
/// | has none, and need not have them | is left as it is |
///
/// "Was to have them" is what a second charge hangs on, so it is asked strictly: the report covers all of
/// the time from the claim to the settlement lag after [`since`](UnknownOutcome::since), and no time that is
/// still to come. The lag must be longer than a call may run and the gateway may take to report it. And rows
/// must have the key to the letter: a gateway that cuts it or writes it in capitals seems to have none. A row that cannot be read might be the one that matters,
/// so it ends the work; what was not resolved then is resolved by the next run.
///
/// Rows may come in any order. Only those of unknown calls are kept. A call that somebody else resolves or
/// begins anew while the report is read is left to them: [`refused`](Resolved::refused) has it.
///
/// ```
/// use std::time::Duration;
/// use steadfast::idempotent::{MemoryStore, Operator, UnknownOutcome};
/// use steadfast::{Failure, Rejection, clock, idempotent};
/// use steadfast_payments::reconciliation::{Row, Status, UnknownCalls, Verdict, stream};
/// use steadfast_payments::{Currency, Money};
///
/// #[derive(Debug, Failure)]
/// enum ChargeError {
///     #[failure(unknown)]
///     NoAnswer,
///     #[failure(terminal)]
///     Declined,
///     #[failure(transparent)]
///     ByUs(Rejection),
/// }
/// # impl From<Rejection> for ChargeError {
/// #     fn from(rejection: Rejection) -> Self {
/// #         Self::ByUs(rejection)
/// #     }
/// # }
///
/// #[idempotent(name = "docs.recon.charge", key = key, payload = none, store = records, claim = claim)]
/// async fn charge(records: MemoryStore, key: &'static str) -> Result<i64, ChargeError> {
///     // .. the gateway gets `claim.downstream_key()`, takes the money, and its answer is lost
///     Err(ChargeError::NoAnswer)
/// }
///
/// /// The result of the call, as the report tells it.
/// fn as_reported(_: &UnknownOutcome, rows: &[Row]) -> Verdict<i64, ChargeError> {
///     match rows {
///         [row] if row.status() == Status::Captured => Verdict::Happened(row.amount().minor()),
///         [row] if row.status() == Status::Failed => Verdict::Failed(ChargeError::Declined),
///         _ => Verdict::Unclear,
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let records = MemoryStore::default();
/// let hour = Duration::from_secs(3600);
/// let begin = clock::wall() - hour;
/// charge(records.clone(), "order-1").await.unwrap_err();
/// charge(records.clone(), "order-2").await.unwrap_err();
///
/// // Two days later: the gateway has the first, and not the second.
/// # tokio::time::advance(48 * hour).await;
/// let covers = begin..clock::wall();
/// let first = steadfast::idempotent::RecordId::new("docs.recon.charge", None, "order-1")?.downstream_key();
/// let rows = [Row::new(first, Money::new(500, Currency::EUR), Status::Captured, clock::wall())];
///
/// let calls = UnknownCalls::of(Operator::of(&records), "docs.recon.charge", 24 * hour);
/// let resolved = calls.resolve("settlement report of 3 May", covers, stream(rows), as_reported).await?;
/// assert_eq!((resolved.happened, resolved.never_happened, resolved.left), (1, 1, 0));
///
/// assert_eq!(charge(records.clone(), "order-1").await.unwrap(), 500); // replayed
/// assert!(matches!(charge(records, "order-2").await, Err(ChargeError::NoAnswer))); // it ran again
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UnknownCalls<'a, S, K = Plain> {
    operator: Operator<'a, S, K>,
    name: String,
    lag: Duration,
    max: usize,
}

/// What the gateway's rows say of a call.
///
/// See [`UnknownCalls`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<T, E> {
    /// It happened, and this is its result.
    Happened(T),
    /// It ended with this terminal error: the gateway has refused it.
    Failed(E),
    /// The rows say that nothing happened: the call may run again. It will send the same downstream key, which a
    /// gateway that remembers it answers as it did before.
    NeverHappened,
    /// They do not say. The call is left as it is, for a person.
    Unclear,
}

/// What became of the calls.
///
/// See [`UnknownCalls`] for an example.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Resolved {
    /// Resolved with a result.
    pub happened: u64,
    /// Resolved with a terminal error.
    pub failed: u64,
    /// Resolved as never happened.
    pub never_happened: u64,
    /// Not reported, and need not be yet, or not in this report: left as they are.
    pub left: u64,
    /// Reported, and the rows do not say what happened: left as they are.
    pub unclear: u64,
    /// Not looked at, because there were more than [`max`](UnknownCalls::max).
    pub beyond: u64,
    /// Not resolved, and why: somebody else was quicker, the call was begun anew since the report was opened, or
    /// the result cannot be written.
    pub refused: Vec<(RecordId, ResolveError)>,
}

impl Resolved {
    fn count_of<T, E>(&mut self, verdict: &Verdict<T, E>) -> &mut u64 {
        match verdict {
            Verdict::Happened(_) => &mut self.happened,
            Verdict::Failed(_) => &mut self.failed,
            Verdict::NeverHappened => &mut self.never_happened,
            Verdict::Unclear => &mut self.unclear,
        }
    }
}

/// Why the work ended early. What was resolved before stays resolved; run it again.
///
/// ```
/// # use std::time::{Duration, SystemTime};
/// # use steadfast::idempotent::{MemoryStore, Operator};
/// use steadfast_payments::reconciliation::{Row, RowError, UnknownCalls, UnknownCallsError, Verdict, stream};
///
/// # #[derive(Debug, steadfast::Failure)]
/// # enum ChargeError {
/// #     #[failure(terminal)]
/// #     Declined,
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let records = MemoryStore::default();
/// let calls = UnknownCalls::of(Operator::of(&records), "charges.create", Duration::from_secs(3600));
/// let rows = [Err::<Row, _>(RowError::failed("connection lost"))];
/// let covers = SystemTime::UNIX_EPOCH..SystemTime::now();
/// let decide = |_: &_, _: &[Row]| Verdict::<String, ChargeError>::Unclear;
/// let error = calls.resolve("report", covers, stream(rows), decide).await.unwrap_err();
/// assert!(matches!(error, UnknownCallsError::Source(_)));
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum UnknownCallsError {
    /// The store failed. Where it was asked to resolve, it may have done so.
    Store(StoreError),
    /// A row of the report cannot be read, and it might be the one that matters.
    BadRow(BadRow),
    /// The report ended early.
    Source(Box<dyn std::error::Error + Send + Sync>),
}

impl<'a, S: Store, K: Codec> UnknownCalls<'a, S, K> {
    /// The calls of the function with this name (`#[idempotent(name = ..)]`), in the operator's store.
    ///
    /// See [`UnknownCalls`] for an example.
    pub fn of(operator: Operator<'a, S, K>, name: impl Into<String>, settlement_lag: Duration) -> Self {
        Self { operator, name: name.into(), lag: settlement_lag, max: 100_000 }
    }

    /// How many calls are looked at in one run, because they are kept in memory. Default 100,000; zero counts as
    /// one.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use steadfast::idempotent::{MemoryStore, Operator};
    /// use steadfast_payments::reconciliation::UnknownCalls;
    ///
    /// let records = MemoryStore::default();
    /// let calls = UnknownCalls::of(Operator::of(&records), "charges.create", Duration::ZERO).max(1_000_000);
    /// ```
    pub fn max(mut self, calls: usize) -> Self {
        self.max = calls.max(1);
        self
    }

    /// Resolves what this report can resolve. `report` names it in the reason that is kept with each record;
    /// `covers` is the time whose payments it has, all of them; what of it is still to come does not count.
    ///
    /// `decide` is asked once for each call that has rows, with at most 16 of them; a call with more is unclear.
    ///
    /// # Errors
    /// See [`UnknownCallsError`].
    ///
    /// See [`UnknownCalls`] for an example.
    pub async fn resolve<R, T, M, E>(
        &self,
        report: &str,
        covers: Range<SystemTime>,
        rows: R,
        mut decide: impl FnMut(&UnknownOutcome, &[Row]) -> Verdict<T, E>,
    ) -> Result<Resolved, UnknownCallsError>
    where
        R: Stream<Item: IntoRow>,
        T: Replay<M>,
        E: ReplayFailure,
    {
        let mut resolved = Resolved::default();
        // Asked before the report is read: it may be made while it is read, but not before it.
        let covers = covers.start..covers.end.min(clock::wall());
        let mut calls = self.gather(&mut resolved).await?;
        find(&mut calls, rows).await?;
        let mut calls: Vec<Call> = calls.into_values().collect();
        calls.sort_by(|one, other| one.outcome.id.cmp(&other.outcome.id));
        for Call { outcome, rows } in calls {
            let verdict = match said(&outcome, &rows, &covers, self.lag) {
                Said::Has => decide(&outcome, &rows),
                Said::HasNot => Verdict::NeverHappened,
                Said::TooMuch => Verdict::Unclear,
                Said::Nothing => {
                    resolved.left += 1;
                    continue;
                }
            };
            match self.tell(&outcome, &verdict, report).await {
                Ok(()) => *resolved.count_of(&verdict) += 1,
                Err(ResolveError::Store(error)) => return Err(UnknownCallsError::Store(error)),
                Err(error) => resolved.refused.push((outcome.id, error)),
            }
        }
        Ok(resolved)
    }

    async fn tell<T: Replay<M>, M, E: ReplayFailure>(
        &self,
        call: &UnknownOutcome,
        verdict: &Verdict<T, E>,
        report: &str,
    ) -> Result<(), ResolveError> {
        let reason = |what: &str| format!("{report}: the gateway {what}");
        match verdict {
            Verdict::Happened(value) => self.operator.resolve_with(call, value, &reason("has it")).await,
            Verdict::Failed(error) => self.operator.resolve_with_error(call, error, &reason("has refused it")).await,
            Verdict::NeverHappened => self.operator.never_happened(call, &reason("has not done it")).await,
            Verdict::Unclear => Ok(()),
        }
    }

    async fn gather(&self, resolved: &mut Resolved) -> Result<HashMap<String, Call>, UnknownCallsError> {
        let mut calls = HashMap::new();
        let mut unknowns = self.operator.unknowns();
        while let Some(outcome) = unknowns.next().await.map_err(UnknownCallsError::Store)? {
            if outcome.id.name() != self.name {
                continue;
            }
            if calls.len() < self.max {
                calls.insert(outcome.id.downstream_key(), Call { outcome, rows: Vec::new() });
            } else {
                resolved.beyond += 1;
            }
        }
        Ok(calls)
    }
}

struct Call {
    outcome: UnknownOutcome,
    rows: Vec<Row>,
}

async fn find<R: Stream<Item: IntoRow>>(calls: &mut HashMap<String, Call>, rows: R) -> Result<(), UnknownCallsError> {
    let mut rows = pin!(rows);
    let mut number = 0;
    while let Some(row) = next(rows.as_mut()).await {
        number += 1;
        let row = row.map_err(|error| match error {
            RowError::Bad(bad) => UnknownCallsError::BadRow(bad),
            RowError::Failed(error) => UnknownCallsError::Source(error),
        })?;
        if let Some(call) = calls.get_mut(row.reference())
            && call.rows.len() <= MAX_ROWS_OF_A_CALL
        {
            call.rows.push(row.numbered(number));
        }
    }
    Ok(())
}

/// What a report says of a call.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Has,
    TooMuch,
    HasNot,
    Nothing,
}

/// An absent row says something only where the report was to have it: it covers the time from the claim on, until
/// the lag is over.
fn said(outcome: &UnknownOutcome, rows: &[Row], covers: &Range<SystemTime>, lag: Duration) -> Said {
    let lag_is_over = outcome.since.checked_add(lag).is_some_and(|over| over <= covers.end);
    match rows.len() {
        0 if covers.start <= outcome.claimed_at && lag_is_over => Said::HasNot,
        0 => Said::Nothing,
        1..=MAX_ROWS_OF_A_CALL => Said::Has,
        _ => Said::TooMuch,
    }
}

impl fmt::Display for UnknownCallsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "the store of the records failed: {error}"),
            Self::BadRow(bad) => {
                write!(f, "the gateway's report cannot be read, and the row may be of a call in question: {bad}")
            }
            Self::Source(error) => write!(f, "the gateway's report ended early: {error}"),
        }
    }
}

impl std::error::Error for UnknownCallsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::BadRow(bad) => Some(bad),
            Self::Source(error) => Some(&**error),
        }
    }
}
