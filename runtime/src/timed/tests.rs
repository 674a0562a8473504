use std::convert::Infallible;
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use metrics::{Unit, with_local_recorder};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use super::rt::timed;
use super::{BUCKETS, METRIC, Timed};
use crate::__rt::Outcome;
use crate::outcome::End;
use crate::registry::Describe;
use crate::watch::Began;
use crate::{Kind, Layer, Reason, Rejection, Signal};

type Plain = Result<Outcome, Infallible>;

static CALL: Timed = Timed::new("charge");

/// Each sample since the last look, as outcome and seconds.
fn samples(snapshotter: &Snapshotter) -> Vec<(String, f64)> {
    let mut all = Vec::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        assert_eq!(key.key().name(), METRIC);
        let label = |name| key.key().labels().find(|l| l.key() == name).unwrap().value().to_owned();
        assert_eq!(label("name"), "charge");
        let DebugValue::Histogram(values) = value else { panic!("not a histogram") };
        all.extend(values.into_iter().map(|v| (label("outcome"), v.into_inner())));
    }
    all
}

fn outcomes(snapshotter: &Snapshotter) -> Vec<String> {
    samples(snapshotter).into_iter().map(|(outcome, _)| outcome).collect()
}

fn own(outcome: &Outcome) -> Outcome {
    *outcome
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) {
    assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// Runs a ready call and gives what was recorded of it.
fn recorded(result: Result<Outcome, Rejection>) -> Vec<String> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    with_local_recorder(&recorder, || {
        let call = pin!(timed(&CALL, own, ready(result)));
        assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    });
    outcomes(&snapshotter)
}

#[test]
fn a_call_that_returns_is_recorded_under_its_outcome() {
    let failed = |kind| Ok(Outcome::Failed(Some(Signal::of(kind))));
    let refused = |reason| Err(Rejection::new(Layer::RateLimit, "test", reason));
    let cases = [
        (Ok(Outcome::Success), "success"),
        (failed(Kind::Transient), "transient"),
        (failed(Kind::Terminal), "terminal"),
        (failed(Kind::Unknown), "unknown"),
        (failed(Kind::Refused), "refused"),
        (Ok(Outcome::Failed(None)), "failed"),
        (refused(Reason::MissingKey), "refused"),
        (refused(Reason::TimedOut { after: Duration::from_secs(2) }), "unknown"),
    ];
    for (result, expected) in cases {
        assert_eq!(recorded(result), [expected]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_runs_from_the_first_poll_in_seconds() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let call = timed(&CALL, own, async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Plain::Ok(Outcome::Success)
    });
    tokio::time::sleep(Duration::from_secs(60)).await;
    call.await.unwrap();
    let samples = samples(&snapshotter);
    assert_eq!(samples.len(), 1);
    assert!((1.5..1.6).contains(&samples[0].1), "{samples:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_while_it_runs_is_cancelled() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let call = timed(&CALL, own, pending::<Plain>());
    assert!(tokio::time::timeout(Duration::from_secs(3), call).await.is_err());
    let samples = samples(&snapshotter);
    assert_eq!(samples.len(), 1);
    assert_eq!(samples[0].0, "cancelled");
    assert!((3.0..3.1).contains(&samples[0].1), "{samples:?}");
}

#[test]
fn a_call_that_was_never_polled_is_not_recorded() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    with_local_recorder(&recorder, || drop(timed(&CALL, own, pending::<Plain>())));
    assert!(outcomes(&snapshotter).is_empty());
}

#[test]
fn a_panic_is_recorded_once_and_goes_on() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    with_local_recorder(&recorder, || {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let mut call = Box::pin(timed(&CALL, own, async {
                tokio::task::yield_now().await;
                panic!("boom");
                #[allow(unreachable_code)]
                Plain::Ok(Outcome::Success)
            }));
            poll_once(call.as_mut());
            let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }));
        assert!(caught.is_err());
    });
    assert_eq!(outcomes(&snapshotter), ["panicked"]);
}

#[test]
fn a_recorder_installed_after_the_first_call_counts_from_then_on() {
    static LATE: Timed = Timed::new("charge");
    let run = || {
        let call = pin!(timed(&LATE, own, ready(Plain::Ok(Outcome::Success))));
        assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    };
    run();
    let first = DebuggingRecorder::new();
    with_local_recorder(&first, || {
        run();
        run();
    });
    assert_eq!(outcomes(&first.snapshotter()), ["success", "success"]);
    let second = DebuggingRecorder::new();
    with_local_recorder(&second, run);
    assert_eq!(outcomes(&second.snapshotter()), ["success"]);
}

#[test]
fn the_histogram_is_described_to_its_recorder() {
    // Leaked: recorders are told apart by address.
    let recorder: &'static DebuggingRecorder = Box::leak(Box::default());
    with_local_recorder(recorder, || CALL.record(End::Success, Began::now()));
    let (_, unit, description, _) = recorder.snapshotter().snapshot().into_vec().remove(0);
    assert_eq!(unit, Some(Unit::Seconds));
    assert!(description.is_some());
}

#[test]
fn buckets_rise_from_five_milliseconds_to_a_minute() {
    assert_eq!(BUCKETS.first(), Some(&0.005));
    assert_eq!(BUCKETS.last(), Some(&60.0));
    assert!(BUCKETS.is_sorted_by(|a, b| a < b));
}

#[test]
fn the_registry_reads_the_metric_and_the_name() {
    let settings = CALL.settings();
    assert_eq!(settings["metric"], METRIC);
    assert_eq!(settings["name"], "charge");
}
