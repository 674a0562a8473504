//! What every store must do.

use steadfast::idempotent::conformance;
use steadfast_redis::{RedisOptions, RedisStore};

use crate::{own, shared};

#[tokio::test(flavor = "multi_thread")]
async fn it_does_what_a_store_must() {
    let Some((part, _)) = shared("what every store must do").await else { return };
    suite(part.prefix(), part.url()).await;
}

/// The server's newer protocol has other types of answers.
#[tokio::test(flavor = "multi_thread")]
async fn it_does_so_over_resp3() {
    let Some((server, _)) = own("what every store must do, over RESP3", &[]).await else { return };
    suite("steadfast", &format!("{}/?protocol=resp3", server.url())).await;
}

async fn suite(prefix: &str, url: &str) {
    let open = async || RedisStore::new(RedisOptions::new().prefix(prefix).connect(url).await.unwrap());
    conformance::run(open).await.unwrap();
}
