//! The testing kit, as tests of users use it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::idempotent::MemoryStore;
use steadfast::testing::{self, Fault};
use steadfast::{Kind, Reason, circuit_breaker, idempotent, retry, timeout};
use steadfast_tests::{Code, PayError};

#[track_caller]
fn panic_of(run: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(run).unwrap_err();
    panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap()
}

fn code(error: PayError) -> &'static str {
    Err::<(), _>(error).code()
}

fn refusal(error: PayError) -> Reason {
    match error {
        PayError::Refused(rejection) => rejection.into_reason(),
        other => panic!("{other:?}"),
    }
}

static GATEWAY: CircuitBreaker = CircuitBreaker::new("testing-gateway").failure_threshold(2);

#[retry(max_attempts = 3, delay = "3s", repeatable)]
#[circuit_breaker(GATEWAY)]
#[timeout("2s")]
async fn charge_testing() -> Result<u32, PayError> {
    Ok(7)
}

mod isolation {
    use super::*;

    #[tokio::test]
    async fn of_a_static_in_one_test() {
        let scope = testing::scope();
        scope.immediate_retries().fault("charge_testing", .., Fault::Transient);
        charge_testing().await.unwrap_err();
        assert_eq!(GATEWAY.state(), BreakerState::Open);
    }

    #[tokio::test]
    async fn of_the_same_static_in_another() {
        let _scope = testing::scope();
        assert_eq!((charge_testing().await.map_err(code), GATEWAY.state()), (Ok(7), BreakerState::Closed));
    }

    #[tokio::test]
    async fn of_two_scopes_in_one_process_side_by_side() {
        let one = testing::scope();
        one.force_open("testing-gateway");
        let two = testing::scope();
        assert_eq!(charge_testing().await.map_err(code), Ok(7));
        assert!(matches!(one.run(charge_testing()).await.map_err(refusal), Err(Reason::Open { .. })));
        drop(two);
        assert_eq!(GATEWAY.state(), BreakerState::ForcedOpen);
        drop(one);
        assert_eq!(GATEWAY.state(), BreakerState::Closed);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_tasks_that_any_thread_may_poll() {
        let scope = testing::scope();
        scope.force_open("testing-gateway");
        let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(scope.run(charge_testing()))).collect();
        for task in tasks {
            assert!(matches!(task.await.unwrap().map_err(refusal), Err(Reason::Open { .. })));
        }
    }
}

mod faults {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn strike_the_attempts_they_name_and_no_others() {
        #[timeout("5s")]
        #[retry(max_attempts = 4)]
        async fn third_time_lucky() -> Result<u32, PayError> {
            static RAN: AtomicU32 = AtomicU32::new(0);
            Ok(RAN.fetch_add(1, Ordering::Relaxed) + 1)
        }
        let scope = testing::scope();
        scope.fault("third_time_lucky", 1..=2, Fault::Transient);
        assert_eq!(third_time_lucky().await.map_err(code), Ok(1));
        assert_eq!(scope.runs("third_time_lucky"), 3);
        assert_eq!(third_time_lucky().await.map_err(code), Ok(2));
        scope.fault("faults::third_time_lucky", 5.., Fault::Transient);
    }

    #[tokio::test]
    async fn are_failures_of_their_kind_to_every_layer() {
        #[retry(max_attempts = 3)]
        #[circuit_breaker(failure_threshold = 9)]
        async fn kinds() -> Result<(), PayError> {
            Ok(())
        }
        let scope = testing::scope();
        scope.immediate_retries().fault("kinds", 1..=1, Fault::Unknown).fault("kinds", 2..=5, Fault::Transient);
        // Not repeatable, so an unknown outcome is not tried again.
        assert!(matches!(refusal(kinds().await.unwrap_err()), Reason::Fault(Kind::Unknown)));
        assert_eq!(scope.runs("kinds"), 1);
        assert!(matches!(refusal(kinds().await.unwrap_err()), Reason::Fault(Kind::Transient)));
        assert_eq!(scope.runs("kinds"), 4);
        scope.fault("kinds", 5..=5, Fault::TimedOut);
        assert!(matches!(refusal(kinds().await.unwrap_err()), Reason::TimedOut { .. }));
    }

