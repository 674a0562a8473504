//! A submitter's place in the line for room.

use steadfast::clock;
use tokio::sync::oneshot;

use super::desk::Desk;
use super::intake::Stood;
use super::state::{Job, wake};

/// A place in the line, and then the room: a guard. Dropped, the room goes to the next.
pub(crate) struct Place<'a, I, T, E> {
    desk: &'a Desk<I, T, E>,
    id: u64,
    woken: oneshot::Receiver<()>,
}

impl<'a, I, T, E> Place<'a, I, T, E> {
    /// Waits for room. `None` where the queue is closed.
    pub(crate) async fn wait(desk: &'a Desk<I, T, E>, priority: i8) -> Option<Self> {
        let (waker, woken) = oneshot::channel();
        let stood = desk.lock().intake.stand(clock::mono(), priority, waker);
        match stood {
            Stood::Closed => None,
            Stood::Granted(id) => Some(Self { desk, id, woken }),
            Stood::Waiting(id) => {
                let mut place = Self { desk, id, woken };
                let granted = (&mut place.woken).await.is_ok();
                granted.then_some(place)
            }
        }
    }

    /// Uses the room. Also says whether to wake a worker.
    pub(crate) fn fill(self, priority: i8, job: Job<I, T, E>) -> Result<(u64, bool), Job<I, T, E>> {
        let mut state = self.desk.lock();
        let id = state.intake.fill(clock::mono(), priority, self.id, job)?;
        Ok((id, state.arrived(self.desk.settings.batch)))
    }
}

impl<I, T, E> Drop for Place<'_, I, T, E> {
    fn drop(&mut self) {
        // First, so that nobody is woken under the lock.
        self.woken.close();
        let next = self.desk.lock().intake.leave(self.id);
        wake(next);
    }
}
