//! The line against a plain list of all that was ever published.

use proptest::prelude::*;

use super::super::Key;
use super::super::line::{Asks, Begin, Count, Keyed, Line, Offered, Ticket};
use super::super::queue::Queue;

#[derive(Clone, Copy, Debug)]
enum Op {
    Offer(Option<u8>),
    /// Some worker asks for more.
    Next(usize),
    /// Some worker is dropped.
    Leave(usize),
    /// Some publisher that waits goes away.
    Withdraw(usize),
    Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Outside(Ticket),
    Inside,
    Begun,
    Over,
}

struct Event {
    key: Option<u8>,
    state: State,
}

/// A worker that was started: what it handles, by its place in the list.
type Worker = Option<usize>;

struct Model {
    queue: Queue,
    drops: bool,
    at_once: usize,
    line: Line<Known>,
    events: Vec<Event>,
    workers: Vec<Worker>,
}

/// An event by its place in the list.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    id: usize,
    key: Option<Key>,
}

impl Keyed for Known {
    fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }
}

fn key(key: Option<u8>) -> Option<Key> {
    key.map(|key| Key::from(u64::from(key)))
}

impl Model {
    fn new(capacity: usize, at_once: usize, drops: bool) -> Self {
        let queue = if drops { Queue::dropping(capacity) } else { Queue::waiting(capacity) };
        let queue = queue.concurrency(at_once);
        Self { queue, drops, at_once, line: Line::new(queue), events: Vec::new(), workers: Vec::new() }
    }

    fn count(&self, is: impl Fn(State) -> bool) -> usize {
        self.events.iter().filter(|event| is(event.state)).count()
    }

    fn inside(&self) -> usize {
        self.count(|state| state == State::Inside)
    }

    fn outside(&self) -> Vec<usize> {
        let outside = |at: &usize| matches!(self.events[*at].state, State::Outside(_));
        (0..self.events.len()).filter(outside).collect()
    }

    fn offer(&mut self, k: Option<u8>) {
        let id = self.events.len();
        let full = self.inside() == self.queue.capacity();
        let mut told = false;
        let state = match self.line.offer(Known { id, key: key(k) }, |_| told = true) {
            Offered::Inside { worker } => {
                assert!(!full && self.outside().is_empty() && !told);
                if worker {
                    self.workers.push(None);
                }
                State::Inside
            }
            Offered::Outside(ticket) => {
                assert!(!self.drops && told);
                State::Outside(ticket)
            }
            Offered::Full(back) => {
                assert!(self.drops && full && back.id == id);
                State::Over
            }
            Offered::Closed(_) => panic!("it was not closed"),
        };
        self.events.push(Event { key: k, state });
    }

    /// What a worker says that has handled this, which is then over.
    fn ends(&mut self, worker: Worker) -> Asks {
        let Some(id) = worker else { return Asks::First };
        self.events[id].state = State::Over;
        Asks::After(key(self.events[id].key))
    }

    fn next(&mut self, at: usize) {
        if self.workers.is_empty() {
            return;
        }
        let at = at % self.workers.len();
        let asks = self.ends(self.workers[at]);
        let mut admitted = Vec::new();
        let next = self.line.next(asks, |id| admitted.push(id.id));
        match next.begin {
            Begin::With(Known { id, .. }) => {
                self.begins(id);
                self.workers[at] = Some(id);
            }
            Begin::Linger => {
                assert!(self.workers[at].take().is_some());
            }
            Begin::Leave => drop(self.workers.remove(at)),
        }
        // Those who waited longest come in.
        assert_eq!(admitted, self.outside()[..admitted.len()]);
        for id in admitted {
            self.events[id].state = State::Inside;
        }
        if next.worker {
            self.workers.push(None);
        }
    }

