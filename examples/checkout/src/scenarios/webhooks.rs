//! The gateway says by a webhook that it took the money. The genuine one is written down, once. Somebody who
//! overheard it and sends it again is refused, and so is who changes a digit. The gateway's own second
//! attempt is signed anew: it is accepted, and answered from the record.

use std::time::Duration;

use steadfast::clock;
use steadfast::first_seen::MemoryFirstSeen;
use steadfast::idempotent;
use steadfast::idempotent::{AnyStore, MemoryStore};
use steadfast_payments::PaymentError;
use steadfast_payments::webhooks::{Delivery, Inbox, Standard, StandardSigner, Verifier};

use super::{Account, Books, Event, Failed, Journal, Sent, Told};

/// Both sides have it: a key of the specification's own examples.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[derive(Clone)]
struct Receiver {
    inbox: Inbox<Standard, MemoryFirstSeen>,
    records: AnyStore,
    journal: Journal,
}

impl Receiver {
    fn new() -> Result<Self, Failed> {
        let inbox = Inbox::new("webhooks.gateway", Verifier::standard([SECRET])?, MemoryFirstSeen::default());
        Ok(Self { inbox, records: AnyStore::new(MemoryStore::default()), journal: Journal::default() })
    }

    /// What a handler of HTTP requests does with the headers and the raw body.
    async fn receive(&self, sent: Sent, headers: &[(&str, String)], body: &str) -> Told {
        let answer = self.settled(headers, body).await;
        let told = Told::of(&answer);
        self.journal.note(Event::Webhook { sent, told: told.clone() });
        told
    }

    async fn settled(&self, headers: &[(&str, String)], body: &str) -> Result<(), PaymentError> {
        let delivery = self.inbox.accept(headers, body.as_bytes().to_vec()).await?;
        settle(self.clone(), delivery).await
    }
}

/// Runs once for an event, however often it is delivered.
#[idempotent(name = "webhooks.settle", key = delivery.id(), payload = none, store = receiver.records)]
async fn settle(receiver: Receiver, delivery: Delivery<Vec<u8>>) -> Result<(), PaymentError> {
    receiver.journal.note(Event::Settled(delivery.id().to_owned()));
    Ok(())
}

pub(super) async fn play() -> Result<Account, Failed> {
    let (gateway, receiver) = (StandardSigner::new([SECRET])?, Receiver::new()?);
    let (body, more) = (r#"{"charge":"ch_0001","captured":4990}"#, r#"{"charge":"ch_0001","captured":9990}"#);
    let now = clock::wall();

    let headers = gateway.sign("evt_1", now, body)?;
    let genuine = receiver.receive(Sent::Genuine, &headers, body).await;
    let replayed = receiver.receive(Sent::Again, &headers, body).await;
    let tampered = receiver.receive(Sent::Changed, &headers, more).await;
    let headers = gateway.sign("evt_1", now + Duration::from_secs(1), body)?;
    let second_attempt = receiver.receive(Sent::SecondAttempt, &headers, body).await;

    let account = Account::new(&receiver.journal, Books::default());
    let settled = account.events.iter().filter(|event| matches!(event, Event::Settled(_))).count();
    let refused = |code: &str| Told::Error(code.to_owned());
    Ok(account
        .promises("the genuine one was accepted", genuine == Told::Done)
        .promises("the one that was sent again was refused", replayed == refused("webhook_replayed"))
        .promises("the one that was changed was refused", tampered == refused("webhook_signature_invalid"))
        .promises("the gateway's second attempt was accepted", second_attempt == Told::Done)
        .promises("it was written down once", settled == 1))
}
