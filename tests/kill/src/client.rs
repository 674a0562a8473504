//! Somebody who wants orders charged, and calls again until told how it ended.

use std::time::Duration;

use steadfast::idempotent::Answer;
use steadfast::{Reason, Rejection};
use steadfast_sql::CompleteError;
use tokio::time::sleep;

use crate::charge::{PayError, Shop, charge, charge_without_idempotent};
use crate::gateway::{Charge, Gateway};
use crate::journal::{Event, Journal};
use crate::order::Order;
use crate::scenario::Work;
use crate::store::{self, Failed};
use crate::transfer::{Bank, TransferError, transfer};
use crate::worker::{Role, Task};

#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) journal: Journal,
    pub(crate) calls: Calls,
}

/// What it calls.
#[derive(Clone)]
pub(crate) enum Calls {
    Unguarded(Gateway),
    Charge(Shop),
    Transfer(Bank, Gateway),
}

/// What a call came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was answered, once for all.
    Answered,
    /// It was refused because nobody knows what became of an earlier one.
    Unknown,
    /// Call again.
    Open,
}

impl Client {
    /// Its server may be down just now.
    pub(crate) async fn open(task: &Task) -> Self {
        let journal = Journal::open(&task.folder);
        loop {
            match Calls::open(task, &journal).await {
                Ok(calls) => return Self { journal, calls },
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// One call. What its caller learns goes into the journal, once it has learned it.
    pub(crate) async fn call(&self, order: Order) -> Ended {
        let (event, ended) = match &self.calls {
            Calls::Unguarded(gateway) => {
                heard(order, charge_without_idempotent(gateway.clone(), order).await.map(Answer::new))
            }
            Calls::Charge(shop) => heard(order, charge(shop.clone(), order, order.to_string()).await),
            Calls::Transfer(bank, _) => heard(order, transfer(bank.clone(), order, order.to_string()).await),
        };
        event.iter().for_each(|event| self.journal.add(event));
        ended
    }
}

impl Calls {
    async fn open(task: &Task, journal: &Journal) -> Result<Self, Failed> {
        let gateway = Gateway::open(&task.folder, task.role == Role::Settle);
        Ok(match task.scenario.work {
            Work::Unguarded => Self::Unguarded(gateway),
            Work::Charge => {
                Self::Charge(Shop { records: store::open(&task.store).await?, gateway, journal: journal.clone() })
            }
            Work::Transfer => Self::Transfer(Bank::of(store::open_sql(&task.store).await?), gateway),
        })
    }
}

fn heard<E: Told>(order: Order, answer: Result<Answer<Charge>, E>) -> (Option<Event>, Ended) {
    let learned = |id: &str, replayed| (Some(Event::Answer { order, id: id.to_owned(), replayed }), Ended::Answered);
    match &answer {
        Ok(answer) => learned(&answer.id, answer.was_replayed()),
        Err(error) => match error.told() {
            // Whether an error is a replay its caller cannot see, and need not.
            Telling::Declined(id) => learned(id, false),
            Telling::NoAnswer => (Some(Event::NoAnswer(order)), Ended::Open),
            Telling::Late => (Some(Event::Late(order)), Ended::Open),
            Telling::Refused(refused) => of_refusal(order, refused),
            Telling::Nothing => (None, Ended::Open),
        },
    }
}

fn of_refusal(order: Order, refused: &Rejection) -> (Option<Event>, Ended) {
    match refused.reason() {
        Reason::OutcomeUnknown { .. } => (None, Ended::Unknown),
        Reason::Unrecorded(_) => (Some(Event::Unrecorded(order)), Ended::Open),
        Reason::TimedOut { .. } => (Some(Event::NoAnswer(order)), Ended::Open),
        _ => (None, Ended::Open),
    }
}

/// What an error tells a client.
enum Telling<'a> {
    Declined(&'a str),
    NoAnswer,
    Late,
    Refused(&'a Rejection),
    Nothing,
}

trait Told {
    fn told(&self) -> Telling<'_>;
}

impl Told for PayError {
    fn told(&self) -> Telling<'_> {
        match self {
            Self::Declined { id } => Telling::Declined(id),
            Self::NoAnswer => Telling::NoAnswer,
            Self::Refused(refused) => Telling::Refused(refused),
            Self::Unreachable => Telling::Nothing,
        }
    }
}

impl Told for TransferError {
    fn told(&self) -> Telling<'_> {
        match self {
            Self::Declined { id } => Telling::Declined(id),
            Self::Completion(CompleteError::Lost) => Telling::Late,
            Self::Refused(refused) => Telling::Refused(refused),
            Self::Database(_) | Self::Completion(_) => Telling::Nothing,
        }
    }
}
