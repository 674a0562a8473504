//! The command, as a newcomer runs it.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ORDER: &str = r#"{"order":"o-1","key":"k-1","amount":500,"currency":"EUR","card":"tok_visa"}"#;
const OTHER: &str =
    r#"{"order":"o-2","key":"k-2","amount":900,"currency":"EUR","card":"tok_visa","client":"impatient"}"#;

/// A file of its own for each test.
fn file(name: &str, content: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path
}

fn checkout(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_checkout")).args(arguments).env_remove("RUST_LOG").output().unwrap()
}

fn on_file(path: &Path, arguments: &[&str]) -> Output {
    checkout(&[&["--store", "memory", "--orders", path.to_str().unwrap()], arguments].concat())
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_broken_line_is_named_and_the_run_goes_on() {
    let path = file("broken.jsonl", &format!("{ORDER}\n{{\"order\": 7}}\n{OTHER}\n"));
    let output = on_file(&path, &[]);
    assert!(stderr(&output).contains("line 2: invalid type: integer `7`, expected a string"), "{output:?}");
    let text = stdout(&output);
    assert!(text.contains("3 requests for 2 orders"), "{text}");
    assert!(text.contains("1 broken line skipped"), "{text}");
    assert!(text.contains("    2  charged once                14.00 EUR"), "{text}");
    assert!(text.contains("The proof holds"), "{text}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn without_idempotent_it_shows_the_double_charges() {
    let path = file("double.jsonl", &format!("{ORDER}\n{OTHER}\n"));
    let output = on_file(&path, &["--without", "idempotent"]);
    let text = stdout(&output);
    assert!(text.contains("o-2  2 charges,     18.00 EUR instead of      9.00 EUR"), "{text}");
    assert!(text.contains("1 charge too many: customers paid 9.00 EUR more than they owe."), "{text}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_file_without_orders_is_told() {
    let path = file("empty.jsonl", "\n");
    let output = on_file(&path, &[]);
    assert!(stderr(&output).contains("empty.jsonl holds no orders"), "{output:?}");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
}

#[test]
fn a_file_of_broken_lines_is_told_line_by_line() {
    let path = file("all-broken.jsonl", "not json\n[]\n");
    let told = stderr(&on_file(&path, &[]));
    assert!(told.contains("line 1: ") && told.contains("line 2: ") && told.contains("holds no orders"), "{told}");
}

#[test]
fn a_missing_file_is_told() {
    let output = checkout(&["--orders", "no/such/file.jsonl"]);
    assert!(stderr(&output).starts_with("checkout: cannot read no/such/file.jsonl: "), "{output:?}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_wrong_option_is_told() {
    let output = checkout(&["--without", "retry"]);
    assert!(stderr(&output).contains("only `idempotent` can be left out"), "{output:?}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn help_is_an_answer() {
    let output = checkout(&["--help"]);
    assert!(stdout(&output).contains("--without idempotent"), "{output:?}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_log_shows_each_call_when_asked() {
    let path = file("logged.jsonl", ORDER);
    let output = Command::new(env!("CARGO_BIN_EXE_checkout"))
        .args(["--store", "memory", "--orders", path.to_str().unwrap()])
        .env("RUST_LOG", "checkout=info")
        .output()
        .unwrap();
    let told = stderr(&output);
    assert!(told.contains("function=\"charge_customer\" outcome=\"success\""), "{told}");
    assert!(told.contains("order.reference=\"o-1\""), "{told}");
}
