//! Bad rows by choice, sources that fail, sinks that cannot write.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::super::*;
use super::support::*;

fn with_bad() -> Vec<Result<Row, RowError>> {
    vec![Ok(row("a", 1)), Err(BadRow::new(3, Some("amount"), Flaw::Amount).into()), Ok(row("c", 1))]
}

#[test]
fn a_bad_row_ends_the_reconciliation_where_that_was_chosen() {
    let error = plan().compare(now(), with_bad(), [row("a", 1)], &mut Discard).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the internal ledger cannot be read: line 3, column `amount`: it is not an amount of its currency, written as \
         the layout says"
    );
}

#[test]
fn bad_rows_are_counted_and_written_where_that_was_chosen() {
    let plan = Reconciliation::new(LAG, BadRows::Count);
    let (mut text, mut lines, mut cells) = (Vec::new(), Vec::new(), Vec::new());
    let gateway = || [row("a", 1), row("b", 1), row("c", 1)];
    let report = plan.compare(now(), with_bad(), gateway(), &mut TextSink::new(&mut text)).unwrap();
    plan.compare(now(), with_bad(), gateway(), &mut JsonSink::new(&mut lines)).unwrap();
    plan.compare(now(), with_bad(), gateway(), &mut CsvSink::new(&mut cells)).unwrap();
    assert_eq!((report.bad_rows(Side::Internal), report.bad_rows(Side::Gateway)), (1, 0));
    assert_eq!(report.summary(), "2/3 matched, 1 discrepancy: 1 missing_internal; 1 bad row");
    let [text, lines, cells] = [text, lines, cells].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(text.starts_with("bad_row internal: line 3, column `amount`: it is not an amount"), "{text}");
    assert!(
        lines.starts_with(r#"{"event":"bad_row","side":"internal","line":3,"column":"amount","flaw":"amount"}"#),
        "{lines}"
    );
    assert!(cells.contains("\n,bad_row,internal,3,1,amount,,,amount,,,\n"), "{cells}");
    assert!(report.to_string().contains("bad_row            internal             1 rows  amount"), "{report}");
}

#[test]
fn bad_rows_count_for_the_numbers_of_those_behind_them() {
    let mut told = Told::default();
    Reconciliation::new(LAG, BadRows::Count).compare(now(), with_bad(), [row("a", 1)], &mut told).unwrap();
    assert_eq!(told.0, [(Class::MissingGateway, vec![3], vec![])]);
}

#[test]
fn a_source_that_fails_ends_the_reconciliation_whatever_was_chosen() {
    let rows = [Ok(row("a", 1)), Err(RowError::failed(io::Error::other("the disk is gone")))];
    let plan = Reconciliation::new(LAG, BadRows::Count);
    let error = plan.compare(now(), [row("a", 1)], rows, &mut Discard).unwrap_err();
    assert!(matches!(error, ReconcileError::Source { side: Side::Gateway, .. }));
    assert_eq!(error.to_string(), "the gateway ledger ended early: the disk is gone");
}

#[test]
fn a_sink_that_cannot_write_ends_the_reconciliation() {
    let mut full = |_: Event<'_>| Err(io::Error::from(io::ErrorKind::StorageFull));
    let error = plan().compare(now(), [row("a", 1)], Vec::<Row>::new(), &mut full).unwrap_err();
    assert!(matches!(error, ReconcileError::Sink(error) if error.kind() == io::ErrorKind::StorageFull));
    // What is simply matched is not written.
    let mut full = |_: Event<'_>| Err(io::Error::from(io::ErrorKind::StorageFull));
    assert!(plan().compare(now(), [row("a", 1)], [row("a", 1)], &mut full).is_ok());
}

/// A cursor that is not ready every other time.
struct Slow(std::vec::IntoIter<Row>, bool);

impl Stream for Slow {
    type Item = Result<Row, RowError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.1 = !self.1;
        if self.1 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.0.next().map(Ok))
    }
}

#[tokio::test]
async fn a_cursor_that_keeps_one_waiting_stands_beside_a_file() {
    let cursor = Slow(vec![row("a", 1), row("b", 2)].into_iter(), false);
    let file = "reference,amount,currency,status,time\na,1,EUR,captured,1\nb,3,EUR,captured,1\n";
    let layout = Layout::new(Amounts::MinorUnits, Times::UnixSeconds);
    let file = CsvRows::open(file.as_bytes(), &layout).unwrap();
    let report = plan().compare_streams(now(), cursor, stream(file), &mut Discard).await.unwrap();
    assert_eq!(report.summary(), "1/2 matched, 1 discrepancy: 1 amount_mismatch");
}
