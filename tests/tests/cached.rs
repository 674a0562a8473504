//! `#[cached]`: answers that are kept for a while, and one run for those who ask at the same time.

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use steadfast::{Rejection, cached, rate_limit, timeout};
use steadfast_tests::{Code, Gateway, Hand, PayError, Receipt, Reply};
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);
const DOWN: Reply = Reply::Fail(PayError::Down);

/// The numbers of so many answers at once; each answer carries the number of the gateway's call.
async fn at_once<F>(calls: usize, call: impl Fn() -> F) -> Vec<Result<Receipt, PayError>>
where
    F: Future<Output = Result<Receipt, PayError>> + Send + 'static,
{
    let calls: Vec<_> = (0..calls).map(|_| tokio::spawn(call())).collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    answers
}

mod keeping {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_each_set_of_arguments() {
        #[cached(ttl = "1m", except(gateway))]
        async fn rate(gateway: &Gateway, from: &str, to: String, amount: u64) -> Result<Receipt, PayError> {
            let _ = (from, to);
            gateway.call(amount, "").await
        }
        let gateway = Gateway::default();
        let ask = async |from, to: &str, amount| rate(&gateway, from, to.to_owned(), amount).await.unwrap().number;
        assert_eq!(ask("EUR", "USD", 1).await, 1);
        assert_eq!(ask("EUR", "USD", 1).await, 1);
        assert_eq!(ask("USD", "EUR", 1).await, 2);
        assert_eq!(ask("EUR", "JPY", 1).await, 3);
        assert_eq!(ask("EUR", "USD", 2).await, 4);
        // Texts that are the same when put together are not the same key.
        assert_eq!(ask("EU", "RUSD", 1).await, 5);
        assert_eq!(ask("EUR", "USD", 1).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn its_time_follows_the_paused_clock() {
        #[cached(ttl = "10s", except(gateway))]
        async fn rate(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::default();
        assert_eq!(rate(&gateway).await.unwrap().number, 1);
        advance(Duration::from_millis(8_999)).await;
        assert_eq!(rate(&gateway).await.unwrap().number, 1);
        // Its life is somewhere between nine and ten seconds.
        advance(Duration::from_millis(1_002)).await;
        assert_eq!(rate(&gateway).await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_loaded_together_does_not_end_together() {
        #[cached(ttl = "1000s", except(gateway))]
        async fn rate(gateway: &Gateway, key: u32) -> Result<Receipt, PayError> {
            let _ = key;
            gateway.call(1, "").await
        }
        let gateway = Gateway::default();
        for key in 0..200 {
            rate(&gateway, key).await.unwrap();
        }
        advance(950 * SECOND).await;
        for key in 0..200 {
            rate(&gateway, key).await.unwrap();
        }
        let again = gateway.calls() - 200;
        assert!((50..150).contains(&again), "{again}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_entry_nobody_asks_for_ends_early() {
        const IDLE: Duration = Duration::from_secs(3);

        #[cached(ttl = "1h", idle = IDLE, except(gateway))]
        async fn rate(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::default();
        for _ in 0..5 {
            assert_eq!(rate(&gateway).await.unwrap().number, 1);
            advance(2 * SECOND).await;
        }
        advance(2 * SECOND).await;
        assert_eq!(rate(&gateway).await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_entries_and_no_more() {
        #[cached(ttl = "1h", max_entries = 10, except(gateway))]
        async fn rate(gateway: &Gateway, key: u32) -> Result<Receipt, PayError> {
            let _ = key;
            gateway.call(1, "").await
        }
        let gateway = Gateway::default();
        for key in 0..1000 {
            rate(&gateway, key).await.unwrap();
        }
        for key in 0..1000 {
            rate(&gateway, key).await.unwrap();
        }
        assert!(gateway.calls() > 1500, "{}", gateway.calls());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_and_emptiness_are_answers_like_any_other() {
        #[derive(Clone)]
        struct Done;

        #[cached(ttl = "1m", except(gateway))]
        async fn find(gateway: &Gateway) -> Result<Option<u32>, PayError> {
            gateway.call(1, "").await.map(|_| None)
        }
        #[cached(ttl = "1m", except(gateway))]
        async fn done(gateway: &Gateway) -> Result<Done, PayError> {
            gateway.call(1, "").await.map(|_| Done)
        }
        #[cached(ttl = "1m", except(gateway))]
        async fn plain(gateway: &Gateway) -> usize {
            gateway.call(1, "").await.map_or(0, |receipt| receipt.number)
        }
        let (one, two, three) = (Gateway::default(), Gateway::default(), Gateway::default());
        for _ in 0..3 {
            assert_eq!(find(&one).await.unwrap(), None);
            let Done = done(&two).await.unwrap();
            assert_eq!(plain(&three).await, 1);
        }
        assert_eq!((one.calls(), two.calls()), (1, 1));
    }
}

mod failures {
    use super::*;

    mod alias {
        pub(super) type Result<T> = std::result::Result<T, super::PayError>;
        pub(super) type Answer = Result<super::Receipt>;
    }

    #[tokio::test(start_paused = true)]
    async fn are_not_kept_whatever_the_result_is_called() {
        #[cached(ttl = "1m", except(gateway))]
        async fn plain(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        #[cached(ttl = "1m", except(gateway))]
        async fn aliased(gateway: &Gateway) -> alias::Result<Receipt> {
            gateway.call(1, "").await
        }
        #[cached(ttl = "1m", except(gateway))]
        async fn hidden(gateway: &Gateway) -> alias::Answer {
            gateway.call(1, "").await
        }
        let gateways: Vec<_> = (0..3).map(|_| Gateway::of([DOWN, Reply::Fail(PayError::declined("51"))])).collect();
        let mut codes = Vec::new();
        for _ in 0..4 {
            codes.push(plain(&gateways[0]).await.code());
            codes.push(aliased(&gateways[1]).await.code());
            codes.push(hidden(&gateways[2]).await.code());
        }
        assert_eq!(codes[..6], ["down", "down", "down", "declined", "declined", "declined"]);
        assert_eq!(codes[6..], ["ok"; 6]);
        assert!(gateways.iter().all(|gateway| gateway.calls() == 3));
    }

    #[tokio::test(start_paused = true)]
    async fn definite_ones_are_kept_with_a_negative_ttl() {
        #[cached(ttl = "1m", negative_ttl = "10s", except(gateway))]
        async fn find(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([DOWN, Reply::Fail(PayError::declined("14"))]);
        assert_eq!(find(&gateway).await.code(), "down");
        assert_eq!(find(&gateway).await.code(), "declined");
        advance(8 * SECOND).await;
        assert_eq!(find(&gateway).await.code(), "declined");
        assert_eq!(gateway.calls(), 2);
        advance(3 * SECOND).await;
        assert_eq!(find(&gateway).await.code(), "ok");
    }

    #[tokio::test(start_paused = true)]
    async fn none_is_kept_only_with_a_negative_ttl() {
        #[cached(ttl = "1m", except(gateway))]
        async fn plain(gateway: &Gateway) -> Option<usize> {
            gateway.call(1, "").await.ok().map(|receipt| receipt.number)
        }
        #[cached(ttl = "1m", negative_ttl = "10s", except(gateway))]
        async fn negative(gateway: &Gateway) -> Option<usize> {
            gateway.call(1, "").await.ok().map(|receipt| receipt.number)
        }
        let gateway = Gateway::of([DOWN, DOWN]);
        assert_eq!((plain(&gateway).await, plain(&gateway).await, plain(&gateway).await), (None, None, Some(3)));
        let gateway = Gateway::of([DOWN]);
        assert_eq!((negative(&gateway).await, negative(&gateway).await), (None, None));
        advance(11 * SECOND).await;
        assert_eq!((negative(&gateway).await, negative(&gateway).await), (Some(2), Some(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_from_below_are_not_kept() {
        #[cached(ttl = "1m", except(gateway))]
        #[timeout("1s")]
        async fn find(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([Reply::Hang]);
        assert_eq!(find(&gateway).await.code(), "timed_out");
        assert_eq!(find(&gateway).await.unwrap().number, 2);
        assert_eq!(find(&gateway).await.unwrap().number, 2);
    }
}

mod at_the_same_time {
    use super::*;

    #[cached(ttl = "1m", except(gateway))]
    async fn find(gateway: Gateway, key: &'static str) -> Result<Receipt, PayError> {
        let _ = key;
        gateway.call(1, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn sixty_four_misses_are_one_run() {
        let gateway = Gateway::of([Reply::After(SECOND)]);
        let answers = at_once(64, || find(gateway.clone(), "success")).await;
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().number == 1));
        assert_eq!(gateway.calls(), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn on_several_threads_too() {
        let gateway = Gateway::of([Reply::After(Duration::from_millis(20))]);
        let answers = at_once(64, || find(gateway.clone(), "threads")).await;
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().number == 1));
        assert_eq!(gateway.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_reaches_those_who_waited_and_nobody_else() {
        let gateway = Gateway::of([Reply::FailAfter(SECOND, PayError::Down)]);
        let answers = at_once(64, || find(gateway.clone(), "failure")).await;
        assert!(answers.iter().all(|answer| answer.code() == "down"));
        assert_eq!(gateway.calls(), 1);
        assert_eq!(find(gateway.clone(), "failure").await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_does_as_well() {
        #[cached(ttl = "1m", except(gateway))]
        #[timeout("1s")]
        async fn find(gateway: Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([Reply::Hang]);
        let answers = at_once(64, || find(gateway.clone())).await;
        assert!(answers.iter().all(|answer| answer.code() == "timed_out"));
        assert_eq!(gateway.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn where_a_failure_cannot_be_cloned_each_runs_by_itself() {
        #[cached(ttl = "1m", except(gateway))]
        async fn find(gateway: Gateway) -> io::Result<usize> {
            let receipt = gateway.call(1, "").await.map_err(|_| io::Error::other("down"))?;
            Ok(receipt.number)
        }
        let gateway = Gateway::of(vec![Reply::FailAfter(SECOND, PayError::Down); 8]);
        let calls: Vec<_> = (0..8).map(|_| tokio::spawn(find(gateway.clone()))).collect();
        for call in calls {
            assert!(call.await.unwrap().is_err());
        }
        assert_eq!(gateway.calls(), 8);
        assert_eq!(find(gateway.clone()).await.unwrap(), 9);
        assert_eq!(find(gateway.clone()).await.unwrap(), 9);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_run_is_handed_over() {
        let gateway = Gateway::of([Reply::Hang, Reply::After(SECOND)]);
        let mut leader = Hand::new(find(gateway.clone(), "dropped"));
        leader.poll_pending();
        let others = async { at_once(63, || find(gateway.clone(), "dropped")).await };
        let drops = async {
            sleep(SECOND).await;
            drop(leader);
        };
        let (answers, ()) = tokio::join!(others, drops);
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().number == 2));
        assert_eq!(gateway.calls(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_panics_is_handed_over() {
        let gateway = Gateway::of([Reply::Panic]);
        let panics = AssertUnwindSafe(|| Hand::new(find(gateway.clone(), "panics")).poll().is_ready());
        assert!(std::panic::catch_unwind(panics).is_err());
        assert_eq!(find(gateway, "panics").await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn other_keys_do_not_wait() {
        let gateway = Gateway::of([Reply::Hang]);
        let mut hangs = Hand::new(find(gateway.clone(), "hangs"));
        hangs.poll_pending();
        assert_eq!(find(gateway, "does not").await.unwrap().number, 2);
    }
}

mod keys {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn name_what_tells_calls_apart() {
        struct Account {
            id: u64,
        }
        #[cached(ttl = "1m", key = (account.id, currency.to_ascii_uppercase()))]
        async fn balance(account: &Account, currency: &str, gateway: &Gateway) -> Result<Receipt, PayError> {
            let _ = (account, currency);
            gateway.call(1, "").await
        }
        let gateway = Gateway::default();
        let ask = async |id, currency| balance(&Account { id }, currency, &gateway).await.unwrap().number;
        assert_eq!(ask(1, "eur").await, 1);
        assert_eq!(ask(1, "EUR").await, 1);
        assert_eq!(ask(2, "EUR").await, 2);
        assert_eq!(ask(1, "USD").await, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn leave_out_what_is_excepted() {
        #[cached(ttl = "1m", except(trace, gateway))]
        async fn find(id: Option<&str>, trace: f64, gateway: &Gateway) -> Result<Receipt, PayError> {
            let _ = (id, trace);
            gateway.call(1, "").await
        }
        let gateway = Gateway::default();
        assert_eq!(find(Some("a"), 0.1, &gateway).await.unwrap().number, 1);
        assert_eq!(find(Some("a"), 0.2, &gateway).await.unwrap().number, 1);
        assert_eq!(find(None, 0.1, &gateway).await.unwrap().number, 2);
        assert_eq!(find(Some(""), 0.1, &gateway).await.unwrap().number, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn tell_instances_apart_by_what_of_self_is_named() {
        struct Repository {
            tenant: String,
            gateway: Gateway,
        }
        impl Repository {
            #[cached(ttl = "1m", key = (self.tenant, id))]
            async fn find(&self, id: u64) -> Result<Receipt, PayError> {
                self.gateway.call(id, "").await
            }
            #[cached(ttl = "1m", except(self))]
            async fn find_anywhere(&self, id: u64) -> Result<Receipt, PayError> {
                self.gateway.call(id, "").await
            }
            #[cached(ttl = "1m", key = (self.tenant, id))]
            async fn find_shared(self: Arc<Self>, id: u64) -> Result<Receipt, PayError> {
                self.gateway.call(id, "").await
            }
        }
        let gateway = Gateway::default();
        let of = |tenant: &str| Repository { tenant: tenant.to_owned(), gateway: gateway.clone() };
        let (one, two, also_one) = (of("one"), of("two"), of("one"));
        assert_eq!(one.find(7).await.unwrap().number, 1);
        assert_eq!(two.find(7).await.unwrap().number, 2);
        assert_eq!(also_one.find(7).await.unwrap().number, 1);
        assert_eq!(one.find(8).await.unwrap().number, 3);
        assert_eq!(one.find_anywhere(7).await.unwrap().number, 4);
        assert_eq!(two.find_anywhere(7).await.unwrap().number, 4);
        let (one, two) = (Arc::new(one), Arc::new(two));
        assert_eq!(one.clone().find_shared(7).await.unwrap().number, 5);
        assert_eq!(two.find_shared(7).await.unwrap().number, 6);
        assert_eq!(one.find_shared(7).await.unwrap().number, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_generic_function_are_apart_for_each_type() {
        #[cached(ttl = "1m", except(gateway))]
        async fn find<T>(id: T, gateway: &Gateway) -> Result<Receipt, PayError>
        where
            T: Clone + std::hash::Hash + Eq + Send + Sync + 'static,
        {
            let _ = id;
            gateway.call(1, "").await
        }
        let gateway = Gateway::default();
        assert_eq!(find(7_u8, &gateway).await.unwrap().number, 1);
        assert_eq!(find(7_u64, &gateway).await.unwrap().number, 2);
        assert_eq!(find("7".to_owned(), &gateway).await.unwrap().number, 3);
        assert_eq!(find(7_u8, &gateway).await.unwrap().number, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn may_be_moved_by_the_body() {
        #[cached(ttl = "1m", except(gateway))]
        async fn find(id: String, tags: Vec<u8>, gateway: Gateway) -> Result<String, Rejection> {
            drop(tags);
            let _ = gateway.call(1, "").await;
            Ok(id)
        }
        let gateway = Gateway::default();
        for _ in 0..2 {
            assert_eq!(find("a".to_owned(), vec![1], gateway.clone()).await.unwrap(), "a");
        }
        assert_eq!(gateway.calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_hit_touches_nothing_below() {
    #[cached(ttl = "1m", except(gateway))]
    #[rate_limit(max_calls = 1, period = "1h")]
    async fn find(gateway: &Gateway, id: u64) -> Result<Receipt, PayError> {
        gateway.call(id, "").await
    }
    let gateway = Gateway::default();
    for _ in 0..5 {
        assert_eq!(find(&gateway, 1).await.unwrap().number, 1);
    }
    assert_eq!(find(&gateway, 2).await.code(), "rate_limited");
}
