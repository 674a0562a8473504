//! The proof: the gateway's own ledger against the orders and their records.

use std::collections::HashMap;

use steadfast::idempotent::{IdempotencyKey, Outcome, RecordId, RecordState, Replay, Store, StoreError, Stored};
use steadfast_payments::Money;
use steadfast_payments::gateway::{Authorization, ChargeId};

use crate::Stack;
use crate::charge::{App, RECORDS};
use crate::clients::Ending;
use crate::gateway::{Entry, Gateway};
use crate::orders::{Client, Is, Line, Orders};
use crate::run::Ended;
use crate::sums::{Sums, shown};
use crate::unsettled::unsettled;
use crate::world::{World, WorldError};

/// What the gateway's ledger says of the orders. Each order is counted once, except in `untrue`.
#[derive(Debug, Default)]
pub struct Proof {
    /// Charged once, for the order's amount, and with a record that says so.
    pub(crate) once: usize,
    pub(crate) money: Sums,
    /// How many of them by this run.
    pub(crate) now: usize,
    /// How many runs there were on the ledger, with this one.
    pub(crate) runs: u32,
    /// Charged once, by an earlier run, for the amount that the file had then.
    pub(crate) before: Vec<String>,
    /// Charged more than once.
    pub(crate) over: Vec<Over>,
    /// Charged once, for another amount.
    pub(crate) wrong: Vec<String>,
    /// Charged once, and no record says so.
    pub(crate) unrecorded: Vec<String>,
    /// Nobody knows, and a record says that.
    pub(crate) unknown: Vec<Doubt>,
    /// Not charged.
    pub(crate) not_charged: usize,
    /// A client or a record speaks of a charge that the ledger does not have.
    pub(crate) untrue: Vec<String>,
}

/// An order that was charged more than once.
#[derive(Debug)]
pub(crate) struct Over {
    pub(crate) order: String,
    pub(crate) why: &'static str,
    pub(crate) charges: usize,
    pub(crate) paid: Sums,
    pub(crate) owed: Money,
    pub(crate) too_much: Sums,
}

/// An order whose outcome nobody knows but the gateway.
#[derive(Debug)]
pub(crate) struct Doubt {
    pub(crate) order: String,
    pub(crate) key: IdempotencyKey,
    pub(crate) money: Money,
    /// The charge, if the ledger has one.
    pub(crate) charge: Option<ChargeId>,
}

/// What the record of an order says.
enum Says {
    Charged(Option<Authorization>),
    Unknown,
    Nothing,
}

impl Proof {
    /// Whether each order was charged at most once, and everybody knows what is to be known.
    pub fn holds(&self) -> bool {
        self.over.is_empty() && self.wrong.is_empty() && self.unrecorded.is_empty() && self.untrue.is_empty()
    }

    /// How many orders were charged once.
    pub fn charged_once(&self) -> usize {
        self.once
    }

    /// How many orders were charged more than once.
    pub fn charged_twice(&self) -> usize {
        self.over.len()
    }

    /// How many orders are of unknown outcome.
    pub fn unknown(&self) -> usize {
        self.unknown.len()
    }

    /// How many orders were not charged, as they should not be.
    pub fn not_charged(&self) -> usize {
        self.not_charged
    }

    pub(crate) async fn of(orders: &Orders, stack: Stack, world: &World, ended: &[Ended]) -> Result<Self, WorldError> {
        let app = &world.app;
        let ledger = app.gateway.ledger().await?;
        let charges = by_order(&ledger);
        let doubts = unsettled(app).await?;
        let mut proof = Self { runs: world.runs(), ..Self::default() };
        proof.check_answers(&ledger, ended);
        for line in orders.orders() {
            let charges = charges.get(&*line.request.reference).map_or(&[][..], Vec::as_slice);
            let says = match stack {
                Stack::Whole if doubts.contains(line.key.as_str()) => Says::Unknown,
                Stack::Whole => record(app, line).await?,
                // Nobody kept any.
                Stack::WithoutIdempotent => Says::Charged(charges.first().map(|entry| entry.charge.clone())),
            };
            match charges {
                [] => proof.was_not_charged(line, &says),
                [entry] => proof.was_charged(line, entry, &says),
                _ => proof.over.push(over(orders, line, charges)),
            }
        }
        Ok(proof)
    }

