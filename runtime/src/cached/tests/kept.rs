use std::convert::Infallible;
use std::time::Duration;

use super::{Answer, Fault, Runs, TTL, Unique, ask, cache, leak};
use crate::cached::own::Cached;
use crate::{Kind, Layer, Reason, Rejection};

const SECOND: Duration = Duration::from_secs(1);

/// Asks twice and tells how often the function ran.
macro_rules! runs_of_two {
    ($cache:expr, $result:ty, $value:expr) => {{
        let (cache, runs) = ($cache, Runs::default());
        for _ in 0..2 {
            let answer = ask!(cache, ("k"), $result, async {
                runs.next();
                let value: $result = $value;
                value
            });
            assert_eq!(answer.await.unwrap(), $value);
        }
        runs.count()
    }};
}

#[tokio::test(start_paused = true)]
async fn values_are_kept_and_nothing_and_unit_are_values() {
    assert_eq!(runs_of_two!(cache(), Answer, Ok(1)), 1);
    assert_eq!(runs_of_two!(cache(), Option<u32>, Some(1)), 1);
    assert_eq!(runs_of_two!(cache(), Result<Option<u32>, Fault>, Ok(None)), 1);
    assert_eq!(runs_of_two!(cache(), Result<(), Fault>, Ok(())), 1);
    assert_eq!(runs_of_two!(cache(), (), ()), 1);
    assert_eq!(runs_of_two!(cache(), String, "plain".to_owned()), 1);
    assert_eq!(runs_of_two!(cache(), Result<u32, Unique>, Ok(1)), 1);
}

