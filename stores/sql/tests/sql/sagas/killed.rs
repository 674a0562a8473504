//! What holds of a log that several processes share, whichever it is: a process is killed, two look for what it left, a
//! late one comes back. `open` opens the log once more, as another process does.

use std::sync::Arc;

use steadfast_payments::saga::{SagaError, SagaLog};

use super::checkout::{App, LONG, Shop, Waits, abandon, all_done, checkout, killed, order, resumed};

/// Whatever was done when it died is not done again by who goes on.
pub(crate) async fn in_any_step_it_is_gone_on_with<L: SagaLog>(open: impl AsyncFn() -> L + Clone + Send + 'static) {
    use Waits::{After, Before};
    let log = open().await;
    let moments = [Before("reserve"), After("reserve"), Before("charge"), After("charge"), After("ship")];
    for (number, waits) in moments.into_iter().enumerate() {
        let (shop, id) = (Arc::new(Shop::default()), format!("order-{number}"));
        killed(open.clone(), App::waiting(&shop, waits), id.clone(), order(500)).await;
        abandon(&log, &id).await;
        assert_eq!(resumed(&shop, &log).await.done, 1, "{waits:?}");
        assert_eq!(shop.effects(), all_done(1), "{waits:?}");
        let outcome = checkout(LONG).run(&App::new(&shop), &log, &id, order(500)).await.unwrap();
        assert_eq!(outcome.done, ["reserve", "charge", "ship"]);
        assert_eq!(shop.effects(), all_done(1), "answered from the log");
    }
}

pub(crate) async fn while_it_is_undone_it_is_undone_once<L: SagaLog>(
    open: impl AsyncFn() -> L + Clone + Send + 'static,
) {
    let log = open().await;
    for (number, waits) in [Waits::Before("release"), Waits::After("release")].into_iter().enumerate() {
        let (shop, id) = (Arc::new(Shop::default()), format!("undone-{number}"));
        killed(open.clone(), App::waiting(&shop, waits), id.clone(), order(0)).await;
        abandon(&log, &id).await;
        assert_eq!(resumed(&shop, &log).await.undone, 1, "{waits:?}");
        assert_eq!(shop.effects(), [("release".to_owned(), 1), ("reserve".to_owned(), 1)], "{waits:?}");
    }
}

pub(crate) async fn one_of_two_goes_on_with_each<L: SagaLog>(open: impl AsyncFn() -> L + Clone + Send + 'static) {
    let (shop, one, other) = (Arc::new(Shop::default()), open().await, open().await);
    for number in 0..5 {
        let id = format!("order-{number}");
        killed(open.clone(), App::waiting(&shop, Waits::After("reserve")), id.clone(), order(500)).await;
        abandon(&one, &id).await;
    }
    let (one, other) = tokio::join!(resumed(&shop, &one), resumed(&shop, &other));
    assert!(one.is_clean() && other.is_clean(), "{one}; {other}");
    // Who finds a saga that the other has ended meanwhile is told its end.
    assert!(one.done + other.done >= 5, "{one}; {other}");
    assert_eq!(shop.effects(), all_done(5));
}

/// Who has the lease runs, and who comes meanwhile is told so. An executor that was believed dead comes back: its next word
/// is refused, and it stops.
pub(crate) async fn or_believed_so_a_late_owner_is_fenced_off<L: SagaLog>(open: impl AsyncFn() -> L) {
    let (shop, log, other) = (Arc::new(Shop::default()), open().await, open().await);
    let app = App::waiting(&shop, Waits::After("charge"));
    let late = tokio::spawn(checkout(LONG).run(&app, &log, "order-1", order(500)));
    app.reached().await;
    let beside = checkout(LONG).run(&App::new(&shop), &other, "order-1", order(500)).await.unwrap_err();
    assert!(matches!(beside, SagaError::Running { .. }), "{beside}");

    // Its first renewal is twenty seconds away.
    abandon(&other, "order-1").await;
    assert_eq!(resumed(&shop, &other).await.done, 1);
    app.open();
    let late = late.await.unwrap().unwrap_err();
    assert!(matches!(late, SagaError::Lost), "{late}");
    assert_eq!(shop.effects(), all_done(1));
}