    /// Nothing of its key is at work, and nothing of its key came before it.
    fn begins(&mut self, id: usize) {
        assert_eq!(self.events[id].state, State::Inside);
        if self.at_once == 1 {
            assert!(self.events.iter().take(id).all(|event| event.state == State::Over), "{id} out of order");
        }
        if let Some(key) = self.events[id].key {
            let of_key = self.events.iter().take(id).filter(|event| event.key == Some(key));
            assert!(of_key.into_iter().all(|event| event.state == State::Over));
        } else {
            let before = self.events.iter().take(id).filter(|event| event.key.is_none());
            assert!(before.into_iter().all(|event| matches!(event.state, State::Begun | State::Over)));
        }
        self.events[id].state = State::Begun;
    }

    fn leave(&mut self, at: usize) {
        if self.workers.is_empty() {
            return;
        }
        let worker = self.workers.remove(at % self.workers.len());
        let asks = self.ends(worker);
        self.line.leave(asks);
        if self.line.wants_worker() {
            self.workers.push(None);
        }
    }

    fn withdraw(&mut self, at: usize) {
        let outside = self.outside();
        let Some(&id) = outside.get(at % outside.len().max(1)) else { return };
        let State::Outside(ticket) = self.events[id].state else { return };
        assert_eq!(self.line.withdraw(ticket).map(|event| event.id), Some(id));
        assert_eq!(self.line.withdraw(ticket), None);
        self.events[id].state = State::Over;
    }

    fn empty(&mut self) {
        let mut left: Vec<_> = self.line.empty().into_iter().map(|event| event.id).collect();
        left.sort_unstable();
        let waits = |state| matches!(state, State::Inside | State::Outside(_));
        let expected: Vec<_> = (0..self.events.len()).filter(|&id| waits(self.events[id].state)).collect();
        assert_eq!(left, expected);
        for id in expected {
            self.events[id].state = State::Over;
        }
    }

    fn check(&self) {
        let (inside, outside) = (self.inside(), self.outside().len());
        assert!(inside <= self.queue.capacity());
        assert!(self.workers.len() <= self.at_once);
        let running = self.workers.iter().flatten().count();
        assert_eq!(self.line.count(), Count { queued: inside + outside, running });
        // Nobody waits while nobody works.
        assert!(!self.workers.is_empty() || inside == 0, "{inside} events that nobody will begin with");
    }
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => proptest::option::weighted(0.7, 0..3_u8).prop_map(Op::Offer),
        6 => (0..9_usize).prop_map(Op::Next),
        1 => (0..9_usize).prop_map(Op::Leave),
        1 => (0..9_usize).prop_map(Op::Withdraw),
    ]
}

proptest! {
    #[test]
    fn every_event_begins_once_in_its_turn(
        capacity in 1..6_usize,
        at_once in 1..4_usize,
        drops: bool,
        ops in proptest::collection::vec(op(), 0..120),
        emptied: bool,
    ) {
        let mut model = Model::new(capacity, at_once, drops);
        let last = emptied.then_some(Op::Empty);
        for op in ops.into_iter().chain(last) {
            match op {
                Op::Offer(key) => model.offer(key),
                Op::Next(at) => model.next(at),
                Op::Leave(at) => model.leave(at),
                Op::Withdraw(at) => model.withdraw(at),
                Op::Empty => model.empty(),
            }
            model.check();
        }
        while !model.workers.is_empty() {
            model.next(0);
            model.check();
        }
        let over = model.count(|state| state == State::Over);
        prop_assert_eq!(over, model.events.len());
    }
}

#[test]
fn what_is_closed_takes_nothing_in_and_gives_out_what_it_has() {
    let event = |id| Known { id, key: None };
    let mut line = Line::new(Queue::waiting(2));
    assert!(matches!(line.offer(event(1), |_| {}), Offered::Inside { worker: true }));
    line.close();
    assert!(matches!(line.offer(event(2), |_| {}), Offered::Closed(Known { id: 2, .. })));
    assert_eq!(line.next(Asks::First, |_| {}).begin, Begin::With(event(1)));
    assert_eq!(line.next(Asks::After(None), |_| {}).begin, Begin::Linger);
    assert_eq!(line.next(Asks::First, |_| {}).begin, Begin::Leave);
}
