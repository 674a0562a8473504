//! The function that takes the money, under its stack; and the same one without `idempotent`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::idempotent::{AnyStore, Claim, IdempotencyKey, Recovered};
use steadfast::rate_limit::RateLimiter;
use steadfast::{Failure, Rejection, circuit_breaker, idempotent, logged, rate_limit, retry, timed, timeout, validate};

use crate::gateway::{Gateway, Status};
use crate::money::{Currency, Money};

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
static GATEWAY_CALLS: RateLimiter =
    RateLimiter::window("gateway_calls", 35, Duration::from_millis(500)).max_wait(Duration::from_secs(1));

/// What the function works with.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) gateway: Gateway,
    pub(crate) records: AnyStore,
}

/// What a client sends. A card is a token, never a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChargeRequest {
    pub(crate) order: String,
    /// In minor units: cents.
    pub(crate) amount: i64,
    pub(crate) currency: Currency,
    pub(crate) card: String,
}

impl ChargeRequest {
    pub(crate) fn money(&self) -> Money {
        Money { minor: self.amount, currency: self.currency }
    }
}

/// Money that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charge {
    /// The gateway's number for it.
    pub(crate) id: String,
    pub(crate) money: Money,
}

/// Why no money was taken, or why nobody can say.
#[derive(Debug, thiserror::Error, Failure)]
pub(crate) enum PaymentError {
    /// A definite answer: it is stored, and replayed as it was.
    #[error("{id}: the card was declined")]
    #[failure(terminal)]
    Declined {
        /// The gateway's number for this answer.
        id: String,
    },
    /// Nothing happened: try again.
    #[error("the gateway cannot be reached")]
    #[failure(transient)]
    Unreachable,
    /// It may have happened: ask.
    #[error("the gateway broke in the middle: {0}")]
    #[failure(unknown)]
    Broken(String),
    /// A layer of the stack said no.
    #[error(transparent)]
    #[failure(transparent)]
    Refused(#[from] Rejection),
}

/// Charges a customer once for each key, however often it is called, and whoever was killed meanwhile.
#[logged(args(request.order), ret)]
#[timed]
#[validate(request.amount > 0 => "must be positive", request.amount <= MOST => "must be at most 10,000.00")]
#[idempotent(
    name = "charges.create",
    scope = app.gateway.account(),
    key = key,
    payload = request,
    store = app.records,
    lease = "5s",
    on_unknown = recover = ask_gateway,
    claim = claim
)]
#[rate_limit(GATEWAY_CALLS)]
#[retry(max_attempts = 3, delay = "200ms", repeatable = claim)]
#[circuit_breaker(GATEWAY)]
#[timeout("2s")]
pub(crate) async fn charge_customer(
    app: App,
    request: ChargeRequest,
    key: IdempotencyKey,
) -> Result<Charge, PaymentError> {
    app.gateway.authorize(&request, claim.downstream_key()).await
}

/// What became of a charge whose outcome nobody knows: its process was killed, or had no answer.
async fn ask_gateway(
    claim: &Claim,
    app: &App,
    _request: &ChargeRequest,
    _key: &IdempotencyKey,
) -> Result<Recovered<Charge>, PaymentError> {
    Ok(match app.gateway.look_up(claim.downstream_key()).await? {
        Status::Charged(charge) => Recovered::Done(charge),
        Status::Pending => Recovered::StillUnknown,
        // Should the request be on its way after all: it carries the same key as the next one.
        Status::Unheard => Recovered::NeverHappened,
    })
}

/// The same without `idempotent` and the key that it derives. A bare `repeatable` promises that
/// calling the gateway twice is safe. Here that is not true, and nothing can know it but us.
#[logged(args(request.order), ret)]
#[timed]
#[validate(request.amount > 0 => "must be positive", request.amount <= MOST => "must be at most 10,000.00")]
#[rate_limit(GATEWAY_CALLS)]
#[retry(max_attempts = 3, delay = "200ms", repeatable)]
#[circuit_breaker(GATEWAY)]
#[timeout("2s")]
pub(crate) async fn charge_without_idempotent(app: App, request: ChargeRequest) -> Result<Charge, PaymentError> {
    app.gateway.authorize_without_key(&request).await
}
