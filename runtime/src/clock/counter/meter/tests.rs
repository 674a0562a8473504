//! A counter that does what it likes, and the time that is told by it.

use proptest::prelude::*;

use super::*;

const MILLI: u64 = 1_000_000;

/// A machine: its clock, which is right, and its counter.
struct Machine {
    nanos: u64,
    ticks: u64,
    /// Ticks in a thousand nanoseconds.
    pace: u64,
    meter: Meter,
    line: Line,
}

impl Machine {
    fn of_pace(pace: u64) -> Self {
        let (nanos, ticks) = (7_000_000_000, u64::MAX - 30 * pace * 1000);
        Self { nanos, ticks, pace, meter: Meter::new(), line: Line::NONE }
    }

    fn pass(&mut self, nanos: u64) {
        self.nanos += nanos;
        self.ticks = self.ticks.wrapping_add(nanos * self.pace / 1000);
    }

    /// What a reader gets by the counter; where that is nothing, both clocks are compared.
    fn read(&mut self) -> Option<u64> {
        let count = self.line.at(self.ticks);
        if count.is_none() {
            let before = self.ticks;
            self.pass(40);
            let nanos = self.nanos;
            self.pass(20);
            self.line = self.meter.told(Sample::new(before, nanos, self.ticks));
        }
        count
    }

    /// Reads each millisecond; those that the counter told, and how far they were from the time.
    fn read_for(&mut self, millis: u64) -> Vec<i64> {
        let mut told = Vec::new();
        for _ in 0..millis {
            self.pass(MILLI);
            let now = self.nanos;
            told.extend(self.read().map(|count| count as i64 - now as i64));
        }
        told
    }
}

/// So far from the time may be what an even counter tells: the doubt about a stretch of ten milliseconds,
/// over the length of a line.
const RIGHT: i64 = (SPAN / EXACT) as i64;

fn is_right(told: &[i64]) -> bool {
    told.iter().all(|apart| apart.abs() <= RIGHT)
}

#[test]
fn it_is_measured_twice_before_it_is_believed() {
    let mut machine = Machine::of_pace(3000);
    assert!(machine.read_for(20).is_empty());
    let told = machine.read_for(1000);
    // One in a hundred begins a new line.
    assert!(told.len() >= 980, "{}", told.len());
    assert!(told.iter().all(|apart| (-200..=0).contains(apart)), "{told:?}");
}

#[test]
fn after_a_rest_the_clock_is_asked_first() {
    let mut machine = Machine::of_pace(3000);
    machine.read_for(100);
    machine.pass(3600 * 1000 * MILLI);
    assert_eq!(machine.read(), None);
    assert_eq!(machine.read_for(50).len(), 50);
}

#[test]
fn a_counter_that_stops_tells_the_time_it_stopped_at_until_it_goes_on() {
    let mut machine = Machine::of_pace(3000);
    machine.read_for(100);
    machine.pace = 0;
    let told = machine.read_for(500);
    assert!(told.iter().all(|apart| *apart <= 0), "never ahead");
    machine.pace = 3000;
    machine.read_for(500);
    assert!(is_right(&machine.read_for(500)));
}

#[test]
fn a_counter_that_jumps_is_measured_anew() {
    for jump in [3_u64 << 40, (3_u64 << 40).wrapping_neg(), 3000 * 500_000, (3000 * 500_000_u64).wrapping_neg()] {
        let mut machine = Machine::of_pace(3000);
        machine.read_for(125);
        machine.ticks = machine.ticks.wrapping_add(jump);
        assert_eq!(machine.read(), None, "{jump}");
        let told = machine.read_for(1000);
        assert!(told.len() > 900 && is_right(&told), "{jump} {told:?}");
    }
}

#[test]
fn another_pace_is_followed() {
    // A line ends after so many ticks, however long those take.
    for (pace, until) in [(4500, 200), (2000, 200), (24, 13_000)] {
        let mut machine = Machine::of_pace(3000);
        machine.read_for(1000);
        machine.pace = pace;
        machine.read_for(until);
        let told = machine.read_for(1000);
        assert!(told.len() > 900 && is_right(&told), "{pace} {told:?}");
    }
}

#[test]
fn a_sample_that_was_interrupted_says_nothing() {
    let mut machine = Machine::of_pace(3000);
    machine.read_for(100);
    machine.pass(SPAN);
    let before = machine.ticks;
    machine.pass(MILLI);
    let nanos = machine.nanos;
    machine.pass(MILLI);
    let line = machine.line;
    assert_eq!(machine.meter.told(Sample::new(before, nanos, machine.ticks)), line);
}

#[test]
fn nothing_is_measured_for_ever_from_a_sample_that_was_interrupted() {
    for (at_once, later) in [(MILLI, 0), (100, MILLI), (SPAN, SPAN)] {
        let mut machine = Machine::of_pace(3000);
        for interrupted in [at_once, later] {
            let (before, nanos) = (machine.ticks, machine.nanos);
            machine.pass(interrupted);
            machine.line = machine.meter.told(Sample::new(before, nanos, machine.ticks));
            machine.pass(SPAN);
        }
        let told = machine.read_for(1000);
        assert!(told.len() > 900 && is_right(&told), "{at_once} {later} {}", told.len());
    }
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Pass(u64),
    Pace(u64),
    Jump(u64),
    /// The clock is read, and nothing else happens for so long.
    Interrupted(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0..30 * MILLI).prop_map(Event::Pass),
        2 => (0..2000 * MILLI).prop_map(Event::Pass),
        1 => (0..5000_u64).prop_map(Event::Pace),
        1 => any::<i32>().prop_map(|ticks| Event::Jump(i64::from(ticks) as u64)),
        1 => any::<u64>().prop_map(Event::Jump),
        1 => (0..50 * MILLI).prop_map(Event::Interrupted),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn whatever_it_does_it_is_never_far_ahead_of_the_time(
        pace in 1..5000_u64,
        events in prop::collection::vec(event(), 1..200),
    ) {
        let mut machine = Machine::of_pace(pace);
        for event in events {
            match event {
                Event::Pass(nanos) => machine.pass(nanos),
                Event::Pace(pace) => machine.pace = pace,
                Event::Jump(ticks) => machine.ticks = machine.ticks.wrapping_add(ticks),
                Event::Interrupted(nanos) => {
                    let (before, now) = (machine.ticks, machine.nanos);
                    machine.pass(nanos);
                    machine.line = machine.meter.told(Sample::new(before, now, machine.ticks));
                }
            }
            let now = machine.nanos;
            if let Some(count) = machine.read() {
                prop_assert!(count <= now + SPAN, "{count} at {now}");
            }
        }
    }

    #[test]
    fn an_even_counter_is_right_and_in_use(
        pace in 1..5000_u64,
        pauses in prop::collection::vec(0..20 * MILLI, 100..300),
    ) {
        let mut machine = Machine::of_pace(pace);
        let (mut told, reads) = (0, pauses.len());
        for pause in pauses {
            machine.pass(pause);
            let now = machine.nanos;
            if let Some(count) = machine.read() {
                told += 1;
                prop_assert!((count as i64 - now as i64).abs() <= RIGHT + 1000, "{count} at {now}");
            }
        }
        prop_assert!(told * 2 > reads, "{told} of {reads}");
    }
}
