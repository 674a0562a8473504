//! Two functions with one idempotent name: the program is told, and calls to them are refused. In
//! a program of its own, because the registry is the whole program's.

use steadfast::idempotent::MemoryStore;
use steadfast::{idempotent, registry};
use steadfast_tests::{Code, Gateway, PayError, Receipt};

#[idempotent(name = "charges.create", key = key, payload = none, store = records)]
async fn charge(records: MemoryStore, gateway: Gateway, key: &'static str) -> Result<Receipt, PayError> {
    gateway.call(1, "").await
}

mod elsewhere {
    use super::*;

    #[idempotent(name = "charges.create", key = key, payload = none, store = records)]
    #[expect(dead_code, reason = "that it is there is enough")]
    async fn copied(records: MemoryStore, key: &'static str) -> Result<u64, PayError> {
        Ok(7)
    }

    #[idempotent(name = "refunds.create", key = key, payload = none, store = records)]
    pub(super) async fn refund(records: MemoryStore, gateway: Gateway, key: &'static str) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
}

#[tokio::test]
async fn calls_are_refused_and_those_of_others_are_not() {
    let (records, gateway) = (MemoryStore::default(), Gateway::default());
    let refused = charge(records.clone(), gateway.clone(), "k").await;
    let rejection = refused.rejection().unwrap();
    assert_eq!((rejection.code(), rejection.status(), rejection.name()), ("duplicate_name", 500, "charges.create"));
    assert_eq!((gateway.calls(), records.len()), (0, 0));
    assert!(elsewhere::refund(records, gateway, "k").await.is_ok());
}

#[test]
fn the_program_is_told_where_they_are() {
    let duplicates = registry::duplicate_names();
    assert_eq!(duplicates.keys().collect::<Vec<_>>(), [&"charges.create"]);
    let places = &duplicates["charges.create"];
    assert_eq!(places.len(), 2);
    assert!(places[0].starts_with("duplicate_names::charge ("), "{places:?}");
    assert!(places[1].starts_with("duplicate_names::elsewhere::copied ("), "{places:?}");

    let error = registry::check().unwrap_err().to_string();
    assert!(error.contains("`charges.create`") && error.contains("elsewhere::copied"), "{error}");
}
