//! Group commit: writes that come while one is being committed share the next sync of the disk.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::database::{Commits, limited};
use crate::error::DatabaseError;
use crate::step::{Done, Step};

/// The most steps that share a transaction, so that none waits long for the others' bytes.
const BATCH: usize = 128;

pub(crate) type Answer = Result<Done, DatabaseError>;

/// Writes in single file, as many at once as are waiting. A lone one does not wait for company.
///
/// One task commits, from the first step that finds none doing so until nobody waits any more. So
/// no caller that goes away takes the steps of others along, and nothing runs while nothing is
/// asked. A caller that goes while it waits takes back its claim or renewal; from the moment its
/// batch is under way, the step is taken, heard of or not. What an owner says after that
/// stands behind it in the line.
pub(crate) struct Lane<D> {
    pub(crate) database: D,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiter>,
    served: bool,
}

struct Waiter {
    step: Step,
    answer: oneshot::Sender<Answer>,
}

impl<D: Commits> Lane<D> {
    pub(crate) fn new(database: D) -> Arc<Self> {
        Arc::new(Self { database, queue: Mutex::default() })
    }

    /// Takes the step, with others where there are others.
    pub(crate) async fn step(self: &Arc<Self>, step: Step) -> Answer {
        let runtime = Handle::try_current().map_err(|_| DatabaseError::no_runtime())?;
        let (answer, heard) = oneshot::channel();
        if self.queue().join(Waiter { step, answer }) {
            runtime.spawn(serve(Server { lane: self.clone(), done: false }));
        }
        heard.await.unwrap_or_else(|_| Err(DatabaseError::cut()))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Whether somebody must begin to serve.
    fn join(&mut self, waiter: Waiter) -> bool {
        self.waiting.push_back(waiter);
        !std::mem::replace(&mut self.served, true)
    }

    /// Those whose turn it is, sorted by id; nobody where nobody waits.
    fn next(&mut self) -> Vec<Waiter> {
        self.waiting.retain(|waiter| !(waiter.step.is_only_for_its_caller() && waiter.answer.is_closed()));
        let mut batch: Vec<_> = self.waiting.drain(..self.waiting.len().min(BATCH)).collect();
        // Stable: of two words about one record, the first that was said comes first.
        batch.sort_by(|one, other| one.step.id().cmp(other.step.id()));
        let (mut turn, mut later) = (Vec::with_capacity(batch.len()), VecDeque::new());
        for waiter in batch {
            if is_second_change(turn.last(), &waiter) { later.push_back(waiter) } else { turn.push(waiter) }
        }
        later.append(&mut self.waiting);
        self.waiting = later;
        self.served = !turn.is_empty();
        turn
    }
}

/// One statement changes a row once.
fn is_second_change(before: Option<&Waiter>, waiter: &Waiter) -> bool {
    matches!(waiter.step, Step::Change(_)) && before.is_some_and(|before| before.step.id() == waiter.step.id())
}

/// Whoever serves the lane. Dropped or panicked, it leaves it to the next, and those who wait hear
/// of it.
struct Server<D: Commits> {
    lane: Arc<Lane<D>>,
    done: bool,
}

impl<D: Commits> Drop for Server<D> {
    fn drop(&mut self) {
        if !self.done {
            *self.lane.queue() = Queue::default();
        }
    }
}

async fn serve<D: Commits>(mut server: Server<D>) {
    loop {
        let turn = server.lane.queue().next();
        if turn.is_empty() {
            server.done = true;
            return;
        }
        let (steps, heard): (Vec<_>, Vec<_>) = turn.into_iter().map(|waiter| (waiter.step, waiter.answer)).unzip();
        let answers = commit(&server.lane.database, &steps).await;
        for (heard, answer) in heard.into_iter().zip(answers) {
            // Who has gone needs no answer.
            let _ = heard.send(answer);
        }
    }
}

/// One commit for all; one for each where something about one of them is wrong, so that it fails
/// for itself.
async fn commit<D: Commits>(database: &D, steps: &[Step]) -> Vec<Answer> {
    match limited(database.commit(steps)).await {
        Ok(done) => done.into_iter().map(Ok).collect(),
        Err(error) if steps.len() > 1 && error.is_about_the_statement() => one_by_one(database, steps).await,
        Err(error) => vec![Err(error); steps.len()],
    }
}

async fn one_by_one<D: Commits>(database: &D, steps: &[Step]) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::with_capacity(steps.len());
    for step in steps {
        let done = limited(database.commit(std::slice::from_ref(step))).await;
        answers.push(done.and_then(|done| done.into_iter().next().ok_or(DatabaseError::cut())));
        if let Some(Err(error)) = answers.last()
            && !error.is_about_the_statement()
        {
            // The database has gone: the others need not wait for it one by one.
            answers.resize(steps.len(), Err(error.clone()));
            break;
        }
    }
    answers
}
