//! What can be run.

use crate::store::Kind;

/// A store and the work over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// As it is written on the command line.
    pub name: &'static str,
    pub(crate) work: Work,
    pub(crate) store: Option<Kind>,
}

/// What a worker does with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Charges it at a gateway, without `idempotent`.
    Unguarded,
    /// Charges it at a gateway that knows nothing of the store.
    Charge,
    /// Writes a row beside the record, in one transaction.
    Transfer,
}

impl Scenario {
    /// A gateway, and the records in an SQLite file.
    pub const SQLITE: Self = Self::new("sqlite", Work::Charge, Some(Kind::Sqlite));
    /// A gateway, and the records in PostgreSQL.
    pub const POSTGRES: Self = Self::new("postgres", Work::Charge, Some(Kind::Postgres));
    /// A gateway, and the records in Redis.
    pub const REDIS: Self = Self::new("redis", Work::Charge, Some(Kind::Redis));
    /// Rows in the SQLite file of their records.
    pub const SQLITE_ROW: Self = Self::new("sqlite-row", Work::Transfer, Some(Kind::Sqlite));
    /// Rows in the PostgreSQL of their records.
    pub const POSTGRES_ROW: Self = Self::new("postgres-row", Work::Transfer, Some(Kind::Postgres));
    /// A gateway, and no `idempotent`: this one must fail.
    pub const UNGUARDED: Self = Self::new("unguarded", Work::Unguarded, None);

    /// Those in which every order must be charged once.
    pub const GUARDED: [Self; 5] = [Self::SQLITE, Self::POSTGRES, Self::REDIS, Self::SQLITE_ROW, Self::POSTGRES_ROW];

    const fn new(name: &'static str, work: Work, store: Option<Kind>) -> Self {
        Self { name, work, store }
    }

    /// The one of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::GUARDED.into_iter().chain([Self::UNGUARDED]).find(|it| it.name == name)
    }
}
