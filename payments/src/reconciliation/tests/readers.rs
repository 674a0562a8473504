//! What files say, and what is said of those that do not.

use std::io::{self, Read};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::super::*;
use super::support::*;
use crate::money::{Currency, Money};

const HEADER: &str = "reference,amount,currency,status,time,fee\n";

fn layout() -> Layout {
    Layout::new(Amounts::Decimals, Times::Rfc3339).fee("fee").word("succeeded", Status::Captured)
}

fn csv(rows: &str) -> Vec<Result<Row, RowError>> {
    CsvRows::open(format!("{HEADER}{rows}").as_bytes(), &layout()).unwrap().collect()
}

fn bad(row: &Result<Row, RowError>) -> &BadRow {
    match row {
        Err(RowError::Bad(bad)) => bad,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_csv_row_is_read_as_it_is_written() {
    let rows = csv(
        "\"a,\"\"1\"\"\",-12.5,EUR,succeeded,2026-05-03T17:04:00.5+02:00,\nb,7,JPY,failed,2026-05-03T15:04:00Z,1\n",
    );
    let first = rows[0].as_ref().unwrap();
    let at = humantime::parse_rfc3339("2026-05-03T15:04:00.5Z").unwrap();
    assert_eq!((first.reference(), first.amount(), first.at()), ("a,\"1\"", eur(-1250), at));
    assert_eq!((first.status(), first.fee()), (Status::Captured, None));
    let second = rows[1].as_ref().unwrap();
    assert_eq!((second.status(), second.fee()), (Status::Failed, Some(Money::new(1, Currency::JPY))));
}

#[test]
fn each_mistake_in_a_row_has_its_own_error_its_line_and_its_column() {
    for (row, column, flaw) in [
        ("a,1.00,EUR,captured", None, Flaw::Row),
        ("a,1.00,EUR,captured,2026-05-03T17:04:00Z,,more", None, Flaw::Row),
        (",1.00,EUR,captured,2026-05-03T17:04:00Z,", Some("reference"), Flaw::Missing),
        ("a,,EUR,captured,2026-05-03T17:04:00Z,", Some("amount"), Flaw::Missing),
        ("a,1.00,,captured,2026-05-03T17:04:00Z,", Some("currency"), Flaw::Missing),
        ("a,1.00,EUR,,2026-05-03T17:04:00Z,", Some("status"), Flaw::Missing),
        ("a,1.00,EUR,captured,,", Some("time"), Flaw::Missing),
        ("a,1.001,EUR,captured,2026-05-03T17:04:00Z,", Some("amount"), Flaw::Amount),
        ("a,1.0,JPY,captured,2026-05-03T17:04:00Z,", Some("amount"), Flaw::Amount),
        ("a,\"1,000.00\",EUR,captured,2026-05-03T17:04:00Z,", Some("amount"), Flaw::Amount),
        ("a, 1.00,EUR,captured,2026-05-03T17:04:00Z,", Some("amount"), Flaw::Amount),
        ("a,1e3,EUR,captured,2026-05-03T17:04:00Z,", Some("amount"), Flaw::Amount),
        ("a,NaN,EUR,captured,2026-05-03T17:04:00Z,", Some("amount"), Flaw::Amount),
        ("a,99999999999999999999,EUR,captured,2026-05-03T17:04:00Z,", Some("amount"), Flaw::Amount),
        ("a,1.00,EUR,captured,2026-05-03T17:04:00Z,x", Some("fee"), Flaw::Amount),
        ("a,1.00,eur,captured,2026-05-03T17:04:00Z,", Some("currency"), Flaw::Currency),
        ("a,1,XAU,captured,2026-05-03T17:04:00Z,", Some("currency"), Flaw::Currency),
        ("a,1.00,EUR,CAPTURED,2026-05-03T17:04:00Z,", Some("status"), Flaw::Status),
        ("a,1.00,EUR,captured,2026-05-03,", Some("time"), Flaw::Time),
        ("a,1.00,EUR,captured,2026-02-30T00:00:00Z,", Some("time"), Flaw::Time),
        ("a,1.00,EUR,captured,2026-05-03T17:04:00+24:00,", Some("time"), Flaw::Time),
        ("a,1.00,EUR,captured,2026-05-03T17:04:00*02:00,", Some("time"), Flaw::Time),
        ("a,1.00,EUR,captured,2026-05-03T17:04:00é02:00,", Some("time"), Flaw::Time),
    ] {
        let rows =
            csv(&format!("z,1.00,EUR,captured,2026-05-03T17:04:00Z,\n{row}\nz,1,EUR,captured,2026-05-03T17:04:00Z,\n"));
        let this = bad(&rows[1]);
        assert_eq!((this.line, this.column.as_deref(), this.flaw), (3, column, flaw), "{row}");
        assert_eq!((rows.len(), rows[2].is_ok()), (3, true), "the row behind {row} is read");
    }
}

#[test]
fn cells_that_are_not_utf_8_are_named() {
    let mut file = HEADER.as_bytes().to_vec();
    file.extend(b"a,1.00,EUR,capt\xffured,2026-05-03T17:04:00Z,\n");
    let rows: Vec<_> = CsvRows::open(&file[..], &layout()).unwrap().collect();
    assert_eq!((bad(&rows[0]).column.as_deref(), bad(&rows[0]).flaw), (Some("status"), Flaw::Encoding));
    // A letter whose bytes lie in two cells, and a column that nobody reads.
    let mut file = HEADER.replace('\n', ",note\n").into_bytes();
    file.extend(b"\xc3,1.00,EUR,captured,2026-05-03T17:04:00Z,,x\n");
    file.extend(b"a\xc3,\xa91.00,EUR,captured,2026-05-03T17:04:00Z,,x\n");
    file.extend(b"a,1.00,EUR,captured,2026-05-03T17:04:00Z,,\xff\n");
    let rows: Vec<_> = CsvRows::open(&file[..], &layout()).unwrap().collect();
    for row in &rows[..2] {
        assert_eq!((bad(row).column.as_deref(), bad(row).flaw), (Some("reference"), Flaw::Encoding));
    }
    assert!(rows[2].is_ok());
    let rows: Vec<_> = JsonLines::open(&b"{\"reference\":\"\xff\"}\n"[..], &layout()).collect();
    assert_eq!((bad(&rows[0]).line, bad(&rows[0]).flaw), (1, Flaw::Encoding));
}

#[test]
fn nothing_that_a_row_holds_is_in_its_error() {
    let secret = "4111111111111111";
    for place in 1..6 {
        let mut cells = ["a", "1.00", "EUR", "captured", "2026-05-03T17:04:00Z", ""].map(str::to_owned);
        cells[place] = format!("x{secret}");
        for error in csv(&format!("{}\n", cells.join(","))).into_iter().filter_map(Result::err) {
            assert!(!format!("{error} {error:?}").contains(secret));
        }
    }
    let json = format!("{{\"reference\":\"a\",\"amount\":\"{secret}\"}}\n{{\"reference\": {secret}\n\"{secret}\"\n");
    for row in JsonLines::open(json.as_bytes(), &layout()) {
        let error = row.unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret));
    }
}

