//! The function that takes the money, under its stack; and the same one without `idempotent`.

use steadfast::idempotent::{Answer, AnyStore, Claim, Recovered};
use steadfast::{Failure, Rejection, idempotent, retry, timeout};

use crate::gateway::{Charge, Gateway};
use crate::journal::Journal;
use crate::order::Order;

/// The name under which `charge` keeps its records: what its attribute says.
pub(crate) const RECORDS: &str = "kill.charge";

/// What the function works with.
#[derive(Clone, Debug)]
pub(crate) struct Shop {
    pub(crate) records: AnyStore,
    pub(crate) gateway: Gateway,
    pub(crate) journal: Journal,
}

#[derive(Debug, thiserror::Error, Failure)]
pub(crate) enum PayError {
    #[error("{id}: the card was declined")]
    #[failure(terminal)]
    Declined { id: String },
    #[error("the gateway cannot be reached")]
    #[failure(transient)]
    Unreachable,
    #[error("the gateway did not answer")]
    #[failure(unknown)]
    NoAnswer,
    #[error(transparent)]
    #[failure(transparent)]
    Refused(#[from] Rejection),
}

/// Charges an order once, whoever is killed. The lease is short, so that a test need not wait long for those of the dead;
/// the time-out below it is shorter, so that no owner works on when its lease has ended.
#[idempotent(
    name = "kill.charge",
    key = key,
    payload = order,
    store = shop.records,
    claim = claim,
    lease = "2s",
    on_unknown = recover = ask_the_gateway
)]
#[timeout("1s")]
#[retry(max_attempts = 3, delay = "5ms")]
pub(crate) async fn charge(shop: Shop, order: Order, key: String) -> Result<Answer<Charge>, PayError> {
    shop.gateway.charge(order, claim.downstream_key()).await.map(Answer::new)
}

async fn ask_the_gateway(
    claim: &Claim,
    shop: &Shop,
    order: &Order,
    _key: &String,
) -> Result<Recovered<Answer<Charge>>, PayError> {
    if order.is_opaque() {
        return Ok(Recovered::StillUnknown);
    }
    let Some(charge) = shop.gateway.look_up(claim.downstream_key()).await? else { return Ok(Recovered::NeverHappened) };
    shop.journal.recovered(*order);
    Ok(Recovered::Done(Answer::new(charge)))
}

/// The same without `idempotent`: the gateway is given the order's key itself.
#[timeout("1s")]
#[retry(max_attempts = 3, delay = "5ms")]
pub(crate) async fn charge_without_idempotent(gateway: Gateway, order: Order) -> Result<Charge, PayError> {
    gateway.charge(order, &order.to_string()).await
}
