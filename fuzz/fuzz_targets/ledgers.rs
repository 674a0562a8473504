//! A ledger in CSV and in JSON lines. Whatever the bytes, no row is lost
//! between the input and the classes, and a second run writes the same.

#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use steadfast_payments::Currency;
use steadfast_payments::reconciliation::{
    Amounts, BadRows, Class, CsvRows, JsonLines, JsonSink, Layout, ReconcileError, Reconciliation, Report, Row,
    RowError, Side, Status, Times,
};

type Rows = Vec<Result<Row, RowError>>;

fuzz_target!(|input: (bool, u8, &[u8], &[u8])| {
    let (decimals, times, internal, gateway) = input;
    let amounts = if decimals { Amounts::Decimals } else { Amounts::MinorUnits };
    let times = [Times::Rfc3339, Times::UnixSeconds, Times::UnixMillis][usize::from(times) % 3];
    // Short names, so that a fuzzer finds them.
    let layout = Layout::new(amounts, times)
        .reference("r")
        .amount("a")
        .all_in(Currency::EUR)
        .status("s")
        .word("", Status::Failed)
        .fee("f")
        .time("t");
    let read = || (csv(internal, &layout), JsonLines::open(gateway, &layout).collect::<Rows>());
    let (first, second) = (compared(read()), compared(read()));
    match (first, second) {
        (Ok((report, written)), Ok((again, written_again))) => {
            assert_eq!((&report, written), (&again, written_again));
            balanced(&report);
        }
        (Err(error), Err(again)) => {
            assert_eq!(error.to_string(), again.to_string());
            assert!(!matches!(error, ReconcileError::Unbalanced(_) | ReconcileError::Sink(_)), "{error}");
        }
        _ => panic!("the same ledgers, and another end"),
    }
});

fn csv(bytes: &[u8], layout: &Layout) -> Rows {
    let headed = [b"r,a,s,f,t\n", bytes].concat();
    CsvRows::open(&headed[..], layout).expect("a header").collect()
}

fn compared((internal, gateway): (Rows, Rows)) -> Result<(Report, Vec<u8>), ReconcileError> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let plan = Reconciliation::new(Duration::from_secs(1000), BadRows::Count).max_group(4);
    let mut written = Vec::new();
    let report = plan.compare(now, internal, gateway, &mut JsonSink::new(&mut written))?;
    Ok((report, written))
}

fn balanced(report: &Report) {
    for side in Side::BOTH {
        let rows: u64 = Class::ALL.iter().map(|class| report.totals(*class, side).rows()).sum();
        let sum: i128 = Class::ALL.iter().map(|class| report.totals(*class, side).sum(Currency::EUR)).sum();
        let input = report.input(side);
        assert_eq!((rows, sum), (input.rows(), input.sum(Currency::EUR)));
    }
}