#[test]
fn columns_are_found_by_the_layouts_names_wherever_they_stand() {
    let file = "\u{feff}note;created;gross;payment\n\"a\nb\";1700000000123;-5;p1\nx;oops;5;p2\n";
    let layout = Layout::new(Amounts::MinorUnits, Times::UnixMillis)
        .reference("payment")
        .amount("gross")
        .time("created")
        .all_in(Currency::KWD)
        .all_are(Status::Captured);
    let rows: Vec<_> = CsvRows::delimited(file.as_bytes(), b';', &layout).unwrap().collect();
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
    let row = rows[0].as_ref().unwrap();
    assert_eq!((row.amount(), row.at()), (Money::new(-5, Currency::KWD), at));
    // The line of the file, though the cell above has two.
    assert_eq!((bad(&rows[1]).line, bad(&rows[1]).column.as_deref()), (4, Some("created")));
}

#[test]
fn a_header_without_a_column_or_with_two_is_refused() {
    let open = |header: &str| CsvRows::open(header.as_bytes(), &layout()).err().map(|error| error.to_string());
    let error = open("reference,amount,currency,status,time\n").unwrap();
    assert_eq!(error, "the header has no column `fee`: name the file's own columns in the layout");
    let error = open("reference,amount,currency,status,time,fee,amount\n").unwrap();
    assert_eq!(error, "the header has two columns `amount`: which one counts?");
    assert!(open("").unwrap().contains("no column `reference`"));
}

