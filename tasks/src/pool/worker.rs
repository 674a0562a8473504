//! What a worker does: one item after the other.

use std::future::Future;
use std::sync::Arc;

use tokio::task::consume_budget;
use tokio::time::Instant;

use crate::work::{Doing, Entry, Job, Look, Outcome, Ran, Seat, State, TaskError, Waker, quietly, run, wake};

pub(super) async fn work<I, T, E, H, F>(mut seat: Seat<I, T, E>, handler: Arc<H>)
where
    H: Fn(I) -> F,
    F: Future<Output = Result<T, E>>,
{
    while let Some((came, Job { item, tell }, waker)) = seat.next(take).await {
        wake(waker);
        let began = begin(&seat, came);
        let ran = run(|| handler(item), seat.interrupt()).await;
        let outcome = end(&mut seat, ran);
        seat.desk().meters.worked(began);
        seat.desk().tell_running();
        seat.desk().meters.ended(std::slice::from_ref(&outcome));
        if let Some(tell) = tell {
            quietly(|| seat.desk().tell(tell, outcome));
        }
        // A queue that is never empty must not keep the thread for itself.
        consume_budget().await;
    }
}

/// An item, since when it is in, and who gets its room.
type Next<I, T, E> = (Instant, Job<I, T, E>, Option<Waker>);

/// The next item, on which work begins.
fn take<I, T, E>(state: &mut State<I, T, E>, seat: usize) -> Look<Next<I, T, E>> {
    match state.intake.take() {
        Some((Entry { id, since, value }, waker)) => {
            state.seats.begin(seat, Doing::One(id));
            Look::Take((since, value, waker))
        }
        None if state.intake.is_open() => Look::Nothing,
        None => Look::End,
    }
}

fn begin<I, T, E>(seat: &Seat<I, T, E>, came: Instant) -> Option<Instant> {
    let desk = seat.desk();
    desk.tell_queued();
    desk.tell_running();
    desk.meters.began([came])
}

/// Counts how the item ended, before anybody hears of it.
fn end<I, T, E>(seat: &mut Seat<I, T, E>, ran: Ran<Result<T, E>>) -> Outcome<T, E> {
    seat.end(|why, counts| {
        let outcome = match ran {
            Ran::Ended(result) => result.map_err(TaskError::Failed),
            Ran::Panicked(panicked) => Err(TaskError::Panicked(panicked)),
            Ran::Interrupted => Err(why.into()),
        };
        counts.add(&outcome);
        outcome
    })
}
