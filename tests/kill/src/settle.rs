//! When nobody is killed any more: each order is brought to its end, also by an operator where nobody else can.

use std::ops::Range;
use std::time::Duration;

use steadfast::clock;
use steadfast::idempotent::{Answer, AnyStore, Held, Record, RecordId, Replay, Resolution, Store, Stored};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::charge::{RECORDS, Shop};
use crate::client::{Calls, Client, Ended};
use crate::journal::Event;
use crate::order::Order;

/// A page of the list of unknown outcomes: short, so that there are several.
const PAGE: usize = 3;

/// Calls at once: not so many that they end because others take their time.
const AT_ONCE: usize = 8;

/// Rounds of calls before an order counts as lost, with `PAUSE` between them: many times a lease.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) async fn settle(client: Client, orders: Range<u32>) {
    let unknown = drive(&client, Order::all(&orders).collect()).await;
    match &client.calls {
        Calls::Unguarded(_) => {}
        Calls::Charge(shop) => decide(&client, shop, unknown).await,
        // An unknown outcome that is left is a mistake, which the journal shows.
        Calls::Transfer(bank, gateway) => {
            unknown.iter().for_each(|order| client.journal.add(&Event::Unknown(*order)));
            let effects = bank.effects().await.expect("a database that runs");
            effects.iter().for_each(|(order, id)| gateway.note(*order, id));
        }
    }
}

/// What is listed must be what is refused; then an operator decides, and the clients come back.
async fn decide(client: &Client, shop: &Shop, unknown: Vec<Order>) {
    unknown.iter().for_each(|order| client.journal.add(&Event::Unknown(*order)));
    for (id, record) in unknowns(&shop.records).await {
        client.journal.add(&Event::Listed(order(&id)));
        resolve(shop, &id, &record).await;
    }
    drive(client, unknown).await;
    unknowns(&shop.records).await.iter().for_each(|(id, _)| client.journal.add(&Event::StillListed(order(id))));
}

/// Calls for each until it is answered, and returns those whose outcome nobody knows. What is still not answered then is
/// lost, which the journal shows.
async fn drive(client: &Client, mut orders: Vec<Order>) -> Vec<Order> {
    let mut unknown = Vec::new();
    for _ in 0..TRIES {
        let (mut left, mut calls) = (std::mem::take(&mut orders).into_iter(), JoinSet::new());
        loop {
            while calls.len() < AT_ONCE
                && let Some(order) = left.next()
            {
                let client = client.clone();
                calls.spawn(async move { (order, client.call(order).await) });
            }
            let Some(done) = calls.join_next().await else { break };
            match done.expect("a call that does not panic") {
                (_, Ended::Answered) => {}
                (order, Ended::Unknown) => unknown.push(order),
                (order, Ended::Open) => orders.push(order),
            }
        }
        if orders.is_empty() {
            break;
        }
        sleep(PAUSE).await;
    }
    unknown
}

/// All pages of the list.
async fn unknowns(records: &AnyStore) -> Vec<(RecordId, Record)> {
    let mut all: Vec<(RecordId, Record)> = Vec::new();
    loop {
        let after = all.last().map(|(id, _)| id.clone());
        let page = records.unknowns(clock::wall(), after.as_ref(), PAGE).await;
        let page = page.expect("a store whose server runs");
        assert!(page.len() <= PAGE, "a page is no longer than asked for");
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// What an operator does who has the gateway's statement before him.
async fn resolve(shop: &Shop, id: &RecordId, record: &Record) {
    let charge = shop.gateway.entries().into_iter().find(|entry| entry.order == order(id));
    let resolution = match charge {
        None => Resolution::NeverHappened,
        Some(entry) => Resolution::Happened {
            stored: Stored::Value(Answer::new(entry.charge).to_record().expect("a charge is JSON").into()),
            expires_at: clock::wall() + Duration::from_secs(3600),
        },
    };
    let held = shop.records.resolve(id, record.seen(), resolution, "on the gateway's statement").await;
    assert_eq!(held.expect("a store whose server runs"), Held::Yes, "nobody else works on {id:?}");
}

fn order(id: &RecordId) -> Order {
    assert_eq!(id.name(), RECORDS);
    Order::of(id.key()).unwrap_or_else(|| panic!("not a key of this run: {id:?}"))
}
