use std::time::Duration;

use serde_json::json;

use super::{Answer, TTL, ask, leak};
use crate::ConfigureError;
use crate::cached::own::Cached;
use crate::cached::{Cache, CacheConfig};
use crate::registry::{Describe, Operation, State};

const SECOND: Duration = Duration::from_secs(1);

type Names = Cache<u64, String>;

fn names() -> Names {
    Cache::new("names", TTL)
}

#[test]
fn it_describes_itself_in_the_attributes_words() {
    let told = |cache: &dyn Describe| -> Vec<_> { cache.settings().into_iter().collect() };
    let plain = [
        ("idle", "off"),
        ("max_entries", "10000"),
        ("negative_ttl", "off"),
        ("refresh_after", "off"),
        ("stale_if_error", "off"),
        ("ttl", "100s"),
    ];
    let plain: Vec<_> = plain.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    assert_eq!(told(&Cached::new("test", TTL)), plain);
    assert_eq!(told(&names()), plain);
    let set = Cached::new("test", TTL).idle(SECOND).max_entries(5).negative_ttl(SECOND / 2);
    let set = set.refresh_after(SECOND * 2).stale_if_error(SECOND * 3);
    assert_eq!(set.settings().into_values().collect::<Vec<_>>(), ["1s", "5", "500ms", "2s", "3s", "100s"]);
}

#[test]
fn settings_that_cannot_be_right_are_refused() {
    let refused = [
        (Names::try_new("names", Duration::ZERO), "ttl"),
        (names().try_idle(Duration::ZERO), "idle"),
        (names().try_idle(TTL + SECOND), "idle"),
        (names().try_max_entries(0), "max_entries"),
        (names().try_negative_ttl(Duration::ZERO), "negative_ttl"),
        (names().try_refresh_after(Duration::ZERO), "refresh_after"),
        (names().try_refresh_after(TTL), "refresh_after"),
        (names().try_stale_if_error(Duration::ZERO), "stale_if_error"),
        (Names::from_config("names", &CacheConfig::default()), "ttl"),
    ];
    for (result, setting) in refused {
        assert_eq!(result.unwrap_err().setting(), setting);
    }
    assert!(names().try_idle(TTL).and_then(|c| c.try_max_entries(1)).is_ok());
    assert!(names().try_refresh_after(TTL - SECOND).is_ok());
}

#[test]
fn settings_from_outside_are_checked_together_with_the_others() {
    let cache = Cached::new("test", TTL).idle(SECOND * 50);
    let refused = |settings| cache.configure(&settings).unwrap_err().to_string();
    assert!(refused(json!({ "ttl": "10s" })).starts_with("`idle` may not be longer than `ttl`"));
    assert!(refused(json!({ "refresh_after": "200s" })).starts_with("`refresh_after` must be shorter"));
    assert!(refused(json!({ "max_entries": 0 })).starts_with("`max_entries`"));
    assert!(refused(json!({ "time": "10s" })).contains("unknown field `time`"));
    assert_eq!(cache.settings()["ttl"], "100s");

    let taken = json!({ "ttl": "10s", "idle": "5s", "max_entries": "7", "negative_ttl": "1s", "refresh_after": "8s", "stale_if_error": "1m" });
    cache.configure(&taken).unwrap();
    let settings: Vec<_> = cache.settings().into_values().collect();
    assert_eq!(settings, ["5s", "7", "1s", "8s", "60s", "10s"]);
    assert_eq!(cache.configure(&taken), Err(ConfigureError::Again));
}

#[tokio::test(start_paused = true)]
async fn settings_come_before_the_first_use() {
    let own = leak(Cached::new("test", TTL));
    ask!(own, ("k"), Answer, async { Ok(1) }).await.unwrap().unwrap();
    assert_eq!(own.configure(&json!({ "ttl": "10s" })), Err(ConfigureError::InUse));

    let shared = names();
    assert_eq!(shared.get(&1), None);
    let config = CacheConfig { ttl: Some(SECOND), ..CacheConfig::default() };
    assert_eq!(Cache::configure(&shared, &config), Err(ConfigureError::InUse));
}

#[tokio::test(start_paused = true)]
async fn settings_from_outside_are_in_force() {
    let cache = names();
    let config = CacheConfig { ttl: Some(SECOND), max_entries: Some(2), ..CacheConfig::default() };
    Cache::configure(&cache, &config).unwrap();
    for key in 0..100 {
        cache.prime(key, "name".to_owned()).await.unwrap();
    }
    assert!(cache.stats().entries <= 2 && cache.stats().evictions >= 98, "{:?}", cache.stats());
    let kept = (0..100).filter(|key| cache.get(key).is_some()).count();
    assert!((1..=2).contains(&kept));
    tokio::time::advance(SECOND).await;
    assert!((0..100).all(|key| cache.get(&key).is_none()));
}

#[tokio::test(start_paused = true)]
async fn an_operator_clears_it_and_does_nothing_else() {
    let cache = names();
    cache.prime(1, "one".to_owned()).await.unwrap();
    for operation in [Operation::Reset, Operation::ForceOpen, Operation::Disable, Operation::MetricsOnly] {
        assert!(!cache.operate(operation));
    }
    assert_eq!(cache.state(), Some(State::Cached { entries: 1 }));
    assert!(cache.operate(Operation::Clear));
    assert_eq!((cache.get(&1), cache.state()), (None, Some(State::Cached { entries: 0 })));
    cache.prime(1, "one".to_owned()).await.unwrap();
    assert!(cache.get(&1).is_some());

    let own = leak(Cached::new("test", TTL));
    ask!(own, ("k"), Answer, async { Ok(1) }).await.unwrap().unwrap();
    assert!(own.operate(Operation::Clear) && !own.operate(Operation::Reset));
    assert_eq!(ask!(own, ("k"), Answer, async { Ok(2) }).await.unwrap(), Ok(2));
}

#[tokio::test(start_paused = true)]
async fn the_size_is_bounded_and_told() {
    let cache = leak(Cached::new("test", TTL).max_entries(10));
    assert_eq!(cache.state(), Some(State::Cached { entries: 0 }));
    for key in 0..500_u32 {
        assert!(ask!(cache, (key), Answer, async { Answer::Ok(1) }).await.is_ok());
    }
    let Some(State::Cached { entries }) = cache.state() else {
        panic!("no state");
    };
    assert!((1..=10).contains(&entries), "{entries} entries");
}

#[test]
fn debug_shows_settings_only() {
    let text = format!("{:?}", Cached::new("test", TTL));
    assert!(text.starts_with("Cached { name: \"test\", limits: "), "{text}");
    let cache = names();
    drop(cache.prime(7, "a secret".to_owned()));
    let text = format!("{cache:?}");
    assert!(text.starts_with("Cache { name: \"names\", limits: ") && !text.contains("secret"), "{text}");
}
