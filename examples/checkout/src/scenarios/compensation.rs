//! The carrier does not go there. What was done is undone, last first: the money is let go of, then the
//! goods go back. It was never taken, because the capture waits for the carrier; see `shop.rs`.

use super::stage::{Stage, order};
use super::{Account, Call, Event, Failed, Told};
use crate::shop::{Deed, Order};

pub(super) async fn play() -> Result<Account, Failed> {
    let stage = Stage::new().await?;
    let ordered = stage.order(Order { country: "AQ".to_owned(), ..order("order-3")? }).await;

    let account = stage.account();
    let (deeds, calls, totals) = (account.deeds(), account.calls(), account.books.totals);
    let voided = |event: &Event| matches!(event, Event::Gateway { call: Call::Void, told: Told::Done, .. });
    let backwards = account.in_order(voided, |event| *event == Event::Deed(Deed::Released));
    Ok(account
        .promises("the client is told that it is undone", ordered.is_err())
        .promises("the gateway let go of the money, and only then the goods went back", backwards)
        .promises("nothing was taken, nothing is held", totals.captured == 0 && totals.voided == totals.authorized)
        .promises(
            "nothing else was done",
            deeds == [Deed::Reserved, Deed::Released] && calls == [Call::Authorize, Call::Void],
        ))
}
