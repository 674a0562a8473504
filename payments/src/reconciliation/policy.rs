//! What a reconciliation is told before it begins.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::class::Class;
use super::decision::{Merge, Terms};
use super::found::Found;
use super::handlers::{Handlers, Unhandled};

/// What to do about a row that cannot be read.
///
/// See [`Reconciliation`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRows {
    /// The first one ends the reconciliation: there is no report of a ledger that was not read.
    Stop,
    /// They are counted, written to the sink, and told in the report. What such a row was about counts as
    /// missing on its side.
    Count,
}

/// A comparison of two ledgers: its settings, and with [`on`](Self::on) its handlers.
///
/// Both ledgers are sorted by reference, byte by byte, and read once, side by side: memory holds the rows of
/// one reference, however long the ledgers are. [`compare`](Self::compare) takes iterators, such as files;
/// [`compare_streams`](Self::compare_streams) takes streams, such as cursors of a database, and calls handlers.
///
/// | setting | default |
/// |---|---|
/// | settlement lag | must be said: how long after its time a row of ours may be unknown to the gateway |
/// | bad rows | must be said: [`BadRows`] |
/// | [`max_group`](Self::max_group) | 1000 rows of one reference on each side |
///
/// The time is an argument, so yesterday's run is repeated with yesterday's time, and gives the same bytes.
///
/// See the [module](super) for an example.
#[derive(Clone)]
pub struct Reconciliation<H = Unhandled> {
    lag: Duration,
    pub(super) bad_rows: BadRows,
    max_group: usize,
    pub(super) handlers: H,
}

impl Reconciliation {
    /// A row of ours that the gateway lacks is [`Pending`](Class::Pending) until it is as old as the
    /// settlement lag; from then on it is [`MissingGateway`](Class::MissingGateway).
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_payments::reconciliation::{BadRows, Reconciliation};
    ///
    /// /// The gateway's reports are complete after two days.
    /// const LAG: Duration = Duration::from_secs(2 * 24 * 3600);
    /// let plan = Reconciliation::new(LAG, BadRows::Stop);
    /// ```
    pub const fn new(settlement_lag: Duration, bad_rows: BadRows) -> Self {
        Self { lag: settlement_lag, bad_rows, max_group: 1000, handlers: Unhandled(()) }
    }
}

impl<H> Reconciliation<H> {
    /// How many rows of one reference are kept on each side. Default 1000; zero counts as one. Where there are
    /// more, all of them are counted and summed as [`TooMany`](Class::TooMany), and not compared: something is
    /// wrong with the reference.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use steadfast_payments::reconciliation::{BadRows, Reconciliation};
    ///
    /// let plan = Reconciliation::new(Duration::ZERO, BadRows::Stop).max_group(50_000);
    /// ```
    pub fn max_group(mut self, rows: usize) -> Self {
        self.max_group = rows.max(1);
        self
    }

    /// Calls this for each finding of a class, after it was written to the sink. A class may have several
    /// handlers; they are called in the order in which they were given, one at a time, and the merge waits: put
    /// a [`timeout`](macro@steadfast::timeout) on one that may hang.
    ///
    /// A handler that fails or panics stops nothing: it is counted in the report, and written to the sink with
    /// the rows it was called for. A second run calls it again, so what it does must bear that, as
    /// [`idempotent`](macro@steadfast::idempotent) makes it.
    ///
    /// ```
    /// # use std::time::{Duration, SystemTime};
    /// use steadfast_payments::reconciliation::{BadRows, Class, Discard, Found, Reconciliation, Row, Status, stream};
    /// # use steadfast_payments::{Currency, Money};
    ///
    /// async fn page_oncall(found: Found) -> Result<(), &'static str> {
    ///     Err("the pager does not answer")
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let row = Row::new("order-1", Money::new(500, Currency::EUR), Status::Captured, SystemTime::UNIX_EPOCH);
    /// # let (internal, gateway, now) = (vec![row], Vec::<Row>::new(), SystemTime::now());
    /// let plan = Reconciliation::new(Duration::from_secs(3600), BadRows::Stop).on(Class::MissingGateway, page_oncall);
    /// let report = plan.compare_streams(now, stream(internal), stream(gateway), &mut Discard).await?;
    /// assert_eq!((report.count(Class::MissingGateway), report.handler_failures()), (1, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn on<F, Fut, E>(self, class: Class, handler: F) -> Reconciliation<Handlers>
    where
        H: Into<Handlers>,
        F: Fn(Found) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Self { lag, bad_rows, max_group, handlers } = self;
        Reconciliation { lag, bad_rows, max_group, handlers: handlers.into().and(class, handler) }
    }

    /// The merge by itself, to feed it by hand. It calls no handlers, and what to do about a bad row is up to who
    /// feeds it.
    ///
    /// See [`Merge`] for an example.
    pub fn merge(&self, now: SystemTime) -> Merge {
        Merge::new(Terms { now, lag: self.lag, max_group: self.max_group })
    }
}

impl<H: fmt::Debug> fmt::Debug for Reconciliation<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconciliation")
            .field("lag", &self.lag)
            .field("bad_rows", &self.bad_rows)
            .field("max_group", &self.max_group)
            .field("handlers", &self.handlers)
            .finish()
    }
}
