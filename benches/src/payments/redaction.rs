//! Masking: log lines without card data, and the worst texts for it.

mod lines;

use std::borrow::Cow;
use std::hint::black_box;
use std::time::{Duration, Instant};

use steadfast_payments::redaction::redact;

use crate::target::Target;

/// 200 MB/s on one core.
const NANOS_PER_BYTE: f64 = 5.0;
const MEGABYTE: usize = 1 << 20;
/// A text that is eight times as long takes eight times as long; the rest is the machine.
const EIGHT_TIMES: f64 = 10.0;
/// The best of so many counts.
const ROUNDS: u32 = 21;

pub fn measure() -> Vec<Target> {
    println!("\n{:<40} {:>8} {:>14}", "masking", "MB/s", "of one pass");
    let mut targets: Vec<Target> = lines::REALISTIC.iter().map(realistic).collect();
    println!("\n{:<40} {:>8} {:>14}", "masking, the worst", "MB/s", "8 MB to 1 MB");
    targets.extend(lines::HOSTILE.iter().map(|piece| hostile(piece)));
    targets
}

/// Line by line, as a logger has them.
fn realistic((name, make): &(&str, lines::Make)) -> Target {
    let text = lines::of_length(*make, MEGABYTE);
    let masked = text.lines().filter(|line| matches!(redact(line), Cow::Owned(_))).count();
    assert_eq!(masked, 0, "{name}: {masked} lines without card data are masked");
    let ours = best(|| text.lines().for_each(|line| drop(black_box(redact(black_box(line))))));
    let pass = best(|| {
        black_box(black_box(text.as_bytes()).iter().filter(|byte| **byte == b'\n').count());
    });
    let nanos = ours.as_nanos() as f64 / text.len() as f64;
    println!("{name:<40} {:>8.0} {:>13.1}x", 1_000.0 / nanos, ours.as_secs_f64() / pass.as_secs_f64());
    Target { what: format!("masking {name}: ns per byte (200 MB/s is 5)"), is: nanos, may_be: NANOS_PER_BYTE }
}

fn hostile(piece: &str) -> Target {
    let time = |length: usize| {
        let text = piece.repeat(length / piece.len());
        best(|| drop(black_box(redact(black_box(&text)))))
    };
    let (one, eight) = (time(MEGABYTE), time(8 * MEGABYTE));
    let growth = eight.as_secs_f64() / one.as_secs_f64();
    println!("{:<40} {:>8.0} {growth:>14.2}", format!("{piece:?}"), MEGABYTE as f64 / one.as_secs_f64() / 1e6);
    Target { what: format!("masking {piece:?}: 8 MB to 1 MB"), is: growth, may_be: EIGHT_TIMES }
}

fn best(work: impl Fn()) -> Duration {
    let once = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..ROUNDS).map(once).min().unwrap_or_default()
}
