//! Books in an SQLite file. They have nothing to do with where our records are: they are the other
//! side's, and survive us.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use steadfast::idempotent::Token;

use super::books::{Entry, Known, LedgerError, charge_id};
use crate::charge::{Charge, ChargeRequest};
use crate::money::{Currency, Money};

/// A charge and its number are one row, so a charge that was cut in the middle is not there at all.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS checkout_accounts (id TEXT NOT NULL, one INTEGER NOT NULL UNIQUE DEFAULT 1);
CREATE TABLE IF NOT EXISTS checkout_runs (run INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE IF NOT EXISTS checkout_charges (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT UNIQUE,
    order_id TEXT NOT NULL,
    minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    run INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS checkout_stuck (key TEXT PRIMARY KEY, order_id TEXT NOT NULL);
";

#[derive(Debug)]
pub(super) struct FileBooks {
    pool: SqlitePool,
    account: String,
    run: u32,
}

/// A row, as it is read.
type Row = (i64, String, i64, String, i64);

const COLUMNS: &str = "place, order_id, minor, currency, run";

impl FileBooks {
    /// Opens the file, which is made when it is missing, and begins a run on it.
    pub(super) async fn open(file: &Path) -> Result<Self, LedgerError> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What it has said is on the disk.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        // One writes at a time anyway.
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        sqlx::raw_sql(TABLES).execute(&pool).await?;
        let account = account(&pool).await?;
        let run = sqlx::query_scalar("INSERT INTO checkout_runs DEFAULT VALUES RETURNING run").fetch_one(&pool).await?;
        Ok(Self { pool, account, run })
    }

    pub(super) fn account(&self) -> &str {
        &self.account
    }

    pub(super) fn run(&self) -> u32 {
        self.run
    }

    pub(super) async fn charge(&self, request: &ChargeRequest, key: Option<&str>) -> Result<Entry, LedgerError> {
        // The update changes nothing, and makes the row that is there the answer.
        let statement = format!(
            "INSERT INTO checkout_charges (key, order_id, minor, currency, run) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING {COLUMNS}"
        );
        let money = request.money();
        let row = sqlx::query_as(&statement)
            .bind(key)
            .bind(&request.order)
            .bind(money.minor)
            .bind(money.currency.code())
            .bind(self.run)
            .fetch_one(&self.pool)
            .await?;
        entry(row)
    }

    pub(super) async fn get_stuck(&self, order: &str, key: &str) -> Result<(), LedgerError> {
        let statement = "INSERT INTO checkout_stuck (key, order_id) VALUES (?, ?) ON CONFLICT DO NOTHING";
        sqlx::query(statement).bind(key).bind(order).execute(&self.pool).await?;
        Ok(())
    }

    pub(super) async fn look_up(&self, key: &str) -> Result<Known, LedgerError> {
        let statement = format!("SELECT {COLUMNS} FROM checkout_charges WHERE key = ?");
        let charged: Option<Row> = sqlx::query_as(&statement).bind(key).fetch_optional(&self.pool).await?;
        if let Some(row) = charged {
            return entry(row).map(Known::Charged);
        }
        let statement = "SELECT EXISTS (SELECT 1 FROM checkout_stuck WHERE key = ?)";
        let stuck: bool = sqlx::query_scalar(statement).bind(key).fetch_one(&self.pool).await?;
        Ok(if stuck { Known::Stuck } else { Known::Nothing })
    }

    pub(super) async fn ledger(&self) -> Result<Vec<Entry>, LedgerError> {
        let statement = format!("SELECT {COLUMNS} FROM checkout_charges ORDER BY place");
        let rows: Vec<Row> = sqlx::query_as(&statement).fetch_all(&self.pool).await?;
        rows.into_iter().map(entry).collect()
    }
}

/// The account of this file: made with it, and kept.
async fn account(pool: &SqlitePool) -> Result<String, LedgerError> {
    let new = u128::from_be_bytes(Token::random().to_bytes());
    let statement = "INSERT INTO checkout_accounts (id) VALUES (?) ON CONFLICT DO NOTHING";
    sqlx::query(statement).bind(format!("acct_{new:032x}")).execute(pool).await?;
    Ok(sqlx::query_scalar("SELECT id FROM checkout_accounts").fetch_one(pool).await?)
}

fn entry((place, order, minor, currency, run): Row) -> Result<Entry, LedgerError> {
    let currency = Currency::of(&currency).ok_or(LedgerError::Unreadable("there is no such currency"))?;
    let place = usize::try_from(place).map_err(|_| LedgerError::Unreadable("a place below zero"))?;
    let run = u32::try_from(run).map_err(|_| LedgerError::Unreadable("a run below zero"))?;
    let charge = Charge { id: charge_id(place), money: Money { minor, currency } };
    Ok(Entry { order, charge, run })
}

#[cfg(test)]
mod tests {
    use steadfast_servers::temp_dir;

    use super::*;

    fn request() -> ChargeRequest {
        ChargeRequest { order: "o-1".to_owned(), amount: 500, currency: Currency::Jpy, card: "tok_visa".to_owned() }
    }

    #[tokio::test]
    async fn they_outlive_the_process_and_count_its_runs() {
        let folder = temp_dir();
        let file = folder.join("new/ledger.sqlite");
        let first = FileBooks::open(&file).await.unwrap();
        let charged = first.charge(&request(), Some("k")).await.unwrap();
        first.get_stuck("o-2", "l").await.unwrap();
        // Not closed: the process may be killed.
        let second = FileBooks::open(&file).await.unwrap();
        assert_eq!((first.run(), second.run(), first.account()), (1, 2, second.account()));
        assert_eq!(second.charge(&request(), Some("k")).await.unwrap(), charged);
        assert_eq!(second.look_up("l").await.unwrap(), Known::Stuck);
        let anew = second.charge(&request(), Some("m")).await.unwrap();
        assert_eq!(second.ledger().await.unwrap(), [charged, anew.clone()]);
        // A key that came again has used up no number that anybody would miss.
        assert_eq!(anew.run, 2);
    }
}
