//! Items through a pool and a batcher, each result awaited.
//!
//! The floor is what one writes by hand for the same: a bounded `mpsc` channel, plain tasks that share its
//! receiver behind a mutex, and a `oneshot` with each item for its result; for batches one task, which
//! gathers until there are enough or the time is up. It has no priorities, no cancelling, no counts, and
//! a panic of the handler ends its task.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use steadfast_tasks::Handle;
use steadfast_tasks::batch::{BatchError, Batcher, Results};
use steadfast_tasks::pool::Pool;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::drive::{Group, Subject};

/// For the channel and for the queue.
const CAPACITY: usize = 1024;
const WORKERS: usize = 4;
/// All rounds are multiples of it, so that no round ends by waiting for the time.
const BATCH: usize = 25;
const BATCH_WAIT: Duration = Duration::from_millis(10);
/// How many results a submitter leaves open.
const OPEN: usize = 64;

pub const POOL: Group = Group {
    name: "pool",
    floor: "channel",
    contended: false,
    subjects: &[
        Subject { name: "channel", calls: |n| ALONE.items(n, &*ALONE_CHANNEL), future: || 0 },
        Subject { name: "ours", calls: |n| ALONE.items(n, &*ALONE_POOL), future: || 0 },
    ],
};

pub const BATCHER: Group = Group {
    name: "batcher",
    floor: "channel",
    contended: false,
    subjects: &[
        Subject { name: "channel", calls: |n| ALONE.items(n, &*ALONE_GATHERED), future: || 0 },
        Subject { name: "ours", calls: |n| ALONE.items(n, &*ALONE_BATCHER), future: || 0 },
    ],
};

/// A runtime that items go through.
pub struct Rig(Runtime);

impl Rig {
    fn alone() -> Self {
        Self(tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime"))
    }

    /// With two threads.
    pub fn shared() -> Self {
        Self(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime"))
    }

    pub fn make<W>(&self, make: impl FnOnce() -> W) -> W {
        let _inside = self.0.enter();
        make()
    }

    /// So many items through it, from a task of its own.
    pub fn items<W: Work>(&self, number: u64, work: &W) {
        let work = work.clone();
        self.0.block_on(async move { tokio::spawn(submit(number, work)).await.expect("its end") });
    }
}

async fn submit<W: Work>(number: u64, work: W) {
    let mut open = VecDeque::with_capacity(OPEN);
    for item in 0..number {
        if open.len() == OPEN
            && let Some(oldest) = open.pop_front()
        {
            black_box(W::result(oldest).await);
        }
        open.push_back(work.submit(item).await);
    }
    for rest in open {
        black_box(W::result(rest).await);
    }
}

/// Something that takes items and gives results.
pub trait Work: Clone + Send + 'static {
    type Open: Send;
    fn submit(&self, item: u64) -> impl Future<Output = Self::Open> + Send;
    fn result(open: Self::Open) -> impl Future<Output = u64> + Send;
}

async fn handle(item: u64) -> Result<u64, Infallible> {
    Ok(black_box(item) + 1)
}

async fn handle_all(items: Vec<u64>) -> Results<u64, Infallible> {
    Ok(items.into_iter().map(|item| Ok(black_box(item) + 1)).collect())
}

type Sent = (u64, oneshot::Sender<Result<u64, Infallible>>);

/// A channel, at whose other end somebody answers.
#[derive(Clone)]
pub struct Channel(mpsc::Sender<Sent>);

impl Channel {
    /// Plain tasks that share the receiver.
    pub fn shared() -> Self {
        let (sender, receiver) = mpsc::channel::<Sent>(CAPACITY);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..WORKERS {
            let receiver = Arc::clone(&receiver);
            tokio::spawn(async move {
                loop {
                    let next = receiver.lock().await.recv().await;
                    let Some((item, tell)) = next else { return };
                    let _ = tell.send(handle(item).await);
                }
            });
        }
        Self(sender)
    }

    /// One plain task that gathers, by size and by time.
    pub fn gathered() -> Self {
        let (sender, mut receiver) = mpsc::channel::<Sent>(CAPACITY);
        tokio::spawn(async move {
            while let Some(first) = receiver.recv().await {
                let due = Instant::now() + BATCH_WAIT;
                let mut batch = Vec::with_capacity(BATCH);
                batch.push(first);
                while batch.len() < BATCH
                    && let Ok(Some(next)) = timeout_at(due, receiver.recv()).await
                {
                    batch.push(next);
                }
                let (items, tells): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
                let Ok(results) = handle_all(items).await;
                for (tell, result) in tells.into_iter().zip(results) {
                    let _ = tell.send(result);
                }
            }
        });
        Self(sender)
    }
}

impl Work for Channel {
    type Open = oneshot::Receiver<Result<u64, Infallible>>;

    async fn submit(&self, item: u64) -> Self::Open {
        let (tell, told) = oneshot::channel();
        self.0.send((item, tell)).await.expect("somebody who receives");
        told
    }

    async fn result(open: Self::Open) -> u64 {
        let Ok(result) = open.await.expect("a result");
        result
    }
}

pub type OurPool = Pool<u64, u64, Infallible>;
pub type OurBatcher = Batcher<u64, u64, Infallible>;

pub fn pool() -> OurPool {
    Pool::<u64, u64, Infallible>::builder("bench", WORKERS, handle).capacity(CAPACITY).build().expect("a pool")
}

pub fn batcher() -> OurBatcher {
    let batcher = OurBatcher::builder("bench", BATCH, BATCH_WAIT, handle_all).capacity(CAPACITY);
    batcher.build().expect("a batcher")
}

impl Work for OurPool {
    type Open = Handle<u64, Infallible>;

    async fn submit(&self, item: u64) -> Self::Open {
        Self::submit(self, item).await.expect("taken")
    }

    async fn result(open: Self::Open) -> u64 {
        open.await.expect("a result")
    }
}

impl Work for OurBatcher {
    type Open = Handle<u64, BatchError<Infallible>>;

    async fn submit(&self, item: u64) -> Self::Open {
        Self::submit(self, item).await.expect("taken")
    }

    async fn result(open: Self::Open) -> u64 {
        open.await.expect("a result")
    }
}

static ALONE: LazyLock<Rig> = LazyLock::new(Rig::alone);
static ALONE_CHANNEL: LazyLock<Channel> = LazyLock::new(|| ALONE.make(Channel::shared));
static ALONE_GATHERED: LazyLock<Channel> = LazyLock::new(|| ALONE.make(Channel::gathered));
static ALONE_POOL: LazyLock<OurPool> = LazyLock::new(|| ALONE.make(pool));
static ALONE_BATCHER: LazyLock<OurBatcher> = LazyLock::new(|| ALONE.make(batcher));