#[test]
fn the_first_column_is_found_behind_a_byte_order_mark() {
    let file = format!("\u{feff}{HEADER}a,1,EUR,captured,2026-05-03T17:04:00Z,\n");
    assert_eq!(CsvRows::open(file.as_bytes(), &layout()).unwrap().filter(Result::is_ok).count(), 1);
}

#[test]
fn a_json_number_is_read_digit_by_digit() {
    let line = |amount: &str| {
        format!(
            r#"{{"reference":17,"amount":{amount},"currency":"EUR","status":"captured","time":"2026-05-03T17:04:00Z","x":{{"amount":[]}},"fee":null}}"#
        )
    };
    let read = |line: String| JsonLines::open(line.as_bytes(), &layout()).next().unwrap();
    let row = read(line("0.29")).unwrap();
    assert_eq!((row.reference(), row.amount(), row.fee()), ("17", eur(29), None));
    assert_eq!(read(line("\"90071992547409.93\"")).unwrap().amount(), eur(9_007_199_254_740_993));
    assert_eq!(read(line("90071992547409.93")).unwrap().amount(), eur(9_007_199_254_740_993));
    for wrong in ["1e2", "true", "{}", "[1]", "\"\\ud800\"", "0.291"] {
        assert_eq!(bad(&read(line(wrong))).flaw, Flaw::Amount, "{wrong}");
    }
    assert_eq!(bad(&read(line("null"))).flaw, Flaw::Missing);
    assert_eq!(bad(&read(line("01"))).flaw, Flaw::Row);
}

#[test]
fn json_lines_have_their_own_mistakes() {
    let good = r#"{"reference":"a","amount":1,"currency":"EUR","status":"captured","time":"2026-05-03T17:04:00Z"}"#;
    let twice = good.replace(r#""amount":1"#, r#""amount":1,"amount":2"#);
    let escaped = good.replace(r#""amount":1"#, r#""amount":1,"\u0061mount":2"#);
    let long = format!("{{\"reference\":\"{}\"}}", "x".repeat(200_000));
    let file = format!(
        "{good}\n\n  \r\n[1]\n{twice}\n{escaped}\n{good} {good}\n{long}\n{{}}\n{}\n{good}",
        good.replace("\"a\"", "{}")
    );
    let rows: Vec<_> = JsonLines::open(file.as_bytes(), &layout()).collect();
    let wanted = [
        (4, None, Flaw::Row),
        (5, Some("amount"), Flaw::Repeated),
        (6, Some("amount"), Flaw::Repeated),
        (7, None, Flaw::Row),
        (8, None, Flaw::TooLong),
        (9, Some("reference"), Flaw::Missing),
        (10, Some("reference"), Flaw::Reference),
    ];
    assert_eq!(rows.len(), wanted.len() + 2);
    for (row, (line, column, flaw)) in rows[1..].iter().zip(wanted) {
        assert_eq!((bad(row).line, bad(row).column.as_deref(), bad(row).flaw), (line, column, flaw));
    }
    assert!(rows[0].is_ok() && rows[8].is_ok());
}

/// A quote that is never closed, in a file that never ends.
struct Endless(u64);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = format!("{HEADER}a,1,EUR,captured,2026-05-03T17:04:00Z,\n\"");
        let byte = |n: u64| start.as_bytes().get(n as usize).copied().unwrap_or(b'x');
        for place in &mut *buffer {
            *place = byte(self.0);
            self.0 += 1;
        }
        assert!(self.0 < 10_000_000, "it reads on and on");
        Ok(buffer.len())
    }
}

