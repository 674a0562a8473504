//! The client leaves while the gateway works: its future is dropped. The work runs on to its end and is
//! recorded, and the client that comes back gets that.

use std::time::Duration;

use steadfast::drain;
use steadfast_payments::gateway::fake::Reply;
use tokio::time;

use super::stage::{Stage, order};
use super::{Account, Call, Event, Failed};

pub(super) async fn play() -> Result<Account, Failed> {
    let stage = Stage::new().await?;
    stage.gateway.on_call(1, Reply::Slow(Duration::from_millis(200)));
    let payment = order("order-10")?.payment();
    let left = time::timeout(Duration::from_millis(50), stage.pay(&payment, "key-10")).await;
    stage.journal.note(Event::HungUp);
    // What runs on is waited for, as a process does before it ends.
    let running = drain(Duration::from_secs(5)).await;
    let again = stage.pay(&payment, "key-10").await;

    let account = stage.account();
    let (charges, calls) = (account.books.charges, account.calls());
    Ok(account
        .promises("the client left with no answer", left.is_err())
        .promises("the charge came to its end all the same", running == 0 && charges == 1)
        .promises("the client that comes back has it, and nothing ran", again.is_ok() && calls == [Call::Authorize]))
}
