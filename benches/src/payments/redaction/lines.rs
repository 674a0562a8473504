//! Log lines without card data, as services write them, and the texts that a masker hates most.

use fastrand::Rng;

/// What makes one line.
pub type Make = fn(&mut Rng) -> String;

/// Lines by the kind of service that writes them.
pub const REALISTIC: &[(&str, Make)] = &[
    ("text log", text),
    ("JSON log", json),
    ("access log", access),
    ("UUIDs and trace ids", ids),
    ("timestamps and counters", numbers),
    ("prose, stack traces", prose),
];

/// Each is repeated up to the length wanted.
pub const HOSTILE: &[&str] = &[
    "4",
    "4 ",
    "41",
    "4111 ",
    "4111-",
    "4111.",
    "4111 1111 ",
    "411111111111111 ",
    "4111111111111112 ",
    "4111 1111 1111 1112 ",
    "4111-1111-1111-1112-",
    "4111111111111112=",
    "B4111111111111112^",
    "%B4111111111111112^DOE/JANE ",
    ";4111111111111112=2912",
    "cvv ",
    "cvv 1 ",
    "cvv code is 12345 ",
    "security code ",
    "pin-1234-",
    "no no no 1234 ",
    "a1",
    "a1 ",
    "-",
    "0a-",
    "\\n4",
    "********4000 ",
    "12345678-1234-5678-4111-11111111111 ",
];

/// Lines of a kind, with the same seed the same.
pub fn of_length(make: Make, length: usize) -> String {
    let mut rng = Rng::with_seed(7);
    let mut out = String::with_capacity(length + 1024);
    while out.len() < length {
        out.push_str(&make(&mut rng));
        out.push('\n');
    }
    out
}

/// `2026-11-21T10:30:45.123456Z`
fn time(rng: &mut Rng) -> String {
    let (hour, minute, second) = (rng.u8(0..24), rng.u8(0..60), rng.u8(0..60));
    format!("2026-11-{:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z", rng.u8(1..31), rng.u32(0..1_000_000))
}

fn uuid(rng: &mut Rng) -> String {
    let hex = format!("{:032x}", rng.u128(..));
    let part = |range: std::ops::Range<usize>| &hex[range];
    format!("{}-{}-4{}-9{}-{}", part(0..8), part(8..12), part(13..16), part(17..20), part(20..32))
}

fn text(rng: &mut Rng) -> String {
    let amount = rng.u32(1..1_000_000);
    format!(
        "{} {:>5} payments::gateway: charge{{order={} attempt={}}}: authorized amount={}.{:02} EUR in {} ms gateway=primary breaker=closed",
        time(rng),
        ["INFO", "WARN", "DEBUG"][rng.usize(0..3)],
        order(rng),
        rng.u8(1..4),
        amount / 100,
        amount % 100,
        rng.u32(3..4_000),
    )
}

fn order(rng: &mut Rng) -> String {
    format!("ORD-202611{:02}-{:06}", rng.u8(1..31), rng.u32(0..1_000_000))
}

fn json(rng: &mut Rng) -> String {
    format!(
        r#"{{"timestamp":"{}","level":"INFO","target":"payments::checkout","fields":{{"message":"charge accepted","order_id":"{}","payment_id":"{}","amount_minor":{},"currency":"EUR","country":"DE","attempt":{},"elapsed_ms":{}}},"span":{{"name":"charge_customer","customer":"cus_{:x}"}}}}"#,
        time(rng),
        order(rng),
        uuid(rng),
        rng.u32(1..10_000_000),
        rng.u8(1..4),
        rng.u32(1..5_000),
        rng.u64(..),
    )
}

fn access(rng: &mut Rng) -> String {
    format!(
        r#"{}.{}.{}.{} - - [21/Nov/2026:10:{:02}:{:02} +0000] "POST /v1/payments/{}/capture HTTP/1.1" 200 {} "-" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0" {:.3}"#,
        rng.u8(1..255),
        rng.u8(..),
        rng.u8(..),
        rng.u8(1..255),
        rng.u8(0..60),
        rng.u8(0..60),
        uuid(rng),
        rng.u32(100..90_000),
        rng.f64() * 3.0,
    )
}

fn ids(rng: &mut Rng) -> String {
    format!(
        "request={} parent={} traceparent=00-{:032x}-{:016x}-01 idempotency_key={} commit={:040x}",
        uuid(rng),
        uuid(rng),
        rng.u128(..),
        rng.u64(..),
        uuid(rng),
        rng.u128(..),
    )
}

fn numbers(rng: &mut Rng) -> String {
    // 2026, in seconds, milliseconds and nanoseconds.
    let second = rng.u64(1_767_225_600..1_798_761_600);
    let nano = rng.u32(0..1_000_000_000);
    format!(
        "at={second} at_ms={second}{:03} at_ns={second}{nano:09} queue={} offset={} lag={} p50={:.3} p99={:.3} bytes={}",
        nano / 1_000_000,
        rng.u32(0..10_000),
        rng.u64(0..10_000_000_000),
        rng.u32(0..1_000),
        rng.f64() * 10.0,
        rng.f64() * 100.0,
        rng.u64(0..100_000_000),
    )
}

fn prose(rng: &mut Rng) -> String {
    let causes = [
        "connection reset by peer while waiting for the gateway's answer",
        "the circuit of the fraud service is open, falling back to the rules that need no network",
        "   at tokio::runtime::task::harness::Harness<T, S>::poll in tokio-1.48.0/src/runtime/task/harness.rs:153",
        "reconciliation of the settlement file began, no discrepancy so far",
        "a customer asked for the refund of an order that has not been shipped yet",
    ];
    format!("WARN {}", causes[rng.usize(0..causes.len())])
}