#[tokio::test(start_paused = true)]
async fn failures_are_not_kept_unless_asked() {
    assert_eq!(runs_of_two!(cache(), Option<u32>, None), 2);
    for kind in [Kind::Transient, Kind::Terminal, Kind::Unknown, Kind::Refused] {
        assert_eq!(runs_of_two!(cache(), Answer, Err(Fault(kind))), 2, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_negative_ttl_definite_answers_are_kept() {
    let cache = || leak(Cached::new("test", TTL).negative_ttl(SECOND));
    assert_eq!(runs_of_two!(cache(), Option<u32>, None), 1);
    assert_eq!(runs_of_two!(cache(), Answer, Err(Fault(Kind::Terminal))), 1);
    for kind in [Kind::Transient, Kind::Unknown, Kind::Refused] {
        assert_eq!(runs_of_two!(cache(), Answer, Err(Fault(kind))), 2, "{kind:?}");
    }
    // Neither does it say its kind, nor can it be copied.
    assert_eq!(runs_of_two!(cache(), Result<u32, Unique>, Err(Unique)), 2);
    // It could be copied, but it does not say its kind.
    assert_eq!(runs_of_two!(cache(), Result<u32, &'static str>, Err("no")), 2);
}

#[tokio::test(start_paused = true)]
async fn a_negative_answer_has_its_own_time() {
    let cache = leak(Cached::new("test", TTL).negative_ttl(SECOND));
    let runs = Runs::default();
    let ask = async || {
        let answer = ask!(cache, ("k"), Option<u32>, async {
            let run = runs.next();
            (run > 1).then_some(run)
        });
        answer.await.unwrap()
    };
    assert_eq!(ask().await, None);
    tokio::time::advance(SECOND * 9 / 10 - Duration::from_millis(1)).await;
    assert_eq!(ask().await, None);
    tokio::time::advance(SECOND / 10 + Duration::from_millis(1)).await;
    assert_eq!(ask().await, Some(2));
    tokio::time::advance(SECOND * 2).await;
    assert_eq!(ask().await, Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_never_kept() {
    let cache = leak(Cached::new("test", TTL).negative_ttl(SECOND));
    let runs = Runs::default();
    for _ in 0..2 {
        let inner = async {
            runs.next();
            Result::<Answer, _>::Err(Rejection::new(Layer::CircuitBreaker, "api", Reason::Open { retry_after: None }))
        };
        let answer = super::behind(
            cache,
            (crate::__rt::key_part!("k"),),
            |r: &Answer| crate::__rt::worth!(r),
            |r: &Answer| crate::__rt::copied!(r),
            inner,
        );
        assert_eq!(answer.await.unwrap_err().code(), "circuit_open");
    }
    assert_eq!(runs.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_entry_lives_between_nine_tenths_and_all_of_its_ttl() {
    let cache = cache();
    let runs = Runs::default();
    let ask = async |key: u32| {
        ask!(cache, (key), u32, async { runs.next() }).await.unwrap();
    };
    for key in 0..200 {
        ask(key).await;
    }
    tokio::time::advance(TTL * 9 / 10).await;
    // The jitter may give one exactly nine tenths, so look just before.
    tokio::time::advance(TTL / 20).await;
    let before = runs.count();
    for key in 0..200 {
        ask(key).await;
    }
    let expired = runs.count() - before;
    assert!((1..200).contains(&expired), "{expired} of 200 expired half way through the jitter");

    tokio::time::advance(TTL).await;
    let before = runs.count();
    for key in 0..200 {
        ask(key).await;
    }
    assert_eq!(runs.count() - before, 200);
}

#[tokio::test(start_paused = true)]
async fn nothing_expires_early() {
    let cache = cache();
    let runs = Runs::default();
    for _ in 0..2 {
        for key in 0..100_u32 {
            ask!(cache, (key), u32, async { runs.next() }).await.unwrap();
        }
        tokio::time::advance(TTL * 9 / 10 - Duration::from_millis(1)).await;
    }
    assert_eq!(runs.count(), 100);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_asks_for_is_forgotten() {
    let cache = leak(Cached::new("test", TTL).idle(SECOND * 10));
    let runs = Runs::default();
    let ask = async || ask!(cache, ("k"), u32, async { runs.next() }).await.unwrap();
    assert_eq!(ask().await, 1);
    for _ in 0..5 {
        tokio::time::advance(SECOND * 9).await;
        assert_eq!(ask().await, 1);
    }
    tokio::time::advance(SECOND * 10).await;
    assert_eq!(ask().await, 2);
    // Being asked for does not prolong the ttl.
    for _ in 0..12 {
        tokio::time::advance(SECOND * 9).await;
        ask().await;
    }
    assert_eq!(runs.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn each_instantiation_has_its_own_entries() {
    static CACHE: Cached = Cached::new("test", TTL);
    async fn doubled<T>(value: T) -> (T, T)
    where
        T: Clone + std::hash::Hash + Eq + Send + Sync + 'static,
    {
        let answer = super::behind(
            &CACHE,
            (crate::__rt::key_part!(value),),
            |r: &(T, T)| crate::__rt::worth!(r),
            |r: &(T, T)| crate::__rt::copied!(r),
            crate::__rt::body::<_, Infallible>(async { (value.clone(), value.clone()) }),
        );
        match answer.await {
            Ok(pair) => pair,
            Err(never) => match never {},
        }
    }
    for _ in 0..2 {
        assert_eq!(doubled(1_u32).await, (1, 1));
        assert_eq!(doubled(1_u64).await, (1, 1));
        assert_eq!(doubled("one").await, ("one", "one"));
        assert_eq!(doubled(String::from("one")).await.0, "one");
    }
    use crate::registry::{Describe, State};
    assert_eq!(CACHE.state(), Some(State::Cached { entries: 4 }));
}

#[tokio::test(start_paused = true)]
async fn two_statics_share_nothing() {
    let (one, other) = (cache(), cache());
    assert_eq!(ask!(one, ("k"), u32, async { 1 }).await.unwrap(), 1);
    assert_eq!(ask!(other, ("k"), u32, async { 2 }).await.unwrap(), 2);
}
