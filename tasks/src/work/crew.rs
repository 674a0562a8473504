//! The workers of a pool or a batcher, from their first to their last.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use steadfast::PolicyError;
use tokio::runtime;
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::desk::Desk;
use super::report::Stopped;
use super::seat::Seat;
use super::settings::{BuildError, Settings, Workers};

/// A worker's whole life.
type Life = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Begins a worker. There is a box for each worker, and none for an item.
pub(crate) struct Begin<I, T, E>(Box<dyn Fn(Seat<I, T, E>) -> Life + Send + Sync>);

impl<I, T, E> Begin<I, T, E> {
    pub(crate) fn new<F>(begin: impl Fn(Seat<I, T, E>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self(Box::new(move |seat| Box::pin(begin(seat))))
    }
}

/// The desk and its workers. Dropped, the desk is closed, and the workers end what is in.
pub(crate) struct Crew<I, T, E> {
    pub(crate) desk: Arc<Desk<I, T, E>>,
    tasks: TaskTracker,
    runtime: runtime::Handle,
    begin: Begin<I, T, E>,
}

impl<I, T, E> Crew<I, T, E> {
    pub(crate) fn new(settings: Settings, begin: Begin<I, T, E>) -> Result<Self, BuildError> {
        settings.check()?;
        let runtime = runtime::Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let Workers(_, workers) = settings.workers;
        let crew = Self { desk: Arc::new(Desk::new(settings)), tasks: TaskTracker::new(), runtime, begin };
        crew.seat(workers);
        Ok(crew)
    }

    pub(crate) fn resize(&self, workers: usize) -> Result<(), PolicyError> {
        let Workers(setting, _) = self.desk.settings.workers;
        Workers(setting, workers).check()?;
        self.seat(workers);
        Ok(())
    }

    fn seat(&self, workers: usize) {
        let new = self.desk.lock().seats.resize(workers);
        for seat in new {
            let life = (self.begin.0)(Seat::new(Arc::clone(&self.desk), seat));
            self.tasks.spawn_on(life, &self.runtime);
        }
        // Who is too many goes when it is asked for.
        self.desk.idle.notify_waiters();
    }

    pub(crate) async fn stop(&self, limit: Duration) -> Stopped<I> {
        self.close();
        // What is left says whether they were in time.
        let _ = timeout(limit, self.ended()).await;
        self.desk.expire()
    }

    /// Waits until all workers have gone, also those whom a `resize` is about to begin.
    async fn ended(&self) {
        self.tasks.wait().await;
        while !self.desk.lock().seats.is_empty() {
            yield_now().await;
            self.tasks.wait().await;
        }
    }

    fn close(&self) {
        self.desk.close();
        self.tasks.close();
    }
}

impl<I, T, E> Drop for Crew<I, T, E> {
    fn drop(&mut self) {
        self.close();
    }
}
