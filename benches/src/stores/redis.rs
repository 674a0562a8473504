//! The same scripts with the same arguments, sent by hand as EVALSHA over one multiplexed connection.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use redis::aio::MultiplexedConnection;
use steadfast::idempotent::{Claimed, Held, NewClaim, Outcome, RecordId, Store as _, Stored, Token};
use steadfast_redis::{Redis, RedisStore};
use steadfast_servers::RedisServer;

use super::{Store, compare, pair};
use crate::target::Target;

/// What a charge returns.
const RESULT: &[u8] = br#"{"id":"ch_3PQ8Zk2eZvKYlo2C1n4Ui9xY","amount":4999,"currency":"eur","status":"captured"}"#;
const NAME: &str = "charges.create";
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn measure() -> Vec<Target> {
    let mut targets = Vec::new();
    let synced = [("appendonly", "yes"), ("appendfsync", "always")];
    for (name, options, synced) in [("redis, in memory", &[][..], false), ("redis, synced", &synced[..], true)] {
        let server = RedisServer::start(options);
        let store = Store { name, synced, hand: by_hand(&server).await, ours: ours(&server).await };
        targets.extend(compare(&store, 200, 3200).await);
    }
    targets
}

async fn ours(server: &RedisServer) -> super::Pair {
    let records = RedisStore::new(Redis::connect(&server.url()).await.expect("a server"));
    records.init().await.expect("a new server");
    pair(move |number| {
        let records = records.clone();
        async move {
            let now = SystemTime::now();
            let claim = NewClaim {
                id: RecordId::new(NAME, None, &format!("order-{number}")).expect("a key"),
                fingerprint: None,
                token: Token::random(),
                now,
                claimed_at: now,
                lease_until: now + Duration::from_secs(60),
                take_over: None,
            };
            let (id, token) = (claim.id.clone(), claim.token);
            assert!(matches!(records.claim(claim).await, Ok(Claimed::Won)));
            let outcome = Outcome::Known { stored: Stored::Value(RESULT.into()), expires_at: now + DAY };
            assert!(matches!(records.complete(&id, token, outcome).await, Ok(Held::Yes)));
        }
    })
}

async fn by_hand(server: &RedisServer) -> super::Pair {
    let tcp = redis::io::tcp::TcpSettings::default().set_nodelay(true);
    let info = redis::IntoConnectionInfo::into_connection_info(server.url()).expect("a URL").set_tcp_settings(tcp);
    let client = redis::Client::open(info).expect("a URL");
    let connection = client.get_multiplexed_async_connection().await.expect("a server");
    let scripts = Arc::new(
        [
            concat!(
                include_str!("../../../stores/redis/src/guard.lua"),
                include_str!("../../../stores/redis/src/idempotent/scripts/claim.lua")
            ),
            concat!(
                include_str!("../../../stores/redis/src/guard.lua"),
                include_str!("../../../stores/redis/src/idempotent/scripts/keep.lua"),
                include_str!("../../../stores/redis/src/idempotent/scripts/complete.lua")
            ),
        ]
        .map(redis::Script::new),
    );
    for script in scripts.iter() {
        script.load_async(&mut connection.clone()).await.expect("a script");
    }
    pair(move |number| {
        let (scripts, connection) = (scripts.clone(), connection.clone());
        async move { one_by_hand(&scripts, connection, number).await }
    })
}

async fn one_by_hand(scripts: &[redis::Script; 2], mut connection: MultiplexedConnection, number: u64) {
    // The buckets of the store, that the keys may be spread as its keys are.
    let bucket = number % 64;
    let keys = [
        format!("steadfast:{{{bucket:02}}}:sentinel"),
        format!("steadfast:{{{bucket:02}}}:record:{NAME}:by-hand-{number}"),
        format!("steadfast:{{{bucket:02}}}:open"),
    ];
    let id = format!("{NAME}:by-hand-{number}");
    let token = format!("{:032x}", u128::from_be_bytes(Token::random().to_bytes()));
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let [lease, expires] = [since + Duration::from_secs(60), since + DAY].map(|time| time.as_nanos().to_string());
    let claimed: i64 = redis::cmd("EVALSHA")
        .arg(scripts[0].get_hash())
        .arg(3)
        .arg(&keys)
        .arg((&id, &token, since.as_nanos().to_string(), lease, "", "", ""))
        .query_async(&mut connection)
        .await
        .expect("a claim");
    assert_eq!(claimed, 1);
    let completed: i64 = redis::cmd("EVALSHA")
        .arg(scripts[1].get_hash())
        .arg(3)
        .arg(&keys)
        .arg((&id, &token, "value", expires, RESULT, u64::try_from((since + DAY).as_millis()).expect("this age")))
        .query_async(&mut connection)
        .await
        .expect("a completion");
    assert_eq!(completed, 1);
}
