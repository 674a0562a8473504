//! What a panic leaves behind. The hook belongs to the whole process, so the cases run in processes of
//! their own: this test, started again.
#![cfg(feature = "redaction")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::process::Command;

use steadfast_payments::redaction::{Redacted, install_panic_hook};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{fmt, registry};

const CASE: &str = "STEADFAST_PANIC_CASE";

/// What the process prints that runs this case: standard output and standard error.
fn run(case: &str, backtrace: &str) -> (String, String) {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .args(["the_case", "--exact", "--ignored", "--nocapture"])
        .env(CASE, case)
        .env("RUST_BACKTRACE", backtrace)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

/// A value that panics when it is printed.
struct Panics;

impl std::fmt::Display for Panics {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("cvv 9876")
    }
}

#[test]
#[ignore = "the other tests run it, in a process of its own"]
fn the_case() {
    let case = std::env::var(CASE).unwrap();
    std::panic::set_hook(Box::new(|panic| eprintln!("the hook before: {panic}")));
    install_panic_hook();
    let _told = match case.as_str() {
        "nobody listens" => None,
        _ => Some(tracing::subscriber::set_default(Redacted::new(
            registry().with(fmt::layer().with_ansi(false).without_time().with_writer(std::io::stdout)),
        ))),
    };
    let number = 4_111_111_111_111_111_u64;
    let caught = std::panic::catch_unwind(|| match case.as_str() {
        "an assertion" => assert_eq!(number.to_string(), "4111 1111 1111 1111", "cvv 9876"),
        "another payload" => std::panic::panic_any(number),
        "while printing" => tracing::info!("{}", Panics),
        _ => panic!("no such card: {number}"),
    });
    assert!(caught.is_err());
}

#[track_caller]
fn assert_masked((stdout, stderr): &(String, String)) {
    for text in [stdout, stderr] {
        for secret in ["411111", "4111 1111", "9876", "the hook before"] {
            assert!(!text.contains(secret), "{secret:?} in:\n{text}");
        }
    }
}

#[test]
fn it_is_printed_and_told_once_and_masked() {
    let told = run("a message", "0");
    assert_masked(&told);
    let (stdout, stderr) = told;
    assert_eq!(stderr.matches("no such card: ************1111").count(), 1, "{stderr}");
    assert!(stderr.contains("thread 'the_case' panicked at ") && stderr.contains("panic_hook.rs:"), "{stderr}");
    assert!(!stderr.contains("stack backtrace"), "{stderr}");
    assert_eq!(stdout.matches("ERROR steadfast_payments::panic: a thread panicked").count(), 1, "{stdout}");
    assert!(stdout.contains(r#"thread="the_case" location="payments/tests/panic_hook.rs:"#), "{stdout}");
}

#[test]
fn so_are_assertions_payloads_of_other_types_and_panics_inside_a_log_line() {
    for (case, message) in [
        ("an assertion", "assertion `left == right` failed: cvv [masked]"),
        ("another payload", "Box<dyn Any>"),
        ("while printing", "cvv [masked]"),
    ] {
        let told = run(case, "0");
        assert_masked(&told);
        assert!(told.1.contains(message), "{case}: {}", told.1);
    }
}

#[test]
fn it_is_printed_where_nobody_listens_and_with_a_backtrace_on_demand() {
    let told = run("nobody listens", "1");
    assert_masked(&told);
    assert!(told.1.contains("no such card: ************1111") && told.1.contains("stack backtrace"), "{}", told.1);
}
