use std::convert::Infallible;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::advance;

use super::{Answer, Fault, Runs, ask, leak};
use crate::__rt::{Lookup, key_part, load_aside, lookup, whole};
use crate::Kind;
use crate::cached::own::Cached;

const SECOND: Duration = Duration::from_secs(1);
const DOWN: Fault = Fault(Kind::Transient);
const NO: Fault = Fault(Kind::Terminal);

/// Ten seconds, refreshed from the fifth.
fn refreshed() -> Cached {
    Cached::new("test", SECOND * 100).refresh_after(SECOND * 50)
}

/// Loads at once.
async fn now(cache: &'static Cached, answer: Answer) -> Answer {
    ask!(cache, ("k"), Answer, async { answer }).await.unwrap()
}

/// Loads for a second.
fn slow(cache: &'static Cached, answer: Answer) -> tokio::task::JoinHandle<Answer> {
    let inner = async move {
        tokio::time::sleep(SECOND).await;
        answer
    };
    tokio::spawn(async move { ask!(cache, ("k"), Answer, inner).await.unwrap() })
}

/// As `slow`, with the refresh in a task.
async fn aside(cache: &'static Cached, answer: Answer) -> Answer {
    let form = whole(|r: &Answer| crate::__rt::worth!(r), |r: &Answer| crate::__rt::copied!(r));
    let lead = match lookup::<Answer, _, Infallible, _>(cache, (key_part!("k"),), form) {
        Ok(Ok(found)) => return found,
        Err(looking) => match looking.await {
            Lookup::Found(Ok(found)) => return found,
            Lookup::Lead(lead) => lead,
        },
    };
    let inner = async move {
        tokio::time::sleep(SECOND).await;
        Ok::<_, Infallible>(answer)
    };
    let Ok(answer) = load_aside(lead, form, inner).await;
    answer
}

#[tokio::test(start_paused = true)]
async fn before_its_age_nothing_is_refreshed() {
    let cache = leak(refreshed());
    assert_eq!(now(cache, Ok(1)).await, Ok(1));
    advance(SECOND * 44).await;
    assert_eq!(now(cache, Ok(2)).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn one_loads_while_the_others_get_the_old_value() {
    let cache = leak(refreshed());
    now(cache, Ok(1)).await.unwrap();
    advance(SECOND * 51).await;
    let finder = slow(cache, Ok(2));
    yield_now().await;
    for _ in 0..10 {
        assert_eq!(now(cache, Ok(3)).await, Ok(1));
    }
    assert_eq!(finder.await.unwrap(), Ok(2));
    assert_eq!(now(cache, Ok(3)).await, Ok(2));
    // It has the whole of its life again.
    advance(SECOND * 44).await;
    assert_eq!(now(cache, Ok(3)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_in_a_task_holds_nobody() {
    let cache = leak(refreshed());
    now(cache, Ok(1)).await.unwrap();
    advance(SECOND * 51).await;
    let before = crate::clock::mono();
    for _ in 0..10 {
        assert_eq!(aside(cache, Ok(2)).await, Ok(1));
    }
    assert_eq!(crate::clock::mono(), before);
    tokio::time::sleep(SECOND * 2).await;
    assert_eq!(now(cache, Ok(3)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_miss_in_a_task_is_waited_for() {
    let cache = leak(refreshed());
    assert_eq!(aside(cache, Ok(1)).await, Ok(1));
    advance(SECOND * 100).await;
    assert_eq!(aside(cache, Ok(2)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_leaves_the_old_value_until_its_end() {
    let cache = leak(refreshed());
    now(cache, Ok(1)).await.unwrap();
    advance(SECOND * 51).await;
    let runs = Runs::default();
    let failing = async || {
        let failing = async {
            runs.next();
            Answer::Err(DOWN)
        };
        ask!(cache, ("k"), Answer, failing).await.unwrap()
    };
    // Whoever runs it gets the old value too, and the next try waits.
    for _ in 0..10 {
        assert_eq!(failing().await, Ok(1));
    }
    assert_eq!(runs.count(), 1);
    advance(SECOND * 6).await;
    assert_eq!((failing().await, runs.count()), (Ok(1), 2));
    advance(SECOND * 50).await;
    assert_eq!(failing().await, Err(DOWN));
}

#[tokio::test(start_paused = true)]
async fn a_definite_no_ends_the_old_value() {
    for (cache, kept) in [(refreshed(), false), (refreshed().negative_ttl(SECOND * 10), true)] {
        let cache = leak(cache);
        now(cache, Ok(1)).await.unwrap();
        advance(SECOND * 51).await;
        assert_eq!(now(cache, Err(NO)).await, Err(NO));
        assert_eq!(now(cache, Ok(2)).await, if kept { Err(NO) } else { Ok(2) });
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_refresh_is_the_next_callers() {
    let cache = leak(refreshed());
    now(cache, Ok(1)).await.unwrap();
    advance(SECOND * 51).await;
    let finder = slow(cache, Ok(2));
    yield_now().await;
    assert_eq!(now(cache, Ok(3)).await, Ok(1));
    finder.abort();
    let _ = finder.await;
    assert_eq!(now(cache, Ok(3)).await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_expires_during_its_refresh_is_waited_for() {
    let cache = leak(refreshed());
    now(cache, Ok(1)).await.unwrap();
    advance(SECOND * 51).await;
    let finder = slow(cache, Ok(2));
    yield_now().await;
    advance(SECOND * 50).await;
    assert_eq!(now(cache, Ok(3)).await, Ok(2));
    assert_eq!(finder.await.unwrap(), Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_works_with_an_idle_time_too() {
    let cache = leak(refreshed().idle(SECOND * 90));
    now(cache, Ok(1)).await.unwrap();
    advance(SECOND * 51).await;
    let finder = slow(cache, Ok(2));
    yield_now().await;
    assert_eq!(now(cache, Ok(3)).await, Ok(1));
    assert_eq!(finder.await.unwrap(), Ok(2));
    assert_eq!(now(cache, Ok(3)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn an_expired_value_stands_in_for_a_failure() {
    let cache = leak(Cached::new("test", SECOND * 10).stale_if_error(SECOND * 50));
    now(cache, Ok(1)).await.unwrap();
    advance(SECOND * 11).await;
    for kind in [Kind::Transient, Kind::Unknown, Kind::Refused] {
        assert_eq!(now(cache, Err(Fault(kind))).await, Ok(1), "{kind:?}");
    }
    // Those who waited get it too.
    let (leader, follower) = (slow(cache, Err(DOWN)), slow(cache, Ok(9)));
    assert_eq!((leader.await.unwrap(), follower.await.unwrap()), (Ok(1), Ok(1)));
    advance(SECOND * 50).await;
    assert_eq!(now(cache, Err(DOWN)).await, Err(DOWN));
}

#[tokio::test(start_paused = true)]
async fn a_terminal_failure_is_handed_out_though_an_old_value_is_there() {
    let cache = leak(Cached::new("test", SECOND * 10).stale_if_error(SECOND * 50));
    now(cache, Ok(1)).await.unwrap();
    advance(SECOND * 11).await;
    assert_eq!(now(cache, Err(NO)).await, Err(NO));
    // It is no longer true.
    assert_eq!(now(cache, Err(DOWN)).await, Err(DOWN));
}

#[tokio::test(start_paused = true)]
async fn without_the_setting_an_expired_value_is_gone() {
    let cache = leak(Cached::new("test", SECOND * 10));
    now(cache, Ok(1)).await.unwrap();
    advance(SECOND * 11).await;
    assert_eq!(now(cache, Err(DOWN)).await, Err(DOWN));
}
