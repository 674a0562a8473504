//! Where attributes may stand, and that each of these functions gives a future that may move
//! between threads.

use std::error::Error;
use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use steadfast::idempotent::{AsKey, MemoryStore};
use steadfast::{
    Rejection, bulkhead, cached, circuit_breaker, fallback, idempotent, logged, rate_limit, retry, timed, timeout,
    validate,
};
use steadfast_tests::{Code, PayError, assert_send, listen};

mod free_functions {
    use super::*;

    #[logged]
    #[timed]
    #[rate_limit(max_calls = 1000, period = "1s")]
    #[retry(max_attempts = 2, repeatable)]
    #[circuit_breaker]
    #[timeout("1s")]
    pub(crate) async fn public(amount: u64) -> Result<u64, PayError> {
        Ok(amount)
    }

    #[tokio::test]
    async fn in_modules_and_in_functions() {
        #[retry(repeatable)]
        #[timeout("1s")]
        async fn nested(amount: u64) -> Result<u64, PayError> {
            #[circuit_breaker]
            async fn deeper(amount: u64) -> Result<u64, PayError> {
                public(amount).await
            }
            deeper(amount).await
        }
        assert_eq!(assert_send(nested(7)).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn called_by_their_name_as_a_path_and_as_a_value() {
        let calls: [fn(u64) -> _; 1] = [public];
        for call in calls {
            assert_eq!(call(7).await.unwrap(), 7);
        }
        assert_eq!(self::public(8).await.unwrap(), 8);
    }

    #[tokio::test]
    async fn with_doc_lints_and_other_attributes_among_ours() {
        /// What it does.
        #[retry]
        #[allow(clippy::needless_lifetimes, reason = "kept as it is")]
        #[inline]
        #[circuit_breaker]
        #[must_use = "a future does nothing by itself"]
        async fn documented<'a>(text: &'a str) -> Result<&'a str, PayError> {
            Ok(text)
        }
        assert_eq!(assert_send(documented("text")).await.unwrap(), "text");
    }

    #[tokio::test]
    async fn with_raw_names() {
        #[timed]
        #[retry]
        async fn r#match(r#type: &str) -> Result<&str, PayError> {
            Ok(r#type)
        }
        assert_eq!(r#match("text").await.unwrap(), "text");
    }

    #[tokio::test]
    async fn that_call_themselves() {
        #[retry]
        #[circuit_breaker]
        async fn sum(of: u64) -> Result<u64, PayError> {
            if of == 0 { Ok(0) } else { Ok(of + Box::pin(sum(of - 1)).await?) }
        }
        assert_eq!(sum(10).await.unwrap(), 55);
    }
}

mod generics {
    use super::*;

    #[retry(repeatable)]
    #[circuit_breaker]
    #[timeout("1s")]
    async fn every<'a, T, const N: usize>(
        values: &'a [T; N],
        shown: impl Display + Send + Sync,
    ) -> Result<(&'a T, String), PayError>
    where
        T: Sync + 'a,
    {
        Ok((&values[N - 1], shown.to_string()))
    }

    #[fallback(others)]
    #[bulkhead(max_concurrent = 10)]
    async fn stood_in_for<'a, T, const N: usize>(
        values: &'a [T; N],
        shown: impl Display + Send + Sync,
    ) -> Result<(&'a T, String), PayError>
    where
        T: Sync + 'a,
    {
        Err(PayError::Down)
    }

    async fn others<'a, T, const N: usize>(
        _: PayError,
        values: &&'a [T; N],
        shown: &impl Display,
    ) -> Result<(&'a T, String), PayError> {
        Ok((&values[0], shown.to_string()))
    }

