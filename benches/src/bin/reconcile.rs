//! `reconcile run REFERENCES`: compares two ledgers that are made as they are read, and prints seconds, those of the
//! processor, rows, the peak of its memory in KiB, and a hash of all that was written.
//! `reconcile parse REFERENCES`: only takes the same two files apart, with the `csv` crate, and prints the seconds.
//! `reconcile make REFERENCES`: only makes them.
//!
//! A program of its own, so that the memory is its own.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256};
use steadfast_payments::reconciliation::{
    Amounts, BadRows, Class, CsvRows, JsonSink, Layout, Reconciliation, Report, Side, Times,
};

/// Of so many references, one has each of the discrepancies.
const ROUND: u64 = 1_000;
const EARLIER: u64 = 1_700_000_000;
const NOW: u64 = EARLIER + 30 * 86_400;
const LAG: Duration = Duration::from_secs(2 * 86_400);

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", references] => run(references.parse().expect("a number")),
        ["parse", references] => time(references.parse().expect("a number"), parse),
        ["make", references] => time(references.parse().expect("a number"), make),
        _ => panic!("reconcile run|parse|make REFERENCES"),
    }
}

fn time(references: u64, work: fn(Ledger)) {
    let start = Instant::now();
    for side in Side::BOTH {
        work(Ledger::new(side, references));
    }
    println!("{} {}", start.elapsed().as_secs_f64(), busy());
}

fn make(mut ledger: Ledger) {
    let mut buffer = [0; 16 * 1024];
    while ledger.read(&mut buffer).expect("it never fails") > 0 {
        black_box(&buffer);
    }
}

fn parse(ledger: Ledger) {
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(16 * 1024).from_reader(ledger);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).expect("it is well made") {
        black_box(&record);
    }
}

fn run(references: u64) {
    let start = Instant::now();
    let layout = Layout::new(Amounts::Decimals, Times::UnixSeconds).fee("fee");
    let open = |side| CsvRows::open(Ledger::new(side, references), &layout).expect("a header");
    let plan = Reconciliation::new(LAG, BadRows::Stop);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let mut written = Hashed(Sha256::new());
    let report = plan
        .compare(now, open(Side::Internal), open(Side::Gateway), &mut JsonSink::new(&mut written))
        .expect("it is sorted");
    let (seconds, busy) = (start.elapsed().as_secs_f64(), busy());
    check(&report, references);
    write!(written, "{report}").expect("it is hashed");
    serde_json::to_writer(&mut written, &report).expect("it is hashed");
    report.write_csv(&mut written).expect("it is hashed");
    let rows = report.input(Side::Internal).rows() + report.input(Side::Gateway).rows();
    let hash: String = written.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{seconds} {busy} {rows} {} {hash}", peak());
    eprintln!("{}", report.summary());
}

/// The numbers that the ledgers were made with.
fn check(report: &Report, references: u64) {
    let each = references / ROUND;
    for class in Class::ALL {
        let made = match class {
            // Of the references with a duplicate, one row is matched.
            Class::Matched => references - each * 8,
            Class::Duplicate => each * 2,
            Class::TooMany => 0,
            _ => each,
        };
        assert_eq!(report.count(class), made, "{}", class.as_str());
    }
    assert_eq!(report.input(Side::Internal).rows(), references + each);
    assert_eq!(report.input(Side::Gateway).rows(), references - each);
}

/// The seconds that the processor spent on this program itself, in hundredths: others may be running.
fn busy() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("it is Linux");
    // Behind the name, which may hold anything.
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let ticks: f64 = fields.split_whitespace().nth(11).expect("user time").parse().expect("a number");
    ticks / 100.0
}

/// The most memory that this process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("it is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

struct Hashed(Sha256);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A ledger in CSV, made as it is read.
struct Ledger {
    side: Side,
    next: u64,
    references: u64,
    made: Vec<u8>,
    given: usize,
}

impl Ledger {
    fn new(side: Side, references: u64) -> Self {
        let made = b"reference,amount,currency,status,fee,time\n".to_vec();
        Self { side, next: 0, references, made, given: 0 }
    }

    fn make_more(&mut self) {
        self.made.clear();
        self.given = 0;
        while self.next < self.references && self.made.len() < 32 * 1024 {
            self.make_reference(self.next);
            self.next += 1;
        }
    }

    fn make_reference(&mut self, number: u64) {
        let ours = self.side == Side::Internal;
        let cents = 200 + number % 99_000 * 2;
        let usual =
            Line { number, cents, currency: b"EUR", status: b"captured", fee: 30, time: EARLIER + number % 86_400 };
        match (number % ROUND, ours) {
            (1, true) | (3, false) => self.line(usual),
            (1, false) | (2, false) | (3, true) => {}
            (2, true) => self.line(Line { time: NOW - 3600, ..usual }),
            (4, false) => self.line(Line { cents: cents + 1, ..usual }),
            (5, false) => self.line(Line { currency: b"USD", ..usual }),
            (6, false) => self.line(Line { status: b"failed", ..usual }),
            (7, false) => self.line(Line { fee: 31, ..usual }),
            (8, false) | (9, true) => (0..2).for_each(|_| self.line(usual)),
            (10, true) => (0..2).for_each(|_| self.line(Line { cents: cents / 2, fee: 15, ..usual })),
            _ => self.line(usual),
        }
    }

    fn line(&mut self, line: Line) {
        self.made.extend_from_slice(b"payment_");
        self.digits(line.number, 10);
        self.made.push(b',');
        self.digits(line.cents / 100, 4);
        self.made.push(b'.');
        self.digits(line.cents % 100, 2);
        for text in [&b","[..], line.currency, b",", line.status, b",0."] {
            self.made.extend_from_slice(text);
        }
        self.digits(line.fee, 2);
        self.made.push(b',');
        self.digits(line.time, 10);
        self.made.push(b'\n');
    }

    fn digits(&mut self, mut number: u64, places: usize) {
        let mut digits = [b'0'; 10];
        for digit in digits[..places].iter_mut().rev() {
            *digit += (number % 10) as u8;
            number /= 10;
        }
        self.made.extend_from_slice(&digits[..places]);
    }
}

#[derive(Clone, Copy)]
struct Line {
    number: u64,
    cents: u64,
    currency: &'static [u8],
    status: &'static [u8],
    fee: u64,
    time: u64,
}

impl Read for Ledger {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.made.len() {
            self.make_more();
        }
        let left = &self.made[self.given..];
        let given = left.len().min(buffer.len());
        buffer[..given].copy_from_slice(&left[..given]);
        self.given += given;
        Ok(given)
    }
}
