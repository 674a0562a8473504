use std::collections::BTreeMap;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use crate::pool::Pool;

/// What was told since the last look: each metric by its name, and its last label where that says more.
fn told(snapshotter: &Snapshotter) -> BTreeMap<String, DebugValue> {
    let all = snapshotter.snapshot().into_vec().into_iter().map(|(key, .., value)| {
        let more = key.key().labels().find(|label| !["what", "name"].contains(&label.key()));
        let name = key.key().name().trim_start_matches("steadfast_tasks_");
        (more.map_or(name.to_owned(), |label| format!("{name} {}", label.value())), value)
    });
    all.collect()
}

fn gauge(level: f64) -> DebugValue {
    DebugValue::Gauge(level.into())
}

fn seconds(samples: &[f64]) -> DebugValue {
    DebugValue::Histogram(samples.iter().map(|&sample| sample.into()).collect())
}

#[test]
fn what_happens_is_told_to_who_listens() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let handler = |millis: u64| async move {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                if millis == 7 { Err("seven") } else { Ok(millis) }
            };
            let pool = Pool::builder("told", 1, handler).capacity(2).build().unwrap();
            let handles = [pool.submit(1000).await.unwrap(), pool.submit(7).await.unwrap()];
            tokio::task::yield_now().await;
            let begun = told(&snapshotter);
            assert_eq!((&begun["queued"], &begun["running"]), (&gauge(1.0), &gauge(1.0)));
            assert_eq!(begun["queue_seconds"], seconds(&[0.0]));
            for handle in handles {
                let _ = handle.await;
            }
            assert!(pool.stop(Duration::MAX).await.is_clean());
            assert!(pool.submit(1).await.unwrap_err().is_stopped());
        });
    });
    let told = told(&snapshotter);
    assert_eq!(told["queue_seconds"], seconds(&[1.0]));
    assert_eq!(told["work_seconds"], seconds(&[1.0, 0.007]));
    assert_eq!((&told["queued"], &told["running"]), (&gauge(0.0), &gauge(0.0)));
    for count in ["ended_total done", "ended_total failed", "refused_total stopped"] {
        assert_eq!(told[count], DebugValue::Counter(1), "{count}");
    }
}