    #[tokio::test]
    async fn of_types_constants_lifetimes_and_impl_trait() {
        let (first, shown) = assert_send(stood_in_for(&[1, 2], 7)).await.unwrap();
        assert_eq!((*first, shown.as_str()), (1, "7"));
        let values = [String::from("a"), String::from("b")];
        let (last, shown) = assert_send(every(&values, 7)).await.unwrap();
        assert_eq!((last.as_str(), shown.as_str()), ("b", "7"));
        let (last, _) = every::<u8, 1>(&[9], "text").await.unwrap();
        assert_eq!(*last, 9);
    }

    #[tokio::test]
    async fn under_idempotent() {
        #[idempotent(name = "generic", key = key, payload = value, store = records)]
        async fn echo<K, V>(records: MemoryStore, key: K, value: V) -> Result<V, PayError>
        where
            K: AsKey + Send + 'static,
            V: serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
        {
            Ok(value)
        }
        let records = MemoryStore::default();
        assert_eq!(assert_send(echo(records.clone(), "a", 7_u8)).await.unwrap(), 7);
        assert_eq!(echo(records.clone(), "b".to_owned(), "text".to_owned()).await.unwrap(), "text");
        assert_eq!(echo(records, "a", 8_u8).await.code(), "payload_conflict");
    }

    #[tokio::test]
    async fn of_closures() {
        #[retry]
        async fn with<F, Fut>(call: F) -> Result<u64, PayError>
        where
            F: Fn(u64) -> Fut + Send + Sync,
            Fut: Future<Output = Result<u64, PayError>> + Send,
        {
            call(7).await
        }
        assert_eq!(assert_send(with(async |n| Ok(n + 1))).await.unwrap(), 8);
    }
}

mod methods {
    use super::*;

    #[derive(Debug)]
    struct Client<T = u64> {
        region: T,
        calls: u64,
        limit: Duration,
    }

    impl Client {
        #[timeout("1s")]
        #[circuit_breaker]
        async fn connect(region: u64) -> Result<Self, PayError> {
            Ok(Self { region, calls: 0, limit: Duration::from_secs(1) })
        }

        #[logged]
        #[retry(repeatable)]
        #[timeout(self.limit)]
        async fn by_reference(&self, more: u64) -> Result<u64, PayError> {
            Ok(self.region + more)
        }

        #[circuit_breaker]
        #[rate_limit(max_calls = 10, period = "1s")]
        #[timeout("1s")]
        async fn by_mutable_reference(&mut self) -> Result<&mut u64, PayError> {
            self.calls += 1;
            Ok(&mut self.calls)
        }

        #[retry(clone(self_calls))]
        async fn mutable_under_retry(&mut self, mut self_calls: u64) -> Result<u64, PayError> {
            self_calls += 1;
            self.calls += self_calls;
            Ok(self.calls)
        }

        #[validate(key.len() > 2 => "must be longer")]
        #[idempotent(name = "client.by_arc", key = key, payload = self.region, store = records)]
        #[retry]
        async fn by_arc(self: Arc<Self>, records: MemoryStore, key: String) -> Result<u64, PayError> {
            Ok(self.region)
        }

        #[idempotent(name = "client.by_reference", key = key, payload = none, store = records, on_cancel = unknown)]
        #[retry]
        async fn borrowed(&self, records: &MemoryStore, key: &str) -> Result<u64, PayError> {
            Ok(self.region)
        }

        #[timeout("1s")]
        async fn by_value(self) -> Result<u64, PayError> {
            Ok(self.region)
        }

        #[cached(ttl = "1m", key = self.region)]
        #[retry]
        async fn cached(&self) -> Result<u64, PayError> {
            Ok(self.region)
        }
    }

    impl<T: Clone + Send + Sync> Client<T> {
        #[fallback(Self::own)]
        #[bulkhead(max_concurrent = 10)]
        async fn or_its_own<U: Send + Sync>(&self, other: U) -> Result<T, PayError> {
            Err(PayError::Down)
        }

        async fn own<U>(&self, _: PayError, _: &U) -> Result<T, PayError> {
            Ok(self.region.clone())
        }

