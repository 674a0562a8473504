//! What a run works with: the gateway and the records, and where both are kept.

use std::fmt;
use std::path::{Path, PathBuf};

use steadfast::idempotent::{AnyStore, MemoryStore, StoreError};

use crate::charge::App;
use crate::cli::{Faults, Keeps};
use crate::fresh::{self, NotOurs};
use crate::gateway::{Gateway, LedgerError};
use crate::place::{Place, from_here};
use crate::stores::{self, Unusable};
use crate::text::count;
use crate::unsettled::unsettled;

/// The gateway, the records, and what earlier runs left in them.
#[derive(Debug)]
pub struct World {
    pub(crate) app: App<Gateway>,
    kept: Option<Kept>,
}

/// Where the records and the ledger are, and what was in them when the run began.
#[derive(Debug)]
struct Kept {
    store: Place,
    ledger: PathBuf,
    /// What was done to the store to make it one.
    prepared: Option<&'static str>,
    charges: usize,
    doubts: usize,
}

/// Why the run cannot begin, or cannot say how it ended.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The gateway's books fail.
    #[error("`--ledger {}`: {error}", from_here(.file))]
    Ledger {
        /// Its file.
        file: PathBuf,
        /// What is wrong with it.
        error: LedgerError,
    },
    /// The store cannot be used.
    #[error("`--store {place}`: {error}")]
    Store {
        /// Where it is.
        place: Place,
        /// What is wrong with it.
        error: Unusable,
    },
    /// A file that `--fresh` does not delete.
    #[error("`--fresh`: {0}")]
    Fresh(#[from] NotOurs),
    /// The gateway's books failed while the run was on.
    #[error(transparent)]
    Books(#[from] LedgerError),
    /// The store failed when it was asked for what the run left.
    #[error("the records cannot be read: {0}")]
    Records(#[from] StoreError),
}

impl World {
    /// A world that begins with the run, and ends with it.
    pub fn in_memory(faults: Faults) -> Self {
        let app = App::of(Gateway::in_memory(faults), AnyStore::new(MemoryStore::default()));
        Self { app, kept: None }
    }

    /// The world that the command line asks for.
    ///
    /// # Errors
    /// When the store or the ledger cannot be used.
    pub async fn open(keeps: Keeps, faults: Faults) -> Result<Self, WorldError> {
        let Keeps::Records { store, ledger, fresh } = keeps else { return Ok(Self::in_memory(faults)) };
        if fresh {
            fresh::delete(&store, &ledger).await?;
        }
        let gateway = open_ledger(&ledger, faults).await?;
        let first = gateway.run() == 1;
        let opened = stores::open(&store, first).await;
        let (records, prepared) = opened.map_err(|error| WorldError::Store { place: store.clone(), error })?;
        let app = App::of(gateway, records);
        let charges = app.gateway.ledger().await?.len();
        let doubts = unsettled(&app).await?.len();
        Ok(Self { app, kept: Some(Kept { store, ledger, prepared, charges, doubts }) })
    }
}

async fn open_ledger(file: &Path, faults: Faults) -> Result<Gateway, WorldError> {
    let opened = Gateway::open(file, faults).await;
    opened.map_err(|error| WorldError::Ledger { file: file.to_owned(), error })
}

impl App<Gateway> {
    /// A new ledger is another account, and knows nothing of our keys.
    fn of(gateway: Gateway, records: AnyStore) -> Self {
        Self { account: gateway.account().to_owned(), gateway, records }
    }
}

impl World {
    /// How often somebody ran on this ledger, with this run.
    pub(crate) fn runs(&self) -> u32 {
        self.app.gateway.run()
    }
}

/// Where everything is, and what is left of earlier runs.
impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Kept { store, ledger, prepared, charges, doubts }) = &self.kept else {
            return writeln!(f, "Records and ledger are in memory: the run leaves nothing behind.");
        };
        writeln!(f, "Records are kept in {store}, the gateway's ledger in {}.", from_here(ledger))?;
        if let Some(prepared) = prepared {
            writeln!(f, "{prepared}")?;
        }
        if self.runs() == 1 {
            return writeln!(f, "This is the first run on this ledger. Stop it, or kill it, and run it again.");
        }
        writeln!(f, "This is run {} on this ledger. The ones before took {},", self.runs(), count(*charges, "charge"))?;
        writeln!(f, "and left {} that ended without a known outcome.", count(*doubts, "call"))
    }
}
