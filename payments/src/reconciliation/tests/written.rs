//! Reports and findings as they are written.

use super::super::*;
use super::support::*;
use crate::money::{Currency, Money};

fn ledgers() -> (Vec<Row>, Vec<Row>) {
    let yen =
        |reference: &str, amount| Row::new(reference, Money::new(amount, Currency::JPY), Status::Captured, day(9));
    let internal = vec![row("a", 500), row("b", 250), row("b", 250), row("c", 1), yen("d", 7), row("x\u{1b}[2J", 5)];
    let gateway = vec![row("a", 500), row("b", 500), row("c", 2).with_fee(eur(3)), row("e", -4)];
    (internal, gateway)
}

fn compared(sink: &mut impl Sink) -> Report {
    let (internal, gateway) = ledgers();
    plan().compare(now(), internal, gateway, sink).unwrap()
}

#[test]
fn the_summary_counts_findings() {
    let report = compared(&mut Discard);
    assert_eq!(
        report.summary(),
        "2/6 matched, 3 discrepancies: 1 missing_internal, 1 missing_gateway, 1 amount_mismatch; 1 pending"
    );
}

#[test]
fn text_for_people() {
    let mut bytes = Vec::new();
    let report = compared(&mut TextSink::new(&mut bytes));
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "many_to_one b: internal 2.50 EUR captured (row 2) and 2.50 EUR captured (row 3); gateway 5.00 EUR captured (row 2)\n\
         amount_mismatch c: internal 0.01 EUR captured (row 4); gateway 0.02 EUR captured, fee 0.03 EUR (row 3)\n\
         pending d: internal 7 JPY captured (row 5)\n\
         missing_internal e: gateway -0.04 EUR captured (row 4)\n\
         missing_gateway x\\u{1b}[2J: internal 0.05 EUR captured (row 6)\n"
    );
    let lines = report.to_string();
    let lines: Vec<&str> = lines.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "as of 2024-10-14T00:00:00Z",
            "input              internal             6 rows  10.06 EUR, 7 JPY",
            "input              gateway              4 rows  9.98 EUR",
            "matched            internal             1 rows  5.00 EUR",
            "matched            gateway              1 rows  5.00 EUR",
            "many_to_one        internal             2 rows  5.00 EUR",
            "many_to_one        gateway              1 rows  5.00 EUR",
            "pending            internal             1 rows  7 JPY",
            "missing_internal   gateway              1 rows  -0.04 EUR",
            "missing_gateway    internal             1 rows  0.05 EUR",
            "amount_mismatch    internal             1 rows  0.01 EUR",
            "amount_mismatch    gateway              1 rows  0.02 EUR",
        ]
    );
}

#[test]
fn json_for_programs() {
    let report = serde_json::to_value(compared(&mut Discard)).unwrap();
    assert_eq!(report["input"]["internal"], serde_json::json!({"rows": 6, "sums": {"EUR": "10.06", "JPY": "7"}}));
    assert_eq!(report["classes"]["amount_mismatch"]["items"], 1);
    assert_eq!(report["classes"]["amount_mismatch"]["gateway"]["sums"]["EUR"], "0.02");
    assert_eq!(report["classes"].as_object().unwrap().len(), Class::ALL.len());
    assert_eq!((&report["items"], &report["discrepancies"]), (&6.into(), &3.into()));
    assert_eq!(report["as_of"], "2024-10-14T00:00:00Z");
}

#[test]
fn csv_for_spreadsheets() {
    let mut bytes = Vec::new();
    let report = compared(&mut CsvSink::new(&mut bytes));
    let findings = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = findings.lines().collect();
    assert_eq!(lines[1], "2,many_to_one,internal,2,1,b,2.50,EUR,captured,,,2024-10-05T00:00:00Z");
    assert_eq!(lines[5], "3,amount_mismatch,gateway,3,1,c,0.02,EUR,captured,0.03,EUR,2024-10-05T00:00:00Z");
    assert_eq!(lines.len(), 1 + 3 + 2 + 3);
    let mut bytes = Vec::new();
    report.write_csv(&mut bytes).unwrap();
    let totals = String::from_utf8(bytes).unwrap();
    assert!(
        totals.starts_with("class,side,rows,currency,sum\ninput,internal,5,EUR,10.06\ninput,internal,1,JPY,7\n"),
        "{totals}"
    );
}

#[test]
fn a_report_without_rows_says_so() {
    let none = || Vec::<Row>::new();
    let report = plan().compare(now(), none(), none(), &mut Discard).unwrap();
    assert_eq!(report.summary(), "0/0 matched, 0 discrepancies");
    let mut bytes = Vec::new();
    plan().compare(now(), none(), none(), &mut CsvSink::new(&mut bytes)).unwrap();
    assert!(String::from_utf8(bytes).unwrap().starts_with("item,event,"), "a header, and no rows");
}

#[test]
fn too_many_rows_are_one_line_that_stands_for_all() {
    let many: Vec<Row> = (0..30).map(|_| row("a", 1)).collect();
    let plan = plan().max_group(3);
    let (mut text, mut cells) = (Vec::new(), Vec::new());
    plan.compare(now(), many.clone(), [row("a", 1)], &mut TextSink::new(&mut text)).unwrap();
    plan.compare(now(), many, [row("a", 1)], &mut CsvSink::new(&mut cells)).unwrap();
    let line = "too_many a: internal 0.01 EUR captured (row 1) and 29 more; gateway 0.01 EUR captured (row 1)\n";
    assert_eq!(String::from_utf8(text).unwrap(), line);
    assert!(String::from_utf8(cells).unwrap().contains("\n1,too_many,internal,1,30,a,0.01,EUR,"));
}