        #[retry]
        #[circuit_breaker]
        #[allow(clippy::multiple_bound_locations, reason = "both places are tried")]
        async fn generic<U: Send + Sync>(&self, other: U) -> Result<(T, U), PayError>
        where
            U: Clone,
        {
            Ok((self.region.clone(), other.clone()))
        }
    }

    #[tokio::test]
    async fn of_every_receiver() {
        let mut client = assert_send(Client::connect(7)).await.unwrap();
        assert_eq!(assert_send(client.by_reference(1)).await.unwrap(), 8);
        *assert_send(client.by_mutable_reference()).await.unwrap() += 1;
        assert_eq!(client.calls, 2);
        assert_eq!(assert_send(client.mutable_under_retry(0)).await.unwrap(), 3);
        assert_eq!(assert_send(client.cached()).await.unwrap(), 7);
        assert_eq!(assert_send(client.generic("text")).await.unwrap(), (7, "text"));
        assert_eq!(assert_send(client.or_its_own("text")).await.unwrap(), 7);
        let records = MemoryStore::default();
        for _ in 0..2 {
            assert_eq!(assert_send(client.borrowed(&records, "key")).await.unwrap(), 7);
        }
        let client = Arc::new(client);
        for _ in 0..2 {
            assert_eq!(assert_send(client.clone().by_arc(records.clone(), "key".to_owned())).await.unwrap(), 7);
        }
        let client = Arc::into_inner(client).unwrap();
        assert_eq!(assert_send(client.by_value()).await.unwrap(), 7);
    }

    trait Charge {
        fn charge(&self, amount: u64) -> impl Future<Output = Result<u64, PayError>> + Send;
    }

    impl Charge for Client {
        #[retry(repeatable)]
        #[timeout("1s")]
        #[circuit_breaker]
        async fn charge(&self, amount: u64) -> Result<u64, PayError> {
            Ok(self.region + amount)
        }
    }

    #[tokio::test]
    async fn of_a_trait() {
        let client = Client::connect(7).await.unwrap();
        assert_eq!(assert_send(Charge::charge(&client, 1)).await.unwrap(), 8);
    }

    #[async_trait::async_trait]
    trait Boxed: Send + Sync {
        async fn charge(&self, amount: u64) -> Result<u64, PayError>;
    }

    #[async_trait::async_trait]
    impl Boxed for Client {
        #[retry(repeatable)]
        #[timeout(self.limit)]
        async fn charge(&self, amount: u64) -> Result<u64, PayError> {
            Ok(self.region + amount)
        }
    }

    #[tokio::test]
    async fn behind_async_trait() {
        let client: Box<dyn Boxed> = Box::new(Client::connect(7).await.unwrap());
        assert_eq!(assert_send(client.charge(1)).await.unwrap(), 8);
    }
}

mod results {
    use super::*;

