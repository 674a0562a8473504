//! Settings from outside for every kind of policy: in force in what the functions do. They hold for the
//! process, so each policy here is configured by one test only.

use std::time::Duration;

use steadfast::bulkhead::Bulkhead;
use steadfast::cached::Cache;
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::idempotent::MemoryStore;
use steadfast::keyed::Keyed;
use steadfast::rate_limit::RateLimiter;
use steadfast::retry::RetryBudget;
use steadfast::{Configuration, bulkhead, cached, circuit_breaker, configure, idempotent, rate_limit, retry, timeout};
use steadfast_tests::{Code, Gateway, Hand, PayError, Receipt, Reply};
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

static CALLS: RateLimiter = RateLimiter::window("all.calls", 100, HOUR);
static SMOOTH: RateLimiter = RateLimiter::rate("all.smooth", 100, HOUR, 100);
static TENANTS: Keyed<String, RateLimiter> = Keyed::new(RateLimiter::window("all.tenants", 100, HOUR));
static BUDGET: RetryBudget = RetryBudget::new("all.budget");
static PLACES: Bulkhead = Bulkhead::new("all.places", 100);
static RATES: Cache<String, u64> = Cache::new("all.rates", HOUR);
static GATEWAY: CircuitBreaker = CircuitBreaker::new("all.gateway");

#[rate_limit(CALLS)]
async fn counted() -> Result<(), PayError> {
    Ok(())
}

#[rate_limit(SMOOTH)]
async fn smoothed() -> Result<(), PayError> {
    Ok(())
}

#[rate_limit(TENANTS, key = tenant)]
async fn of_tenant(tenant: &str) -> Result<(), PayError> {
    Ok(())
}

#[retry(budget = BUDGET)]
async fn retried(gateway: &Gateway) -> Result<Receipt, PayError> {
    gateway.call(1, "").await
}

#[bulkhead(PLACES)]
async fn placed(gateway: &Gateway) -> Result<Receipt, PayError> {
    gateway.call(1, "").await
}

#[cached(RATES, key = currency)]
async fn rate(currency: &str, now: u64) -> Result<u64, PayError> {
    Ok(now)
}

#[cached(ttl = "1h", key = currency)]
async fn own_rate(currency: &str, now: u64) -> Result<u64, PayError> {
    Ok(now)
}

#[circuit_breaker(GATEWAY)]
async fn broken(gateway: &Gateway) -> Result<Receipt, PayError> {
    gateway.call(1, "").await
}

#[timeout("1h")]
async fn hanging(gateway: &Gateway) -> Result<Receipt, PayError> {
    gateway.call(1, "").await
}

#[idempotent(name = "all.charges", key = key, payload = none, store = records, missing_key = run)]
async fn charge(records: MemoryStore, gateway: Gateway, key: Option<&'static str>) -> Result<Receipt, PayError> {
    gateway.call(1, "").await
}

