//! A breaker that is closed, around a body that succeeds.

use std::sync::LazyLock;

use failsafe::StateMachine;
use failsafe::backoff::EqualJittered;
use failsafe::failure_policy::ConsecutiveFailures;
use failsafe::futures::CircuitBreaker as _;
use recloser::{AsyncRecloser, Recloser};
use steadfast::{Layer, Reason, Rejection, circuit_breaker};

use crate::drive::{Group, Subject, polled};
use crate::subjects::gateway::{self, Unreachable};
use crate::subjects::hand::{
    CallError as ByHand,
    breaker::{Breaker, Outcome},
};
use crate::subjects::ours::CallError;

pub const GROUP: Group = Group {
    name: "breaker",
    floor: "hand",
    contended: true,
    subjects: &[
        Subject { name: "hand", calls: |n| polled(n, hand), future: || size_of_val(&hand(1)) },
        Subject { name: "ours", calls: |n| polled(n, ours), future: || size_of_val(&ours(1)) },
        Subject { name: "ours-window", calls: |n| polled(n, window), future: || size_of_val(&window(1)) },
        Subject { name: "ours-calls", calls: |n| polled(n, last_calls), future: || size_of_val(&last_calls(1)) },
        Subject { name: "ours-keyed", calls: |n| polled(n, keyed), future: || size_of_val(&keyed(1)) },
        Subject { name: "failsafe", calls: |n| polled(n, of_failsafe), future: || size_of_val(&of_failsafe(1)) },
        Subject { name: "recloser", calls: |n| polled(n, of_recloser), future: || size_of_val(&of_recloser(1)) },
    ],
};

async fn hand(request: u64) -> Result<u64, CallError> {
    static BREAKER: Breaker = Breaker::new();
    let mut permit = BREAKER.admit().map_err(open)?;
    let result = gateway::ask(request).await.map_err(CallError::from);
    permit.ends(match &result {
        Ok(_) => Outcome::Success,
        Err(CallError::Unreachable) => Outcome::Failure,
        Err(CallError::Refused(_)) => Outcome::Neutral,
    });
    result
}

#[cold]
fn open(refused: ByHand) -> CallError {
    let retry_after = match refused {
        ByHand::CircuitOpen { retry_after } => retry_after,
        _ => None,
    };
    Rejection::new(Layer::CircuitBreaker, "hand", Reason::Open { retry_after }).into()
}

#[circuit_breaker]
async fn ours(request: u64) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

/// The rate of failures over a time.
#[circuit_breaker(failure_rate = 0.5, window = "30s")]
async fn window(request: u64) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

/// The rate of failures of the last calls.
#[circuit_breaker(failure_rate = 0.5, window = 100)]
async fn last_calls(request: u64) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

/// One of many breakers.
#[circuit_breaker(key = request % 64)]
async fn keyed(request: u64) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

/// Its consecutive policy alone, which costs least.
async fn of_failsafe(request: u64) -> Result<u64, failsafe::Error<Unreachable>> {
    static BREAKER: LazyLock<StateMachine<ConsecutiveFailures<EqualJittered>, ()>> = LazyLock::new(|| {
        let pauses =
            failsafe::backoff::equal_jittered(std::time::Duration::from_secs(30), std::time::Duration::from_secs(300));
        failsafe::Config::new().failure_policy(failsafe::failure_policy::consecutive_failures(5, pauses)).build()
    });
    BREAKER.call(gateway::ask(request)).await
}

/// A window of calls; it has no consecutive policy.
async fn of_recloser(request: u64) -> Result<u64, recloser::Error<Unreachable>> {
    static BREAKER: LazyLock<AsyncRecloser> =
        LazyLock::new(|| AsyncRecloser::from(Recloser::custom().error_rate(0.5).closed_len(100).build()));
    BREAKER.call(gateway::ask(request)).await
}
