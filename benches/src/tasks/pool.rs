//! A worker pool and a batcher, beside tokio's channel with plain tasks.

use std::time::Instant;

use steadfast_benches::background::BACKGROUND;
use steadfast_benches::background::pool::{Channel, Rig, Work, batcher, pool};
use steadfast_benches::drive::Group;

use crate::cost;
use crate::target::Target;

/// What an item may cost, of the floor.
const OF_FLOOR: f64 = 1.5;
const ROUNDS: usize = 31;
const ITEMS: u64 = 20_000;
/// How many go through one pool while its memory is watched.
const MANY: u64 = 10_000_000;
/// How much more memory may be resident afterwards, in MiB: what an allocator does not give back.
const MAY_GROW: f64 = 4.0;

pub fn measure() -> Vec<Target> {
    let mut targets: Vec<Target> = BACKGROUND.iter().flat_map(alone).collect();
    targets.extend(on_two_threads());
    targets.extend(many());
    targets
}

/// On one thread, where instructions can be counted. The nanoseconds beside them are for who reads.
fn alone(group: &Group) -> Vec<Target> {
    let costs = cost::of(group);
    cost::print(group, &costs);
    let is = costs["ours"].instructions / costs[group.floor].instructions;
    vec![Target { what: format!("{}: instructions an item, ours / channel", group.name), is, may_be: OF_FLOOR }]
}

/// In turns, so that what else the machine does meets all alike.
fn on_two_threads() -> Vec<Target> {
    let rig = Rig::shared();
    let (channel, gathered) = (rig.make(Channel::shared), rig.make(Channel::gathered));
    let (pool, batcher) = (rig.make(pool), rig.make(batcher));
    let mut nanos: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        nanos[0].push(nanos_of(&rig, &channel));
        nanos[1].push(nanos_of(&rig, &pool));
        nanos[2].push(nanos_of(&rig, &gathered));
        nanos[3].push(nanos_of(&rig, &batcher));
    }
    println!("\non two threads, ns an item (medians of {ROUNDS} rounds in turns)");
    println!("{:<10} {:>8} {:>8} {:>8}", "", "channel", "ours", "of floor");
    let [channel, pool, gathered, batcher] = &nanos;
    [("pool", channel, pool), ("batcher", gathered, batcher)].map(against).into()
}

/// The median of the rounds' ratios: both of a round met the same machine.
fn against((name, floor, ours): (&str, &Vec<f64>, &Vec<f64>)) -> Target {
    let is = median(ours.iter().zip(floor).map(|(ours, floor)| ours / floor).collect());
    println!("{name:<10} {:>8.0} {:>8.0} {is:>8.2}", median(floor.clone()), median(ours.clone()));
    Target { what: format!("{name}: ns an item on two threads, ours / channel"), is, may_be: OF_FLOOR }
}

/// Very many items through one pool. Nothing where the system does not tell what is resident.
fn many() -> Option<Target> {
    let rig = Rig::shared();
    let pool = rig.make(pool);
    // What is allocated once, the queue among it.
    rig.items(ITEMS, &pool);
    let before = resident()?;
    let start = Instant::now();
    rig.items(MANY, &pool);
    let (after, seconds) = (resident()?, start.elapsed().as_secs_f64());
    println!("\n{MANY} items through a pool in {seconds:.1} s: {before:.1} MiB resident before, {after:.1} after");
    Some(Target { what: format!("pool: MiB more after {MANY} items"), is: after - before, may_be: MAY_GROW })
}

/// MiB.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib / 1024.0)
}

fn nanos_of<W: Work>(rig: &Rig, work: &W) -> f64 {
    let start = Instant::now();
    rig.items(ITEMS, work);
    start.elapsed().as_nanos() as f64 / ITEMS as f64
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}
