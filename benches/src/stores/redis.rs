//! The same scripts with the same arguments, sent by hand as EVALSHA over one multiplexed connection.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use redis::aio::MultiplexedConnection;
use steadfast::idempotent::Token;
use steadfast_redis::{Redis, RedisStore};
use steadfast_servers::{DURABLE, RedisServer};

use super::{DAY, Pair, RESULT, Store, compare, pair, through};
use crate::target::Target;

const NAME: &str = "charges.create";

pub(super) async fn measure() -> Vec<Target> {
    let mut targets = Vec::new();
    for (name, options, synced) in [("redis, in memory", &[][..], false), ("redis, synced", DURABLE, true)] {
        let server = RedisServer::start(options);
        let store = Store { name, synced, hand: by_hand(&server).await, ours: ours(&server).await };
        targets.extend(compare(&store, 200, 3200).await);
    }
    targets
}

async fn ours(server: &RedisServer) -> Pair {
    let records = RedisStore::new(Redis::connect(&server.url()).await.expect("a server"));
    records.init().await.expect("a new server");
    through(records)
}

async fn by_hand(server: &RedisServer) -> Pair {
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
