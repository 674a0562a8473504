//! A process is killed with SIGKILL after the gateway took the money and before anybody heard of it. Another
//! one finds the order in the saga's log and ends it. Both share what production shares: an SQLite file
//! with the records and the log. The gateway and the carrier have files of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use steadfast::idempotent::{AnyStore, Token};
use steadfast_payments::Currency;
use steadfast_sql::SqlStore;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::stage::{order, told};
use super::watched::Watched;
use super::{Account, Books, Call, Event, Failed, Journal, Told};
use crate::charge::App;
use crate::cli::Faults;
use crate::gateway::Gateway;
use crate::shop::{Deed, LEASE, Shop, Systems, checkout};
use crate::stores;

const ORDER: &str = "order-8";
/// Far more than is needed: a process that nobody kills, or a resumption that never comes, ends the scenario.
const PATIENCE: Duration = Duration::from_secs(20);

/// One process's view of the shop. Everything is in files.
struct Process {
    gateway: Gateway,
    journal: Journal,
    shop: Shop<Watched<Gateway>>,
    sagas: SqlStore,
}

impl Process {
    async fn open(folder: &Path, journal: Journal) -> Result<Self, Failed> {
        let gateway = Gateway::open(&folder.join("ledger.sqlite"), Faults { seed: 1, die_after: None }).await?;
        let sagas = stores::sqlite(&folder.join("records.sqlite")).await?;
        let app = App {
            account: gateway.account().to_owned(),
            gateway: Watched::new(gateway.clone(), journal.clone()),
            records: AnyStore::new(sagas.clone()),
        };
        let systems = Systems::open(&folder.join("deeds.sqlite"), journal.clone()).await?;
        Ok(Self { gateway, journal, shop: Shop::new(app, systems)?, sagas })
    }
}

/// What the process does that is killed: it orders, and tells what happens, a line of JSON for each event.
/// The gateway takes the money, and its answer never comes.
///
/// # Errors
/// When its files cannot be used, or nobody kills it in time.
#[allow(clippy::print_stdout, reason = "the parent listens to it")]
pub async fn place_order(folder: &Path) -> Result<(), Failed> {
    let tell = |event: &Event| println!("{}", serde_json::to_string(event).unwrap_or_default());
    let mut process = Process::open(folder, Journal::heard_by(tell)).await?;
    process.shop.app.gateway = process.shop.app.gateway.never_answers(Call::Capture);
    timeout(PATIENCE, checkout().run(&process.shop, &process.sagas, ORDER, order(ORDER)?)).await??;
    Ok(())
}

pub(super) async fn play(command: &Path) -> Result<Account, Failed> {
    let folder = Folder::new()?;
    let journal = Journal::default();
    killed_after_the_capture(command, &folder.0, &journal).await?;

    journal.note(Event::Resumed);
    let process = Process::open(&folder.0, journal).await?;
    let resumed = resumed(&process).await?;
    // The client that had no answer orders again, with the same number.
    let again = checkout().run(&process.shop, &process.sagas, ORDER, order(ORDER)?).await;
    process.journal.note(Event::Client(told(&again)));

    let account = Account::new(&process.journal, Books::kept_by(&process.gateway).await?);
    let (deeds, totals) = (account.deeds(), account.books.totals);
    Ok(account
        .promises("another process ended it, with nobody asking", resumed)
        .promises("the money was taken once", totals.authorized == 49_90 && totals.captured == 49_90)
        .promises("each thing was done once", deeds == [Deed::Reserved, Deed::Booked, Deed::HandedOver])
        .promises("the client that comes again is told that it is done", again.is_ok()))
}

async fn killed_after_the_capture(command: &Path, folder: &Path, journal: &Journal) -> Result<(), Failed> {
    let mut child = Command::new(command)
        .arg("--place-order")
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    timeout(PATIENCE, taken(&mut child, journal)).await??;
    child.kill().await?;
    journal.note(Event::Killed);
    Ok(())
}

/// Listens until the gateway has the money.
async fn taken(child: &mut Child, journal: &Journal) -> Result<(), Failed> {
    let mut lines = BufReader::new(child.stdout.take().ok_or("the process has no output")?).lines();
    while let Some(line) = lines.next_line().await? {
        let event: Event = serde_json::from_str(&line)?;
        journal.note(event.clone());
        if matches!(event, Event::Gateway { call: Call::Capture, told: Told::Nothing, .. }) {
            return Ok(());
        }
    }
    Err("the process ended before it was killed".into())
}

/// As a service does every now and then: it goes on with what dead processes left, once their lease is over.
async fn resumed(process: &Process) -> Result<bool, Failed> {
    sleep(LEASE).await;
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let resumed = checkout().resume_all(&process.shop, &process.sagas).await?;
        if resumed.done == 1 {
            return Ok(resumed.is_clean());
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(false)
}

impl Books {
    async fn kept_by(gateway: &Gateway) -> Result<Self, Failed> {
        Ok(Self { charges: gateway.ledger().await?.len(), totals: gateway.totals(Currency::EUR) })
    }
}

/// A folder that goes with the scenario.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failed> {
        let name = u128::from_be_bytes(Token::random().to_bytes());
        let folder = std::env::temp_dir().join(format!("checkout-{name:032x}"));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of it is in a folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}
