//! `#[idempotent(codec = ..)]`: what is stored is the codec's, what comes back is the function's.

use std::sync::Arc;

use steadfast::idempotent::{Codec, MemoryStore, Outcome, RecordId, RecordState, Store};
use steadfast::{RecordError, idempotent};
use steadfast_tests::{Code, PayError};

/// No cipher; it shows what passes through.
#[derive(Clone)]
struct Toy {
    key: u8,
    breaks: bool,
}

const TOY: Toy = Toy { key: 0xa5, breaks: false };

impl Codec for Toy {
    fn encode(&self, id: &RecordId, plain: Vec<u8>) -> Result<Vec<u8>, RecordError> {
        if self.breaks {
            return Err(RecordError::new("no key"));
        }
        // Bound to its record, as an AEAD's associated data is.
        let mut sealed = id.key().as_bytes().iter().map(|byte| !byte).collect::<Vec<_>>();
        sealed.extend(plain.into_iter().map(|byte| byte ^ self.key));
        Ok(sealed)
    }

    fn decode(&self, id: &RecordId, stored: &[u8]) -> Result<Vec<u8>, RecordError> {
        let mark: Vec<u8> = id.key().as_bytes().iter().map(|byte| !byte).collect();
        let sealed = stored.strip_prefix(&*mark).ok_or_else(|| RecordError::new("of another record"))?;
        Ok(sealed.iter().map(|byte| byte ^ self.key).collect())
    }
}

#[derive(Clone)]
struct App {
    records: MemoryStore,
    seal: Toy,
}

const NAME: &str = "codec.issue";

#[idempotent(name = "codec.issue", key = key, payload = none, store = app.records, codec = app.seal)]
async fn issue(app: App, key: &'static str, declined: bool) -> Result<String, PayError> {
    if declined { Err(PayError::declined("voucher-51")) } else { Ok("voucher-4711".to_owned()) }
}

async fn raw(app: &App, key: &str) -> RecordState {
    app.records.get(&RecordId::new(NAME, None, key).unwrap()).await.unwrap().unwrap().state
}

async fn bytes(app: &App, key: &str) -> Vec<u8> {
    use steadfast::idempotent::Stored::{Terminal, Value};
    match raw(app, key).await {
        RecordState::Ended(Outcome::Known { stored: Value(bytes) | Terminal(bytes), .. }) => bytes.to_vec(),
        other => panic!("{other:?}"),
    }
}

fn app() -> App {
    App { records: MemoryStore::default(), seal: TOY }
}

#[tokio::test]
async fn the_store_holds_nothing_readable_and_the_caller_sees_no_difference() {
    let app = app();
    for _ in 0..2 {
        assert_eq!(issue(app.clone(), "value", false).await.unwrap(), "voucher-4711");
        let Err(PayError::Declined { code }) = issue(app.clone(), "error", true).await else { panic!() };
        assert_eq!(code, "voucher-51");
    }
    for key in ["value", "error"] {
        let bytes = bytes(&app, key).await;
        assert!(!bytes.windows(4).any(|part| part == b"vouc" || part == b"Decl"), "{bytes:?}");
    }
}

#[tokio::test]
async fn what_does_not_decode_is_never_a_second_run() {
    let app = app();
    issue(app.clone(), "k", false).await.unwrap();
    let other = App { seal: Toy { key: 1, ..TOY }, ..app.clone() };
    // It would be declined if it ran.
    assert_eq!(issue(other, "k", true).await.code(), "record_undecodable");
    assert_eq!(issue(app, "k", true).await.unwrap(), "voucher-4711");
}

#[tokio::test]
async fn a_result_that_it_cannot_encode_goes_to_its_caller_and_is_kept_as_unknown() {
    let app = App { seal: Toy { breaks: true, ..TOY }, ..app() };
    assert_eq!(issue(app.clone(), "k", false).await.unwrap(), "voucher-4711");
    assert_eq!(issue(app, "k", false).await.code(), "outcome_unknown");
}

/// One that loses something would lose every result.
#[tokio::test]
async fn a_codec_that_does_not_give_back_what_it_was_given_is_found_out() {
    #[derive(Clone)]
    struct Lossy;
    impl Codec for Lossy {
        fn encode(&self, _: &RecordId, plain: Vec<u8>) -> Result<Vec<u8>, RecordError> {
            Ok(plain)
        }
        fn decode(&self, _: &RecordId, _: &[u8]) -> Result<Vec<u8>, RecordError> {
            Ok(b"\"another\"".to_vec())
        }
    }
    #[idempotent(name = "codec.lossy", key = key, payload = none, store = records, codec = Lossy)]
    async fn lossy(records: MemoryStore, key: &'static str) -> Result<String, PayError> {
        Ok("one".to_owned())
    }
    let records = MemoryStore::default();
    assert_eq!(lossy(records.clone(), "k").await.unwrap(), "one");
    assert_eq!(lossy(records, "k").await.code(), "outcome_unknown");
}

#[tokio::test]
async fn a_codec_may_be_shared() {
    #[idempotent(name = "codec.shared", key = key, payload = none, store = records, codec = seal)]
    async fn by_arc(records: MemoryStore, seal: Arc<dyn Codec>, key: &'static str) -> Result<u32, PayError> {
        Ok(7)
    }
    static SEAL: Toy = TOY;
    #[idempotent(name = "codec.static", key = key, payload = none, store = records, codec = &SEAL)]
    async fn by_static(records: MemoryStore, key: &'static str) -> Result<u32, PayError> {
        Ok(7)
    }
    let records = MemoryStore::default();
    for _ in 0..2 {
        assert_eq!(by_arc(records.clone(), Arc::new(TOY), "k").await.unwrap(), 7);
        assert_eq!(by_static(records.clone(), "k").await.unwrap(), 7);
    }
}
