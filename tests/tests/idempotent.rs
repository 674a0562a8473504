//! `#[idempotent]`: a call that never runs twice and is never forgotten.

use std::time::Duration;

use steadfast::idempotent::{IdempotencyKey, MemoryStore, RecordId, Resolution, Store, Stored};
use steadfast::{Reason, Rejection, idempotent};
use steadfast_tests::{ChargeRequest, Code, Gateway, Hand, PayError, Receipt, Reply, Step, TestStore, assert_about};
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);
const NAME: &str = "charges.create";

/// A shop with its records and its gateway.
#[derive(Clone, Default)]
struct Shop {
    records: TestStore,
    gateway: Gateway,
}

impl Shop {
    fn of(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { gateway: Gateway::of(replies), ..Self::default() }
    }

    async fn state(&self, key: &str) -> &'static str {
        self.records.state(NAME, key).await
    }
}

#[idempotent(name = "charges.create", key = key, payload = request, store = shop.records, claim = claim)]
async fn charge(shop: Shop, request: ChargeRequest, key: &'static str) -> Result<Receipt, PayError> {
    shop.gateway.call(request.amount, claim.downstream_key()).await
}

async fn pay(shop: &Shop, amount: u64, key: &'static str) -> Result<Receipt, PayError> {
    charge(shop.clone(), ChargeRequest::of(amount), key).await
}

