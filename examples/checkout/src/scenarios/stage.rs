//! A shop for one scenario: a gateway that does what a script says, and everything else in memory.

use steadfast::idempotent::{AnyStore, MemoryStore, Token};
use steadfast_payments::gateway::fake::FakeGateway;
use steadfast_payments::gateway::{Authorization, Authorize};
use steadfast_payments::saga::{MemorySagaLog, SagaError};
use steadfast_payments::{Currency, Money, PaymentError};

use super::watched::Watched;
use super::{Account, Books, Event, Failed, Journal, Told};
use crate::charge::{self, App, charge_customer};
use crate::shop::{CheckoutError, Order, Shop, Systems, checkout};

/// The shop, what is done to it, and what is seen.
pub(super) struct Stage {
    pub(super) gateway: FakeGateway,
    pub(super) journal: Journal,
    pub(super) shop: Shop<Watched<FakeGateway>>,
    sagas: MemorySagaLog,
}

impl Stage {
    pub(super) async fn new() -> Result<Self, Failed> {
        let (gateway, journal) = (FakeGateway::new(), Journal::default());
        let app = App {
            gateway: Watched::new(gateway.clone(), journal.clone()),
            // A gateway of its own is an account of its own.
            account: format!("acct_{:032x}", u128::from_be_bytes(Token::random().to_bytes())),
            records: AnyStore::new(MemoryStore::default()),
        };
        let shop = Shop::new(app, Systems::in_memory(journal.clone()).await?)?;
        Ok(Self { gateway, journal, shop, sagas: MemorySagaLog::default() })
    }

    /// A client pays with this key.
    pub(super) async fn pay(&self, payment: &Authorize, key: &str) -> Result<Authorization, PaymentError> {
        let answer = charge_customer(self.shop.app.clone(), payment.clone(), charge::key(key)?).await;
        self.journal.note(Event::Client(Told::of(&answer)));
        answer
    }

    /// A client orders. The order's number is the saga's id: sent again, it is the same order.
    pub(super) async fn order(&self, order: Order) -> Result<Order, SagaError<CheckoutError>> {
        let id = order.id.clone();
        let answer = checkout().run(&self.shop, &self.sagas, &id, order).await;
        self.journal.note(Event::Client(told(&answer)));
        answer
    }

    /// What happened so far.
    pub(super) fn account(&self) -> Account {
        Account::new(&self.journal, Books::of(&self.gateway))
    }
}

/// What a client is told who ordered: its payment's error, where that is why.
pub(super) fn told(answer: &Result<Order, SagaError<CheckoutError>>) -> Told {
    match answer {
        Ok(_) => Told::Done,
        Err(SagaError::Undone { error: Some(CheckoutError::Payment(error)), .. }) => {
            Told::Error(error.code().to_owned())
        }
        Err(SagaError::Undone { error: Some(CheckoutError::NoDelivery { .. }), .. }) => {
            Told::Error("no_delivery".to_owned())
        }
        Err(other) => Told::Error(other.to_string()),
    }
}

/// 49.90 EUR, to an address that the carrier goes to.
pub(super) fn order(id: &str) -> Result<Order, Failed> {
    Ok(Order {
        id: id.to_owned(),
        email: "ada@mailbox.example".to_owned(),
        card: "tok_visa".parse()?,
        amount: Money::new(49_90, Currency::EUR),
        country: "DE".to_owned(),
        held: None,
    })
}
