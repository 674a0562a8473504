//! What a limiter has let through, and who waits: one set of books for a limiter, or one for each
//! key. Pure, and told the time.

use std::time::Duration;

use tokio::time::Instant;

use super::decision::Window;
use super::line::{Ahead, Line};
use super::quota::{Counted, Quota};
use super::smooth::{Arrival, Pace};
use crate::clock;

/// What a call took, to give it back by.
#[derive(Clone, Copy, Debug)]
pub enum Taken {
    Nothing,
    /// A place in the window as of then.
    Place(Instant),
    /// A part of the burst. The state was that with it, without all that was ever given back: so it
    /// only grows, and at least by what each call takes.
    Part(Arrival),
}

/// The books of a limiter.
#[derive(Debug)]
pub struct Account {
    pub(super) arrival: Arrival,
    pub(super) page: Page,
}

/// What only a window needs, and only those who wait.
#[derive(Debug)]
pub struct Page {
    pub(super) window: Window,
    pub(super) line: Line,
    /// What was ever given back of a rate, in nanoseconds.
    given_back: u64,
}

/// The books of a key: as small as they can be.
#[derive(Debug, Default)]
pub struct Tally {
    arrival: Arrival,
    page: Option<Box<Page>>,
}

/// Either of them.
pub trait Books {
    fn arrival(&mut self) -> &mut Arrival;
    /// What there is of it.
    fn page(&self) -> Option<&Page>;
    /// It, made if it is not there.
    fn page_mut(&mut self) -> &mut Page;
}

impl Account {
    pub(super) const fn new() -> Self {
        Self { arrival: 0, page: Page::with(Window::new()) }
    }
}

impl Page {
    const fn with(window: Window) -> Self {
        Self { window, line: Line::new(), given_back: 0 }
    }
}

impl Tally {
    pub(super) fn waiting(&self) -> usize {
        self.page.as_ref().map_or(0, |page| page.line.len())
    }

    /// Forgets what was let through; `true` when that is all, because nobody waits.
    pub(super) fn clear(&mut self) -> bool {
        self.arrival = 0;
        if let Some(page) = &mut self.page {
            page.window = Window::of_key();
        }
        !has_line(self)
    }
}

impl Books for Account {
    #[inline]
    fn arrival(&mut self) -> &mut Arrival {
        &mut self.arrival
    }

    #[inline]
    fn page(&self) -> Option<&Page> {
        Some(&self.page)
    }

    #[inline]
    fn page_mut(&mut self) -> &mut Page {
        &mut self.page
    }
}

impl Books for Tally {
    #[inline]
    fn arrival(&mut self) -> &mut Arrival {
        &mut self.arrival
    }

    #[inline]
    fn page(&self) -> Option<&Page> {
        self.page.as_deref()
    }

    #[inline]
    fn page_mut(&mut self) -> &mut Page {
        self.page.get_or_insert_with(|| Box::new(Page::with(Window::of_key())))
    }
}

/// Whether somebody waits.
#[inline]
pub(super) fn has_line(books: &impl Books) -> bool {
    books.page().is_some_and(|page| !page.line.is_empty())
}

/// Lets a call through, and says what it took, or not.
#[inline(always)] // What the caller does not need of the answer is then not made.
pub(super) fn pass(books: &mut impl Books, quota: &Quota, cost: u32, now: Instant) -> Option<Taken> {
    match &quota.0 {
        Counted::Window { max_calls, period } => pass_in_window(books, *max_calls, period, cost, now),
        Counted::Rate { pace, .. } => pass_smoothly(books, *pace, cost, clock::count_at(now)),
    }
}

/// [`pass`] where it is known how it is counted.
#[inline(always)]
pub(super) fn pass_in_window(
    books: &mut impl Books,
    max_calls: u32,
    period: &Duration,
    cost: u32,
    now: Instant,
) -> Option<Taken> {
    books.page_mut().window.pass(max_calls, period, cost, now).map(Taken::Place)
}

/// The same.
#[inline(always)]
pub(super) fn pass_smoothly(books: &mut impl Books, pace: Pace, cost: u32, now: u64) -> Option<Taken> {
    let arrival = pace.pass(books.arrival(), cost, now)?;
    Some(Taken::Part(arrival.wrapping_add(given_back(books))))
}

/// Who goes first.
#[derive(Clone, Copy)]
pub(super) enum Who {
    All,
    Before(u64),
}

/// How long a call has to wait behind others.
pub(super) fn wait(books: &mut impl Books, quota: &Quota, ahead: Who, cost: u32, now: Instant) -> Duration {
    let arrival = *books.arrival();
    let ahead = match (ahead, books.page()) {
        (_, None) => Ahead::NOBODY,
        (Who::All, Some(page)) => page.line.all(),
        (Who::Before(ticket), Some(page)) => page.line.ahead(ticket),
    };
    match quota.0 {
        Counted::Window { max_calls, period } => {
            books.page().map_or(Duration::ZERO, |page| page.window.wait(max_calls, period, &ahead, cost, now))
        }
        Counted::Rate { pace, .. } => pace.wait(arrival, ahead.cost(), cost, clock::count_at(now)),
    }
}

#[inline]
fn given_back(books: &impl Books) -> u64 {
    books.page().map_or(0, |page| page.given_back)
}

/// Gives back what a call took.
pub(super) fn refund(books: &mut impl Books, quota: &Quota, cost: u32, taken: Taken, now: Instant) {
    match (&quota.0, taken) {
        (Counted::Window { .. }, Taken::Place(at)) => books.page_mut().window.refund(cost, at),
        (Counted::Rate { pace, .. }, Taken::Part(with)) => {
            let others = books.arrival().wrapping_add(given_back(books)).wrapping_sub(with);
            let back = pace.refund(books.arrival(), cost, others, clock::count_at(now));
            let page = books.page_mut();
            page.given_back = page.given_back.wrapping_add(back);
        }
        // It took nothing, or the limiter was configured to count in the other way meanwhile.
        _ => {}
    }
}

/// How long until it is as if nobody had ever called; `None` while somebody waits.
pub(super) fn idle_in(tally: &Tally, quota: &Quota, now: Instant) -> Option<Duration> {
    if has_line(tally) {
        return None;
    }
    Some(match quota.0 {
        Counted::Window { period, .. } => tally.page().map_or(Duration::ZERO, |page| page.window.idle_in(period, now)),
        Counted::Rate { .. } => Duration::from_nanos(tally.arrival.saturating_sub(clock::count_at(now))),
    })
}
