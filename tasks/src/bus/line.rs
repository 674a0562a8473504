//! Who is next: a subscription's events, as a pure core. It knows no lock, no task and no time.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};

use rapidhash::quality::RandomState;

use super::Key;
use super::queue::{Full, Queue};

/// The events of one subscription that nobody has begun with.
///
/// `ready` holds what may begin. Of a key at most one event is in `ready` or begun; what was published
/// after it waits in `behind`. What found no room waits `outside`, in the order in which it came.
pub(super) struct Line<T> {
    queue: Queue,
    ready: VecDeque<T>,
    behind: HashMap<Key, VecDeque<T>, RandomState>,
    outside: VecDeque<(Ticket, T)>,
    next_ticket: u64,
    /// In `ready` and `behind` together, which would have to be counted.
    inside: usize,
    workers: Workers,
    closed: bool,
}

/// An event that may have a key.
pub(super) trait Keyed {
    fn key(&self) -> Option<&Key>;
}

/// What an event that waits outside is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

#[derive(Default)]
struct Workers {
    /// Those that were asked for and have not left.
    all: usize,
    /// Those of them that have not yet asked for their first event, or linger.
    starting: usize,
}

/// What became of an event that was offered.
pub(super) enum Offered<T> {
    /// It is in the queue. Where `worker` is true, the caller must start one.
    Inside { worker: bool },
    /// It waits for room.
    Outside(Ticket),
    /// There is no room, and it does not wait.
    Full(T),
    /// Nobody will ever begin with it.
    Closed(T),
}

/// What a worker gets that asks for more.
pub(super) struct Next<T> {
    pub(super) begin: Begin<T>,
    /// The caller must start another worker.
    pub(super) worker: bool,
}

/// What a worker does now.
#[derive(Debug, PartialEq)]
pub(super) enum Begin<T> {
    /// It begins with this event.
    With(T),
    /// It lets others run, and asks again as one that has just started: who was told what became of the last
    /// event often publishes the next, and then no worker has to be started.
    Linger,
    /// It leaves.
    Leave,
}

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    /// Published and not begun, those that wait for room included.
    pub(super) queued: usize,
    /// Begun and not ended.
    pub(super) running: usize,
}

impl<T: Keyed> Line<T> {
    pub(super) fn new(queue: Queue) -> Self {
        Self {
            queue,
            ready: VecDeque::new(),
            behind: HashMap::default(),
            outside: VecDeque::new(),
            next_ticket: 0,
            inside: 0,
            workers: Workers::default(),
            closed: false,
        }
    }

    /// Takes an event in, if it may come in. `outside` is told of it if it has to wait for room.
    pub(super) fn offer(&mut self, mut event: T, outside: impl FnOnce(&mut T)) -> Offered<T> {
        if self.closed {
            return Offered::Closed(event);
        }
        if self.has_room() && self.outside.is_empty() {
            self.admit(event);
            return Offered::Inside { worker: self.wants_worker() };
        }
        match self.queue.full() {
            Full::Drop => Offered::Full(event),
            Full::Wait => {
                let ticket = Ticket(self.next_ticket);
                self.next_ticket = self.next_ticket.wrapping_add(1);
                outside(&mut event);
                self.outside.push_back((ticket, event));
                Offered::Outside(ticket)
            }
        }
    }

    /// A worker has ended with an event of `ended`, if it had a key, and asks for the next one. `admit` is
    /// told of every event that comes in from outside.
    pub(super) fn next(&mut self, ended: Asks, mut admit: impl FnMut(&mut T)) -> Next<T> {
        let worked = matches!(ended, Asks::After(_));
        self.settle(ended);
        let Some(begin) = self.ready.pop_front() else {
            let begin = if worked { Begin::Linger } else { Begin::Leave };
            match worked {
                true => self.workers.starting += 1,
                false => self.workers.all -= 1,
            }
            return Next { begin, worker: false };
        };
        self.inside -= 1;
        while self.has_room()
            && let Some((_, mut event)) = self.outside.pop_front()
        {
            admit(&mut event);
            self.admit(event);
        }
        Next { begin: Begin::With(begin), worker: self.wants_worker() }
    }

    /// A worker has gone without asking for more.
    pub(super) fn leave(&mut self, ended: Asks) {
        self.settle(ended);
        self.workers.all -= 1;
    }

    /// Takes an event back that still waits for room.
    pub(super) fn withdraw(&mut self, ticket: Ticket) -> Option<T> {
        let found = self.outside.binary_search_by_key(&ticket, |(ticket, _)| *ticket).ok()?;
        self.outside.remove(found).map(|(_, event)| event)
    }

    /// From now on nothing comes in.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Takes out all that nobody has begun with.
    pub(super) fn empty(&mut self) -> Vec<T> {
        self.inside = 0;
        let ready = self.ready.drain(..);
        let behind = self.behind.drain().flat_map(|(_, events)| events);
        let outside = self.outside.drain(..).map(|(_, event)| event);
        ready.chain(behind).chain(outside).collect()
    }

    /// Whether there is a worker, or one is asked for.
    pub(super) fn has_workers(&self) -> bool {
        self.workers.all > 0
    }

    pub(super) fn count(&self) -> Count {
        let running = self.workers.all - self.workers.starting;
        Count { queued: self.inside + self.outside.len(), running }
    }

    fn has_room(&self) -> bool {
        self.inside < self.queue.capacity()
    }

    fn admit(&mut self, event: T) {
        self.inside += 1;
        // One at a time are all in order, whatever their keys.
        let key = event.key().filter(|_| self.queue.at_once() > 1);
        let Some(key) = key else { return self.ready.push_back(event) };
        match self.behind.entry(key.clone()) {
            Entry::Occupied(busy) => busy.into_mut().push_back(event),
            Entry::Vacant(free) => {
                free.insert(VecDeque::new());
                self.ready.push_back(event);
            }
        }
    }

    /// A worker begins or ends something: the next of the key's events may begin.
    fn settle(&mut self, asks: Asks) {
        let key = match asks {
            Asks::First => return self.workers.starting -= 1,
            Asks::After(None) => return,
            Asks::After(Some(key)) => key,
        };
        // A line that was emptied has forgotten its keys, and one that needs none has none.
        let Entry::Occupied(mut busy) = self.behind.entry(key) else { return };
        match busy.get_mut().pop_front() {
            Some(event) => self.ready.push_back(event),
            None => drop(busy.remove()),
        }
    }

    /// Whether one more worker is needed: the caller must start it, it is counted already.
    ///
    /// One starts at a time, and asks for the next when it takes its first event: so a burst of events
    /// that one worker is done with at once does not start all there may be.
    pub(super) fn wants_worker(&mut self) -> bool {
        let wanted = !self.ready.is_empty() && self.workers.starting == 0 && self.workers.all < self.queue.at_once();
        if wanted {
            self.workers.all += 1;
            self.workers.starting += 1;
        }
        wanted
    }
}

/// What a worker did before it asked.
#[derive(Clone, Debug)]
pub(super) enum Asks {
    /// Nothing: it has just started, or lingered.
    First,
    /// It handled an event, of this key.
    After(Option<Key>),
}
