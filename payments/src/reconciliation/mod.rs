//! Two ledgers compared: what our books say, and what the gateway reports.
//!
//! Even where every call is idempotent and every webhook verified, the two drift: a webhook was answered and not
//! stored, somebody refunded in the gateway's dashboard, a batch ran twice. [`Reconciliation`] reads both, sorted by
//! reference, side by side, and puts every row in exactly one [`Class`]. Its memory holds the rows of one reference:
//! ten million rows need no more of it than ten.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use steadfast_payments::reconciliation::{
//!     Amounts, BadRows, Class, CsvRows, Layout, Reconciliation, Status, TextSink, Times,
//! };
//! use steadfast_payments::Currency;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Files of yesterday; `File::open("settlement.csv")?` in place of these.
//! let ledger = "reference,amount,currency,status,time\n\
//!               order-1,1250,EUR,captured,1777800000000\n\
//!               order-2,9900,EUR,captured,1777810000000\n\
//!               order-4,500,EUR,captured,1777820000000\n";
//! let settlement = "payment;gross;state;created\n\
//!                   order-1;12.50;succeeded;2026-05-03T09:20:00Z\n\
//!                   order-2;90.00;succeeded;2026-05-03T12:06:40Z\n\
//!                   order-3;7.00;succeeded;2026-05-03T13:00:00Z\n";
//!
//! let internal = CsvRows::open(ledger.as_bytes(), &Layout::new(Amounts::MinorUnits, Times::UnixMillis))?;
//! let as_the_gateway_writes = Layout::new(Amounts::Decimals, Times::Rfc3339)
//!     .reference("payment")
//!     .amount("gross")
//!     .all_in(Currency::EUR)
//!     .status("state")
//!     .word("succeeded", Status::Captured)
//!     .time("created");
//! let gateway = CsvRows::delimited(settlement.as_bytes(), b';', &as_the_gateway_writes)?;
//!
//! // The gateway reports after two days at the latest; a row that cannot be read ends it.
//! let plan = Reconciliation::new(Duration::from_secs(2 * 86_400), BadRows::Stop);
//! let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_900_000);
//! let mut findings = Vec::new(); // or a `BufWriter` around a file
//! let report = plan.compare(now, internal, gateway, &mut TextSink::new(&mut findings))?;
//!
//! assert_eq!(report.summary(), "1/4 matched, 2 discrepancies: 1 missing_internal, 1 amount_mismatch; 1 pending");
//! assert_eq!(
//!     String::from_utf8(findings)?,
//!     "amount_mismatch order-2: internal 99.00 EUR captured (row 2); gateway 90.00 EUR captured (row 2)\n\
//!      missing_internal order-3: gateway 7.00 EUR captured (row 3)\n\
//!      pending order-4: internal 5.00 EUR captured (row 3)\n"
//! );
//! # Ok(())
//! # }
//! ```
//!
//! | for | there is |
//! |---|---|
//! | files | [`CsvRows`] and [`JsonLines`], with a [`Layout`] that says where a row's parts stand |
//! | cursors of a database | any stream of `Result<Row, _>`, by [`compare_streams`](Reconciliation::compare_streams); [`stream()`] makes one of an iterator |
//! | doing something about a class | [`on`](Reconciliation::on): handlers, whose failures stop nothing |
//! | findings, as they are made | [`TextSink`], [`JsonSink`], [`CsvSink`], or a closure |
//! | counts and sums | [`Report`], as text, JSON or CSV |
//! | calls of unknown outcome | [`UnknownCalls`], which resolves them by a report |
//! | another way of reading | [`Merge`], the machine inside, which reads nothing itself |
//!
//! # How the rows of one reference are sorted into classes
//!
//! One and one are compared: currency, amount, status, and the fee where both state one; the first difference is the
//! class. For several rows of a reference, in this order:
//!
//! 1. Rows of one side only are missing on the other, each by itself; further rows of the same amount and status are
//!    duplicates.
//! 2. Where one side has a single row, and the sums agree, all of them together are `ManyToOne`: partial captures that
//!    settle as one. They are a `StatusMismatch` if each side has a status that the other has not, or a status has
//!    other sums on the two sides (captures and refunds are summed together), and a `FeeMismatch` if every row states a fee and those do not add up.
//! 3. Rows that agree are matched in pairs: a capture with the capture, its refund with the refund.
//! 4. Of what is left, the same is asked as in 2, whatever the number of rows.
//! 5. What still is left and is there once more is a duplicate: two rows of 500 and one of 500 are a pair and a
//!    duplicate, while two of 500 and one of 1000 were many to one.
//! 6. If both sides have rows left, they differ in their sums and are compared as a whole; else they are missing.
//!
//! Rows are compared as a set: in which order a ledger has the rows of one reference decides nothing.
//!
//! # What a run promises
//!
//! - A ledger that is not sorted is an error with the row, never a wrong answer.
//! - On each side, rows and sums of the classes are those that came in, in each currency. That is checked before a
//!   report is made, and sums are 128 bits wide.
//! - The same ledgers at the same time give the same bytes, in every form.
//! - No error repeats what stands in a row. Findings do: they go where you send them, and not into logs.

mod class;
mod decision;
mod error;
mod found;
mod handlers;
mod policy;
mod read;
mod report;
mod row;
mod run;
mod side;
mod sink;
mod unknowns;

#[cfg(test)]
mod tests;

pub use class::Class;
pub use decision::{Feed, Finding, Merge, Step, Sum, Totals, Unsorted};
pub use error::ReconcileError;
pub use found::Found;
pub use handlers::{HandlerFailure, Handlers, Unhandled};
pub use policy::{BadRows, Reconciliation};
pub use read::{Amounts, BadRow, CsvRows, Flaw, IntoRow, JsonLines, Layout, ReadError, RowError, Times};
pub use report::Report;
pub use row::{Row, Status};
pub use run::{IterStream, stream};
pub use side::Side;
pub use sink::{CsvSink, Discard, Event, JsonSink, Sink, TextSink};
pub use unknowns::{Resolved, UnknownCalls, UnknownCallsError, Verdict};
