//! The gateway is not reached twice. Nothing happened, and the error says so, so `retry` tries again.

use steadfast_payments::gateway::fake::Reply;

use super::stage::{Stage, order};
use super::{Account, Call, Failed};

pub(super) async fn play() -> Result<Account, Failed> {
    let stage = Stage::new().await?;
    stage.gateway.on_call(1, Reply::Unreachable);
    stage.gateway.on_call(2, Reply::Unreachable);
    let ordered = stage.order(order("order-1")?).await;

    let account = stage.account();
    let (charges, calls) = (account.books.charges, account.calls());
    Ok(account
        .promises("the client hears of none of it", ordered.is_ok())
        .promises("the third attempt made the one charge", charges == 1 && calls == EXPECTED))
}

const EXPECTED: [Call; 4] = [Call::Authorize, Call::Authorize, Call::Authorize, Call::Capture];