    #[tokio::test]
    async fn that_borrow_from_an_argument() {
        #[logged(ret)]
        #[timed]
        #[retry(repeatable)]
        #[circuit_breaker]
        #[timeout("1s")]
        async fn first<'a>(text: &'a str, _other: &str) -> Result<&'a str, PayError> {
            text.split(' ').next().ok_or(PayError::Down)
        }
        assert_eq!(assert_send(first("one two", "three")).await.unwrap(), "one");
        #[retry]
        async fn elided(text: &str) -> Result<&str, PayError> {
            Ok(text)
        }
        assert_eq!(elided("one").await.unwrap(), "one");
    }

    #[tokio::test]
    async fn that_the_body_leaves_to_inference() {
        #[retry]
        #[circuit_breaker]
        async fn boxed(n: u64) -> Result<Box<dyn Fn(u64) -> u64 + Send>, PayError> {
            if n == 0 {
                return Ok(Box::new(|m| m));
            }
            Ok(Box::new(move |m| n * m))
        }
        assert_eq!(assert_send(boxed(6)).await.unwrap()(7), 42);

        #[timeout("1s")]
        async fn collected(text: &str) -> Result<Vec<u8>, PayError> {
            let numbers = text.split(',').map(str::parse);
            numbers.collect::<Result<_, _>>().map_err(|_| PayError::Lost)
        }
        assert_eq!(collected("1,2").await.unwrap(), [1, 2]);

        #[timed]
        async fn literal() -> Result<(u8, Option<f32>), PayError> {
            Ok((7, Some(1.0)))
        }
        assert_eq!(literal().await.unwrap(), (7, Some(1.0)));
    }

    #[tokio::test]
    async fn that_leave_early_by_question_mark_and_return() {
        #[logged]
        #[timed]
        #[retry(max_attempts = 2)]
        #[circuit_breaker]
        async fn early(text: &str) -> Result<u64, PayError> {
            let mut sum = 0;
            for part in text.split(' ') {
                match part {
                    "skip" => continue,
                    "stop" => return Ok(sum),
                    _ => sum += part.parse::<u64>().map_err(|_| PayError::declined(part))?,
                }
            }
            Err(PayError::declined("no stop"))
        }
        assert_eq!(assert_send(early("1 skip 2 stop x")).await.unwrap(), 3);
        assert_eq!(early("1 x").await.code(), "declined");
    }

    #[tokio::test]
    async fn of_anyhow_where_nothing_must_be_replayed() {
        #[logged]
        #[timed]
        #[rate_limit(max_calls = 1, period = "1h")]
        #[timeout("1s")]
        async fn call(fail: bool) -> anyhow::Result<u64> {
            anyhow::ensure!(!fail, "it failed");
            Ok(7)
        }
        assert_eq!(assert_send(call(false)).await.unwrap(), 7);
        let error = call(false).await.unwrap_err();
        assert_eq!(error.downcast_ref::<Rejection>().unwrap().code(), "rate_limited");

        #[retry(when = |error: &anyhow::Error| error.is::<io::Error>(), delays = ["1ms"])]
        #[circuit_breaker(on = _ if true)]
        async fn retried(calls: &std::sync::atomic::AtomicU64) -> anyhow::Result<u64> {
            match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => Err(io::Error::from(io::ErrorKind::ConnectionReset))?,
                n => Ok(n),
            }
        }
        assert_eq!(assert_send(retried(&Default::default())).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn of_boxed_errors() {
        type Boxed = Box<dyn Error + Send + Sync>;

        #[rate_limit(max_calls = 1, period = "1h")]
        #[timeout("1s")]
        async fn call(text: &str) -> Result<u64, Boxed> {
            Ok(text.parse()?)
        }
        assert!(assert_send(call("x")).await.unwrap_err().is::<std::num::ParseIntError>());
        assert_eq!(call("7").await.unwrap_err().downcast_ref::<Rejection>().unwrap().code(), "rate_limited");
    }

    #[tokio::test]
    async fn of_io_where_nothing_refuses() {
        #[logged]
        #[timed]
        #[retry(on = error if error.kind() == io::ErrorKind::Interrupted)]
        async fn read(text: &str) -> io::Result<u64> {
            text.parse().map_err(io::Error::other)
        }
        assert_eq!(assert_send(read("7")).await.unwrap(), 7);
        assert!(read("x").await.is_err());
    }

    #[tokio::test]
    async fn by_an_alias() {
        type Result<T, E = PayError> = std::result::Result<T, E>;
        type Answer = Result<u64>;

        #[retry(repeatable)]
        #[circuit_breaker]
        #[timeout("1s")]
        async fn aliased(n: u64) -> Result<u64> {
            Ok(n)
        }
        #[idempotent(name = "aliased", key = key, payload = none, store = records)]
        #[retry]
        async fn hidden(records: MemoryStore, key: &'static str) -> Answer {
            Ok(7)
        }
        assert_eq!(assert_send(aliased(7)).await.unwrap(), 7);
        assert_eq!(assert_send(hidden(MemoryStore::default(), "k")).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn of_impl_trait_where_nothing_reads_them() {
        #[timed]
        #[logged]
        async fn shown(n: u64) -> impl Display + Send {
            n
        }
        assert_eq!(assert_send(shown(7)).await.to_string(), "7");
    }
}

mod parameters {
    use super::*;

    struct Point {
        x: u64,
        y: u64,
    }

    #[logged(args(x, first))]
    #[validate(x > 0 => "must be positive", second > 0 => "must be positive")]
    #[retry(clone(rest))]
    #[circuit_breaker]
    async fn patterns(
        Point { x, y: height }: Point,
        (first, second): (u64, u64),
        [a, .., b]: [u64; 3],
        mut rest: Vec<u64>,
        _: &str,
    ) -> Result<u64, PayError> {
        rest.push(height);
        Ok(x + first + second + a + b + rest.iter().sum::<u64>())
    }

    #[tokio::test]
    async fn may_be_patterns() {
        let sum = assert_send(patterns(Point { x: 1, y: 2 }, (3, 4), [5, 100, 6], vec![7], "")).await;
        assert_eq!(sum.unwrap(), 1 + 2 + 3 + 4 + 5 + 6 + 7);
        let refused = patterns(Point { x: 0, y: 2 }, (3, 0), [0; 3], vec![], "").await;
        assert_eq!(refused.rejection().unwrap().to_string().matches("must be positive").count(), 2);
    }

    #[tokio::test]
    async fn live_as_long_as_in_a_plain_function() {
        #[timeout("1s")]
        async fn keeps(_guard: Arc<()>, _: Arc<()>, unused: Arc<()>) -> Result<usize, PayError> {
            let _ = &unused;
            tokio::task::yield_now().await;
            Ok(Arc::strong_count(&unused))
        }
        let shared = Arc::new(());
        let call = keeps(shared.clone(), shared.clone(), shared.clone());
        assert_eq!(Arc::strong_count(&shared), 4);
        assert_eq!(call.await.unwrap(), 4);
        assert_eq!(Arc::strong_count(&shared), 1);
    }

    #[tokio::test]
    async fn may_be_called_like_what_an_expansion_uses() {
        #[idempotent(name = "names", key = key, payload(result, call, attempts), store = store, claim = query)]
        #[rate_limit(max_calls = 10, period = "1s")]
        #[retry(attempt = pause)]
        async fn names(
            store: MemoryStore,
            key: &'static str,
            result: u64,
            call: u64,
            attempts: u64,
            rejection: u64,
        ) -> Result<u64, PayError> {
            assert_eq!((query.key(), pause), (Some("k"), 1));
            Ok(result + call + attempts + rejection)
        }
        assert_eq!(assert_send(names(MemoryStore::default(), "k", 1, 2, 3, 4)).await.unwrap(), 10);
    }
}

mod by_macro {
    use super::*;

    macro_rules! client {
        ($name:ident, $attempts:literal, $limit:expr, $error:ty, $pattern:pat) => {
            #[retry(max_attempts = $attempts, on = $pattern, delay = $limit, max_delay = $limit)]
            #[circuit_breaker(failure_threshold = $attempts)]
            async fn $name(calls: &std::sync::atomic::AtomicU64) -> Result<u64, $error> {
                match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                    0 | 1 => Err(PayError::Down),
                    n => Ok(n),
                }
            }
        };
    }
    client!(three, 3, Duration::from_millis(1), PayError, PayError::Down);
    client!(two, 2, Duration::from_millis(1), PayError, PayError::Down | PayError::Lost);

    #[tokio::test]
    async fn functions_come_with_their_settings() {
        assert_eq!(assert_send(three(&Default::default())).await.unwrap(), 2);
        assert_eq!(two(&Default::default()).await.code(), "down");
    }

    macro_rules! guarded {
        ($(#[$attr:meta])* $vis:vis async fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty $body:block) => {
            $(#[$attr])*
            #[timeout("1s")]
            $vis async fn $name($($arg: $ty),*) -> $ret $body
        };
    }
    guarded! {
        #[validate(amount > 0 => "must be positive")]
        #[idempotent(name = "by_macro", key = key, payload = amount, store = records)]
        pub(crate) async fn charge(records: MemoryStore, amount: u64, key: String) -> Result<u64, PayError> {
            Ok(amount)
        }
    }

    #[tokio::test]
    async fn attributes_of_the_macro_and_of_its_caller_stack() {
        let records = MemoryStore::default();
        assert_eq!(assert_send(charge(records.clone(), 0, "k".to_owned())).await.code(), "invalid");
        assert_eq!(charge(records.clone(), 7, "k".to_owned()).await.unwrap(), 7);
        assert_eq!(charge(records, 8, "k".to_owned()).await.code(), "payload_conflict");
    }
}

mod beside_others {
    use super::*;

    #[tokio::main(flavor = "current_thread", start_paused = true)]
    #[timeout("1s")]
    async fn below_main() -> Result<u64, PayError> {
        std::future::pending().await
    }

    #[timeout("1s")]
    #[tokio::main(flavor = "current_thread", start_paused = true)]
    async fn above_main() -> Result<u64, PayError> {
        std::future::pending().await
    }

    #[test]
    fn a_stack_waits_inside_the_runtime_of_an_entry() {
        assert_eq!((below_main().code(), above_main().code()), ("timed_out", "timed_out"));
    }

    static RUNS: AtomicU64 = AtomicU64::new(0);

    #[tokio::test(start_paused = true)]
    #[retry(max_attempts = 3)]
    async fn a_test_under_tokios_is_guarded_itself() -> Result<(), PayError> {
        if RUNS.fetch_add(1, SeqCst) < 2 { Err(PayError::Down) } else { Ok(()) }
    }

    #[tokio::test]
    async fn a_span_below_the_stack_is_around_it_and_one_above_in_each_attempt() {
        static BELOW: AtomicU64 = AtomicU64::new(0);
        static ABOVE: AtomicU64 = AtomicU64::new(0);

        fn count(spans: &AtomicU64) -> u64 {
            spans.fetch_add(1, SeqCst)
        }

        #[retry(max_attempts = 3, delays = ["1ms"], attempt = attempt)]
        #[tracing::instrument(skip_all, fields(spans = count(&BELOW)))]
        async fn below() -> Result<u32, PayError> {
            if attempt < 3 { Err(PayError::Down) } else { Ok(attempt) }
        }

        #[tracing::instrument(skip_all, fields(spans = count(&ABOVE)))]
        #[retry(max_attempts = 3, delays = ["1ms"], attempt = attempt, clone(order))]
        async fn above(order: String) -> Result<usize, PayError> {
            if attempt < 3 { Err(PayError::Down) } else { Ok(order.len()) }
        }
        let _listener = listen(tracing::Level::INFO);
        assert_eq!(below().await.unwrap(), 3);
        assert_eq!(above("order".to_owned()).await.unwrap(), 5);
        assert_eq!((BELOW.load(SeqCst), ABOVE.load(SeqCst)), (1, 3));
    }
}

mod re_exports {
    /// A facade that hands ours on.
    mod facade {
        #[allow(clippy::single_component_path_imports, reason = "a facade is this import")]
        pub(super) use steadfast;
    }

    use steadfast_tests::PayError;

    #[facade::steadfast::retry(crate = crate::re_exports::facade::steadfast, repeatable)]
    #[facade::steadfast::timeout("1s")]
    async fn call() -> Result<u64, PayError> {
        Ok(7)
    }

    #[tokio::test]
    async fn are_named_with_crate() {
        assert_eq!(call().await.unwrap(), 7);
    }
}
