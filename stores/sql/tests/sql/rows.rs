//! What is in the rows: what the function returned, and nothing else of the call.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use sqlx::Row;
use steadfast::idempotent::{Codec, Outcome, RecordId, RecordState, Store, Stored};
use steadfast::{Failure, RecordError, Rejection, idempotent};
use steadfast_sql::SqlStore;

use crate::support::Home;

const PAN: &str = "4242424242424242";
const CVV: &str = "cvv-737";
const HOLDER: &str = "Grace Hopper";

#[derive(Clone, serde::Serialize)]
struct Card {
    pan: &'static str,
    cvv: &'static str,
    holder: &'static str,
}

const CARD: Card = Card { pan: PAN, cvv: CVV, holder: HOLDER };

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Receipt {
    id: String,
    note: String,
    bytes: Vec<u8>,
}

fn receipt() -> Receipt {
    Receipt { id: "ch_17".into(), note: "\u{0}\u{1f}\"\\ é \u{1F980}".into(), bytes: (0..=255).collect() }
}

#[derive(Debug, Failure)]
enum PayError {
    #[failure(terminal)]
    Declined(String),
    #[failure(transparent)]
    Refused(Rejection),
}

impl From<Rejection> for PayError {
    fn from(refused: Rejection) -> Self {
        Self::Refused(refused)
    }
}

#[idempotent(name = "tests.sql.rows.pay", key = key, payload = card, store = store)]
async fn pay(store: SqlStore, key: &'static str, card: Card) -> Result<Receipt, PayError> {
    if key == "declined" { Err(PayError::Declined("code 51".into())) } else { Ok(receipt()) }
}

/// AES-256-GCM, with the record's identity authenticated.
#[derive(Clone)]
struct Seal(Aes256Gcm);

impl Seal {
    fn new(key: u8) -> Self {
        Self(Aes256Gcm::new(&[key; 32].into()))
    }
}

fn identity(id: &RecordId) -> Vec<u8> {
    format!("{id:?}").into_bytes()
}

