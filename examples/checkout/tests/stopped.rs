//! The command stopped with Ctrl-C.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the report")]
#![cfg(unix)]

mod kept;

use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::thread::sleep;
use std::time::Duration;

use kept::{Card, Report, Shop, interrupt};

const INTERRUPTED: Option<i32> = Some(130);

/// Reads what the process tells on the terminal, until it says this.
fn wait_for(child: &mut Child, text: &str) -> BufReader<impl Read + use<>> {
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended without `{text}`");
    }
    told
}

#[tokio::test]
async fn the_first_ctrl_c_ends_what_has_begun_and_the_next_run_does_the_rest() {
    const ORDERS: usize = 40;
    let shop = Shop::over_sqlite();
    shop.orders(ORDERS, Card::Any);
    let child = shop.until_charged(6).await;
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let report = Report::of(&output);
    assert_eq!(output.status.code(), INTERRUPTED, "{}", report.0);
    let unsent = report.number("not sent");
    assert!(unsent > 0, "{}", report.0);
    assert!(report.0.contains("What had begun was brought to its end and recorded."), "{}", report.0);
    let ended = ["charged", "recovered", "replayed", "unknown", "unanswered"].map(|label| report.number(label));
    assert_eq!(ended.iter().sum::<usize>() + unsent, 48, "{}", report.0);

    // Whoever was charged is on record, though most had left: nobody is asked about it.
    let before = shop.charges().await.len();
    assert_eq!(report.number("charged once"), before, "{}", report.0);
    let report = shop.finish();
    shop.charged_each_once(ORDERS).await;
    report.adds_up(48, ORDERS);
    assert_eq!(report.number("charged"), ORDERS - before, "{}", report.0);
}

#[tokio::test]
async fn the_second_ctrl_c_ends_at_once() {
    let shop = Shop::over_sqlite();
    shop.orders(4, Card::Silent);
    let mut child = shop.command(&[]).spawn().unwrap();
    while shop.stuck().await == 0 {
        sleep(Duration::from_millis(3));
    }
    interrupt(&child);
    let mut told = wait_for(&mut child, "stopping");
    interrupt(&child);
    let (mut rest, mut report) = (String::new(), String::new());
    told.read_to_string(&mut rest).unwrap();
    child.stdout.take().unwrap().read_to_string(&mut report).unwrap();
    assert_eq!(child.wait().unwrap().code(), INTERRUPTED);
    assert!(rest.contains("ended at once"), "{rest}");
    assert!(!report.contains("Stopped.") && !report.contains("The proof"), "{report}");
}
