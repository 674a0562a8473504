//! Methods that `#[async_trait]` has rewritten before ours see them.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::idempotent::MemoryStore;
use steadfast::rate_limit::RateLimiter;
use steadfast::{cached, circuit_breaker, idempotent, logged, rate_limit, retry, timed, timeout, validate};
use steadfast_tests::{ChargeRequest, Code, PayError, assert_send, listen};

struct Client<T> {
    region: T,
    breaker: CircuitBreaker,
    calls: Arc<RateLimiter>,
    limit: Duration,
    records: MemoryStore,
    attempts: AtomicU32,
}

impl<T> Client<T> {
    fn of(region: T) -> Self {
        Self {
            region,
            breaker: CircuitBreaker::new("trait.breaker").failure_threshold(10),
            calls: Arc::new(RateLimiter::window("trait.calls", 100, Duration::from_secs(3600))),
            limit: Duration::from_secs(1),
            records: MemoryStore::default(),
            attempts: AtomicU32::new(0),
        }
    }
}

#[async_trait]
trait Gateway: Send + Sync {
    async fn charge(&self, request: ChargeRequest, key: &str) -> Result<String, PayError>;
    async fn patterns(
        &mut self,
        pair: (u32, u32),
        text: &(u32, u32),
        _: String,
        rest: Vec<u32>,
    ) -> Result<u32, PayError>;
    async fn echo<'a, V: Display + Send + Sync>(&self, value: &'a V) -> Result<(&'a V, String), PayError>
    where
        Self: Sized;
    async fn nothing(&self);
    async fn made() -> Result<u32, PayError>
    where
        Self: Sized;
    async fn shared(self: Arc<Self>, key: String) -> Result<u32, PayError>;

    /// What every gateway can do.
    #[timed]
    #[retry(max_attempts = 2, delays = ["1ms"], repeatable, attempt = attempt)]
    #[timeout(self.limit())]
    async fn by_default(&self, n: u32) -> Result<u32, PayError> {
        if attempt == 1 { Err(PayError::Down) } else { Ok(n + self.offset()) }
    }

    fn offset(&self) -> u32 {
        1
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(1)
    }
}

#[async_trait]
impl<T: Clone + Display + Send + Sync + 'static> Gateway for Client<T> {
    #[logged(args(request.order, self.region), ret)]
    #[timed]
    #[validate(request.amount > 0 => "must be positive")]
    #[idempotent(
        name = "trait.charge", key = key, payload(request, self.limit), store = self.records, claim = claim,
        on_cancel = unknown
    )]
    #[rate_limit(self.calls)]
    #[retry(max_attempts = 3, delays = ["1ms"], repeatable = claim, attempt = attempt)]
    #[circuit_breaker(self.breaker)]
    #[timeout(self.limit)]
    async fn charge(&self, request: ChargeRequest, key: &str) -> Result<String, PayError> {
        self.attempts.fetch_add(1, SeqCst);
        if attempt < 3 {
            Err(PayError::Down)?;
        }
        tokio::task::yield_now().await;
        Ok(format!("{} {} {} {}", self.region, request.order, claim.key().unwrap_or("none"), request.amount))
    }

    #[validate(first > 0 => "must be positive", rest.len() < 3 => "must be few")]
    #[retry(clone(rest))]
    #[circuit_breaker]
    async fn patterns(
        &mut self,
        (first, second): (u32, u32),
        (third, fourth): &(u32, u32),
        _: String,
        mut rest: Vec<u32>,
    ) -> Result<u32, PayError> {
        rest.push(first + second + third + fourth);
        self.limit = Duration::from_secs(2);
        Ok(rest.iter().sum())
    }

    #[retry]
    #[circuit_breaker(self.breaker)]
    async fn echo<'a, V: Display + Send + Sync>(&self, value: &'a V) -> Result<(&'a V, String), PayError> {
        let shown = value.to_string();
        Ok((value, shown))
    }

    #[logged]
    #[timed]
    async fn nothing(&self) {
        self.attempts.fetch_add(10, SeqCst);
    }

    #[cached(ttl = "1h")]
    #[retry]
    async fn made() -> Result<u32, PayError> {
        Ok(7)
    }

    #[idempotent(name = "trait.shared", key = key, payload = none, store = self.records)]
    #[retry]
    async fn shared(self: Arc<Self>, key: String) -> Result<u32, PayError> {
        Ok(self.attempts.fetch_add(1, SeqCst))
    }
}

#[tokio::test]
async fn a_stack_guards_the_body() {
    let (listener, _guard) = listen(tracing::Level::INFO);
    let client = Client::of("eu");
    for _ in 0..2 {
        let receipt = assert_send(client.charge(ChargeRequest::of(7), "key-1")).await.unwrap();
        assert_eq!(receipt, "eu order-1 key-1 7");
    }
    assert_eq!(client.attempts.load(SeqCst), 3);
    assert_eq!(client.charge(ChargeRequest::of(8), "key-1").await.code(), "payload_conflict");
    assert_eq!(client.charge(ChargeRequest::of(0), "key-2").await.code(), "invalid");
    let lines = listener.take_all();
    let of_calls: Vec<_> = lines.iter().filter(|line| line.field("function") == "charge").collect();
    assert_eq!(of_calls.len(), 4);
    assert_eq!((of_calls[0].field("self.region"), of_calls[0].field("request.order")), ("eu", "order-1"));
}

#[tokio::test]
async fn arguments_are_what_they_are_called() {
    let mut client = Client::of("eu");
    assert_eq!(assert_send(client.patterns((1, 2), &(3, 4), String::new(), vec![5])).await.unwrap(), 15);
    assert_eq!(client.limit, Duration::from_secs(2));
    assert_eq!(client.patterns((0, 2), &(3, 4), String::new(), vec![5; 3]).await.code(), "invalid");
    assert_eq!(assert_send(client.echo(&7)).await.unwrap(), (&7, "7".to_owned()));
    assert_send(client.nothing()).await;
    assert_eq!(client.attempts.load(SeqCst), 10);
    assert_eq!(assert_send(Client::<u8>::made()).await.unwrap(), 7);
    let client = Arc::new(client);
    for _ in 0..2 {
        assert_eq!(assert_send(client.clone().shared("key".to_owned())).await.unwrap(), 10);
    }
}

#[tokio::test]
async fn defaults_of_a_trait_are_guarded_too() {
    let client = Client::of("eu");
    assert_eq!(assert_send(client.by_default(1)).await.unwrap(), 2);
}

/// Of one thread only.
#[async_trait(?Send)]
trait Local {
    async fn ask(&self, n: std::rc::Rc<u32>) -> Result<u32, PayError>;

    #[retry]
    #[circuit_breaker]
    async fn twice(&self, n: std::rc::Rc<u32>) -> Result<u32, PayError> {
        Ok(self.ask(n.clone()).await? * 2)
    }
}

#[async_trait(?Send)]
impl Local for Client<u32> {
    #[timed]
    #[retry(repeatable)]
    #[timeout("1s")]
    async fn ask(&self, n: std::rc::Rc<u32>) -> Result<u32, PayError> {
        Ok(*n + self.region)
    }
}

#[tokio::test]
async fn futures_of_one_thread_are_guarded_too() {
    assert_eq!(Client::of(1).twice(std::rc::Rc::new(2)).await.unwrap(), 6);
}
