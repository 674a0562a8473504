//! A client sends its request again. It is answered from the record, and nothing runs; the same key with
//! another amount is refused.

use steadfast_payments::Money;
use steadfast_payments::gateway::Authorize;

use super::stage::{Stage, order};
use super::{Account, Call, Failed};

pub(super) async fn play() -> Result<Account, Failed> {
    let stage = Stage::new().await?;
    let payment = order("order-2")?.payment();
    let first = stage.pay(&payment, "key-2").await?;
    let again = stage.pay(&payment, "key-2").await?;
    let more = Authorize { amount: Money::new(99_00, payment.amount.currency()), ..payment };
    let tampered = stage.pay(&more, "key-2").await;

    let account = stage.account();
    let (calls, held) = (account.calls(), account.books.totals.authorized);
    Ok(account
        .promises("both clients got the same charge", first == again)
        .promises("the gateway was called once", calls == [Call::Authorize] && held == 49_90)
        .promises("another amount is a conflict", tampered.is_err_and(|error| error.code() == "idempotency_conflict")))
}
