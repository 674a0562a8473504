//! What a worker does: one batch after the other.

use std::future::Future;
use std::sync::Arc;

use steadfast::clock;
use tokio::task::consume_budget;
use tokio::time::Instant;

use super::decision::{Due, Gathered, Limits, due};
use super::{BatchError, Results};
use crate::work::{Doing, Job, Look, Outcome, Ran, Seat, State, TaskError, Tell, Waker, quietly, run, wake};

pub(super) async fn work<I, T, E, H, F>(mut seat: Seat<I, T, BatchError<E>>, limits: Limits, handler: Arc<H>)
where
    H: Fn(Vec<I>) -> F,
    F: Future<Output = Results<T, E>>,
{
    while let Some(batch) = seat.next(|state, seat| take(state, seat, limits)).await {
        let Batch { items, callers, wakers } = batch;
        wake(wakers);
        let began = begin(&seat, &callers);
        let ran = run(|| handler(items), seat.interrupt()).await;
        let outcomes = end(&mut seat, ran, callers.len());
        seat.desk().meters.worked(began);
        seat.desk().tell_running();
        seat.desk().meters.ended(&outcomes);
        for (Caller { tell, .. }, outcome) in callers.into_iter().zip(outcomes) {
            if let Some(tell) = tell {
                quietly(|| seat.desk().tell(tell, outcome));
            }
        }
        consume_budget().await;
    }
}

/// Items that are worked on together; each has its place in both lists.
struct Batch<I, T, E> {
    items: Vec<I>,
    callers: Vec<Caller<T, E>>,
    /// Who gets their room.
    wakers: Vec<Waker>,
}

struct Caller<T, E> {
    tell: Option<Tell<T, E>>,
    came: Instant,
}

/// The next batch if it is due, on which work begins.
fn take<I, T, E>(state: &mut State<I, T, E>, seat: usize, limits: Limits) -> Look<Batch<I, T, E>> {
    let open = state.intake.is_open();
    let Some(first) = state.intake.first() else {
        return if open { Look::Nothing } else { Look::End };
    };
    let pressed = !open || first.id < state.flushed;
    let gathered = Gathered { items: state.intake.queued(), since: first.since, pressed };
    match due(limits, gathered, clock::mono()) {
        Due::Now => Look::Take(gather(state, seat, limits)),
        Due::At(at) => Look::Until(at),
        Due::Never => Look::Nothing,
    }
}

fn gather<I, T, E>(state: &mut State<I, T, E>, seat: usize, limits: Limits) -> Batch<I, T, E> {
    let size = state.intake.queued().min(limits.max_size);
    let (items, callers) = (Vec::with_capacity(size), Vec::with_capacity(size));
    let mut batch = Batch { items, callers, wakers: Vec::new() };
    for (entry, waker) in std::iter::from_fn(|| state.intake.take()).take(size) {
        let Job { item, tell } = entry.value;
        batch.items.push(item);
        batch.callers.push(Caller { tell, came: entry.since });
        batch.wakers.extend(waker);
    }
    state.seats.begin(seat, Doing::Many(size));
    batch
}

fn begin<I, T, E>(seat: &Seat<I, T, E>, callers: &[Caller<T, E>]) -> Option<Instant> {
    let desk = seat.desk();
    desk.tell_queued();
    desk.tell_running();
    desk.meters.batch(callers.len());
    desk.meters.began(callers.iter().map(|caller| caller.came))
}

/// Counts how the items ended, before anybody hears of it.
fn end<I, T, E>(
    seat: &mut Seat<I, T, BatchError<E>>,
    ran: Ran<Results<T, E>>,
    items: usize,
) -> Vec<Outcome<T, BatchError<E>>> {
    let outcomes = outcomes(ran, items);
    seat.end(|why, counts| {
        let outcomes = outcomes.unwrap_or_else(|| each(items, || why.into()));
        outcomes.iter().for_each(|outcome| counts.add(outcome));
        outcomes
    })
}

/// Each item's outcome, unless they were interrupted.
fn outcomes<T, E>(ran: Ran<Results<T, E>>, items: usize) -> Option<Vec<Outcome<T, BatchError<E>>>> {
    match ran {
        Ran::Interrupted => None,
        Ran::Panicked(panicked) => Some(each(items, || TaskError::Panicked(panicked.clone()))),
        Ran::Ended(Err(error)) => {
            let error = Arc::new(error);
            Some(each(items, || TaskError::Failed(BatchError::Batch(Arc::clone(&error)))))
        }
        Ran::Ended(Ok(results)) if results.len() == items => {
            let failed = |error| TaskError::Failed(BatchError::Item(error));
            Some(results.into_iter().map(|result| result.map_err(failed)).collect())
        }
        Ran::Ended(Ok(results)) => {
            let number = results.len();
            quietly(|| drop(results));
            Some(each(items, || TaskError::Failed(BatchError::WrongNumber { items, results: number })))
        }
    }
}

fn each<T, E>(items: usize, error: impl Fn() -> TaskError<E>) -> Vec<Outcome<T, E>> {
    (0..items).map(|_| Err(error())).collect()
}
