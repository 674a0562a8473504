//! The warehouse and the carrier, simulated: each does a thing once for its key, as systems do that take
//! part in a saga.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::{CheckoutError, Order};
use crate::scenarios::{Event, Journal};

/// What they did for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// The warehouse put the goods aside.
    Reserved,
    /// It put them back.
    Released,
    /// The carrier will come for the parcel.
    Booked,
    /// It will not.
    Cancelled,
    /// It has the parcel.
    HandedOver,
}

impl Deed {
    /// Who does it.
    pub const fn system(self) -> &'static str {
        match self {
            Self::Reserved | Self::Released => "warehouse",
            Self::Booked | Self::Cancelled | Self::HandedOver => "carrier",
        }
    }

    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "puts the goods aside",
            Self::Released => "puts the goods back",
            Self::Booked => "will come for the parcel",
            Self::Cancelled => "will not come",
            Self::HandedOver => "has the parcel",
        }
    }
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS checkout_deeds (key TEXT PRIMARY KEY, deed TEXT NOT NULL)";

/// Both systems. Clones are the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Systems {
    done: SqlitePool,
    journal: Journal,
}

impl Systems {
    /// Systems that end with the process.
    pub(crate) async fn in_memory(journal: Journal) -> Result<Self, sqlx::Error> {
        Self::with(SqliteConnectOptions::new().in_memory(true), journal).await
    }

    /// Systems that know afterwards what they did.
    pub(crate) async fn open(file: &Path, journal: Journal) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        Self::with(options.synchronous(SqliteSynchronous::Full), journal).await
    }

    async fn with(options: SqliteConnectOptions, journal: Journal) -> Result<Self, sqlx::Error> {
        // One connection that stays: what is in memory goes with it.
        let pool = SqlitePoolOptions::new().min_connections(1).max_connections(1);
        let pool = pool.idle_timeout(None).max_lifetime(None);
        let done = pool.connect_with(options.busy_timeout(Duration::from_secs(10))).await?;
        sqlx::raw_sql(TABLE).execute(&done).await?;
        Ok(Self { done, journal })
    }

    /// Everywhere but to the Antarctic.
    pub(crate) fn carrier_goes_to(&self, country: &str) -> bool {
        let goes = country != "AQ";
        if !goes {
            self.journal.note(Event::NoDelivery);
        }
        goes
    }

    /// Does it, unless it was done under this key before.
    pub(crate) async fn do_once(&self, deed: Deed, order: &Order, key: &str) -> Result<(), CheckoutError> {
        let statement = "INSERT INTO checkout_deeds (key, deed) VALUES (?, ?) ON CONFLICT DO NOTHING";
        let what = format!("{deed:?} {}", order.id);
        let done = sqlx::query(statement).bind(key).bind(what).execute(&self.done).await;
        let no_answer =
            |error: sqlx::Error| CheckoutError::NoAnswer { system: deed.system(), detail: error.to_string() };
        if done.map_err(no_answer)?.rows_affected() == 1 {
            self.journal.note(Event::Deed(deed));
        }
        Ok(())
    }
}