    #[tokio::test]
    async fn leave_records_as_the_failure_would() {
        #[idempotent(name = "testing.faults", key = key, payload = none, store = records)]
        async fn recorded(records: MemoryStore, key: &'static str) -> Result<u32, PayError> {
            Ok(1)
        }
        let (scope, records) = (testing::scope(), MemoryStore::default());
        scope.fault("recorded", 1..=1, Fault::Transient).fault("recorded", 3..=3, Fault::Unknown);
        assert_eq!(recorded(records.clone(), "a").await.code(), "fault");
        assert_eq!(recorded(records.clone(), "a").await.map_err(code), Ok(1), "nothing happened, so the key was free");
        assert_eq!(recorded(records.clone(), "b").await.code(), "fault");
        assert_eq!(recorded(records, "b").await.code(), "outcome_unknown");
        assert_eq!(scope.runs("recorded"), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn hang_delay_and_panic() {
        #[timeout("2s")]
        async fn troubled() -> Result<u32, PayError> {
            Ok(1)
        }
        let scope = testing::scope();
        scope.fault("troubled", 1..=1, Fault::Hang).fault("troubled", 2..=2, Fault::Delay(Duration::from_secs(1)));
        let start = tokio::time::Instant::now();
        assert!(matches!(refusal(troubled().await.unwrap_err()), Reason::TimedOut { .. }));
        assert_eq!(troubled().await.map_err(code), Ok(1));
        assert_eq!(start.elapsed().as_secs(), 3);
        scope.fault("troubled", 3..=3, Fault::Panic);
        let panic = tokio::spawn(troubled()).await.unwrap_err().into_panic();
        assert_eq!(*panic.downcast::<String>().unwrap(), "injected fault: `troubled`, attempt 3");
    }

    #[tokio::test]
    async fn of_a_stack_that_cannot_refuse_say_what_to_add() {
        #[derive(Debug, steadfast::Failure)]
        enum Plain {}
        #[retry]
        async fn never_refuses() -> Result<u32, Plain> {
            Ok(1)
        }
        let scope = testing::scope();
        scope.fault("never_refuses", .., Fault::Transient);
        let panic = tokio::spawn(never_refuses()).await.unwrap_err().into_panic().downcast::<String>().unwrap();
        assert!(panic.contains("no layer of `never_refuses` can refuse") && panic.contains("`#[timeout]`"), "{panic}");
    }

    #[test]
    fn of_functions_that_are_not_async() {
        #[retry(max_attempts = 2)]
        #[circuit_breaker]
        fn not_async() -> Result<u32, PayError> {
            Ok(1)
        }
        let scope = testing::scope();
        scope.immediate_retries().fault("not_async", 1..=1, Fault::Transient);
        assert_eq!((not_async().map_err(code), scope.runs("not_async")), (Ok(1), 2));
        scope.fault("not_async", 3..=3, Fault::Hang);
        assert!(panic_of(|| drop(not_async())).contains("`not_async` is not async"));
    }

    #[test]
    fn and_policies_of_unknown_names_say_which_were_meant() {
        let panic = |run: fn(&testing::Scope)| panic_of(move || run(&testing::scope()));
        let unknown = panic(|scope| _ = scope.fault("charge_testng", .., Fault::Panic));
        assert_eq!(unknown, "no annotated function is called `charge_testng`, did you mean `charge_testing`?");
        assert!(panic(|scope| _ = scope.runs("nobody")).contains("`nobody`"));
        let unknown = panic(|scope| _ = scope.force_open("testing-gatway"));
        assert!(unknown.contains("(did you mean `testing-gateway`?)"), "{unknown}");
        #[expect(clippy::reversed_empty_ranges, reason = "that is what the test is about")]
        let none = panic(|scope| _ = scope.fault("charge_testing", 3..=2, Fault::Panic));
        assert!(none.contains("at no attempt"), "{none}");
        let nothing = panic(|scope| _ = scope.force_open("testing.faults"));
        assert!(nothing.contains("means nothing"), "{nothing}");
    }
}

mod time {
    use super::*;
    use tokio::time::{Instant, sleep};

    #[tokio::test]
    async fn passes_only_when_told_to() {
        let scope = testing::scope();
        scope.pause_time();
        let start = Instant::now();
        let sleeps = tokio::spawn(sleep(Duration::from_secs(10)));
        // Something real, which tokio's paused clock by itself would jump over.
        tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(20))).await.unwrap();
        let (tells, told) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            let _ = tells.send(());
        });
        told.await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        scope.advance(Duration::from_secs(9)).await;
        assert!(!sleeps.is_finished());
        scope.advance(Duration::from_secs(1)).await;
        assert!(sleeps.is_finished());
        assert_eq!(start.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn runs_ahead_again_when_the_scope_is_over() {
        let scope = testing::scope();
        scope.pause_time();
        drop(scope);
        let start = Instant::now();
        sleep(Duration::from_secs(60)).await;
        assert_eq!(start.elapsed().as_secs(), 60);
    }

    #[test]
    fn that_is_held_does_not_hold_a_runtime_that_goes_first() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let scope = testing::scope();
        runtime.block_on(async { _ = scope.pause_time() });
        drop(runtime);
        drop(scope);
    }

    #[tokio::test]
    async fn of_pauses_is_skipped_where_retries_are_immediate() {
        let scope = testing::scope();
        scope.pause_time();
        scope.immediate_retries().fault("charge_testing", 1..=1, Fault::Transient);
        assert_eq!(charge_testing().await.map_err(code), Ok(7));
    }
}
