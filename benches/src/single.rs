//! What each pattern costs by itself.

use std::collections::BTreeMap;

use steadfast_benches::drive::{Group, PATTERNS};
use steadfast_benches::patterns::keyed::FILLED;

use crate::cost::{self, Costs};
use crate::target::Target;

/// What is compared.
#[derive(Clone, Copy)]
enum By {
    Instructions,
    /// Where a hash dominates: the machine has instructions for it that callgrind does not, so it
    /// would count another hash than the one that runs.
    Nanos,
    /// Nanoseconds where two threads call at once.
    NanosOfTwo,
}

/// A group, who is compared with whom in it, by what, and what their ratio may be.
type Limit = (&'static str, &'static str, &'static str, By, f64);

const LIMITS: &[Limit] = &[
    ("retry", "ours", "hand", By::Instructions, 1.1),
    ("breaker", "ours", "hand", By::Instructions, 1.15),
    ("breaker", "ours-window", "recloser", By::NanosOfTwo, 0.25),
    // The limiter's own call by each, on the clock that each has; the attribute's is a row beside it.
    ("keyed", "ours, by hand", "governor", By::Instructions, 1.05),
    ("keyed", "ours-rate", "governor", By::Nanos, 1.05),
    ("timeout", "ours", "hand", By::Instructions, 1.1),
    ("cache", "ours", "moka", By::Instructions, 1.1),
    ("cache", "ours, text", "moka, text", By::Instructions, 1.1),
    ("fingerprint", "ours", "sorted value", By::Nanos, 0.5),
    ("replay", "ours", "hand", By::Nanos, 1.1),
];

/// Who allocates nothing.
const FREE: &[(&str, &str)] = &[
    ("retry", "ours"),
    ("breaker", "ours"),
    ("breaker", "ours-window"),
    ("breaker", "ours-keyed"),
    ("limiter", "ours-window"),
    ("limiter", "ours-rate"),
    ("keyed", "ours-rate"),
    ("keyed", "ours, by hand"),
    ("timeout", "ours"),
    ("cache", "ours, text"),
];

pub fn measure() -> Vec<Target> {
    PATTERNS.iter().flat_map(one).collect()
}

fn one(group: &Group) -> Vec<Target> {
    let costs = cost::of(group);
    cost::print(group, &costs);
    let contended = if group.contended { cost::contended(group) } else { BTreeMap::new() };
    if group.contended {
        print_contended(group, &contended);
    }
    if group.name == "keyed" {
        print_room();
    }
    let limits = LIMITS.iter().filter(|(name, ..)| *name == group.name).map(|limit| ratio(limit, &costs, &contended));
    let free = FREE.iter().filter(|(name, _)| *name == group.name).map(|(name, who)| Target {
        what: format!("{name}: allocations, {who}"),
        is: costs[who].allocations,
        may_be: 0.0,
    });
    limits.chain(free).collect()
}

fn ratio(&(name, who, whose, by, may_be): &Limit, costs: &Costs, contended: &BTreeMap<String, f64>) -> Target {
    let (word, is) = match by {
        By::Instructions => ("instructions", costs[who].instructions / costs[whose].instructions),
        By::Nanos => ("ns", costs[who].nanos / costs[whose].nanos),
        By::NanosOfTwo => ("ns on two threads", contended[who] / contended[whose]),
    };
    Target { what: format!("{name}: {word}, {who} / {whose}"), is, may_be }
}

fn print_contended(group: &Group, nanos: &BTreeMap<String, f64>) {
    println!("  on two threads at once, ns a call:");
    for subject in group.subjects {
        println!("  {:<16} {:>8.0}", subject.name, nanos[subject.name]);
    }
}

/// What a key takes, where there are very many. The key itself has eight bytes.
fn print_room() {
    const KEYS: u32 = 1_000_000;
    println!("  bytes a key, of {KEYS} keys:");
    for filled in FILLED {
        let room = allocation_counter::measure(|| (filled.fill)(KEYS));
        println!("  {:<16} {:>8.1}", filled.name, room.bytes_current as f64 / f64::from(KEYS));
    }
}
