use std::time::{Duration, SystemTime};

use steadfast::idempotent::{NewClaim, RecordId, Store};

use super::{PAGE, RedisStore, id};
use crate::Redis;
use crate::keys::Bucket;

/// What lies in one bucket is more than is asked for at once, and most of it is not unknown.
#[tokio::test]
async fn a_listing_goes_on_within_a_bucket() {
    let Some(server) = steadfast_servers::redis_server("pages of one bucket", &[]) else { return };
    let store = RedisStore::new(Redis::connect(&server.url()).await.unwrap());
    store.init().await.unwrap();
    let now = SystemTime::now();
    let all = (0..).map(|number| RecordId::new("tests", None, &format!("order-{number}")).unwrap());
    let crowd: Vec<_> = all.filter(|id| Bucket::of(&id::write(id)) == Bucket::FIRST).take(2 * PAGE + 10).collect();
    let mut expected = Vec::new();
    for (number, id) in crowd.into_iter().enumerate() {
        let unknown = number % 50 == 0;
        if unknown {
            expected.push(id.clone());
        }
        let lease = Duration::from_secs(if unknown { 0 } else { 60 });
        store.claim(NewClaim::new(id, now, lease)).await.unwrap();
    }
    expected.sort();
    for limit in [1, 4, 1000] {
        let mut listed: Vec<RecordId> = Vec::new();
        loop {
            let page = store.unknowns(now, listed.last(), limit).await.unwrap();
            if page.is_empty() {
                break;
            }
            listed.extend(page.into_iter().map(|(id, _)| id));
        }
        listed.sort();
        assert_eq!(listed, expected, "{limit} at once");
    }
}
