use std::time::Duration;

use super::{Answer, TTL, ask, leak};
use crate::cached::Cached;
use crate::registry::{Describe, State};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn it_describes_itself_in_the_attributes_words() {
    let told = |cache: Cached| -> Vec<_> { cache.settings().into_values().collect() };
    assert_eq!(told(Cached::new("test", TTL)), ["off", "10000", "off", "100s"]);
    let set = Cached::new("test", TTL).idle(SECOND).max_entries(5).negative_ttl(SECOND / 2);
    assert_eq!(told(set), ["1s", "5", "500ms", "100s"]);
}

#[test]
fn settings_that_cannot_be_right_are_refused() {
    let cache = || Cached::new("test", TTL);
    let refused = [
        (Cached::try_new("test", Duration::ZERO), "ttl"),
        (cache().try_idle(Duration::ZERO), "idle"),
        (cache().try_idle(TTL + SECOND), "idle"),
        (cache().try_max_entries(0), "max_entries"),
        (cache().try_negative_ttl(Duration::ZERO), "negative_ttl"),
    ];
    for (result, setting) in refused {
        assert_eq!(result.unwrap_err().setting(), setting);
    }
    assert!(cache().try_idle(TTL).and_then(|c| c.try_max_entries(1)).is_ok());
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
}