mod what_a_call_leaves {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_value_is_replayed() {
        let shop = Shop::default();
        let first = pay(&shop, 500, "k").await.unwrap();
        assert_eq!(first, Receipt { number: 1, amount: 500 });
        assert_eq!(pay(&shop, 500, "k").await.unwrap(), first);
        assert_eq!((shop.gateway.calls(), shop.state("k").await), (1, "value"));
        assert_eq!(pay(&shop, 500, "other").await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_terminal_error_is_replayed_as_the_same_value() {
        let shop = Shop::of([Reply::Fail(PayError::declined("51"))]);
        for _ in 0..3 {
            let Err(PayError::Declined { code }) = pay(&shop, 500, "k").await else { panic!() };
            assert_eq!(code, "51");
        }
        assert_eq!((shop.gateway.calls(), shop.state("k").await), (1, "terminal"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_transient_error_frees_the_key() {
        let shop = Shop::of([Reply::Fail(PayError::Down), Reply::Fail(PayError::Busy { after: SECOND })]);
        assert_eq!(pay(&shop, 500, "k").await.code(), "down");
        assert_eq!(shop.state("k").await, "free");
        assert_eq!(pay(&shop, 500, "k").await.code(), "busy");
        assert_eq!(pay(&shop, 500, "k").await.unwrap().number, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_outcome_stays_for_ever() {
        let shop = Shop::of([Reply::Fail(PayError::Lost)]);
        assert_eq!(pay(&shop, 500, "k").await.code(), "lost");
        for _ in 0..3 {
            let refused = pay(&shop, 500, "k").await;
            assert_eq!((refused.code(), refused.rejection().unwrap().status()), ("outcome_unknown", 409));
            advance(400 * DAY).await;
        }
        assert_eq!((shop.gateway.calls(), shop.state("k").await), (1, "unknown"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_that_the_body_hands_on_frees_the_key() {
        use steadfast::{Layer, Rejection};
        let limited = Rejection::new(Layer::RateLimit, "elsewhere", Reason::Limited { retry_after: SECOND });
        let shop = Shop::of([Reply::Fail(PayError::Refused(limited))]);
        assert_eq!(pay(&shop, 500, "k").await.code(), "rate_limited");
        assert_eq!(pay(&shop, 500, "k").await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_goes_on_and_leaves_an_unknown_outcome() {
        let shop = Shop::of([Reply::Panic]);
        let call = tokio::spawn({
            let shop = shop.clone();
            async move { pay(&shop, 500, "k").await }
        });
        assert!(call.await.unwrap_err().is_panic());
        assert_eq!(pay(&shop, 500, "k").await.code(), "outcome_unknown");
        assert_eq!(shop.gateway.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn values_come_back_exactly() {
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Odd {
            small: f64,
            big: u64,
            text: String,
            nothing: Option<u8>,
            nested: Vec<Option<(i64, bool)>>,
        }
        #[idempotent(name = "odd", key = key, payload = none, store = records)]
        async fn odd(records: MemoryStore, key: &'static str, value: Odd) -> Result<Odd, PayError> {
            Ok(value)
        }
        let value = Odd {
            small: 0.1 + 0.2,
            big: u64::MAX,
            text: "é\u{0}\u{1F4B3}\"\\".to_owned(),
            nothing: None,
            nested: vec![None, Some((i64::MIN, true))],
        };
        let records = MemoryStore::default();
        assert_eq!(odd(records.clone(), "k", value.clone()).await.unwrap(), value);
        let other = Odd { big: 0, ..value.clone() };
        assert_eq!(odd(records, "k", other).await.unwrap(), value);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_a_value_too() {
        #[idempotent(name = "nothing", key = key, payload = none, store = records)]
        async fn nothing(records: MemoryStore, gateway: Gateway, key: &'static str) -> Result<(), PayError> {
            gateway.call(1, "").await.map(drop)
        }
        let (records, gateway) = (MemoryStore::default(), Gateway::default());
        for _ in 0..3 {
            nothing(records.clone(), gateway.clone(), "k").await.unwrap();
        }
        assert_eq!(gateway.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_that_serde_does_not_know_says_how_it_is_stored() {
        use steadfast::RecordError;
        use steadfast::idempotent::{Custom, Replay};

        #[derive(Debug, PartialEq)]
        struct Number(u64);
        impl Replay<Custom> for Number {
            fn to_record(&self) -> Result<Vec<u8>, RecordError> {
                Ok(self.0.to_be_bytes().to_vec())
            }
            fn from_record(record: &[u8]) -> Result<Self, RecordError> {
                record
                    .try_into()
                    .map(|bytes| Self(u64::from_be_bytes(bytes)))
                    .map_err(|_| RecordError::new("no number"))
            }
        }
        #[idempotent(name = "custom", key = key, payload = none, store = records)]
        async fn next(records: MemoryStore, key: &'static str, number: u64) -> Result<Number, PayError> {
            Ok(Number(number))
        }
        let records = MemoryStore::default();
        assert_eq!(next(records.clone(), "k", 7).await.unwrap(), Number(7));
        assert_eq!(next(records, "k", 8).await.unwrap(), Number(7));
    }
}

mod payloads {
    use super::*;
    use std::collections::HashMap;

    #[tokio::test(start_paused = true)]
    async fn another_one_is_a_conflict_finished_or_in_flight() {
        let shop = Shop::of([Reply::Succeed, Reply::Hang]);
        pay(&shop, 500, "k").await.unwrap();
        let refused = pay(&shop, 501, "k").await;
        assert_eq!((refused.code(), refused.rejection().unwrap().status()), ("payload_conflict", 422));

        let mut running = Hand::new(pay(&shop, 500, "running"));
        running.poll_pending();
        assert_eq!(pay(&shop, 501, "running").await.code(), "payload_conflict");
        assert_eq!(pay(&shop, 500, "running").await.code(), "in_flight");
    }

    #[tokio::test(start_paused = true)]
    async fn may_be_a_list_of_fields() {
        #[idempotent(name = "by_fields", key = key, payload(request.amount, currency), store = shop.records)]
        async fn charge(
            shop: Shop,
            request: ChargeRequest,
            currency: &'static str,
            key: &'static str,
        ) -> Result<Receipt, PayError> {
            shop.gateway.call(request.amount, currency).await
        }
        let shop = Shop::default();
        let request = |order: &str, amount| ChargeRequest { order: order.to_owned(), amount };
        assert!(charge(shop.clone(), request("one", 1), "EUR", "k").await.is_ok());
        assert_eq!(charge(shop.clone(), request("two", 1), "EUR", "k").await.unwrap().number, 1);
        assert_eq!(charge(shop.clone(), request("one", 2), "EUR", "k").await.code(), "payload_conflict");
        assert_eq!(charge(shop.clone(), request("one", 1), "USD", "k").await.code(), "payload_conflict");
    }

    #[tokio::test(start_paused = true)]
    async fn of_none_are_not_looked_at() {
        #[idempotent(name = "of_none", key = key, payload = none, store = shop.records)]
        async fn charge(shop: Shop, amount: u64, key: &'static str) -> Result<Receipt, PayError> {
            shop.gateway.call(amount, "").await
        }
        let shop = Shop::default();
        for amount in [1, 2, 3] {
            assert_eq!(charge(shop.clone(), amount, "k").await.unwrap().amount, 1);
        }
    }

    #[idempotent(name = "by_map", key = key, payload = map, store = shop.records)]
    async fn by_map(shop: Shop, map: HashMap<String, f64>, key: &'static str) -> Result<Receipt, PayError> {
        shop.gateway.call(map.len() as u64, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn are_the_same_in_any_order() {
        let shop = Shop::default();
        let names: Vec<_> = (0..50).map(|n| format!("field {n}")).collect();
        let map = || names.iter().map(|name| (name.clone(), 1.0)).collect::<HashMap<_, _>>();
        for _ in 0..10 {
            // Each map has an order of its own.
            assert_eq!(by_map(shop.clone(), map(), "k").await.unwrap().number, 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn that_cannot_be_told_apart_are_refused_and_nothing_runs() {
        let shop = Shop::default();
        for odd in [f64::NAN, f64::INFINITY] {
            let refused = by_map(shop.clone(), HashMap::from([("a".to_owned(), odd)]), "k").await;
            assert!(matches!(refused.reason(), Reason::InvalidPayload(_)));
            assert_eq!(refused.rejection().unwrap().status(), 422);
        }
        assert_eq!((shop.gateway.calls(), shop.records.asked(Step::Claim)), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn of_large_integers_are_told_apart() {
        #[idempotent(name = "large", key = key, payload = amount, store = shop.records)]
        async fn charge(shop: Shop, amount: u64, key: &'static str) -> Result<Receipt, PayError> {
            shop.gateway.call(amount, "").await
        }
        let shop = Shop::default();
        let amount = (1 << 53) + 1;
        assert!(charge(shop.clone(), amount, "k").await.is_ok());
        assert_eq!(charge(shop.clone(), amount - 1, "k").await.code(), "payload_conflict");
    }
}

mod keys {
    use super::*;
    use std::borrow::Cow;
    use std::sync::Arc;

    use steadfast::idempotent::{AsKey, KeyFlaw, KeyPart};
    use uuid::Uuid;

    #[idempotent(name = "any_key", key = key, payload = none, store = shop.records)]
    async fn by<K: AsKey + Send + 'static>(shop: Shop, key: K) -> Result<Receipt, PayError> {
        shop.gateway.call(1, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn may_be_anything_that_is_one() {
        let shop = Shop::default();
        let id = Uuid::from_u128(7);
        let text = id.to_string();
        assert_eq!(by(shop.clone(), id).await.unwrap().number, 1);
        assert_eq!(by(shop.clone(), text.clone()).await.unwrap().number, 1);
        assert_eq!(by(shop.clone(), Some(text.clone())).await.unwrap().number, 1);
        assert_eq!(by(shop.clone(), Arc::<str>::from(text.as_str())).await.unwrap().number, 1);
        assert_eq!(by(shop.clone(), IdempotencyKey::new(&text).unwrap()).await.unwrap().number, 1);
        let quoted = IdempotencyKey::from_header(&format!("\"{text}\"")).unwrap();
        assert_eq!(by(shop.clone(), quoted).await.unwrap().number, 1);
        assert_eq!(by(shop.clone(), "another").await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn of_the_callers_own_type_and_expressions_of_a_parameter() {
        struct PaymentId(u32);
        impl AsKey for PaymentId {
            fn as_key(&self) -> Option<Cow<'_, str>> {
                Some(Cow::Owned(format!("payment-{}", self.0)))
            }
        }
        #[idempotent(name = "by_expression", key = format!("order/{}", request.order), payload = request, store = shop.records)]
        async fn by_expression(shop: Shop, request: ChargeRequest) -> Result<Receipt, PayError> {
            shop.gateway.call(request.amount, "").await
        }
        let shop = Shop::default();
        assert_eq!(by(shop.clone(), PaymentId(7)).await.unwrap().number, 1);
        assert_eq!(by(shop.clone(), "payment-7").await.unwrap().number, 1);
        assert_eq!(by_expression(shop.clone(), ChargeRequest::of(5)).await.unwrap().number, 2);
        assert_eq!(shop.records.state("by_expression", "order/order-1").await, "value");
    }

    #[tokio::test(start_paused = true)]
    async fn that_are_missing_are_refused_or_run_unguarded() {
        #[idempotent(
            name = "without_key",
            key = key,
            payload = none,
            store = shop.records,
            missing_key = run,
            claim = claim
        )]
        async fn runs(shop: Shop, key: Option<String>) -> Result<String, PayError> {
            shop.gateway.call(1, claim.downstream_key()).await?;
            Ok(claim.downstream_key().to_owned())
        }
        let shop = Shop::default();
        let refused = by(shop.clone(), None::<String>).await;
        assert_eq!((refused.code(), refused.rejection().unwrap().status()), ("missing_key", 400));
        assert_eq!(shop.gateway.calls(), 0);

        let one = runs(shop.clone(), None).await.unwrap();
        let two = runs(shop.clone(), None).await.unwrap();
        assert_ne!(one, two);
        assert!(shop.records.is_empty());
        let guarded = runs(shop.clone(), Some("k".to_owned())).await.unwrap();
        assert_eq!(runs(shop.clone(), Some("k".to_owned())).await.unwrap(), guarded);
        assert_eq!(shop.gateway.keys(), [one, two, guarded]);
    }

    #[tokio::test(start_paused = true)]
    async fn that_are_none_are_refused_and_nothing_runs() {
        let shop = Shop::default();
        for (key, flaw) in [
            (String::new(), KeyFlaw::Empty),
            ("k".repeat(256), KeyFlaw::TooLong { characters: 256 }),
            ("line\nbreak".to_owned(), KeyFlaw::NotText),
        ] {
            let refused = by(shop.clone(), key).await;
            let Reason::InvalidKey(error) = refused.reason() else { panic!("{}", refused.code()) };
            assert_eq!((error.part(), error.flaw()), (KeyPart::Key, flaw));
        }
        assert_eq!((shop.gateway.calls(), shop.records.asked(Step::Claim)), (0, 0));
        // Characters count, not bytes.
        assert!(by(shop.clone(), "é".repeat(255)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_scopes_do_not_meet() {
        #[idempotent(name = "scoped", key = key, payload = none, store = shop.records, scope = tenant, claim = claim)]
        async fn charge(shop: Shop, tenant: Option<&'static str>, key: &'static str) -> Result<Receipt, PayError> {
            assert_eq!((claim.name(), claim.scope(), claim.key()), ("scoped", tenant, Some(key)));
            shop.gateway.call(1, claim.downstream_key()).await
        }
        let shop = Shop::default();
        assert_eq!(charge(shop.clone(), Some("a"), "bc").await.unwrap().number, 1);
        assert_eq!(charge(shop.clone(), Some("ab"), "c").await.unwrap().number, 2);
        assert_eq!(charge(shop.clone(), Some("a"), "bc").await.unwrap().number, 1);
        let keys = shop.gateway.keys();
        assert_ne!(keys[0], keys[1]);

        let refused = charge(shop.clone(), None, "k").await;
        let Reason::InvalidKey(error) = refused.reason() else { panic!("{}", refused.code()) };
        assert_eq!((error.part(), error.flaw()), (KeyPart::Scope, KeyFlaw::Missing));
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_functions_do_not_meet() {
        let shop = Shop::default();
        assert_eq!(pay(&shop, 1, "k").await.unwrap().number, 1);
        assert_eq!(by(shop.clone(), "k").await.unwrap().number, 2);
    }
}

mod claims {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn give_every_call_with_the_key_the_same_downstream_key() {
        let shop = Shop::of([Reply::Fail(PayError::Down), Reply::Fail(PayError::Down)]);
        for _ in 0..3 {
            let _ = pay(&shop, 500, "k").await;
        }
        let _ = pay(&shop, 500, "other").await;
        let keys = shop.gateway.keys();
        assert!(keys[..3].iter().all(|key| *key == keys[0]));
        assert_ne!(keys[3], keys[0]);
        assert!(keys[0].len() == 64 && keys[0].chars().all(|c| c.is_ascii_hexdigit()));
        // It outlives processes and versions, so it is written down here.
        assert_eq!(keys[0], "7a55cc9b3e61e024355f6f0401d28123066e40b573e80fcbdf3c70d300dc4171");
    }
}

mod times {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_result_is_remembered_for_a_day_after_it_was_finished() {
        let shop = Shop::of([Reply::After(3600 * SECOND)]);
        assert_eq!(pay(&shop, 500, "k").await.unwrap().number, 1);
        advance(DAY - 2 * SECOND).await;
        assert_eq!(pay(&shop, 500, "k").await.unwrap().number, 1);
        advance(3 * SECOND).await;
        assert_eq!(pay(&shop, 500, "k").await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn or_as_long_as_it_is_told() {
        const TTL: Duration = Duration::from_secs(90);

        #[idempotent(name = "short", key = key, payload = none, store = shop.records, ttl = TTL)]
        async fn short(shop: Shop, key: &'static str) -> Result<Receipt, PayError> {
            shop.gateway.call(1, "").await
        }
        let shop = Shop::default();
        assert_eq!(short(shop.clone(), "k").await.unwrap().number, 1);
        advance(TTL - SECOND).await;
        assert_eq!(short(shop.clone(), "k").await.unwrap().number, 1);
        advance(2 * SECOND).await;
        assert_eq!(short(shop.clone(), "k").await.unwrap().number, 2);
    }

    #[idempotent(name = "leased", key = key, payload = none, store = shop.records, lease = "9s", on_cancel = unknown)]
    async fn leased(shop: Shop, key: &'static str) -> Result<Receipt, PayError> {
        shop.gateway.call(1, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn the_lease_is_renewed_while_the_work_goes_on() {
        let shop = Shop::of([Reply::After(600 * SECOND)]);
        let call = tokio::spawn(leased(shop.clone(), "k"));
        for _ in 0..59 {
            sleep(10 * SECOND).await;
            let refused = leased(shop.clone(), "k").await;
            assert_eq!(refused.code(), "in_flight");
            assert!(refused.wait().unwrap() <= 9 * SECOND);
        }
        assert_eq!(call.await.unwrap().unwrap().number, 1);
        assert!(shop.records.asked(Step::Extend) >= 190, "{}", shop.records.asked(Step::Extend));
    }

    #[tokio::test(start_paused = true)]
    async fn where_its_owner_is_gone_without_a_word_the_outcome_is_unknown() {
        let shop = Shop::of([Reply::Hang]);
        let mut call = Hand::new(leased(shop.clone(), "k"));
        call.poll_pending();
        // As if the process had died: nothing of it is dropped.
        std::mem::forget(call);
        advance(8 * SECOND).await;
        assert_eq!(leased(shop.clone(), "k").await.code(), "in_flight");
        advance(2 * SECOND).await;
        assert_eq!(leased(shop.clone(), "k").await.code(), "outcome_unknown");
        assert_eq!(shop.gateway.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_owner_who_comes_back_too_late_learns_that_it_lost() {
        #[idempotent(
            name = "late",
            key = key,
            payload = none,
            store = shop.records,
            lease = "9s",
            on_unknown = rerun
        )]
        async fn late(shop: Shop, key: &'static str) -> Result<Receipt, PayError> {
            shop.gateway.call(1, "").await
        }
        let shop = Shop::of([Reply::After(5 * SECOND)]);
        let mut first = Hand::new(late(shop.clone(), "k"));
        first.poll_pending();
        // Nobody polls the first one while its lease runs out.
        advance(10 * SECOND).await;
        assert_eq!(late(shop.clone(), "k").await.unwrap().number, 2);
        let lost = first.finish().await;
        let Reason::Unrecorded(unrecorded) = lost.reason() else { panic!("{}", lost.code()) };
        assert_eq!(unrecorded.take::<Result<Receipt, PayError>>().unwrap().unwrap().number, 1);
        assert_eq!(late(shop.clone(), "k").await.unwrap().number, 2);
    }
}

mod in_flight {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_hundred_calls_with_one_key_are_one_run() {
        let shop = Shop::of([Reply::After(SECOND)]);
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let shop = shop.clone();
                tokio::spawn(async move { pay(&shop, 500, "k").await })
            })
            .collect();
        let mut codes = Vec::new();
        for call in calls {
            codes.push(call.await.unwrap().code());
        }
        codes.sort();
        assert_eq!(codes[..99], ["in_flight"; 99]);
        assert_eq!((codes[99], shop.gateway.calls()), ("ok", 1));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn on_several_threads_too() {
        let shop = Shop::of([Reply::After(Duration::from_millis(20))]);
        let calls: Vec<_> = (0..100).map(|_| tokio::spawn(waits(shop.clone(), "k"))).collect();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap().number, 1);
        }
        assert_eq!(shop.gateway.calls(), 1);
    }

    #[idempotent(name = "waits", key = key, payload = none, store = shop.records, in_flight = wait = "2s")]
    async fn waits(shop: Shop, key: &'static str) -> Result<Receipt, PayError> {
        shop.gateway.call(1, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_waits_gets_the_others_result() {
        let shop = Shop::of([Reply::After(SECOND)]);
        let (one, two) = tokio::join!(waits(shop.clone(), "k"), waits(shop.clone(), "k"));
        assert_eq!((one.unwrap().number, two.unwrap().number), (1, 1));
        let shop = Shop::of([Reply::FailAfter(SECOND, PayError::declined("51"))]);
        let (one, two) = tokio::join!(waits(shop.clone(), "k"), waits(shop.clone(), "k"));
        assert_eq!((one.code(), two.code()), ("declined", "declined"));
    }

    #[tokio::test(start_paused = true)]
    async fn or_runs_itself_where_the_other_came_to_nothing() {
        let shop = Shop::of([Reply::FailAfter(SECOND, PayError::Down)]);
        let (one, two) = tokio::join!(waits(shop.clone(), "k"), waits(shop.clone(), "k"));
        assert_eq!((one.code(), two.unwrap().number), ("down", 2));
    }

    #[tokio::test(start_paused = true)]
    async fn and_is_refused_when_its_patience_is_at_its_end() {
        const PATIENCE: Duration = Duration::from_secs(3);

        #[idempotent(name = "impatient", key = key, payload = none, store = shop.records, in_flight = wait = PATIENCE)]
        async fn waits(shop: Shop, key: &'static str) -> Result<Receipt, PayError> {
            shop.gateway.call(1, "").await
        }
        let shop = Shop::of([Reply::After(10 * SECOND)]);
        let start = Instant::now();
        let second = async {
            let refused = waits(shop.clone(), "k").await;
            (refused, start.elapsed())
        };
        let (first, (second, after)) = tokio::join!(waits(shop.clone(), "k"), second);
        assert_eq!((first.code(), second.code()), ("ok", "in_flight"));
        assert_about(after, PATIENCE);
    }
}

mod unknown_outcomes {
    use super::*;

    #[idempotent(
        name = "rerun",
        key = key,
        payload = none,
        store = shop.records,
        on_unknown = rerun,
        claim = claim
    )]
    async fn rerun(shop: Shop, key: &'static str) -> Result<Receipt, PayError> {
        shop.gateway.call(1, claim.downstream_key()).await
    }

    #[tokio::test(start_paused = true)]
    async fn may_be_run_again_with_the_same_downstream_key() {
        let shop = Shop::of([Reply::Fail(PayError::Lost)]);
        assert_eq!(rerun(shop.clone(), "k").await.code(), "lost");
        assert_eq!(rerun(shop.clone(), "k").await.unwrap().number, 2);
        assert_eq!(rerun(shop.clone(), "k").await.unwrap().number, 2);
        let keys = shop.gateway.keys();
        assert_eq!(keys[0], keys[1]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_run_that_comes_to_nothing_leaves_the_first_ones_doubt() {
        let shop = Shop::of([Reply::Fail(PayError::Lost), Reply::Fail(PayError::Down)]);
        assert_eq!(rerun(shop.clone(), "k").await.code(), "lost");
        assert_eq!(rerun(shop.clone(), "k").await.code(), "down");
        assert_eq!(shop.records.state("rerun", "k").await, "unknown");
    }

    #[tokio::test(start_paused = true)]
    async fn end_when_somebody_says_what_happened() {
        let shop = Shop::of([Reply::Fail(PayError::Lost), Reply::Fail(PayError::Lost)]);
        for key in ["happened", "never"] {
            assert_eq!(pay(&shop, 500, key).await.code(), "lost");
        }
        let now = steadfast::clock::wall();
        let unknowns = shop.records.unknowns(now, None, 10).await.unwrap();
        let ids: Vec<&RecordId> = unknowns.iter().map(|(id, _)| id).collect();
        assert_eq!(ids.iter().map(|id| id.key()).collect::<Vec<_>>(), ["happened", "never"]);

        let stored = Stored::Value(serde_json::to_vec(&Receipt { number: 77, amount: 500 }).unwrap().into());
        let happened = Resolution::Happened { stored, expires_at: now + DAY };
        shop.records.resolve(ids[0], unknowns[0].1.seen(), happened, "the gateway's list").await.unwrap();
        shop.records.resolve(ids[1], unknowns[1].1.seen(), Resolution::NeverHappened, "not there").await.unwrap();

        assert_eq!(pay(&shop, 500, "happened").await.unwrap().number, 77);
        assert_eq!(pay(&shop, 500, "never").await.unwrap().number, 3);
    }
}

mod callers_that_go_away {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn lose_nothing_the_work_runs_on_and_they_get_its_result() {
        let shop = Shop::of([Reply::After(10 * SECOND)]);
        let mut call = Hand::new(pay(&shop, 500, "k"));
        call.poll_pending();
        drop(call);
        assert_eq!(pay(&shop, 500, "k").await.code(), "in_flight");
        sleep(11 * SECOND).await;
        assert_eq!(pay(&shop, 500, "k").await.unwrap().number, 1);
        assert_eq!(shop.gateway.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nor_does_a_terminal_failure_an_unknown_one_or_a_panic_get_lost() {
        for (reply, code) in [
            (Reply::FailAfter(SECOND, PayError::declined("51")), "declined"),
            (Reply::FailAfter(SECOND, PayError::Lost), "outcome_unknown"),
        ] {
            let shop = Shop::of([reply]);
            Hand::new(pay(&shop, 500, "k")).poll_pending();
            sleep(2 * SECOND).await;
            assert_eq!(pay(&shop, 500, "k").await.code(), code);
            assert_eq!(shop.gateway.calls(), 1);
        }

        #[idempotent(name = "panics_late", key = key, payload = none, store = records)]
        async fn panics(records: TestStore, key: &'static str) -> Result<(), PayError> {
            sleep(SECOND).await;
            panic!("nobody is there to see it")
        }
        let records = TestStore::default();
        Hand::new(panics(records.clone(), "k")).poll_pending();
        sleep(2 * SECOND).await;
        assert_eq!(records.state("panics_late", "k").await, "unknown");
    }

    #[tokio::test(start_paused = true)]
    async fn before_the_work_began_leave_the_key_free() {
        let shop = Shop { records: TestStore::slow(), ..Shop::default() };
        let never_polled = pay(&shop, 500, "k");
        drop(never_polled);
        assert_eq!(shop.records.asked(Step::Claim), 0);
        let mut claiming = Hand::new(pay(&shop, 500, "k"));
        claiming.poll_pending();
        claiming.poll_pending();
        drop(claiming);
        sleep(SECOND).await;
        assert_eq!((shop.gateway.calls(), shop.state("k").await), (0, "free"));
    }

    #[idempotent(name = "stops", key = key, payload = note, store = shop.records, on_cancel = unknown)]
    async fn stops(shop: &Shop, note: &str, key: &str) -> Result<Receipt, PayError> {
        shop.gateway.call(note.len() as u64, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn may_take_the_work_with_them_which_is_unknown_then() {
        let shop = Shop::of([Reply::After(10 * SECOND)]);
        let mut call = Hand::new(stops(&shop, "note", "k"));
        call.poll_pending();
        drop(call);
        assert_eq!(shop.records.state("stops", "k").await, "unknown");
        assert_eq!(stops(&shop, "note", "k").await.code(), "outcome_unknown");
        assert_eq!(shop.gateway.calls(), 1);
        // Those who stay get their answer, and its replay.
        assert_eq!(stops(&shop, "note", "other").await.unwrap().number, 2);
        assert_eq!(stops(&shop, "note", "other").await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn before_that_work_began_leave_the_key_free_too() {
        let shop = Shop { records: TestStore::slow(), ..Shop::default() };
        let mut claiming = Hand::new(stops(&shop, "note", "k"));
        claiming.poll_pending();
        claiming.poll_pending();
        drop(claiming);
        sleep(SECOND).await;
        assert_eq!((shop.gateway.calls(), shop.records.state("stops", "k").await), (0, "free"));
    }

    /// A call whose work has begun on the runtime.
    fn begun(shop: &Shop, runtime: &tokio::runtime::Runtime) -> impl Sized + use<> {
        let _inside = runtime.enter();
        let mut call = Hand::new(charge(shop.clone(), ChargeRequest::of(500), "k"));
        call.poll_pending();
        call
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
    }

    #[test]
    fn from_outside_the_runtime_leave_the_work_to_it() {
        let runtime = runtime();
        let shop = Shop::of([Reply::After(SECOND)]);
        drop(begun(&shop, &runtime));
        runtime.block_on(async {
            assert_eq!(shop.state("k").await, "in flight");
            sleep(2 * SECOND).await;
            assert_eq!(shop.state("k").await, "value");
        });
    }

    #[test]
    fn after_the_runtime_leave_an_unknown_outcome() {
        let first = runtime();
        let shop = Shop::of([Reply::Hang]);
        let call = begun(&shop, &first);
        drop(first);
        drop(call);
        assert_eq!(runtime().block_on(shop.state("k")), "unknown");
    }

    #[test]
    fn with_the_runtime_leave_an_unknown_outcome() {
        let first = runtime();
        let shop = Shop::of([Reply::Hang]);
        drop(begun(&shop, &first));
        drop(first);
        assert_eq!(runtime().block_on(shop.state("k")), "unknown");
    }

    #[tokio::test(start_paused = true)]
    async fn leave_the_work_in_its_span() {
        use std::sync::{Arc, Mutex};
        use tracing::Instrument as _;

        #[idempotent(name = "spanned", key = key, payload = none, store = records)]
        async fn spanned(
            records: MemoryStore,
            key: &'static str,
            seen: Arc<Mutex<Vec<Option<&'static str>>>>,
        ) -> Result<(), PayError> {
            for _ in 0..2 {
                let name = tracing::Span::current().metadata().map(|metadata| metadata.name());
                seen.lock().unwrap().push(name);
                sleep(SECOND).await;
            }
            Ok(())
        }
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry());
        let seen = Arc::new(Mutex::default());
        let call = spanned(MemoryStore::default(), "k", Arc::clone(&seen)).instrument(tracing::info_span!("request"));
        Hand::new(call).poll_pending();
        sleep(5 * SECOND).await;
        assert_eq!(*seen.lock().unwrap(), [Some("request"); 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_may_be_the_refusal_itself() {
    #[idempotent(name = "bare", key = key, payload = none, store = records)]
    async fn bare(records: MemoryStore, key: &'static str) -> Result<u32, Rejection> {
        Ok(7)
    }
    assert_eq!(bare(MemoryStore::default(), "k").await.unwrap(), 7);
    assert_eq!(bare(MemoryStore::new(0), "k").await.code(), "store_full");
}
