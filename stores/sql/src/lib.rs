//! Idempotency records in SQLite and PostgreSQL, for [`steadfast`].
//!
//! A payment's record must outlive the process that made it, and all processes must agree on it.
//! [`SqlStore`] keeps it in the database that the service has already:
//!
//! ```
//! use steadfast::{Rejection, idempotent};
//! use steadfast_sql::SqlStore;
//!
//! #[idempotent(name = "docs.sql.charge", key = key, payload = amount, store = records)]
//! async fn charge(records: SqlStore, key: String, amount: u64) -> Result<String, Rejection> {
//!     Ok(format!("ch_{amount}")) // .. the gateway is asked
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = steadfast_servers::temp_dir();
//! # let url = format!("sqlite:{}", folder.join("records.db").display());
//! // "sqlite:/var/lib/shop/records.db", "postgres://shop@db.internal/shop", or a pool of your own.
//! let records = SqlStore::connect(&url).await?;
//! records.migrate().await?; // a step of the deploy, or here: whoever comes second waits
//! records.check().await?; // at start: refuses tables and settings that would lose a record
//!
//! assert_eq!(charge(records.clone(), "order-17".into(), 500).await?, "ch_500");
//!
//! // Another process, another day.
//! let records = SqlStore::connect(&url).await?;
//! assert_eq!(charge(records, "order-17".into(), 500).await?, "ch_500"); // replayed
//! # Ok(())
//! # }
//! ```
//!
//! Where the work itself is in that database, [`CompleteIn`] writes the record in the transaction that
//! does it: both are committed, or neither.
//!
//! | feature | database | |
//! |---|---|---|
//! | `sqlite` | SQLite, bundled | on by default |
//! | `postgres` | PostgreSQL 12 and later | `sqlx` brings no TLS by itself: enable one of its `tls-*` features |
//! | `payments` | | [sagas](#sagas) of `steadfast-payments` |
//!
//! # What "written" means
//!
//! A claim and an end are answered when they are committed and on the disk. What is lost after that
//! would be a second charge, so nothing here is written later or in the background.
//!
//! | | chosen by [`SqlStore::connect`] | why | of a pool of your own, [`check`](SqlStore::check) refuses |
//! |---|---|---|---|
//! | SQLite | `journal_mode = WAL` | readers and the writer do not wait for each other, and a commit is one sync | `OFF`, `MEMORY`, and databases in memory |
//! | | `synchronous = FULL` | in WAL mode `NORMAL` may lose the last commits when the power fails | `NORMAL`, `OFF` |
//! | | `busy_timeout` of 10 s | one file has one writer at a time, in all processes; others wait for so long | |
//! | | `BEGIN IMMEDIATE` | who begins as a reader may find that it cannot become the writer any more | |
//! | PostgreSQL | the server's own `synchronous_commit` | | `off`; with `fsync = off` it warns |
//! | | `READ COMMITTED` where several statements are one commit | stricter ones make concurrent claims fail each other; a claim that fails so is tried again | |
//!
//! A disk that lies about its syncs loses records in any case. So does a failover to a PostgreSQL
//! replica that is behind: with `synchronous_standby_names`, commits wait for it. SQLite belongs on a
//! local disk: the locks of network file systems do not hold what they promise.
//!
//! **Group commit.** Claims, renewals and ends that come while one is being committed share the next
//! commit, and so its sync: many callers wait for few syncs. A lone write does not wait for company, and one that
//! fails for itself does not fail the others. A caller that goes away while its claim or renewal is
//! in the queue takes it back; one that is under way is carried out, and what its owner says after
//! that stands behind it.
//!
//! **When the database fails**, [`steadfast`] says so, and nothing runs whose key is not claimed:
//! [`StoreUnavailable`](steadfast::Reason::StoreUnavailable) before the work, or
//! [`StoreFull`](steadfast::Reason::StoreFull) where the disk is full. After the work, its end is tried
//! again until the lease is over; then the caller gets [`Unrecorded`](steadfast::idempotent::Unrecorded),
//! with the value inside. No answer may take longer than 20 seconds. A connection that is given up in
//! the middle of a statement is not used again before that has ended: one to PostgreSQL is closed at
//! once; one to SQLite ends its statement first, and is closed too where it was to commit.
//!
//! # Sagas
//!
//! With the feature `payments`, an [`SqlStore`] is a log of sagas: what they write ahead is as durable as a
//! record, and all processes that use the database go on with what one of them left.
//!
//! ```
//! # #[cfg(feature = "payments")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use steadfast::Rejection;
//! use steadfast_payments::saga::{Saga, Step};
//! use steadfast_sql::SqlStore;
//!
//! async fn charge(_: (), order: u64, step: Step) -> Result<u64, Rejection> {
//!     Ok(order) // .. the gateway is asked, with step.downstream_key()
//! }
//!
//! # let folder = steadfast_servers::temp_dir();
//! # let url = format!("sqlite:{}", folder.join("sagas.db").display());
//! let log = SqlStore::connect(&url).await?;
//! log.migrate().await?;
//!
//! let checkout = Saga::new("checkout", 1).pivot("charge", charge);
//! checkout.run(&(), &log, "order-17", 500).await?;
//! assert!(checkout.resume_all(&(), &log).await?.is_clean()); // at start, and every minute
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "payments"))]
//! # fn main() {}
//! ```
//!
//! A step of a log is one commit: the saga's row, in which owner, version and number of entries are compared, and
//! its new entry. Sagas that have ended stay until `SagaLog::purge` forgets them, batch by batch;
//! [`SqlStore::purge`] is for records.
//!
//! # Pools
//!
//! A store needs two connections to work well, one that commits and one that reads; with a single
//! one it is right, and slower.
//!
//! | | connections | what the store writes goes over |
//! |---|---|---|
//! | [`connect`](SqlStore::connect), SQLite | 3, which [`sqlite_pool`](SqlStore::sqlite_pool) hands out, and one beside them | the one beside them, so SQLite's cache of the file stays warm |
//! | `connect`, PostgreSQL | 10, which [`postgres_pool`](SqlStore::postgres_pool) hands out | any of them |
//! | a pool of your own | as many as it has | any of them |
//!
//! A body that holds a transaction open holds a connection. Where as many bodies may do so as the pool
//! has connections, the store finds none: what it does over the pool fails after the pool's
//! `acquire_timeout`, or after 20 seconds. That is all it does, but for SQLite by `connect`, where it is
//! what reads. So let the pool be larger than the [`bulkhead`](macro@steadfast::bulkhead) around the
//! bodies, or give the store a pool of its own.
//!
//! In SQLite a transaction that has written keeps all other writers waiting, whichever pool they are of;
//! after the `busy_timeout` they fail.
//!
//! A store works on the tokio runtime of its callers. One that several runtimes share needs all of
//! them to keep running.
//!
//! # Tables
//!
//! | table | what |
//! |---|---|
//! | `steadfast_records` | a row for each key: who owns it, and what the function returned. Nothing of its arguments but the key, the scope and a fingerprint |
//! | `steadfast_sagas`, `steadfast_saga_entries` | a row for each saga, and one for each of its entries: what happened, and the states of its steps |
//! | `steadfast_first_seen` | ids that were seen, for [`FirstSeen`](steadfast::first_seen::FirstSeen) |
//! | `steadfast_schema` | which scripts have run; no other tool's table of versions is touched |
//!
//! [`SqlStore::migrate`] makes them. A team with its own tool takes the same scripts from the folder
//! `migrations/` of this crate, in their order; each notes itself in `steadfast_schema`. Names are not
//! qualified: in PostgreSQL they are found by the `search_path` of the connection.
//!
//! Every version of the tables works with the code of one version before and after it, so a deploy
//! may run both: first the tables, then the programs, one by one. `check` accepts tables that are one
//! version ahead, and none that are behind.
//!
//! The bytes in `stored` are what the function returned, exactly. Where they must not be readable,
//! give the function a [`codec`](steadfast::idempotent::Codec) that encrypts.
//!
//! # Operations
//!
//! - **Purge.** Expired records are taken over when their key comes again; else they lie there.
//!   [`SqlStore::purge`] forgets them batch by batch, and never one that is in flight or unknown.
//! - **Unknown outcomes** wait for somebody: [`Operator`](steadfast::idempotent::Operator) lists and
//!   resolves them.
//! - **Backup.** A restored backup has forgotten every key since it was made, and those keys would run
//!   again. Restore records and the rest of the database together, and let the other side
//!   recognise [`downstream_key`](steadfast::idempotent::Claim::downstream_key). SQLite: copy with
//!   `VACUUM INTO` or `.backup`, not the file beside its `-wal`.
//! - **Times** in the tables are nanoseconds since 1970, by the clocks of the processes.
//!   They are exact from 1677 to 2262; what is later counts as the end of that.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("steadfast-sql needs a database: enable its feature `sqlite` or `postgres`");

mod asked;
mod complete_in;
mod database;
mod error;
mod lane;
mod loan;
mod questions;
mod row;
#[cfg(feature = "payments")]
mod saga;
mod schema;
mod setup;
mod step;
mod store;
mod time;

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use complete_in::{CompleteError, CompleteIn, Transactional};
pub use error::DatabaseError;
pub use setup::SetupError;
pub use store::SqlStore;