async fn codes<F: Future>(calls: usize, call: impl Fn() -> F) -> Vec<&'static str>
where
    F::Output: Code,
{
    let mut codes = Vec::new();
    for _ in 0..calls {
        codes.push(call().await.code());
    }
    codes
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_policy_is_configured_by_name_from_files_and_variables() {
    let toml: Configuration = toml::from_str(
        r#"
            [rate_limit."all.calls"]
            max_calls = 1
            period = "10s"

            [rate_limit."all.smooth"]
            rate = "1/5s"
            burst = 2

            [rate_limit."all.tenants"]
            max_calls = 1
            max_keys = 2

            [retry.retried]
            max_attempts = 5
            delays = ["1s", "2s"]
            jitter = "none"

            [retry_budget."all.budget"]
            ratio = 1.5
            min_per_second = 0
        "#,
    )
    .unwrap();
    let json: Configuration = serde_json::from_value(serde_json::json!({
        "bulkhead": { "all.places": { "max_concurrent": 1, "max_wait": "2s" } },
        "cached": { "all.rates": { "ttl": "10s" }, "own_rate": { "ttl": "20s", "max_entries": 5 } },
        "circuit_breaker": { "all.gateway": { "failure_rate": 0.5, "window": 4, "minimum_calls": 2 } },
    }))
    .unwrap();
    let vars = Configuration::from_vars(
        "ALL",
        [
            ("ALL__TIMEOUT__HANGING__AFTER", "3s"),
            ("ALL__IDEMPOTENT__ALL_CHARGES__TTL", "1m"),
            ("ALL__IDEMPOTENT__ALL_CHARGES__MISSING_KEY", "refuse"),
            ("ALL__CIRCUIT_BREAKER__ALL_GATEWAY__RECOVERY_TIMEOUT", "7s"),
        ],
    );
    configure(&toml.merge(json).merge(vars)).unwrap();

    assert_eq!(codes(2, counted).await, ["ok", "rate_limited"]);
    assert_eq!(counted().await.wait(), Some(10 * SECOND));
    assert_eq!(codes(3, smoothed).await, ["ok", "ok", "rate_limited"]);
    assert_eq!(smoothed().await.wait(), Some(5 * SECOND));
    assert_eq!(codes(2, || of_tenant("acme")).await, ["ok", "rate_limited"]);
    assert_eq!((of_tenant("b").await.code(), of_tenant("c").await.code()), ("ok", "rate_limited"), "two keys at most");

    let gateway = Gateway::of(vec![Reply::Fail(PayError::Down); 9]);
    assert_eq!(retried(&gateway).await.code(), "down");
    assert_eq!(gateway.pauses(), [SECOND], "one retry for one call");
    assert_eq!(retried(&gateway).await.code(), "down");
    assert_eq!(gateway.calls(), 2 + 3, "three for two");
    assert_eq!(gateway.pauses()[2..], [SECOND, 2 * SECOND]);

    let gateway = Gateway::of([Reply::After(SECOND), Reply::After(5 * SECOND), Reply::Succeed]);
    let start = Instant::now();
    let (one, two) = tokio::join!(placed(&gateway), placed(&gateway));
    assert_eq!((one.code(), two.code(), start.elapsed().as_secs()), ("ok", "ok", 6));
    let held = PLACES.try_acquire().unwrap();
    assert_eq!(placed(&gateway).await.code(), "bulkhead_full");
    assert_eq!(start.elapsed().as_secs(), 8);
    drop(held);

    assert_eq!((rate("EUR", 1).await.unwrap(), own_rate("EUR", 1).await.unwrap()), (1, 1));
    advance(10 * SECOND).await;
    assert_eq!((rate("EUR", 2).await.unwrap(), own_rate("EUR", 2).await.unwrap()), (2, 1));
    advance(10 * SECOND).await;
    assert_eq!(own_rate("EUR", 3).await.unwrap(), 3);

    let gateway = Gateway::of([Reply::Succeed, Reply::Fail(PayError::Down)]);
    assert_eq!(codes(3, || broken(&gateway)).await, ["ok", "down", "circuit_open"]);
    assert_eq!(broken(&gateway).await.wait(), Some(7 * SECOND));

    let start = Instant::now();
    assert_eq!(hanging(&Gateway::of([Reply::Hang])).await.code(), "timed_out");
    assert_eq!(start.elapsed().as_secs(), 3);

    let (records, gateway) = (MemoryStore::default(), Gateway::default());
    assert_eq!(charge(records.clone(), gateway.clone(), None).await.code(), "missing_key");
    let number = async || charge(records.clone(), gateway.clone(), Some("k")).await.unwrap().number;
    assert_eq!((number().await, number().await), (1, 1));
    sleep(60 * SECOND).await;
    assert_eq!(number().await, 2);
}

mod wrong {
    use super::*;

    #[circuit_breaker(failure_rate = 0.5)]
    #[retry(repeatable)]
    #[timeout("30s")]
    #[bulkhead(max_concurrent = 9)]
    async fn guarded(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }

    #[rate_limit(max_calls = 9, period = "1m")]
    #[cached(ttl = "1h", key = id)]
    async fn looked_up(id: u64) -> Result<u64, PayError> {
        Ok(id)
    }

    #[idempotent(name = "wrong.charges", key = key, payload = none, store = records)]
    async fn charged(records: MemoryStore, key: &'static str) -> Result<u64, PayError> {
        Ok(7)
    }

    #[idempotent(name = "wrong.leases", key = key, payload = none, store = records)]
    #[timeout("50s")]
    async fn leased(records: MemoryStore, gateway: Gateway, key: &'static str) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }

    #[retry(budget = WRONG_BUDGET)]
    async fn budgeted(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }

    static WRONG_BUDGET: RetryBudget = RetryBudget::new("wrong.budget");

    /// What is said of one setting.
    #[track_caller]
    fn said(attribute: &str, policy: &str, setting: &str, value: serde_json::Value) -> String {
        let configuration = serde_json::json!({ attribute: { policy: { setting: value } } });
        configure(&serde_json::from_value(configuration).unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn values_are_refused_with_the_settings_name() {
        let zero = serde_json::json!(0);
        for (attribute, policy, setting, value) in [
            ("circuit_breaker", "guarded", "failure_rate", serde_json::json!(50)),
            ("circuit_breaker", "guarded", "minimum_calls", zero.clone()),
            ("circuit_breaker", "guarded", "recovery_timeout", serde_json::json!("0s")),
            ("retry", "guarded", "max_attempts", zero.clone()),
            ("retry", "guarded", "backoff", serde_json::json!(0.5)),
            ("timeout", "guarded", "after", serde_json::json!("0s")),
            ("bulkhead", "guarded", "max_concurrent", zero.clone()),
            ("rate_limit", "looked_up", "max_calls", zero.clone()),
            ("rate_limit", "looked_up", "period", serde_json::json!("0s")),
            ("cached", "looked_up", "ttl", serde_json::json!("0s")),
            ("cached", "looked_up", "max_entries", zero.clone()),
            ("retry_budget", "wrong.budget", "ratio", serde_json::json!(-1)),
            ("idempotent", "wrong.charges", "lease", serde_json::json!("0s")),
        ] {
            let said = said(attribute, policy, setting, value);
            let begins = format!("{attribute}.{policy}: ");
            assert!(said.starts_with(&begins) && said.contains(&format!("`{setting}`")), "{said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }

    #[test]
    fn durations_without_a_unit_and_settings_of_nobody_are_refused() {
        for (attribute, policy, setting) in [
            ("circuit_breaker", "guarded", "recovery_timeout"),
            ("retry", "guarded", "max_delay"),
            ("timeout", "guarded", "after"),
            ("bulkhead", "guarded", "max_wait"),
            ("rate_limit", "looked_up", "period"),
            ("cached", "looked_up", "ttl"),
            ("retry_budget", "wrong.budget", "window"),
            ("idempotent", "wrong.charges", "lease"),
        ] {
            let unit = said(attribute, policy, setting, serde_json::json!("10"));
            assert!(unit.contains("unit"), "{attribute}.{setting}: {unit}");
            let slip = format!("{setting}x");
            let unknown = said(attribute, policy, &slip, serde_json::json!("10s"));
            assert!(unknown.contains(&format!("unknown field `{slip}`")), "{unknown}");
            assert!(unknown.contains(setting), "it says what there is: {unknown}");
            let name = said(attribute, &format!("{policy}x"), setting, serde_json::json!("10s"));
            assert!(name.contains(&format!("did you mean `{policy}`?")), "{name}");
        }
        let attribute = said("bulkheads", "guarded", "max_wait", serde_json::json!("1s"));
        assert!(attribute.contains("did you mean `bulkhead`?"), "{attribute}");
    }

    /// One of them would be right by itself, and is not put in force either.
    #[tokio::test(start_paused = true)]
    async fn a_lease_that_would_end_before_the_timeout_below_it_is_refused_with_all_else() {
        let configuration = serde_json::json!({
            "idempotent": { "wrong.leases": { "lease": "40s" } },
            "bulkhead": { "guarded": { "max_concurrent": 1 } },
        });
        let errors = configure(&serde_json::from_value(configuration).unwrap()).unwrap_err().to_string();
        assert!(
            errors.starts_with("idempotent.wrong.leases: in `configure_all::wrong::leased`, the lease (40s)"),
            "{errors}"
        );
        let vars = [("X__TIMEOUT__LEASED__AFTER", "70s")];
        let errors = configure(&Configuration::from_vars("X", vars)).unwrap_err().to_string();
        assert!(errors.contains("shorter than the timeout below it (70s)"), "{errors}");
        let gateway = Gateway::of([Reply::Hang, Reply::Succeed]);
        let mut one = Hand::new(guarded(&gateway));
        one.poll_pending();
        assert_eq!(guarded(&gateway).await.code(), "ok", "it still has nine places");
        // Both together are right.
        let configuration = serde_json::json!({
            "idempotent": { "wrong.leases": { "lease": "80s" } },
            "timeout": { "leased": { "after": "70s" } },
        });
        configure(&serde_json::from_value(configuration).unwrap()).unwrap();
        let start = Instant::now();
        let hangs = leased(MemoryStore::default(), Gateway::of([Reply::Hang]), "k").await;
        assert_eq!((hangs.code(), start.elapsed().as_secs()), ("timed_out", 70));
    }

    #[tokio::test]
    async fn the_functions_work_all_the_same() {
        assert_eq!(looked_up(7).await.unwrap(), 7);
        assert_eq!(charged(MemoryStore::default(), "k").await.unwrap(), 7);
        assert_eq!(budgeted(&Gateway::default()).await.code(), "ok");
    }
}
