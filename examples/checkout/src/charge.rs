//! The function that takes the money, under its stack; and the same one without `idempotent`.

use std::time::Duration;

use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::idempotent::{AnyStore, Claim, IdempotencyKey, Recovered, Token};
use steadfast::rate_limit::RateLimiter;
use steadfast::{circuit_breaker, idempotent, logged, rate_limit, retry, timed, timeout, validate};
use steadfast_payments::gateway::{Authorization, Authorize};
use steadfast_payments::{PaymentError, PaymentGateway};

/// The name under which `charge_customer` keeps its records: what its attribute says.
pub(crate) const RECORDS: &str = "charges.create";

/// The most that one order may cost, in minor units.
const MOST: i64 = 1_000_000;

/// Every function that calls the gateway shares its breaker.
pub(crate) static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway")
    .failure_threshold(5)
    .recovery_timeout(Duration::from_millis(300))
    .half_open_max_calls(3);

/// And its limit, as agreed with the gateway. A call over it waits for its turn.
pub(crate) static GATEWAY_CALLS: RateLimiter =
    RateLimiter::window("gateway_calls", 35, Duration::from_millis(500)).max_wait(Duration::from_secs(1));

/// What the function works with.
#[derive(Clone, Debug)]
pub(crate) struct App<G> {
    pub(crate) gateway: G,
    /// Ours at the gateway: the same key under another one is another charge.
    pub(crate) account: String,
    pub(crate) records: AnyStore,
}

/// A client's key, or the error that says what is wrong with it.
pub(crate) fn key(text: &str) -> Result<IdempotencyKey, PaymentError> {
    IdempotencyKey::new(text)
        .map_err(|error| PaymentError::InvalidRequest { field: "key".into(), reason: error.to_string().into() })
}

/// Charges a customer once for each key, however often it is called, and whoever was killed meanwhile.
#[logged(args(order.reference), ret)]
#[timed]
#[validate(order.amount.is_positive() => "must be positive", order.amount.minor() <= MOST => "must be at most 10,000.00")]
#[idempotent(
    name = "charges.create",
    scope = app.account,
    key = key,
    payload = order,
    store = app.records,
    lease = "5s",
    on_unknown = recover = ask_gateway,
    claim = claim
)]
#[rate_limit(GATEWAY_CALLS)]
#[retry(max_attempts = 3, delay = "200ms", repeatable = claim)]
#[circuit_breaker(GATEWAY)]
#[timeout("2s")]
pub(crate) async fn charge_customer<G>(
    app: App<G>,
    order: Authorize,
    key: IdempotencyKey,
) -> Result<Authorization, PaymentError>
where
    G: PaymentGateway + Clone + 'static,
{
    app.gateway.authorize(&order, claim.downstream_key()).await
}

/// What became of a charge whose outcome nobody knows: its process was killed, or had no answer.
async fn ask_gateway<G: PaymentGateway>(
    claim: &Claim,
    app: &App<G>,
    _order: &Authorize,
    _key: &IdempotencyKey,
) -> Result<Recovered<Authorization>, PaymentError> {
    app.gateway.look_up(claim.downstream_key()).await?.recovered()
}

/// The same without `idempotent` and the key that it derives. A bare `repeatable` promises that
/// calling the gateway twice is safe. Here that is not true, and nothing can know it but us: each
/// attempt has a key of its own.
#[logged(args(order.reference), ret)]
#[timed]
#[validate(order.amount.is_positive() => "must be positive", order.amount.minor() <= MOST => "must be at most 10,000.00")]
#[rate_limit(GATEWAY_CALLS)]
#[retry(max_attempts = 3, delay = "200ms", repeatable)]
#[circuit_breaker(GATEWAY)]
#[timeout("2s")]
pub(crate) async fn charge_without_idempotent<G>(app: App<G>, order: Authorize) -> Result<Authorization, PaymentError>
where
    G: PaymentGateway + Clone + 'static,
{
    let key = u128::from_be_bytes(Token::random().to_bytes());
    app.gateway.authorize(&order, &format!("{key:032x}")).await
}
