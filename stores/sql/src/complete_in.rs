//! A record completed inside the user's own transaction.

use std::error::Error;
use std::fmt;
use std::future::Future;

use steadfast::RecordError;
use steadfast::idempotent::{Claim, Completion, Replay};

use crate::error::DatabaseError;

/// Ends a call inside the transaction that does its work: effect and record are committed together,
/// or neither is.
///
/// ```
/// use sqlx::SqlitePool;
/// use steadfast::{Rejection, idempotent};
/// use steadfast_sql::{CompleteError, CompleteIn, SqlStore};
///
/// #[derive(Debug, steadfast::Failure)]
/// enum TransferError {
///     #[failure(transient)]
///     Database(sqlx::Error),
///     #[failure(transient)]
///     Completion(CompleteError),
///     #[failure(transparent)]
///     Refused(Rejection),
/// }
/// # impl From<sqlx::Error> for TransferError { fn from(error: sqlx::Error) -> Self { Self::Database(error) } }
/// # impl From<CompleteError> for TransferError { fn from(error: CompleteError) -> Self { Self::Completion(error) } }
/// # impl From<Rejection> for TransferError { fn from(refused: Rejection) -> Self { Self::Refused(refused) } }
///
/// #[idempotent(name = "docs.sql.transfer", key = key, payload = amount, store = records, claim = claim)]
/// async fn transfer(records: SqlStore, pool: SqlitePool, key: String, amount: i64) -> Result<i64, TransferError> {
///     let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
///     let moved = sqlx::query("INSERT INTO ledger (amount) VALUES (?1)").bind(amount).execute(&mut *tx).await?;
///     let entry = moved.last_insert_rowid();
///     claim.complete_in(&mut tx, &entry).await?; // `?` rolls back: the key is not ours any more
///     tx.commit().await?;
///     Ok(entry)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = steadfast_servers::temp_dir();
/// # let url = format!("sqlite:{}", folder.join("bank.db").display());
/// let records = SqlStore::connect(&url).await?;
/// records.migrate().await?;
/// let pool = records.sqlite_pool().cloned().ok_or("not SQLite")?;
/// sqlx::query("CREATE TABLE ledger (entry INTEGER PRIMARY KEY, amount INTEGER)").execute(&pool).await?;
///
/// let first = transfer(records.clone(), pool.clone(), "order-17".into(), 500).await.unwrap();
/// let again = transfer(records, pool.clone(), "order-17".into(), 500).await.unwrap();
/// assert_eq!(first, again);
/// assert_eq!(sqlx::query("SELECT * FROM ledger").fetch_all(&pool).await?.len(), 1);
/// # Ok(())
/// # }
/// ```
///
/// The tables must be in the transaction's database. Where they are not, or where another call has
/// taken the key over meanwhile, it is an error, and the transaction must not commit.
///
/// After the body the layer looks whether the record was committed: if so its value is the call's,
/// even where the body failed, panicked or was cut after its commit. After a rollback the layer
/// decides as for any other body.
///
/// While the transaction is open, renewals of the lease wait for it and fail nobody. In PostgreSQL a
/// claim of the same key sees the record as it was before. In SQLite an open transaction that wrote
/// keeps all other writers waiting, also claims, of whichever key, and they fail where it takes longer
/// than the `busy_timeout`: keep it short, and begin it with `BEGIN IMMEDIATE`, or SQLite may refuse its
/// first write.
pub trait CompleteIn {
    /// Writes into the transaction that the call ended with this value. Nothing, for a call without
    /// a key.
    ///
    /// # Errors
    /// See [`CompleteError`]. The transaction must then be rolled back, which its drop does.
    ///
    /// See [`CompleteIn`] for an example.
    fn complete_in<C: Transactional, T: Replay<M>, M>(
        &self,
        transaction: &mut C,
        value: &T,
    ) -> impl Future<Output = Result<(), CompleteError>> + Send;
}

