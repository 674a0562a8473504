//! Two functions that share an idempotent name do not start. A crate of its own, because the
//! registry is the whole program's.

use steadfast::__rt::{Call, Described, Entry, FUNCTIONS, Function, Payload, Query, answer, finish, key};
use steadfast::idempotent::{Idempotency, MemoryStore};
use steadfast::{Layer, Rejection};

static TWICE: Idempotency = Idempotency::new("tests.twice");
static ONCE: Idempotency = Idempotency::new("tests.once");

const fn function(name: &'static str, layers: &'static [Entry]) -> Function {
    Function { name, module: "tests", file: "tests.rs", line: 1, column: 1, layers }
}

const LAYERS: &[Entry] =
    &[Entry { layer: Layer::Idempotent, policy: Described::Own(&TWICE), written: "name = \"tests.twice\"" }];

#[steadfast::__rt::linkme::distributed_slice(FUNCTIONS)]
#[linkme(crate = steadfast::__rt::linkme)]
static ONE: Function = function("one", LAYERS);

#[steadfast::__rt::linkme::distributed_slice(FUNCTIONS)]
#[linkme(crate = steadfast::__rt::linkme)]
static TWO: Function = function("two", LAYERS);

async fn call(policy: &'static Idempotency) -> Result<Result<u32, Rejection>, Rejection> {
    let call = Call::new(policy, key("k"), Payload::none());
    finish(call, MemoryStore::default(), |q: Query<'_, Result<u32, Rejection>>| answer(&q), async { Ok(Ok(7)) }).await
}

#[tokio::test]
async fn two_functions_with_one_name_do_not_start() {
    assert_eq!(call(&TWICE).await.unwrap_err().code(), "duplicate_name");
    assert_eq!(call(&ONCE).await.unwrap().unwrap(), 7);
    assert_eq!(steadfast::registry::duplicate_names()["tests.twice"].len(), 2);
}
