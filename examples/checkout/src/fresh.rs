//! `--fresh`: deletes the files of this example, and no others.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::place::{Place, from_here};

/// Why a file is left where it is.
#[derive(Debug, thiserror::Error)]
#[error("{} is not deleted: {why}", from_here(.file))]
pub struct NotOurs {
    file: PathBuf,
    why: String,
}

/// Deletes the ledger, and the records where they are in a file.
pub(crate) async fn delete(store: &Place, ledger: &Path) -> Result<(), NotOurs> {
    delete_file(ledger).await?;
    match store {
        Place::Sqlite(records) => delete_file(records).await,
        // Its records belong to the account of the old ledger, and nobody asks for them any more.
        Place::Postgres(_) | Place::Redis(_) => Ok(()),
    }
}

async fn delete_file(file: &Path) -> Result<(), NotOurs> {
    let kept = |why: String| NotOurs { file: file.to_owned(), why };
    if !file.try_exists().map_err(|error| kept(error.to_string()))? {
        return Ok(());
    }
    if let Some(table) = foreign_table(file).await.map_err(|error| kept(error.to_string()))? {
        return Err(kept(format!("its table `{table}` is not of this example")));
    }
    for suffix in ["", "-wal", "-shm"] {
        let mut part = OsString::from(file);
        part.push(suffix);
        match fs::remove_file(part) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(kept(error.to_string())),
            _ => {}
        }
    }
    Ok(())
}

/// A table that neither the ledger nor the store has made.
async fn foreign_table(file: &Path) -> Result<Option<String>, sqlx::Error> {
    let mut file: SqliteConnection = SqliteConnectOptions::new().filename(file).connect().await?;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'").fetch_all(&mut file).await?;
    file.close().await?;
    let known = ["checkout_", "steadfast_", "sqlite_"];
    Ok(tables.into_iter().find(|table| !known.iter().any(|prefix| table.starts_with(prefix))))
}

#[cfg(test)]
mod tests {
    use steadfast_servers::temp_dir;

    use super::*;

    async fn database(file: &Path, table: &str) {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(&format!("CREATE TABLE {table} (a INTEGER)")).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    #[tokio::test]
    async fn what_this_example_made_is_deleted() {
        let folder = temp_dir();
        let (records, ledger) = (folder.join("records"), folder.join("ledger"));
        database(&records, "steadfast_records").await;
        database(&ledger, "checkout_charges").await;
        delete(&Place::Sqlite(records.clone()), &ledger).await.unwrap();
        assert!(!records.exists() && !ledger.exists());
        // Nothing there is fine as well.
        delete(&Place::Sqlite(records), &ledger).await.unwrap();
    }

    #[tokio::test]
    async fn what_holds_other_tables_or_is_no_database_stays() {
        let folder = temp_dir();
        let (shop, text) = (folder.join("shop"), folder.join("text"));
        database(&shop, "customers").await;
        fs::write(&text, "not a database, and longer than its header would be").unwrap();
        let nowhere = folder.join("nowhere");
        let error = delete(&Place::Sqlite(shop.clone()), &nowhere).await.unwrap_err().to_string();
        assert!(error.ends_with("shop is not deleted: its table `customers` is not of this example"), "{error}");
        let error = delete(&Place::Sqlite(nowhere), &text).await.unwrap_err().to_string();
        assert!(error.contains("file is not a database"), "{error}");
        assert!(shop.exists() && text.exists());
    }
}
