//! `#[timed]`: one histogram of how long calls take and how they end.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use steadfast::{Rejection, circuit_breaker, retry, timed, timeout, validate};
use steadfast_tests::{Code, Gateway, Hand, PayError, Receipt, Reply};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

/// Every sample since the last look: the function, how it ended, and the seconds.
fn samples(snapshotter: &Snapshotter) -> Vec<(String, String, f64)> {
    let mut all = Vec::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        if key.key().name() != "steadfast_call_duration_seconds" {
            continue;
        }
        let label = |name| key.key().labels().find(|label| label.key() == name).unwrap().value().to_owned();
        let DebugValue::Histogram(values) = value else { panic!("not a histogram") };
        all.extend(values.into_iter().map(|value| (label("name"), label("outcome"), value.into_inner())));
    }
    all
}

/// A recorder for this thread, until the guard goes.
fn record() -> (Snapshotter, metrics::LocalRecorderGuard<'static>) {
    // Leaked: the guard borrows it.
    let recorder: &'static DebuggingRecorder = Box::leak(Box::new(DebuggingRecorder::new()));
    (recorder.snapshotter(), metrics::set_default_local_recorder(recorder))
}

#[timed]
async fn charge(gateway: &Gateway) -> Result<Receipt, PayError> {
    gateway.call(1, "").await
}

/// The outcome and the seconds of the one sample there is.
#[track_caller]
fn only(snapshotter: &Snapshotter, name: &str) -> (String, f64) {
    let mut all = samples(snapshotter);
    assert_eq!(all.len(), 1, "{all:?}");
    let (of, outcome, seconds) = all.remove(0);
    assert_eq!(of, name);
    (outcome, seconds)
}

#[tokio::test(start_paused = true)]
async fn every_end_has_its_name() {
    let (snapshotter, _guard) = record();
    for (reply, outcome) in [
        (Reply::Succeed, "success"),
        (Reply::Fail(PayError::Down), "transient"),
        (Reply::Fail(PayError::declined("51")), "terminal"),
        (Reply::Fail(PayError::Lost), "unknown"),
    ] {
        let _ = charge(&Gateway::of([reply])).await;
        assert_eq!(only(&snapshotter, "charge").0, outcome);
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_runs_while_the_call_does() {
    let (snapshotter, _guard) = record();
    let call = charge(&Gateway::of([Reply::After(2 * SECOND)])).await;
    assert!(call.is_ok());
    let (_, seconds) = only(&snapshotter, "charge");
    assert!((2.0..2.01).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_and_one_that_panics_are_recorded() {
    let (snapshotter, _guard) = record();
    let gateway = Gateway::of([Reply::Hang]);
    let mut call = Hand::new(charge(&gateway));
    call.poll_pending();
    sleep(3 * SECOND).await;
    drop(call);
    let (outcome, seconds) = only(&snapshotter, "charge");
    assert_eq!(outcome, "cancelled");
    assert!((3.0..3.01).contains(&seconds), "{seconds}");

    let gateway = Gateway::of([Reply::Panic]);
    let panicked = std::panic::AssertUnwindSafe(|| Hand::new(charge(&gateway)).poll().is_ready());
    assert!(std::panic::catch_unwind(panicked).is_err());
    assert_eq!(only(&snapshotter, "charge").0, "panicked");
}

#[tokio::test(start_paused = true)]
async fn refusals_below_are_refused_and_timeouts_unknown() {
    #[timed]
    #[validate(amount > 0 => "must be positive")]
    #[timeout("1s")]
    async fn call(gateway: &Gateway, amount: u64) -> Result<Receipt, PayError> {
        gateway.call(amount, "").await
    }
    let (snapshotter, _guard) = record();
    assert_eq!(call(&Gateway::default(), 0).await.code(), "invalid");
    assert_eq!(only(&snapshotter, "call").0, "refused");
    assert_eq!(call(&Gateway::of([Reply::Hang]), 1).await.code(), "timed_out");
    let (outcome, seconds) = only(&snapshotter, "call");
    assert_eq!(outcome, "unknown");
    assert!((1.0..1.01).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn it_times_what_stands_below_it() {
    #[timed]
    #[retry(max_attempts = 3, delay = "1s", backoff = 1, jitter = none)]
    async fn all_attempts(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    #[retry(max_attempts = 3, delay = "1s", backoff = 1, jitter = none)]
    #[timed]
    async fn each_attempt(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let (snapshotter, _guard) = record();
    let replies = || Gateway::of(vec![Reply::Fail(PayError::Down); 2]);
    assert!(all_attempts(&replies()).await.is_ok());
    let (outcome, seconds) = only(&snapshotter, "all_attempts");
    assert_eq!(outcome, "success");
    assert!((2.0..2.01).contains(&seconds), "{seconds}");

    assert!(each_attempt(&replies()).await.is_ok());
    let mut outcomes: Vec<_> = samples(&snapshotter).into_iter().map(|(_, outcome, _)| outcome).collect();
    outcomes.sort();
    assert_eq!(outcomes, ["success", "transient", "transient"]);
}

#[tokio::test]
async fn it_stands_on_any_async_function() {
    #[timed]
    async fn plain() -> u32 {
        7
    }
    #[timed]
    async fn nothing() {}
    #[timed]
    async fn foreign(fail: bool) -> io::Result<u32> {
        if fail { Err(io::ErrorKind::NotFound.into()) } else { Ok(1) }
    }
    #[timed]
    async fn shown(text: &str) -> impl std::fmt::Display + use<'_> {
        text
    }
    #[timed]
    async fn infallible() -> Result<u32, Infallible> {
        Ok(1)
    }
    let (snapshotter, _guard) = record();
    assert_eq!(plain().await, 7);
    nothing().await;
    assert!(foreign(false).await.is_ok());
    assert!(foreign(true).await.is_err());
    assert_eq!(shown("text").await.to_string(), "text");
    assert!(infallible().await.is_ok());
    let mut all: Vec<_> = samples(&snapshotter).into_iter().map(|(name, outcome, _)| (name, outcome)).collect();
    all.sort();
    let all: Vec<_> = all.iter().map(|(name, outcome)| (name.as_str(), outcome.as_str())).collect();
    assert_eq!(
        all,
        [
            ("foreign", "failed"),
            ("foreign", "success"),
            ("infallible", "success"),
            ("nothing", "success"),
            ("plain", "success"),
            ("shown", "success"),
        ]
    );
}

#[tokio::test]
async fn a_recorder_that_comes_late_counts_from_then_on() {
    #[timed]
    #[circuit_breaker]
    async fn call() -> Result<(), Rejection> {
        Ok(())
    }
    assert!(call().await.is_ok());
    let (first, guard) = record();
    assert!(call().await.is_ok());
    assert!(call().await.is_ok());
    drop(guard);
    let (second, _guard) = record();
    assert!(call().await.is_ok());
    assert_eq!(samples(&first).len(), 2);
    assert_eq!(samples(&second).len(), 1);
}
