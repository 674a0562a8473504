//! A gateway that is watched: every call is noted, with what its caller was told.

use std::future::pending;

use steadfast_payments::gateway::{
    Authorization, Authorize, Capture, Captured, LookUp, Refund, Refunded, Void, Voided,
};
use steadfast_payments::{Money, PaymentError, PaymentGateway};

use super::{Call, Event, Journal, Told};

/// Whatever gateway, watched.
#[derive(Clone, Debug)]
pub(crate) struct Watched<G> {
    gateway: G,
    journal: Journal,
    silent: Option<Call>,
}

impl<G> Watched<G> {
    pub(crate) fn new(gateway: G, journal: Journal) -> Self {
        Self { gateway, journal, silent: None }
    }

    /// Does these calls, and never answers them.
    pub(crate) fn never_answers(self, call: Call) -> Self {
        Self { silent: Some(call), ..self }
    }

    async fn watch<T>(
        &self,
        call: Call,
        amount: Option<Money>,
        work: impl Future<Output = Result<T, PaymentError>> + Send,
    ) -> Result<T, PaymentError> {
        let mut noted = Noted { journal: &self.journal, call, amount, told: Told::Nothing };
        let answer = work.await;
        if self.silent == Some(call) {
            drop(noted);
            return pending().await;
        }
        noted.told = Told::of(&answer);
        answer
    }
}

/// Noted when the call ends, and when its caller leaves before.
struct Noted<'a> {
    journal: &'a Journal,
    call: Call,
    amount: Option<Money>,
    told: Told,
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        let told = std::mem::replace(&mut self.told, Told::Nothing);
        self.journal.note(Event::Gateway { call: self.call, amount: self.amount, told });
    }
}

impl<G: PaymentGateway> PaymentGateway for Watched<G> {
    async fn authorize(&self, request: &Authorize, key: &str) -> Result<Authorization, PaymentError> {
        self.watch(Call::Authorize, Some(request.amount), self.gateway.authorize(request, key)).await
    }

    async fn capture(&self, request: &Capture, key: &str) -> Result<Captured, PaymentError> {
        self.watch(Call::Capture, Some(request.amount), self.gateway.capture(request, key)).await
    }

    async fn void(&self, request: &Void, key: &str) -> Result<Voided, PaymentError> {
        self.watch(Call::Void, None, self.gateway.void(request, key)).await
    }

    async fn refund(&self, request: &Refund, key: &str) -> Result<Refunded, PaymentError> {
        self.watch(Call::Refund, Some(request.amount), self.gateway.refund(request, key)).await
    }

    async fn look_up(&self, key: &str) -> Result<LookUp, PaymentError> {
        self.watch(Call::LookUp, None, self.gateway.look_up(key)).await
    }
}
