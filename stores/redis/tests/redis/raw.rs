//! What lies in the server: what the function returned, and nothing that it did not.

use std::collections::BTreeMap;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit, Nonce};
use steadfast::idempotent::{Codec, RecordId, Token};
use steadfast::{RecordError, idempotent};
use steadfast_redis::RedisStore;
use steadfast_servers::{DURABLE, RedisServer};

use crate::{PayError, own};

const CARD: &str = "4000056655665556";

#[derive(serde::Serialize)]
struct Order {
    card: &'static str,
    holder: &'static str,
    amount: u32,
}

const ORDER: Order = Order { card: CARD, holder: "Ada Lovelace", amount: 4711 };

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Receipt {
    id: String,
    shown: String,
}

fn receipt() -> Receipt {
    Receipt { id: "ch_größe\"1\"".to_owned(), shown: "•••• 5556".to_owned() }
}

#[idempotent(name = "raw.plain", scope = tenant, key = key, payload = order, store = records)]
async fn plain(
    records: RedisStore,
    tenant: &'static str,
    key: &'static str,
    order: Order,
) -> Result<Receipt, PayError> {
    assert_eq!(order.card, CARD);
    Ok(receipt())
}

#[derive(Clone)]
struct Sealed {
    records: RedisStore,
    cipher: Aes256GcmCodec,
}

/// A record's result under a key, bound to the record's identity.
#[derive(Clone)]
struct Aes256GcmCodec(Aes256Gcm);

impl Codec for Aes256GcmCodec {
    fn encode(&self, id: &RecordId, plain: Vec<u8>) -> Result<Vec<u8>, RecordError> {
        let nonce = &Token::random().to_bytes()[4..];
        let payload = Payload { msg: &plain, aad: id.key().as_bytes() };
        let sealed = self.0.encrypt(Nonce::from_slice(nonce), payload).map_err(|_| RecordError::new("not sealed"))?;
        Ok([nonce, &sealed].concat())
    }

    fn decode(&self, id: &RecordId, stored: &[u8]) -> Result<Vec<u8>, RecordError> {
        let (nonce, sealed) = stored.split_at_checked(12).ok_or_else(|| RecordError::new("too short"))?;
        let payload = Payload { msg: sealed, aad: id.key().as_bytes() };
        self.0.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| RecordError::new("not ours"))
    }
}

#[idempotent(name = "raw.sealed", key = key, payload = order, store = shop.records, codec = shop.cipher)]
async fn sealed(shop: Sealed, key: &'static str, order: Order) -> Result<Receipt, PayError> {
    assert_eq!(order.card, CARD);
    Ok(receipt())
}

/// Every key and value of the server but the marks, as they are: the append-only file, which holds
/// all that was ever written, too.
fn everything(server: &RedisServer) -> (BTreeMap<String, Vec<String>>, Vec<u8>) {
    let mut keys = BTreeMap::new();
    for key in server.command(&["KEYS", "*"]).unwrap() {
        let value = match server.command(&["TYPE", &key]).unwrap()[0].as_str() {
            "hash" => server.command(&["HGETALL", &key]).unwrap(),
            "zset" => server.command(&["ZRANGE", &key, "0", "-1"]).unwrap(),
            "string" => continue,
            other => panic!("{key} is a {other}"),
        };
        keys.insert(key, value);
    }
    let mut log = Vec::new();
    let mut folders = vec![server.data()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { log.extend(std::fs::read(path).unwrap()) }
        }
    }
    assert!(!log.is_empty());
    (keys, log)
}

fn holds(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[tokio::test]
async fn what_the_function_returned_is_there_exactly_and_nothing_of_its_arguments() {
    let Some((server, records)) = own("the raw record", DURABLE).await else { return };
    assert_eq!(plain(records.clone(), "tenant-7", "order-1", ORDER).await.unwrap(), receipt());
    let (keys, log) = everything(&server);
    assert_eq!(keys.len(), 1, "{keys:?}");
    let (key, fields) = keys.first_key_value().unwrap();
    assert!(key.ends_with(":record:9:raw.plain8:tenant-7order-1"), "{key}");

    let fields: BTreeMap<&str, &str> = fields.chunks(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    let names: Vec<_> = fields.keys().copied().collect();
    assert_eq!(names, ["claimed_at", "fingerprint", "result", "state", "token", "until", "version"]);
    assert_eq!(fields["result"], serde_json(&receipt()));
    assert_eq!((fields["state"], fields["version"]), ("value", "1"));
    for digits in ["fingerprint", "token"] {
        assert!(fields[digits].bytes().all(|it| it.is_ascii_hexdigit()), "{fields:?}");
    }
    for digits in ["claimed_at", "until"] {
        assert!(fields[digits].bytes().all(|it| it.is_ascii_digit()), "{fields:?}");
    }
    for argument in [CARD, "Lovelace", "4711"] {
        assert!(!fields.values().any(|value| value.contains(argument)), "{argument} in {fields:?}");
    }
    for argument in [CARD, "Lovelace"] {
        assert!(!holds(&log, argument), "{argument} was written");
    }
}

fn serde_json(receipt: &Receipt) -> String {
    format!(r#"{{"id":"{}","shown":"{}"}}"#, receipt.id.replace('"', "\\\""), receipt.shown)
}

#[tokio::test]
async fn under_a_cipher_nothing_can_be_read() {
    let Some((server, records)) = own("the raw record, encrypted", DURABLE).await else { return };
    let cipher = Aes256GcmCodec(Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(&[7; 32])));
    let shop = Sealed { records, cipher };
    for _ in 0..2 {
        assert_eq!(sealed(shop.clone(), "order-1", ORDER).await.unwrap(), receipt());
    }
    let (_, log) = everything(&server);
    assert!(holds(&log, "raw.sealed"), "it is the right place to look");
    for part in [CARD, "Lovelace", "ch_gr", "5556", "shown"] {
        assert!(!holds(&log, part), "{part} was written");
    }
}