impl Codec for Seal {
    fn encode(&self, id: &RecordId, plain: Vec<u8>) -> Result<Vec<u8>, RecordError> {
        let nonce: [u8; 12] = std::array::from_fn(|_| rand_byte());
        let identity = identity(id);
        let payload = Payload { msg: &plain, aad: &identity };
        let sealed = self.0.encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| RecordError::new("not sealed"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    fn decode(&self, id: &RecordId, stored: &[u8]) -> Result<Vec<u8>, RecordError> {
        let (nonce, sealed) = stored.split_at_checked(12).ok_or_else(|| RecordError::new("too short"))?;
        let identity = identity(id);
        let payload = Payload { msg: sealed, aad: &identity };
        self.0.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| RecordError::new("not opened"))
    }
}

/// Good enough for a nonce in a test.
fn rand_byte() -> u8 {
    steadfast::idempotent::Token::random().to_bytes().into_iter().fold(0, |all, byte| all ^ byte)
}

#[idempotent(name = "tests.sql.rows.pay_sealed", key = key, payload = none, store = store, codec = seal)]
async fn pay_sealed(store: SqlStore, key: &'static str, seal: Seal, card: Card) -> Result<Receipt, PayError> {
    assert_eq!(card.pan, PAN);
    if key == "declined" { Err(PayError::Declined("code 51".into())) } else { Ok(receipt()) }
}

/// Every value of every column of every table, as bytes.
async fn everything(store: &SqlStore) -> Vec<u8> {
    let columns = "name, scope, key, state, resolved";
    let bytes = "fingerprint, token, stored";
    let mut all = Vec::new();
    macro_rules! gather {
        ($pool:expr) => {
            let sql = format!("SELECT {columns}, {bytes} FROM steadfast_records");
            for row in sqlx::query(&sql).fetch_all($pool).await.unwrap() {
                for column in columns.split(", ") {
                    all.extend(row.get::<Option<String>, _>(column).unwrap_or_default().into_bytes());
                }
                for column in bytes.split(", ") {
                    all.extend(row.get::<Option<Vec<u8>>, _>(column).unwrap_or_default());
                }
            }
        };
    }
    if let Some(pool) = store.sqlite_pool() {
        gather!(pool);
        // And what SQLite has written to its files, which holds deleted rows too.
        let path: String = sqlx::query("PRAGMA database_list").fetch_one(pool).await.unwrap().get("file");
        for file in [path.clone(), format!("{path}-wal")] {
            all.extend(std::fs::read(file).unwrap());
        }
    }
    if let Some(pool) = store.postgres_pool() {
        gather!(pool);
    }
    all
}

fn contains(all: &[u8], part: &str) -> bool {
    all.windows(part.len()).any(|window| window == part.as_bytes())
}

async fn stored(store: &SqlStore, name: &'static str, key: &str) -> Stored {
    let record = store.get(&RecordId::new(name, None, key).unwrap()).await.unwrap().unwrap();
    let RecordState::Ended(Outcome::Known { stored, .. }) = record.state else { panic!() };
    stored
}

#[tokio::test]
async fn what_was_returned_is_there_exactly_and_nothing_of_the_arguments() {
    for home in Home::all("raw rows").await {
        let store = &home.store;
        assert_eq!(pay(store.clone(), "paid", CARD).await.unwrap(), receipt());
        assert!(matches!(pay(store.clone(), "declined", CARD).await, Err(PayError::Declined(_))));

        let Stored::Value(bytes) = stored(store, "tests.sql.rows.pay", "paid").await else { panic!() };
        assert_eq!(bytes[..], serde_json::to_vec(&receipt()).unwrap());
        let Stored::Terminal(bytes) = stored(store, "tests.sql.rows.pay", "declined").await else { panic!() };
        assert!(contains(&bytes, "code 51"));

        let all = everything(store).await;
        assert!(contains(&all, "ch_17") && contains(&all, "tests.sql.rows.pay"));
        for secret in [PAN, CVV, HOLDER] {
            assert!(!contains(&all, secret), "{secret}");
        }
        assert_eq!(pay(store.clone(), "paid", CARD).await.unwrap(), receipt());
    }
}

#[tokio::test]
async fn with_a_codec_that_encrypts_nothing_can_be_read() {
    for home in Home::all("raw rows, encrypted").await {
        let (store, seal) = (&home.store, Seal::new(7));
        for _ in 0..2 {
            assert_eq!(pay_sealed(store.clone(), "paid", seal.clone(), CARD).await.unwrap(), receipt());
            let declined = pay_sealed(store.clone(), "declined", seal.clone(), CARD).await;
            assert!(matches!(declined, Err(PayError::Declined(text)) if text == "code 51"));
        }
        let all = everything(store).await;
        for secret in ["ch_17", "note", "Declined", "code 51", PAN, CVV, HOLDER] {
            assert!(!contains(&all, secret), "{secret}");
        }
        // Another key, and the bytes of another record.
        let refused = pay_sealed(store.clone(), "paid", Seal::new(8), CARD).await;
        assert!(matches!(refused, Err(PayError::Refused(refused)) if refused.code() == "record_undecodable"));
        home.run(
            "UPDATE steadfast_records SET stored = (SELECT stored FROM steadfast_records WHERE key = 'declined'), \
             state = 'terminal' WHERE key = 'paid'",
        )
        .await
        .unwrap();
        let refused = pay_sealed(store.clone(), "paid", seal, CARD).await;
        assert!(matches!(refused, Err(PayError::Refused(refused)) if refused.code() == "record_undecodable"));
    }
}

#[tokio::test]
async fn a_row_that_nobody_wrote_is_an_error_and_no_second_run() {
    for home in Home::all("a row that cannot be read").await {
        let store = &home.store;
        pay(store.clone(), "paid", CARD).await.unwrap();
        let (short, bad) = if home.is_sqlite() { ("x'07'", "-1") } else { ("'\\x07'", "-1") };
        for damage in [format!("token = {short}"), format!("fingerprint = {short}"), format!("version = {bad}")] {
            home.run(&format!("UPDATE steadfast_records SET {damage}")).await.unwrap();
            let refused = pay(store.clone(), "paid", CARD).await;
            let Err(PayError::Refused(refused)) = refused else { panic!("{refused:?}") };
            assert_eq!(refused.code(), "store_unavailable");
            home.run("UPDATE steadfast_records SET version = 1").await.unwrap();
        }
    }
}
