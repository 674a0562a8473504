//! An address that is on the blocklist. The rule decides before the gateway is called, and what the saga
//! had done is undone.

use steadfast_payments::PaymentError;
use steadfast_payments::saga::SagaError;

use super::stage::{Stage, order};
use super::{Account, Failed};
use crate::shop::{CheckoutError, Deed, Order};

pub(super) async fn play() -> Result<Account, Failed> {
    let stage = Stage::new().await?;
    let ordered = stage.order(Order { email: "Eve@mailbox.example".to_owned(), ..order("order-4")? }).await;

    let (account, calls) = (stage.account(), stage.gateway.calls());
    let deeds = account.deeds();
    Ok(account
        .promises("the blocklist stopped it", ordered.is_err_and(|why| stopped_by(&why) == Some("blocklist")))
        .promises("the gateway was not called", calls == 0)
        .promises("the goods went back", deeds == [Deed::Reserved, Deed::Released]))
}

/// The rule that blocked it. A client is not told which.
fn stopped_by(why: &SagaError<CheckoutError>) -> Option<&str> {
    match why {
        SagaError::Undone { error: Some(CheckoutError::Payment(PaymentError::FraudBlocked { rule })), .. } => {
            Some(rule)
        }
        _ => None,
    }
}
