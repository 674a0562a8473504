//! The two ways to drive a merge: by iterators, and by streams.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::SystemTime;

use futures_core::Stream;

use super::decision::{Feed, Finding, Merge, Step};
use super::error::ReconcileError;
use super::handlers::{Handle, Handlers, Unhandled};
use super::policy::{BadRows, Reconciliation};
use super::read::{IntoRow, RowError};
use super::report::{Notes, Report};
use super::row::Row;
use super::side::Side;
use super::sink::{Event, Sink};

impl Reconciliation<Unhandled> {
    /// Compares two ledgers that are read by iterators: files, or lists. It works on the thread that calls it.
    ///
    /// All that is not simply matched is written to the sink as it is found; counts and sums are in the report.
    ///
    /// # Errors
    /// See [`ReconcileError`].
    ///
    /// See the [module](super) for an example.
    pub fn compare<I, G, S>(
        &self,
        now: SystemTime,
        internal: I,
        gateway: G,
        sink: &mut S,
    ) -> Result<Report, ReconcileError>
    where
        I: IntoIterator<Item: IntoRow>,
        G: IntoIterator<Item: IntoRow>,
        S: Sink + ?Sized,
    {
        let mut internal = internal.into_iter();
        let mut gateway = gateway.into_iter();
        let mut run = Run::new(self, now, sink);
        loop {
            match run.merge.step() {
                Step::Feed(feed) => {
                    let next = match feed.side() {
                        Side::Internal => internal.next().map(IntoRow::into_row),
                        Side::Gateway => gateway.next().map(IntoRow::into_row),
                    };
                    run.desk.feed(feed, next)?;
                }
                Step::Found(finding) => run.desk.found(&finding)?,
                Step::Done => return run.end(now),
            }
        }
    }
}

#[allow(private_bounds, reason = "with handlers or without: there is no third")]
impl<H: Handle> Reconciliation<H> {
    /// Compares two ledgers that are read by streams: cursors of a database, and with
    /// [`stream`](super::stream()) files. Handlers are called as their findings are made.
    ///
    /// Dropped in the middle it leaves nothing behind but what it wrote and what handlers have done.
    ///
    /// # Errors
    /// See [`ReconcileError`]. A handler that fails is none of them.
    ///
    /// See [`on`](Self::on) for an example.
    pub async fn compare_streams<I, G, S>(
        &self,
        now: SystemTime,
        internal: I,
        gateway: G,
        sink: &mut S,
    ) -> Result<Report, ReconcileError>
    where
        I: Stream<Item: IntoRow>,
        G: Stream<Item: IntoRow>,
        S: Sink + ?Sized,
    {
        let (mut internal, mut gateway) = (pin!(internal), pin!(gateway));
        let mut run = Run::new(self, now, sink);
        loop {
            let found = match run.merge.step() {
                Step::Feed(feed) => {
                    let next = match feed.side() {
                        Side::Internal => next(internal.as_mut()).await,
                        Side::Gateway => next(gateway.as_mut()).await,
                    };
                    run.desk.feed(feed, next)?;
                    continue;
                }
                Step::Done => return run.end(now),
                Step::Found(finding) => {
                    run.desk.found(&finding)?;
                    self.handlers.wants(finding.class()).then(|| finding.to_found())
                }
            };
            if let Some(found) = found {
                for failure in self.handlers.handle(&found).await {
                    run.desk.handler_failed(&found.as_finding(), &failure)?;
                }
            }
        }
    }
}

pub(super) async fn next<S: Stream<Item: IntoRow>>(mut stream: Pin<&mut S>) -> Option<Result<Row, RowError>> {
    poll_fn(|context| stream.as_mut().poll_next(context)).await.map(IntoRow::into_row)
}

struct Run<'a, S: ?Sized> {
    merge: Merge,
    desk: Desk<'a, S>,
}

/// Where what happens is written down.
struct Desk<'a, S: ?Sized> {
    bad_rows: BadRows,
    notes: Notes,
    sink: &'a mut S,
}

impl<'a, S: Sink + ?Sized> Run<'a, S> {
    fn new<H>(plan: &Reconciliation<H>, now: SystemTime, sink: &'a mut S) -> Self {
        Self { merge: plan.merge(now), desk: Desk { bad_rows: plan.bad_rows, notes: Notes::default(), sink } }
    }

    fn end(self, now: SystemTime) -> Result<Report, ReconcileError> {
        let report = Report::new(now, self.merge.into_tally(), self.desk.notes)?;
        self.desk.sink.end().map_err(ReconcileError::Sink)?;
        Ok(report)
    }
}

impl<S: Sink + ?Sized> Desk<'_, S> {
    fn feed(&mut self, feed: Feed<'_>, next: Option<Result<Row, RowError>>) -> Result<(), ReconcileError> {
        let side = feed.side();
        match next {
            None => feed.end(),
            Some(Ok(row)) => feed.row(row)?,
            Some(Err(RowError::Failed(error))) => return Err(ReconcileError::Source { side, error }),
            Some(Err(RowError::Bad(bad))) => match self.bad_rows {
                BadRows::Stop => return Err(ReconcileError::BadRow { side, bad }),
                BadRows::Count => {
                    feed.skip();
                    self.notes.bad_row(side, bad.flaw);
                    self.write(Event::BadRow(side, &bad))?;
                }
            },
        }
        Ok(())
    }

    fn found(&mut self, finding: &Finding<'_>) -> Result<(), ReconcileError> {
        if finding.class() == super::Class::Matched { Ok(()) } else { self.write(Event::Found(finding)) }
    }

    fn handler_failed(&mut self, finding: &Finding<'_>, failure: &super::HandlerFailure) -> Result<(), ReconcileError> {
        tracing::warn!(
            class = finding.class().as_str(),
            item = finding.item(),
            how = failure.as_str(),
            "a handler of a reconciliation failed; the report has the rows"
        );
        self.notes.handler_failed(finding.class());
        self.write(Event::HandlerFailed(finding, failure))
    }

    fn write(&mut self, event: Event<'_>) -> Result<(), ReconcileError> {
        let written: io::Result<()> = self.sink.write(event);
        written.map_err(ReconcileError::Sink)
    }
}

/// An iterator as a stream, such as a file beside a cursor of a database. Each row is read when it is asked for,
/// on the task that asks: a slow disk holds it up.
///
/// See [`Reconciliation::on`] for an example.
pub fn stream<I: IntoIterator>(rows: I) -> IterStream<I::IntoIter> {
    IterStream(rows.into_iter())
}

/// An iterator as a stream, by [`stream`].
///
/// See [`Reconciliation::on`] for an example.
#[derive(Clone, Debug)]
pub struct IterStream<I>(I);

// The iterator is never pinned.
impl<I> Unpin for IterStream<I> {}

impl<I: Iterator> Stream for IterStream<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

const _: fn(Reconciliation<Handlers>) = |plan| {
    fn is_send<T: Send>(_: T) {}
    is_send(async move {
        plan.compare_streams(
            SystemTime::UNIX_EPOCH,
            stream([] as [Row; 0]),
            stream([] as [Row; 0]),
            &mut super::Discard,
        )
        .await
    });
};
