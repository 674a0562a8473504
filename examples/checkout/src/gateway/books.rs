//! The gateway's books: in memory, or in a file of their own.

use std::path::Path;

use super::file::FileBooks;
use super::memory::MemoryBooks;
use crate::charge::{Charge, ChargeRequest};

/// One line of the ledger: money that was taken for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) order: String,
    pub(crate) charge: Charge,
    /// The run that took it.
    pub(crate) run: u32,
}

/// What the books know of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Charged(Entry),
    /// It arrived, and is not decided.
    Stuck,
    Nothing,
}

/// The gateway's answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Charged(Charge),
    /// It has the request, and cannot tell yet.
    Pending,
    /// It has no such request.
    Unheard,
}

/// Why the ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Its folder cannot be made.
    #[error("cannot make the folder of the gateway's ledger: {0}")]
    Folder(#[from] std::io::Error),
    /// Its file cannot be read or written.
    #[error("the gateway's ledger fails: {0}")]
    File(#[from] sqlx::Error),
    /// It holds what this version does not write.
    #[error("the gateway's ledger does not read: {0}")]
    Unreadable(&'static str),
}

#[derive(Debug)]
pub(super) enum Books {
    Memory(MemoryBooks),
    File(FileBooks),
}

impl Known {
    pub(super) fn into_status(self) -> Status {
        match self {
            Self::Charged(entry) => Status::Charged(entry.charge),
            Self::Stuck => Status::Pending,
            Self::Nothing => Status::Unheard,
        }
    }
}

impl Books {
    pub(super) fn in_memory() -> Self {
        Self::Memory(MemoryBooks::default())
    }

    pub(super) async fn open(file: &Path) -> Result<Self, LedgerError> {
        FileBooks::open(file).await.map(Self::File)
    }

    pub(super) fn account(&self) -> &str {
        match self {
            Self::Memory(_) => "acct_memory",
            Self::File(file) => file.account(),
        }
    }

    pub(super) fn run(&self) -> u32 {
        match self {
            Self::Memory(_) => 1,
            Self::File(file) => file.run(),
        }
    }

    /// Takes the money, unless it was taken under this key before.
    pub(super) async fn charge(&self, request: &ChargeRequest, key: Option<&str>) -> Result<Entry, LedgerError> {
        match self {
            Self::Memory(memory) => Ok(memory.charge(request, key)),
            Self::File(file) => file.charge(request, key).await,
        }
    }

    /// Notes that a request arrived, and is not decided.
    pub(super) async fn get_stuck(&self, request: &ChargeRequest, key: Option<&str>) -> Result<(), LedgerError> {
        let Some(key) = key else { return Ok(()) };
        match self {
            Self::Memory(memory) => memory.get_stuck(key),
            Self::File(file) => file.get_stuck(&request.order, key).await?,
        }
        Ok(())
    }

    pub(super) async fn look_up(&self, key: &str) -> Result<Known, LedgerError> {
        match self {
            Self::Memory(memory) => Ok(memory.look_up(key)),
            Self::File(file) => file.look_up(key).await,
        }
    }

    pub(super) async fn ledger(&self) -> Result<Vec<Entry>, LedgerError> {
        match self {
            Self::Memory(memory) => Ok(memory.ledger()),
            Self::File(file) => file.ledger().await,
        }
    }
}

/// The number of a charge, from its place in the ledger.
pub(super) fn charge_id(place: usize) -> String {
    format!("ch_{place:04}")
}

#[cfg(test)]
mod tests {
    use steadfast_servers::{TempDir, temp_dir};

    use super::*;
    use crate::money::Currency;

    fn request(amount: i64) -> ChargeRequest {
        ChargeRequest { order: "o-1".to_owned(), amount, currency: Currency::Eur, card: "tok_visa".to_owned() }
    }

    /// Books of both kinds, new.
    async fn all() -> ([Books; 2], TempDir) {
        let folder = temp_dir();
        ([Books::in_memory(), Books::open(&folder.join("ledger.sqlite")).await.unwrap()], folder)
    }

    #[tokio::test]
    async fn a_key_is_charged_once() {
        let (all, _folder) = all().await;
        for books in all {
            let first = books.charge(&request(500), Some("k")).await.unwrap();
            assert_eq!(books.charge(&request(500), Some("k")).await.unwrap(), first);
            assert_eq!((first.charge.id.as_str(), first.run), ("ch_0001", 1));
            assert_eq!(books.ledger().await.unwrap(), [first]);
        }
    }

    #[tokio::test]
    async fn another_key_and_no_key_are_charged_anew() {
        let (all, _folder) = all().await;
        for books in all {
            for key in [Some("k"), Some("l"), None, None] {
                books.charge(&request(500), key).await.unwrap();
            }
            assert_eq!(books.ledger().await.unwrap().len(), 4);
        }
    }

    #[tokio::test]
    async fn they_know_what_they_have_and_what_is_stuck() {
        let (all, _folder) = all().await;
        for books in all {
            let entry = books.charge(&request(500), Some("k")).await.unwrap();
            books.get_stuck(&request(500), Some("l")).await.unwrap();
            books.get_stuck(&request(500), Some("l")).await.unwrap();
            assert_eq!(books.look_up("k").await.unwrap(), Known::Charged(entry));
            assert_eq!(books.look_up("l").await.unwrap(), Known::Stuck);
            assert_eq!(books.look_up("m").await.unwrap(), Known::Nothing);
        }
    }
}
