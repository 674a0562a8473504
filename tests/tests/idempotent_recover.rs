//! `#[idempotent(on_unknown = recover = path)]`: a call that finds an unknown outcome asks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast::idempotent::{Claim, RecordId, Recovered, Store};
use steadfast::{idempotent, retry};
use steadfast_tests::{
    ChargeRequest, Code, Fault, Gateway, Hand, PayError, Receipt, Reply, Step, TestStore, assert_send,
};
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);
const NAME: &str = "recover.charge";

/// What the other side answers when it is asked.
#[derive(Clone, Debug)]
enum Told {
    Is(Recovered<Receipt>),
    After(Duration, Recovered<Receipt>),
    Fails(PayError),
    Hangs,
    Panics,
}

#[derive(Clone, Default)]
struct Shop {
    records: TestStore,
    gateway: Gateway,
    told: Arc<Mutex<VecDeque<Told>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Shop {
    /// A shop with one call of unknown outcome, under the key `k`.
    async fn in_doubt(told: impl IntoIterator<Item = Told>) -> Self {
        let shop = Self { gateway: Gateway::of([Reply::Fail(PayError::Lost)]), ..Self::default() };
        shop.told.lock().unwrap().extend(told);
        assert_eq!(pay(&shop).await.code(), "lost");
        assert_eq!(shop.asked(), 0, "nothing was unknown");
        shop
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    async fn state(&self) -> &'static str {
        self.records.state(NAME, "k").await
    }

    async fn look(&self, claim: &Claim) -> Result<Recovered<Receipt>, PayError> {
        self.asked.lock().unwrap().push(claim.downstream_key().to_owned());
        let told = self.told.lock().unwrap().pop_front();
        match told.expect("asked too often") {
            Told::Is(recovered) => Ok(recovered),
            Told::After(pause, recovered) => {
                sleep(pause).await;
                Ok(recovered)
            }
            Told::Fails(error) => Err(error),
            Told::Hangs => std::future::pending().await,
            Told::Panics => panic!("as it is told"),
        }
    }
}

#[idempotent(
    name = "recover.charge",
    key = key,
    payload = request,
    store = shop.records,
    claim = claim,
    lease = "60s",
    on_unknown = recover = look_up
)]
async fn charge(shop: Shop, request: ChargeRequest, key: String) -> Result<Receipt, PayError> {
    shop.gateway.call(request.amount, claim.downstream_key()).await
}

/// Arguments coerce as in any call.
async fn look_up(
    claim: &Claim,
    shop: &Shop,
    request: &ChargeRequest,
    key: &str,
) -> Result<Recovered<Receipt>, PayError> {
    assert_eq!((claim.key(), request.amount), (Some(key), 500));
    shop.look(claim).await
}

async fn pay(shop: &Shop) -> Result<Receipt, PayError> {
    assert_send(charge(shop.clone(), ChargeRequest::of(500), "k".to_owned())).await
}

const DONE: Receipt = Receipt { number: 77, amount: 500 };

#[tokio::test(start_paused = true)]
async fn what_it_knows_is_recorded_and_replayed() {
    let shop = Shop::in_doubt([Told::Is(Recovered::Done(DONE))]).await;
    for _ in 0..3 {
        assert_eq!(pay(&shop).await.unwrap(), DONE);
    }
    assert_eq!((shop.asked(), shop.gateway.calls(), shop.state().await), (1, 1, "value"));
    // The other side is asked under the key that it knows.
    assert_eq!(*shop.asked.lock().unwrap(), shop.gateway.keys());
}

