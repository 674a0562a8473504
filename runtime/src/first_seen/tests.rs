use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::{FirstSeen, MemoryFirstSeen};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[tokio::test]
async fn one_of_a_hundred_is_first() {
    let seen = MemoryFirstSeen::default();
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let seen = seen.clone();
        all.spawn(async move { seen.first_seen("space", "id", at(1), at(2)).await.unwrap() });
    }
    let firsts = all.join_all().await.into_iter().filter(|&first| first).count();
    assert_eq!(firsts, 1);
}

#[tokio::test]
async fn a_clock_that_jumps_back_does_not_forget() {
    let seen = MemoryFirstSeen::default();
    assert!(seen.first_seen("space", "id", at(100), at(200)).await.unwrap());
    assert!(!seen.first_seen("space", "id", at(0), at(50)).await.unwrap());
    assert!(!seen.first_seen("space", "id", at(199), at(300)).await.unwrap());
    assert!(seen.first_seen("space", "id", at(200), at(300)).await.unwrap());
}

#[tokio::test]
async fn spaces_and_ids_do_not_run_into_each_other() {
    let seen = MemoryFirstSeen::default();
    for (space, id) in [("a", "bc"), ("ab", "c"), ("abc", ""), ("", "abc")] {
        assert!(seen.first_seen(space, id, at(1), at(2)).await.unwrap(), "{space}/{id}");
    }
}

#[tokio::test]
async fn its_debug_shows_no_id() {
    let seen = MemoryFirstSeen::new(7);
    seen.first_seen("space", "evt_17", at(1), at(2)).await.unwrap();
    assert_eq!(format!("{seen:?}"), "MemoryFirstSeen { ids: 1, max_ids: 7 }");
}

/// The same with nothing clever: every id with its end, looked through each time.
#[derive(Default)]
struct Plain(BTreeMap<u8, SystemTime>);

impl Plain {
    fn first(&mut self, id: u8, now: SystemTime, until: SystemTime, max_ids: usize) -> Option<bool> {
        self.0.retain(|_, end| *end > now);
        if self.0.contains_key(&id) {
            return Some(false);
        }
        if until > now {
            if self.0.len() >= max_ids {
                return None;
            }
            self.0.insert(id, until);
        }
        Some(true)
    }
}

proptest! {
    #[test]
    fn it_remembers_what_a_plain_list_does(
        asks in proptest::collection::vec((0_u8..6, 0_u64..50, 0_u64..60), 1..80),
        max_ids in 0_usize..5,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (seen, mut plain) = (MemoryFirstSeen::new(max_ids), Plain::default());
        for (id, now, until) in asks {
            let answer = runtime.block_on(seen.first_seen("", &id.to_string(), at(now), at(until)));
            let expected = plain.first(id, at(now), at(until), max_ids);
            prop_assert_eq!(answer.as_ref().ok().copied(), expected);
            prop_assert_eq!(answer.is_err_and(|error| error.is_full()), expected.is_none());
            prop_assert_eq!(seen.len(), plain.0.len());
        }
    }
}
