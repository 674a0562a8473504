//! What a proxy lets through, and the threads that carry it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What becomes of a piece of one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Flow {
    #[default]
    Pass,
    Delay(Duration),
    Hold,
    Cut,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Direction {
    Requests,
    Answers,
}

#[derive(Debug, Default)]
pub(super) struct State {
    told: Mutex<Told>,
    changed: Condvar,
}

/// What the proxy was told, and what it has seen.
#[derive(Debug, Default)]
pub(super) struct Told {
    requests: Flow,
    answers: Flow,
    refuses: bool,
    ended: bool,
    pub(super) listening: bool,
    pub(super) taken: usize,
    pub(super) held: usize,
    connections: Vec<Arc<Open>>,
}

/// An open connection's two ends.
#[derive(Debug)]
pub(super) struct Open {
    client: TcpStream,
    server: TcpStream,
    closed: AtomicBool,
}

impl Open {
    fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

impl State {
    pub(super) fn set(&self, requests: Flow, answers: Flow) {
        self.change(|told| (told.requests, told.answers, told.refuses) = (requests, answers, false));
    }

    pub(super) fn cut(&self) {
        self.change(|told| told.connections.drain(..).for_each(|it| it.close()));
    }

    pub(super) fn refuse(&self) {
        self.change(|told| told.refuses = true);
        self.cut();
    }

    pub(super) fn end(&self) {
        self.change(|told| told.ended = true);
        self.cut();
    }

    /// Whether connections are taken now; `None` when never again.
    pub(super) fn wants_connections(&self) -> Option<bool> {
        self.look(|told| (!told.ended).then_some(!told.refuses))
    }

    pub(super) fn listens(&self, listening: bool) {
        if self.look(|told| told.listening != listening) {
            self.change(|told| told.listening = listening);
        }
    }

    /// Notes a new connection; closes it at once when it is no longer wanted.
    pub(super) fn open(&self, client: TcpStream, server: &TcpStream) -> Option<Arc<Open>> {
        let server = server.try_clone().ok()?;
        let open = Arc::new(Open { client, server, closed: AtomicBool::new(false) });
        let mut told = self.lock();
        if told.refuses || told.ended {
            open.close();
            return None;
        }
        told.taken += 1;
        told.connections.retain(|it| !it.is_closed());
        told.connections.push(open.clone());
        Some(open)
    }

    pub(super) fn look<T>(&self, look: impl FnOnce(&Told) -> T) -> T {
        look(&self.lock())
    }

    /// Waits until `done` says so.
    pub(super) fn wait(&self, done: impl Fn(&Told) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut told = self.lock();
        while !done(&told) {
            assert!(Instant::now() < deadline, "the proxy still waits after a minute");
            let waited = self.changed.wait_timeout(told, Duration::from_millis(100));
            told = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether a piece may go on. Comes back when it may or when it never will.
    fn admit(&self, direction: Direction, open: &Open) -> bool {
        let mut waits = Waits::default();
        let mut told = self.lock();
        loop {
            if open.is_closed() {
                waits.done(&mut told);
                return false;
            }
            let flow = match direction {
                Direction::Requests => told.requests,
                Direction::Answers => told.answers,
            };
            if let (Flow::Hold | Flow::Cut, Direction::Answers) = (flow, direction) {
                waits.note(&mut told, &self.changed);
            }
            if matches!(flow, Flow::Cut) {
                open.close();
                return false;
            }
            match flow {
                Flow::Hold => told = self.changed.wait(told).unwrap_or_else(PoisonError::into_inner),
                Flow::Delay(by) => {
                    waits.done(&mut told);
                    drop(told);
                    thread::sleep(by);
                    return !open.is_closed();
                }
                Flow::Pass | Flow::Cut => {
                    waits.done(&mut told);
                    return true;
                }
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a piece is counted as held back.
#[derive(Default)]
struct Waits(bool);

impl Waits {
    fn note(&mut self, told: &mut Told, changed: &Condvar) {
        if !std::mem::replace(&mut self.0, true) {
            told.held += 1;
            changed.notify_all();
        }
    }

    fn done(&mut self, told: &mut Told) {
        if std::mem::take(&mut self.0) {
            told.held -= 1;
        }
    }
}

/// Carries one direction of one connection until it ends.
pub(super) fn run(direction: Direction, mut from: TcpStream, mut to: &TcpStream, state: &State, open: &Open) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        if !state.admit(direction, open) || to.write_all(&bytes[..length]).is_err() {
            open.close();
            return;
        }
    }
    // The end of one direction: what was asked may still be answered, but nothing more comes from a server that has closed.
    match direction {
        Direction::Requests => drop(to.shutdown(Shutdown::Write)),
        Direction::Answers => open.close(),
    }
}