#[tokio::test(start_paused = true)]
async fn what_never_happened_runs_under_the_same_claim() {
    let shop = Shop::in_doubt([Told::Is(Recovered::NeverHappened)]).await;
    assert_eq!(pay(&shop).await.unwrap().number, 2);
    assert_eq!(pay(&shop).await.unwrap().number, 2);
    let keys = shop.gateway.keys();
    assert_eq!((shop.asked(), keys.len(), &keys[0]), (1, 2, &keys[1]));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_comes_to_nothing_frees_the_key_because_the_doubt_is_gone() {
    let shop = Shop::in_doubt([Told::Is(Recovered::NeverHappened)]).await;
    shop.gateway.will([Reply::Fail(PayError::Down)]);
    assert_eq!(pay(&shop).await.code(), "down");
    assert_eq!(shop.state().await, "free");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_knows_stays_unknown_and_as_old_as_it_was() {
    let shop = Shop::in_doubt((0..3).map(|_| Told::Is(Recovered::StillUnknown))).await;
    let id = RecordId::new(NAME, None, "k").unwrap();
    let claimed_at = shop.records.get(&id).await.unwrap().unwrap().claimed_at;
    for asked in 1..=3 {
        advance(100 * SECOND).await;
        let refused = pay(&shop).await;
        assert_eq!((refused.code(), shop.state().await, shop.asked()), ("outcome_unknown", "unknown", asked));
        assert_eq!(shop.records.get(&id).await.unwrap().unwrap().claimed_at, claimed_at);
    }
    assert_eq!(shop.gateway.calls(), 1);
}

/// Not even a terminal one is an answer to the call that is in doubt.
#[tokio::test(start_paused = true)]
async fn its_error_comes_back_and_is_not_recorded() {
    let told = [PayError::declined("51"), PayError::Down, PayError::Lost].map(Told::Fails);
    let shop = Shop::in_doubt(told).await;
    for code in ["declined", "down", "lost"] {
        assert_eq!((pay(&shop).await.code(), shop.state().await), (code, "unknown"));
    }
    assert_eq!((shop.asked(), shop.gateway.calls()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn while_it_is_asked_others_see_a_call_in_flight_and_the_lease_lives() {
    let shop = Shop::in_doubt([Told::After(600 * SECOND, Recovered::Done(DONE))]).await;
    let asking = tokio::spawn({
        let shop = shop.clone();
        async move { pay(&shop).await }
    });
    for _ in 0..5 {
        sleep(100 * SECOND).await;
        assert_eq!(pay(&shop).await.code(), "in_flight");
    }
    assert_eq!(asking.await.unwrap().unwrap(), DONE);
    assert!(shop.records.asked(Step::Extend) >= 20);
    assert_eq!((shop.asked(), pay(&shop).await.unwrap()), (1, DONE));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_while_it_is_asked_leaves_the_doubt() {
    let shop = Shop::in_doubt([Told::Hangs, Told::Is(Recovered::Done(DONE))]).await;
    let mut asking = Hand::new(charge(shop.clone(), ChargeRequest::of(500), "k".to_owned()));
    asking.poll_pending();
    assert_eq!(shop.state().await, "in flight");
    drop(asking);
    assert_eq!(shop.state().await, "unknown");
    assert_eq!(pay(&shop).await.unwrap(), DONE);
    assert_eq!(shop.gateway.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_it_is_asked_leaves_the_doubt() {
    let shop = Shop::in_doubt([Told::Panics, Told::Is(Recovered::NeverHappened)]).await;
    let asking = tokio::spawn({
        let shop = shop.clone();
        async move { pay(&shop).await }
    });
    assert!(asking.await.unwrap_err().is_panic());
    assert_eq!(shop.state().await, "unknown");
    assert_eq!(pay(&shop).await.unwrap().number, 2);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_ran_out_is_asked_about_too() {
    let shop = Shop::default();
    shop.gateway.will([Reply::Hang]);
    shop.told.lock().unwrap().extend([Told::Is(Recovered::Done(DONE))]);
    // A store that is gone when the process dies: nobody renews, nobody tells.
    shop.records.breaks(Step::Extend, Fault::Fail);
    let call = tokio::spawn({
        let shop = shop.clone();
        async move { pay(&shop).await }
    });
    sleep(61 * SECOND).await;
    assert_eq!(pay(&shop).await.unwrap(), DONE);
    call.abort();
}

/// While it was asked the lease was lost, and somebody else has the key: the body must not run.
#[tokio::test(start_paused = true)]
async fn a_claim_that_was_lost_meanwhile_does_not_run() {
    let told = [Told::After(100 * SECOND, Recovered::NeverHappened), Told::Is(Recovered::StillUnknown)];
    let shop = Shop::in_doubt(told).await;
    shop.records.breaks(Step::Extend, Fault::Fail);
    let asking = tokio::spawn({
        let shop = shop.clone();
        async move { pay(&shop).await }
    });
    sleep(70 * SECOND).await;
    assert_eq!(pay(&shop).await.code(), "outcome_unknown");
    shop.records.heals(Step::Extend);
    assert_eq!(asking.await.unwrap().code(), "in_flight");
    assert_eq!((shop.gateway.calls(), shop.state().await), (1, "unknown"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_before_the_run_leaves_the_doubt() {
    let shop = Shop::in_doubt([Told::Is(Recovered::NeverHappened)]).await;
    // The claim anew looks before it writes.
    shop.records.breaks(Step::Get, Fault::Fail);
    assert_eq!(pay(&shop).await.code(), "store_unavailable");
    assert_eq!((shop.gateway.calls(), shop.state().await), (1, "unknown"));
}

#[tokio::test(start_paused = true)]
async fn dropped_at_every_await_it_never_frees_the_key() {
    for told in [Recovered::Done(DONE), Recovered::StillUnknown] {
        for polls in 0..12 {
            let mut shop = Shop::in_doubt([Told::After(SECOND, told.clone())]).await;
            shop.records = {
                let slow = TestStore::slow();
                let first = Shop { records: slow.clone(), ..shop.clone() };
                first.gateway.will([Reply::Fail(PayError::Lost)]);
                assert_eq!(pay(&first).await.code(), "lost");
                slow
            };
            let mut asking = Hand::new(charge(shop.clone(), ChargeRequest::of(500), "k".to_owned()));
            for _ in 0..polls {
                if asking.poll().is_ready() {
                    break;
                }
                sleep(SECOND).await;
            }
            drop(asking);
            sleep(SECOND).await;
            assert!(
                ["unknown", "value"].contains(&shop.state().await),
                "{told:?} after {polls}: {}",
                shop.state().await
            );
            assert_eq!(shop.gateway.calls(), 2);
        }
    }
}

mod where_a_function_stands {
    use super::*;

    struct Client {
        shop: Shop,
    }

    impl Client {
        #[idempotent(
            name = "recover.method",
            key = key,
            payload = none,
            store = self.shop.records,
            on_unknown = recover = Self::look_up
        )]
        async fn by_arc(self: Arc<Self>, key: String) -> Result<Receipt, PayError> {
            self.shop.gateway.call(1, "").await
        }

        #[idempotent(
            name = "recover.borrowing",
            key = key,
            payload = none,
            store = self.shop.records,
            on_cancel = unknown,
            on_unknown = recover = Self::look_up
        )]
        async fn by_reference(&self, key: &str) -> Result<Receipt, PayError> {
            self.shop.gateway.call(1, key).await
        }

        async fn look_up(&self, claim: &Claim, _key: &str) -> Result<Recovered<Receipt>, PayError> {
            self.shop.look(claim).await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_method_is_asked_with_self() {
        let told = [Told::Is(Recovered::Done(DONE)), Told::Is(Recovered::Done(DONE))];
        let shop = Shop {
            gateway: Gateway::of([Reply::Fail(PayError::Lost), Reply::Fail(PayError::Lost)]),
            ..Shop::default()
        };
        shop.told.lock().unwrap().extend(told);
        let client = Arc::new(Client { shop });
        assert_eq!(client.clone().by_arc("k".into()).await.code(), "lost");
        assert_eq!(client.clone().by_arc("k".into()).await.unwrap(), DONE);
        assert_eq!(assert_send(client.by_reference("k")).await.code(), "lost");
        assert_eq!(assert_send(client.by_reference("k")).await.unwrap(), DONE);
        assert_eq!(client.shop.gateway.calls(), 2);
    }

    /// A pattern's names are the parameters; what stands below is not asked.
    #[tokio::test(start_paused = true)]
    async fn below_stands_what_it_does_not_touch() {
        struct State<T>(T);

        #[idempotent(name = "recover.below", key = key, payload = none, store = shop.records, on_unknown = recover = ask)]
        #[retry(max_attempts = 3, repeatable, clone(key))]
        async fn below(State(shop): State<Shop>, mut key: String, _: u8) -> Result<Receipt, PayError> {
            key.push('!');
            shop.gateway.call(1, &key).await
        }
        async fn ask(claim: &Claim, shop: &Shop, key: &str) -> Result<Recovered<Receipt>, PayError> {
            assert_eq!(key, "k");
            shop.look(claim).await
        }
        let shop = Shop { gateway: Gateway::of((0..3).map(|_| Reply::Fail(PayError::Lost))), ..Shop::default() };
        shop.told.lock().unwrap().extend([Told::Is(Recovered::NeverHappened)]);
        assert_eq!(below(State(shop.clone()), "k".into(), 1).await.code(), "lost");
        assert_eq!(below(State(shop.clone()), "k".into(), 1).await.unwrap().number, 4);
        assert_eq!(shop.gateway.keys(), ["k!"; 4]);
    }
}
