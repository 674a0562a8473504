//! What pools and batchers tell who listens.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::batch::Batcher;
use crate::pool::Pool;
use crate::{TaskError, WhenFull};

const SECOND: Duration = Duration::from_secs(1);

type Told = BTreeMap<String, DebugValue>;

/// What was told since the last look of what has this name: each metric by its name, and its last label where
/// that says more.
fn told(snapshotter: &Snapshotter, what: &str, name: &str) -> Told {
    let ours = [("what", what), ("name", name)];
    let all = snapshotter.snapshot().into_vec().into_iter().map(|(key, .., value)| {
        let mut labels = key.key().labels().map(|label| (label.key(), label.value()));
        assert_eq!([labels.next(), labels.next()], ours.map(Some));
        let metric = key.key().name().trim_start_matches("steadfast_tasks_").to_owned();
        (labels.next().map_or(metric.clone(), |(_, value)| format!("{metric} {value}")), value)
    });
    all.collect()
}

fn gauge(level: f64) -> DebugValue {
    DebugValue::Gauge(level.into())
}

fn samples(samples: &[f64]) -> DebugValue {
    DebugValue::Histogram(samples.iter().map(|&sample| sample.into()).collect())
}

/// The counters of which anything was told.
fn counts(told: &Told) -> Vec<(&str, u64)> {
    let counts = told.iter().filter_map(|(metric, value)| match value {
        DebugValue::Counter(count) => Some((metric.as_str(), *count)),
        _ => None,
    });
    counts.collect()
}

/// Runs it where time stands still, with somebody who listens.
fn listened(run: impl AsyncFnOnce(&Snapshotter)) {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    metrics::with_local_recorder(&recorder, || runtime.block_on(run(&snapshotter)));
}

#[test]
fn what_happens_is_told_to_who_listens() {
    listened(async |snapshotter| {
        let handler = |millis: u64| async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            if millis == 7 { Err("seven") } else { Ok(millis) }
        };
        let pool = Pool::builder("told", 1, handler).capacity(2).build().unwrap();
        let handles = [pool.submit(1000).await.unwrap(), pool.submit(7).await.unwrap()];
        tokio::task::yield_now().await;
        let begun = told(snapshotter, "pool", "told");
        assert_eq!((&begun["queued"], &begun["running"]), (&gauge(1.0), &gauge(1.0)));
        assert_eq!(begun["queue_seconds"], samples(&[0.0]));
        for handle in handles {
            let _ = handle.await;
        }
        assert!(pool.stop(Duration::MAX).await.is_clean());
        assert!(pool.submit(1).await.unwrap_err().is_stopped());
        let told = told(snapshotter, "pool", "told");
        assert_eq!(told["queue_seconds"], samples(&[1.0]));
        assert_eq!(told["work_seconds"], samples(&[1.0, 0.007]));
        assert_eq!((&told["queued"], &told["running"]), (&gauge(0.0), &gauge(0.0)));
        assert_eq!(counts(&told), [("ended_total done", 1), ("ended_total failed", 1), ("refused_total stopped", 1)]);
    });
}

#[test]
fn however_an_item_ends_it_is_counted_so() {
    listened(async |snapshotter| {
        let handler = |seconds: u32| async move {
            if seconds == 0 {
                std::panic::resume_unwind(Box::new("zero"));
            }
            tokio::time::sleep(SECOND * seconds).await;
            Ok::<_, String>(seconds)
        };
        let pool = Pool::builder("ends", 1, handler).capacity(1).when_full(WhenFull::DropOldest).build().unwrap();
        assert!(matches!(pool.submit(0).await.unwrap().await, Err(TaskError::Panicked(_))));
        let running = pool.submit(9).await.unwrap();
        tokio::task::yield_now().await;
        let queued = pool.submit_at(1, 1).await.unwrap();
        assert!(pool.submit(1).await.unwrap_err().is_full());
        let instead = pool.submit_at(1, 1).await.unwrap();
        assert_eq!(queued.await, Err(TaskError::Dropped));
        instead.cancel();
        running.cancel();
        assert_eq!(instead.await, Err(TaskError::Cancelled { began: false }));
        assert_eq!(running.await, Err(TaskError::Cancelled { began: true }));
        let (cut, left) = (pool.submit(9).await.unwrap(), pool.submit_at(-1, 9));
        tokio::task::yield_now().await;
        let left = left.await.unwrap();
        assert_eq!(pool.stop(SECOND).await.unstarted, [9]);
        assert_eq!(cut.await, Err(TaskError::Stopped { began: true }));
        assert_eq!(left.await, Err(TaskError::Stopped { began: false }));

        let stats = pool.stats();
        let ended = [stats.panicked, stats.dropped, stats.cancelled, stats.stopped, stats.done, stats.failed];
        assert_eq!(ended, [1, 1, 2, 2, 0, 0]);
        let told = told(snapshotter, "pool", "ends");
        let expected = [
            ("ended_total cancelled", 2),
            ("ended_total dropped", 1),
            ("ended_total panicked", 1),
            ("ended_total stopped", 2),
            ("refused_total full", 1),
        ];
        assert_eq!(counts(&told), expected);
        // However it ended.
        assert_eq!(told["work_seconds"], samples(&[0.0, 0.0, 1.0]));
    });
}

#[test]
fn a_batch_is_told_once_and_each_of_its_items_by_itself() {
    listened(async |snapshotter| {
        let handler = |items: Vec<u32>| async move {
            tokio::time::sleep(2 * SECOND).await;
            Ok(items.into_iter().map(|item| if item == 3 { Err("three") } else { Ok(item) }).collect())
        };
        let batcher = Batcher::builder("told", 2, 5 * SECOND, handler).build().unwrap();
        let mut handles = Vec::new();
        for item in 1..=3 {
            handles.push(batcher.submit(item).await.unwrap());
        }
        tokio::task::yield_now().await;
        let begun = told(snapshotter, "batcher", "told");
        assert_eq!((&begun["queued"], &begun["running"]), (&gauge(1.0), &gauge(2.0)));
        assert_eq!((&begun["queue_seconds"], &begun["batch_size"]), (&samples(&[0.0, 0.0]), &samples(&[2.0])));
        for handle in handles {
            let _ = handle.await;
        }
        let told = told(snapshotter, "batcher", "told");
        assert_eq!((&told["queue_seconds"], &told["batch_size"]), (&samples(&[5.0]), &samples(&[1.0])));
        assert_eq!(told["work_seconds"], samples(&[2.0, 2.0]));
        assert_eq!(counts(&told), [("ended_total done", 2), ("ended_total failed", 1)]);
    });
}

/// What is logged, as it is written.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut line = Line(format!("{} ", event.metadata().level()));
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

#[tokio::test]
async fn a_failure_of_which_nobody_hears_is_logged_without_its_text() {
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
    let pool = Pool::builder("unheard", 1, |item: u32| async move { if item < 3 { Err("secret") } else { Ok(item) } });
    let pool = pool.build().unwrap();
    drop(pool.submit(1).await.unwrap());
    assert!(pool.submit(2).await.unwrap().await.is_err());
    drop(pool.submit(3).await.unwrap());
    assert!(pool.stop(SECOND).await.is_clean());
    let expected =
        r#"WARN message=an item has no result, and nobody asked for it what="pool" name="unheard" how="failed" "#;
    assert_eq!(*log.0.lock().unwrap(), [expected]);
}