#[test]
fn a_row_without_an_end_is_the_end() {
    let rows: Vec<_> = CsvRows::open(Endless(0), &layout()).unwrap().collect();
    assert!(matches!(&rows[..], [Ok(_), Err(RowError::Failed(_))]), "{rows:?}");
    let error = rows[1].as_ref().unwrap_err().to_string();
    assert_eq!(error, "the source failed: line 3: it is longer than 64 KiB: is there a quote that is never closed?");
    let lines: Vec<_> = JsonLines::open(io::repeat(b'x').take(1_000_000), &layout()).collect();
    assert_eq!((lines.len(), bad(&lines[0]).flaw), (1, Flaw::TooLong));
}

#[test]
fn a_header_without_an_end_is_refused() {
    assert!(matches!(CsvRows::open(io::repeat(b'x'), &layout()), Err(ReadError::Header(_))));
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic_or_go_on_for_ever(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut file = HEADER.as_bytes().to_vec();
        file.extend(&bytes);
        prop_assert!(CsvRows::open(&file[..], &layout()).unwrap().count() <= bytes.len());
        _ = CsvRows::open(&bytes[..], &layout()).map(Iterator::count);
        prop_assert!(JsonLines::open(&bytes[..], &layout()).count() <= bytes.len());
    }

    #[test]
    fn no_cells_make_a_reader_panic(cells in proptest::collection::vec("[0-9+\\-.:TZ\"{}é ,]{0,12}", 6)) {
        _ = csv(&format!("{}\n", cells.join(",")));
        let json = format!("{{\"reference\":{:?},\"amount\":{},\"time\":{:?}}}", cells[0], cells[1], cells[2]);
        _ = JsonLines::open(json.as_bytes(), &layout()).count();
        for times in [Times::Rfc3339, Times::UnixSeconds, Times::UnixMillis] {
            let layout = Layout::new(Amounts::MinorUnits, times);
            _ = JsonLines::open(json.as_bytes(), &layout).count();
        }
    }

    #[test]
    fn what_is_written_as_a_row_is_read_as_it((rows, _) in any_pair()) {
        let mut file = HEADER.to_owned();
        let mut lines = String::new();
        for row in &rows {
            let time = humantime::format_rfc3339(row.at());
            let (amount, fee) = (row.amount().to_string(), row.fee().map(|fee| fee.to_string()).unwrap_or_default());
            let cell = |money: &str| money.split(' ').next().unwrap_or_default().to_owned();
            let (amount, fee) = (cell(&amount), cell(&fee));
            let (reference, currency, status) = (row.reference(), row.amount().currency(), row.status().as_str());
            file += &format!("{reference},{amount},{currency},{status},{time},{fee}\n");
            lines += &format!("{{\"fee\":\"{fee}\",\"time\":\"{time}\",\"status\":\"{status}\",\"currency\":\"{currency}\",\"amount\":{amount},\"reference\":\"{reference}\"}}\n");
        }
        let read = CsvRows::open(file.as_bytes(), &layout()).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
        prop_assert_eq!(&read, &rows);
        let read = JsonLines::open(lines.as_bytes(), &layout()).collect::<Result<Vec<_>, _>>().unwrap();
        prop_assert_eq!(&read, &rows);
    }
}

/// Or a report that lacks half of its rows would pass for a whole one.
#[test]
fn a_quote_that_hides_the_rest_of_the_file_is_no_end() {
    let layout = Layout::new(Amounts::MinorUnits, Times::UnixSeconds);
    let read = |rows: &str| {
        let file = format!("reference,amount,currency,status,time,note\n{rows}");
        CsvRows::open(file.as_bytes(), &layout).unwrap().map(|row| row.is_ok()).collect::<Vec<_>>()
    };
    let other = "b,1,EUR,captured,1,\n";
    assert_eq!(read(&format!("a,1,EUR,captured,1,\"oops\n{other}{other}")), [true, false]);
    assert_eq!(read(&format!("a,1,EUR,captured,1,\"two\nlines\"\n{other}")), [true, true]);
    assert_eq!(read("a,1,EUR,captured,1,\"two\nlines\"\r\n\n"), [true]);
    assert_eq!(read("a,1,EUR,captured,1,5\" pipe\n"), [true]);
}
