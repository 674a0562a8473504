//! How much a subscription holds, and what happens to what does not fit.

use std::fmt;

/// A subscription's queue: how many events it holds, what becomes of one more, and how many are handled at
/// once.
///
/// There is no default for a full queue, because both answers hurt somebody:
/// [`waiting`](Self::waiting) holds the publisher up, [`dropping`](Self::dropping) loses the event for this
/// handler, which is counted, and said in the publisher's [`Report`](super::Report).
///
/// ```
/// use steadfast_tasks::bus::Queue;
///
/// const LEDGER: Queue = Queue::waiting(1_000); // nothing may be missing
/// const DASHBOARD: Queue = Queue::dropping(100).concurrency(1); // the next event is as good
/// assert_eq!((LEDGER.capacity(), DASHBOARD.capacity()), (1_000, 100));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    capacity: usize,
    full: Full,
    concurrency: usize,
}

/// What becomes of an event for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    Wait,
    Drop,
}

/// A setting that a queue cannot have: it would never hold, or never handle, anything.
///
/// ```
/// use steadfast_tasks::bus::Queue;
///
/// let error = Queue::try_waiting(0).unwrap_err();
/// assert_eq!(error.to_string(), "`capacity` must be at least 1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueError {
    setting: &'static str,
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` must be at least 1", self.setting)
    }
}

impl std::error::Error for QueueError {}

impl Queue {
    /// A queue for `capacity` events that wait for their handler. What is published while it is full waits
    /// for room, and its publisher with it.
    ///
    /// See [`Queue`] for an example.
    ///
    /// # Panics
    /// On zero; in a `const` that is a compile error. [`try_waiting`](Self::try_waiting) is for a value
    /// known at run time.
    pub const fn waiting(capacity: usize) -> Self {
        checked(Self::try_waiting(capacity))
    }

    /// A queue for `capacity` events that wait for their handler. What is published while it is full does
    /// not reach the handler, and its publisher is told [`Said::Dropped`](super::Said::Dropped).
    ///
    /// See [`Queue`] for an example.
    ///
    /// # Panics
    /// On zero; in a `const` that is a compile error. [`try_dropping`](Self::try_dropping) is for a value
    /// known at run time.
    pub const fn dropping(capacity: usize) -> Self {
        checked(Self::try_dropping(capacity))
    }

    /// At most so many events are handled at once by this handler; 16 if nothing is said. Events of one key
    /// are handled one after another whatever stands here; 1 handles all events in the order in which
    /// they were published, of whatever key.
    ///
    /// See [`Queue`] for an example.
    ///
    /// # Panics
    /// On zero; in a `const` that is a compile error. [`try_concurrency`](Self::try_concurrency) is for a
    /// value known at run time.
    pub const fn concurrency(self, concurrency: usize) -> Self {
        checked(self.try_concurrency(concurrency))
    }

    /// As [`waiting`](Self::waiting), for a value known at run time.
    ///
    /// ```
    /// use steadfast_tasks::bus::Queue;
    /// assert_eq!(Queue::try_waiting(10), Ok(Queue::waiting(10)));
    /// ```
    ///
    /// # Errors
    /// On zero.
    pub const fn try_waiting(capacity: usize) -> Result<Self, QueueError> {
        Self::new(capacity, Full::Wait)
    }

    /// As [`dropping`](Self::dropping), for a value known at run time.
    ///
    /// ```
    /// use steadfast_tasks::bus::Queue;
    /// assert_eq!(Queue::try_dropping(10), Ok(Queue::dropping(10)));
    /// ```
    ///
    /// # Errors
    /// On zero.
    pub const fn try_dropping(capacity: usize) -> Result<Self, QueueError> {
        Self::new(capacity, Full::Drop)
    }

    /// As [`concurrency`](Self::concurrency), for a value known at run time.
    ///
    /// ```
    /// use steadfast_tasks::bus::Queue;
    /// let queue = Queue::waiting(10);
    /// assert_eq!(queue.try_concurrency(4), Ok(queue.concurrency(4)));
    /// ```
    ///
    /// # Errors
    /// On zero.
    pub const fn try_concurrency(mut self, concurrency: usize) -> Result<Self, QueueError> {
        if concurrency == 0 {
            return Err(QueueError { setting: "concurrency" });
        }
        self.concurrency = concurrency;
        Ok(self)
    }

    /// How many events it holds.
    ///
    /// See [`Queue`] for an example.
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) const fn full(&self) -> Full {
        self.full
    }

    pub(super) const fn at_once(&self) -> usize {
        self.concurrency
    }

    const fn new(capacity: usize, full: Full) -> Result<Self, QueueError> {
        match capacity {
            0 => Err(QueueError { setting: "capacity" }),
            _ => Ok(Self { capacity, full, concurrency: 16 }),
        }
    }
}

/// The queue, or a panic: in a `const` this is the compile error the user sees.
const fn checked(queue: Result<Queue, QueueError>) -> Queue {
    match queue {
        Ok(queue) => queue,
        #[allow(clippy::panic, reason = "in a const this is the compile error the user sees")]
        Err(_) => panic!("must be at least 1"),
    }
}
