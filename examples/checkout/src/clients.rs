//! The clients: each sends its request, and comes back until it has an answer.

use std::sync::Arc;
use std::time::Duration;

use steadfast::{Reason, Rejection};
use steadfast_payments::PaymentError;
use steadfast_payments::error::Detail;
use steadfast_payments::gateway::Authorization;
use tokio::time::{sleep, timeout};

use crate::Stack;
use crate::charge::{App, charge_customer, charge_without_idempotent};
use crate::gateway::Gateway;
use crate::orders::{Client, Line};
use crate::progress::{ComesBack, Tally};

/// So long does a client that hangs up wait for an answer.
const PATIENCE: Duration = Duration::from_millis(60);
/// And so long does a client wait before it comes back, where nobody says how long.
const PAUSE: Duration = Duration::from_millis(250);
/// So often does a client call, at most.
const MOST_CALLS: u32 = 60;

/// How a request ended for its client.
#[derive(Debug)]
pub(crate) enum Ending {
    Charged(Authorization),
    /// With the gateway's number for the answer.
    Declined {
        answer: Detail,
    },
    Conflict,
    Invalid,
    Unknown,
    Failed(String),
}

/// One request of one client.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) app: App<Gateway>,
    pub(crate) stack: Stack,
    pub(crate) line: Arc<Line>,
    pub(crate) tally: Arc<Tally>,
}

/// What a client does after an answer.
enum Next {
    End(Ending),
    ComeBack(ComesBack, Duration),
}

impl Request {
    /// Calls until there is an answer.
    pub(crate) async fn run(self) -> Ending {
        self.tally.sent();
        let mut in_doubt = false;
        for call in 1..=MOST_CALLS {
            let hangs_up = self.line.client == Client::HangsUp && call == 1;
            let next = if hangs_up { self.call_and_hang_up().await } else { next(self.call().await) };
            let (why, pause) = match next {
                Next::End(ending) => return ending,
                // Asked about it once more, and still no answer: time to ask a human.
                Next::ComeBack(ComesBack::NoAnswer, _) if in_doubt => return Ending::Unknown,
                Next::ComeBack(why, pause) => (why, pause),
            };
            in_doubt |= why == ComesBack::NoAnswer;
            if call < MOST_CALLS {
                self.tally.comes_back(why);
                sleep(pause).await;
            }
        }
        Ending::Failed(format!("no answer in {MOST_CALLS} calls"))
    }

    async fn call_and_hang_up(&self) -> Next {
        match timeout(PATIENCE, self.call()).await {
            Ok(answer) => next(answer),
            Err(_) => Next::ComeBack(ComesBack::HungUp, PAUSE),
        }
    }

    async fn call(&self) -> Result<Authorization, PaymentError> {
        self.tally.called();
        let Line { request, key, .. } = &*self.line;
        let (app, request) = (self.app.clone(), request.clone());
        match self.stack {
            Stack::Whole => charge_customer(app, request, key.clone()).await,
            Stack::WithoutIdempotent => charge_without_idempotent(app, request).await,
        }
    }
}

fn next(answer: Result<Authorization, PaymentError>) -> Next {
    match answer {
        Ok(held) => Next::End(Ending::Charged(held)),
        Err(PaymentError::Declined { reason: answer, .. }) => Next::End(Ending::Declined { answer }),
        Err(PaymentError::Network { .. }) => Next::ComeBack(ComesBack::Unreachable, PAUSE),
        Err(PaymentError::GatewayTimeout { .. }) => Next::ComeBack(ComesBack::NoAnswer, PAUSE),
        Err(PaymentError::Refused(rejection)) => after_refusal(&rejection),
        Err(other) => Next::End(Ending::Failed(other.to_string())),
    }
}

fn after_refusal(rejection: &Rejection) -> Next {
    let told = rejection.retry_after().unwrap_or(PAUSE);
    match rejection.reason() {
        Reason::Conflict => Next::End(Ending::Conflict),
        Reason::Invalid(_) => Next::End(Ending::Invalid),
        Reason::OutcomeUnknown { .. } => Next::End(Ending::Unknown),
        Reason::TimedOut { .. } => Next::ComeBack(ComesBack::NoAnswer, PAUSE),
        // What it tells is when the lease ends, and the answer is there long before.
        Reason::InFlight { .. } => Next::ComeBack(ComesBack::InFlight, PAUSE),
        // Nothing ran, or it did and is not on record: the gateway will know.
        Reason::StoreUnavailable(_) | Reason::Unrecorded(_) => Next::ComeBack(ComesBack::StoreDown, PAUSE),
        Reason::Limited { .. } => Next::ComeBack(ComesBack::Limited, told),
        Reason::Open { .. } => Next::ComeBack(ComesBack::CircuitOpen, told),
        _ => Next::End(Ending::Failed(rejection.to_string())),
    }
}
