//! The one connection of a process on which it hears what others invalidate.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_core::Stream;
use redis::Client;
use redis::aio::{PubSub, PubSubStream};
use steadfast::cached::Listeners;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::message;

/// How long it is quiet before the server is asked whether it is still there. A connection that broke
/// without a word is noticed after this and one timeout.
const QUIET: Duration = Duration::from_secs(2);

/// The pauses between tries to connect grow from the first to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// What is heard, and who is told of it.
pub(super) struct Subscription {
    client: Client,
    channel: Vec<u8>,
    limit: Duration,
    pub(super) listeners: Arc<Listeners>,
    task: Mutex<Option<Task>>,
}

struct Task {
    handle: JoinHandle<()>,
    /// Closed when it was tried once to listen.
    tried: Arc<Semaphore>,
}

impl Subscription {
    pub(super) fn new(client: Client, channel: Vec<u8>, limit: Duration) -> Self {
        Self { client, channel, limit, listeners: Arc::default(), task: Mutex::default() }
    }

    /// Sees to it that somebody listens: a task, on the runtime that the call comes from. Where that
    /// runtime has ended, on the next one.
    pub(super) fn keep_up(&self) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_some_and(|task| !task.handle.is_finished()) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        let tried = Arc::new(Semaphore::new(0));
        let ear = Ear {
            client: self.client.clone(),
            channel: self.channel.clone(),
            limit: self.limit,
            listeners: self.listeners.clone(),
            tried: Tried(tried.clone()),
        };
        *task = Some(Task { handle: runtime.spawn(ear.listen(task.is_some())), tried });
    }

    /// Waits until it was tried to listen: who then asks the server hears of all that is invalidated
    /// after its answer.
    pub(super) async fn tried(&self) {
        if let Some(tried) = self.attempt() {
            // There are no permits: it ends when it is closed.
            let _closed = tried.acquire().await;
        }
    }

    fn attempt(&self) -> Option<Arc<Semaphore>> {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        task.as_ref().map(|task| task.tried.clone())
    }
}

/// The task ends with the last clone of the tier.
impl Drop for Subscription {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.take() {
            task.handle.abort();
        }
    }
}

/// Closed also where the task ends before it has tried.
struct Tried(Arc<Semaphore>);

impl Drop for Tried {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// What the task needs.
struct Ear {
    client: Client,
    channel: Vec<u8>,
    limit: Duration,
    listeners: Arc<Listeners>,
    tried: Tried,
}

impl Ear {
    /// Listens for ever, on one connection after the other. `missed`: whether nobody listened for a
    /// while before.
    async fn listen(self, mut missed: bool) {
        let (first, longest) = PAUSES;
        let mut pause = first;
        loop {
            match timeout(self.limit, self.subscribe()).await {
                Ok(Ok(pubsub)) => {
                    if missed {
                        // Nobody knows what was said.
                        self.listeners.forget_everything();
                    }
                    self.tried.0.close();
                    pause = first;
                    self.hear(pubsub).await;
                    tracing::warn!("no longer hears what other processes invalidate in caches; connecting again");
                }
                _ => self.tried.0.close(),
            }
            missed = true;
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(longest);
        }
    }

    async fn subscribe(&self) -> redis::RedisResult<PubSub> {
        let mut pubsub = self.client.get_async_pubsub().await?;
        pubsub.subscribe(&self.channel).await?;
        Ok(pubsub)
    }

    /// Passes on what is said, until the connection breaks.
    async fn hear(&self, pubsub: PubSub) {
        let (mut sink, messages) = pubsub.split();
        let mut messages = pin!(messages);
        loop {
            match timeout(QUIET, next(messages.as_mut())).await {
                Ok(Some(message)) => message::heard(message.get_payload_bytes(), &self.listeners),
                Ok(None) => return,
                Err(_quiet) => match timeout(self.limit, sink.ping::<redis::Value>()).await {
                    Ok(Ok(_)) => {}
                    _ => return,
                },
            }
        }
    }
}

async fn next(mut messages: Pin<&mut PubSubStream>) -> Option<redis::Msg> {
    std::future::poll_fn(|cx| messages.as_mut().poll_next(cx)).await
}