    fn was_not_charged(&mut self, line: &Line, says: &Says) {
        match says {
            Says::Charged(Some(charge)) => {
                self.untrue.push(format!("the record of {} has {}", line.request.reference, charge.charge))
            }
            Says::Unknown => return self.is_in_doubt(line, None),
            Says::Charged(None) | Says::Nothing => {}
        }
        self.not_charged += 1;
    }

    fn was_charged(&mut self, line: &Line, entry: &Entry, says: &Says) {
        let (order, charge, now) = (&line.request.reference, &entry.charge, entry.run == self.runs);
        let recorded = matches!(says, Says::Charged(Some(recorded)) if recorded == charge);
        match says {
            _ if charge.amount != line.request.amount && recorded && !now => {
                self.before.push(format!("{order}: {}", shown(charge.amount)));
            }
            _ if charge.amount != line.request.amount => self.wrong.push(format!("{order}: {}", shown(charge.amount))),
            Says::Charged(_) if recorded => {
                self.once += 1;
                self.now += usize::from(now);
                self.money.add(charge.amount);
            }
            Says::Unknown => self.is_in_doubt(line, Some(charge)),
            Says::Charged(_) | Says::Nothing => self.unrecorded.push(format!("{order}: {}", charge.charge)),
        }
    }

    fn is_in_doubt(&mut self, line: &Line, charge: Option<&Authorization>) {
        self.unknown.push(Doubt {
            order: line.request.reference.clone(),
            key: line.key.clone(),
            money: line.request.amount,
            charge: charge.map(|charge| charge.charge.clone()),
        });
    }

    /// What clients were told is in the ledger.
    fn check_answers(&mut self, ledger: &[Entry], ended: &[Ended]) {
        let known: HashMap<&ChargeId, &Authorization> =
            ledger.iter().map(|entry| (&entry.charge.charge, &entry.charge)).collect();
        for Ended { line, ending } in ended {
            let Ending::Charged(charge) = ending else { continue };
            if known.get(&charge.charge) != Some(&charge) {
                self.untrue.push(format!("the client of {} was told {}", line.request.reference, charge.charge));
            }
        }
    }
}

fn by_order(ledger: &[Entry]) -> HashMap<&str, Vec<&Entry>> {
    let mut charges: HashMap<&str, Vec<&Entry>> = HashMap::new();
    for entry in ledger {
        charges.entry(&entry.order).or_default().push(entry);
    }
    charges
}

async fn record(app: &App<Gateway>, line: &Line) -> Result<Says, StoreError> {
    let id = RecordId::new(RECORDS, Some(&app.account), line.key.as_str());
    let Ok(id) = id else { return Ok(Says::Nothing) };
    let Some(record) = app.records.get(&id).await? else { return Ok(Says::Nothing) };
    Ok(match record.state {
        RecordState::Ended(Outcome::Known { stored: Stored::Value(bytes), .. }) => {
            Says::Charged(<Authorization as Replay>::from_record(&bytes).ok())
        }
        _ => Says::Nothing,
    })
}

fn over(orders: &Orders, line: &Line, charges: &[&Entry]) -> Over {
    let owed = line.request.amount;
    let mut paid = Sums::default();
    charges.iter().for_each(|entry| paid.add(entry.charge.amount));
    let mut too_much = paid.clone();
    too_much.subtract(owed);
    Over { order: line.request.reference.clone(), why: why(orders, line), charges: charges.len(), paid, owed, too_much }
}

