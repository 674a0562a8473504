//! A test's Redis under a clock that the test moves.
//!
//! tokio's clock is paused, and so moves only when told, as long as nobody waits for a timer: the
//! commands, whose timeouts are timers, run in a runtime of their own.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::Instant;

use crate::reply::At;
use crate::{Redis, RedisError, RedisOptions};

/// Microseconds since 1970, and a whole number of all parts of windows that tests have.
const BEGINNING: u64 = 1_800_000_000_000_000;

#[derive(Clone, Debug)]
pub(crate) struct Apart {
    redis: Redis,
    start: Instant,
    /// Steps that nobody has the answer of yet.
    under_way: Arc<AtomicUsize>,
}

struct UnderWay(Arc<AtomicUsize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn elsewhere() -> &'static Handle {
    static ELSEWHERE: OnceLock<Runtime> = OnceLock::new();
    let build = || Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    ELSEWHERE.get_or_init(build).handle()
}

async fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    elsewhere().spawn(work).await.unwrap()
}

impl Apart {
    /// Where a clock stands still from now on.
    pub(crate) async fn new(url: &str, prefix: String) -> Self {
        let url = url.to_owned();
        let redis = run(async move { RedisOptions::new().prefix(prefix).connect(&url).await }).await;
        tokio::time::pause();
        Self { redis: redis.unwrap(), start: Instant::now(), under_way: Arc::default() }
    }

    /// One step, as if at the time that the test's clock shows.
    pub(crate) async fn at<T, F>(&self, step: impl FnOnce(Redis, At) -> F) -> Result<T, RedisError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, RedisError>> + Send + 'static,
    {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        let _until_answered = UnderWay(self.under_way.clone());
        let now = BEGINNING + u64::try_from(self.start.elapsed().as_micros()).unwrap();
        run(step(self.redis.clone(), At::Micros(now))).await
    }

    /// Waits for what was told without anybody waiting for it.
    pub(crate) async fn settled(&self) {
        while self.under_way.load(Ordering::Relaxed) > 0 {
            tokio::task::yield_now().await;
        }
    }
}
