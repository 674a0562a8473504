//! The gateway takes the request and says nothing, three times. Nobody knows whether the money is held, so
//! the record says "unknown" and the client hears it. When the client comes back with its key, the
//! gateway is asked, and what it knows is the answer: nothing is charged again.

use steadfast_payments::gateway::fake::Reply;

use super::stage::{Stage, order};
use super::{Account, Call, Failed, Told};

pub(super) async fn play() -> Result<Account, Failed> {
    let stage = Stage::new().await?;
    // One timeout of two seconds, and two connections that break after the request.
    stage.gateway.on_call(1, Reply::Hang);
    stage.gateway.on_call(2, Reply::LoseAnswer);
    stage.gateway.on_call(3, Reply::LoseAnswer);
    let payment = order("order-9")?.payment();
    let first = stage.pay(&payment, "key-9").await;
    let again = stage.pay(&payment, "key-9").await;

    let account = stage.account();
    let (charges, calls) = (account.books.charges, account.calls());
    let unknown = account.answers().first() == Some(&Told::Error("gateway_timeout".to_owned()));
    Ok(account
        .promises("the client is told that nobody knows", first.is_err() && unknown)
        .promises("the gateway was asked, not charged again", calls.last() == Some(&Call::LookUp) && calls.len() == 4)
        .promises("the client has the one charge", again.is_ok() && charges == 1))
}