impl CompleteIn for Claim {
    fn complete_in<C: Transactional, T: Replay<M>, M>(
        &self,
        transaction: &mut C,
        value: &T,
    ) -> impl Future<Output = Result<(), CompleteError>> + Send {
        let completion = self.completion(value);
        async move {
            match completion.map_err(CompleteError::Unwritable)? {
                Some(completion) => transaction.complete(&completion).await,
                None => Ok(()),
            }
        }
    }
}

/// What a record can be completed in: sqlx's `Transaction` of SQLite or PostgreSQL, or a connection
/// on which one is open.
///
/// It is implemented for those, and by nobody else.
///
/// ```
/// use steadfast_sql::Transactional;
///
/// fn is_one<C: Transactional>() {}
/// is_one::<sqlx::Transaction<'_, sqlx::Sqlite>>();
/// is_one::<sqlx::SqliteConnection>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a record cannot be completed in `{Self}`",
    label = "this is no transaction of SQLite or PostgreSQL",
    note = "pass `&mut tx`, where `tx` is a `sqlx::Transaction`, or `&mut *connection`",
    note = "steadfast-sql must have the feature of that database: `sqlite` or `postgres`"
)]
pub trait Transactional: Sealed {}

/// The method behind [`Transactional`].
pub trait Sealed: Send {
    /// Writes the completion, if the record is its token's and in flight.
    fn complete(&mut self, completion: &Completion) -> impl Future<Output = Result<(), CompleteError>> + Send;
}

/// `completes!(database, connection, module)`: for its connections and transactions.
macro_rules! completes {
    ($database:ty, $connection:ty, $complete:path) => {
        impl Transactional for $connection {}
        impl Sealed for $connection {
            async fn complete(&mut self, completion: &Completion) -> Result<(), CompleteError> {
                $complete(self, completion).await
            }
        }

        impl Transactional for sqlx::Transaction<'_, $database> {}
        impl Sealed for sqlx::Transaction<'_, $database> {
            async fn complete(&mut self, completion: &Completion) -> Result<(), CompleteError> {
                $complete(self, completion).await
            }
        }
    };
}

#[cfg(feature = "sqlite")]
completes!(sqlx::Sqlite, sqlx::SqliteConnection, crate::sqlite::complete_in::complete);
#[cfg(feature = "postgres")]
completes!(sqlx::Postgres, sqlx::PgConnection, crate::postgres::complete_in::complete);

/// Why a record was not completed. The transaction must not commit.
///
/// ```
/// use steadfast_sql::CompleteError;
///
/// assert!(CompleteError::Lost.to_string().starts_with("the key is not this call's any more"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CompleteError {
    /// The key is not this call's any more: its lease ran out, and the record was taken over,
    /// resolved or given back. Or the record is in another database than the transaction.
    Lost,
    /// This call has committed its end already. What the transaction does would be done twice.
    Ended,
    /// The value cannot be recorded.
    Unwritable(RecordError),
    /// The database did not write it.
    Database(DatabaseError),
}

impl From<sqlx::Error> for CompleteError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

impl CompleteError {
    /// No record in flight was the token's: `ours` says whether one that has ended is.
    pub(crate) fn unchanged(ours: bool) -> Self {
        if ours { Self::Ended } else { Self::Lost }
    }
}

impl fmt::Display for CompleteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str(
                "the key is not this call's any more, so what the transaction does may have been done by another \
                 call: roll it back",
            ),
            Self::Ended => f.write_str(
                "this call has committed its end already, so what the transaction does would be done twice: roll it \
                 back",
            ),
            Self::Unwritable(error) => write!(f, "the value cannot be recorded: {error}"),
            Self::Database(error) => write!(f, "the record could not be completed: {error}"),
        }
    }
}

impl Error for CompleteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unwritable(error) => Some(error),
            Self::Database(error) => Some(error),
            Self::Lost | Self::Ended => None,
        }
    }
}