/// What its clients did.
fn why(orders: &Orders, first: &Line) -> &'static str {
    let sent_as = |is| orders.lines.iter().any(|line| line.is == is && line.key == first.key);
    match first.client {
        _ if sent_as(Is::Tampered) => "sent again with another amount",
        _ if sent_as(Is::Duplicate) => "sent again",
        Client::Impatient => "sent twice at the same time",
        Client::HangsUp => "hung up and came back",
        Client::Patient => "the answer was lost, the retry charged again",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use steadfast_payments::gateway::Authorize;
    use steadfast_payments::{Currency, PaymentGateway};
    use steadfast_servers::temp_dir;

    use super::*;
    use crate::charge::{charge_customer, charge_without_idempotent};
    use crate::cli::Faults;
    use crate::gateway::Gateway;

    const ORDER: &str = r#"{"order":"o-1","key":"k-1","amount":500,"currency":"EUR","card":"tok_lucky"}"#;

    fn orders() -> Orders {
        Orders::parse(Path::new("orders.jsonl"), ORDER.as_bytes())
    }

    fn world() -> World {
        World::in_memory(Faults { seed: 1, die_after: None })
    }

    fn request(orders: &Orders) -> Authorize {
        orders.lines[0].request.clone()
    }

    async fn proof(orders: &Orders, world: &World) -> Proof {
        Proof::of(orders, Stack::Whole, world, &[]).await.unwrap()
    }

    async fn charge(world: &World, orders: &Orders, request: Authorize) {
        charge_customer(world.app.clone(), request, orders.lines[0].key.clone()).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_charged_and_recorded_is_proven() {
        let (orders, world) = (orders(), world());
        charge(&world, &orders, request(&orders)).await;
        let proof = proof(&orders, &world).await;
        assert!(proof.holds());
        assert_eq!((proof.once, proof.money.to_string().as_str()), (1, "5.00 EUR"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_charged_twice_is_found() {
        let (orders, world) = (orders(), world());
        for _ in 0..3 {
            charge_without_idempotent(world.app.clone(), request(&orders)).await.unwrap();
        }
        let proof = proof(&orders, &world).await;
        assert!(!proof.holds());
        assert_eq!((proof.over[0].charges, proof.over[0].too_much.to_string().as_str()), (3, "10.00 EUR"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_charge_without_a_record_is_found() {
        let (orders, world) = (orders(), world());
        world.app.gateway.authorize(&request(&orders), "some key").await.unwrap();
        let proof = proof(&orders, &world).await;
        assert!(!proof.holds());
        assert_eq!(proof.unrecorded.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn another_amount_is_found() {
        let (orders, world) = (orders(), world());
        let request = Authorize { amount: Money::new(900, Currency::EUR), ..request(&orders) };
        charge(&world, &orders, request).await;
        let proof = proof(&orders, &world).await;
        assert!(!proof.holds());
        assert_eq!(proof.wrong, ["o-1: 9.00 EUR"]);
    }

    #[tokio::test]
    async fn an_amount_that_the_file_changed_after_the_run_is_told_apart() {
        let (orders, mut world, folder) = (orders(), world(), temp_dir());
        let faults = Faults { seed: 1, die_after: None };
        let ledger = folder.join("ledger.sqlite");
        world.app.gateway = Gateway::open(&ledger, faults).await.unwrap();
        charge(&world, &orders, Authorize { amount: Money::new(900, Currency::EUR), ..request(&orders) }).await;
        assert_eq!(proof(&orders, &world).await.wrong, ["o-1: 9.00 EUR"]);
        // The next run, over the same records.
        world.app.gateway = Gateway::open(&ledger, faults).await.unwrap();
        let proof = proof(&orders, &world).await;
        assert!(proof.holds());
        assert_eq!(proof.before, ["o-1: 9.00 EUR"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_record_without_a_charge_is_found() {
        let (orders, mut other) = (orders(), world());
        charge(&other, &orders, request(&orders)).await;
        other.app.gateway = world().app.gateway;
        let proof = proof(&orders, &other).await;
        assert!(!proof.holds());
        assert_eq!((proof.untrue.len(), proof.not_charged), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_without_a_charge_is_found() {
        let (orders, world) = (orders(), world());
        let charge = Authorization { charge: "ch_0001".into(), amount: request(&orders).amount };
        let ended = [Ended { line: orders.lines[0].clone().into(), ending: Ending::Charged(charge) }];
        let proof = Proof::of(&orders, Stack::Whole, &world, &ended).await.unwrap();
        assert_eq!(proof.untrue, ["the client of o-1 was told ch_0001"]);
    }
}
