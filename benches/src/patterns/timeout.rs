//! A timeout around a body that is ready at once.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use steadfast::{Layer, Reason, Rejection, timeout};
use tokio::runtime::{Builder, Runtime};

use crate::drive::{Group, Subject, polled};
use crate::subjects::gateway::{self, Unreachable};
use crate::subjects::ours::CallError;

const LIMIT: Duration = Duration::from_secs(2);

pub const GROUP: Group = Group {
    name: "timeout",
    floor: "hand",
    contended: false,
    subjects: &[
        Subject { name: "hand", calls: |n| polled(n, hand), future: || size_of_val(&hand(1)) },
        Subject { name: "ours", calls: |n| polled(n, ours), future: || size_of_val(&ours(1)) },
        Subject { name: "tokio", calls: of_tokio_calls, future: || of_tokio_size() },
    ],
};

/// The body first; a timer only where it waits.
async fn hand(request: u64) -> Result<u64, CallError> {
    let mut body = pin!(gateway::ask(request));
    let mut timer = pin!(None);
    poll_fn(|cx| {
        if let Poll::Ready(answer) = body.as_mut().poll(cx) {
            return Poll::Ready(answer.map_err(CallError::from));
        }
        if timer.is_none() {
            timer.set(Some(tokio::time::sleep(LIMIT)));
        }
        match timer.as_mut().as_pin_mut() {
            Some(timer) => timer.poll(cx).map(|()| Err(timed_out())),
            None => Poll::Pending,
        }
    })
    .await
}

#[cold]
fn timed_out() -> CallError {
    Rejection::new(Layer::Timeout, "hand", Reason::TimedOut { after: LIMIT }).into()
}

#[timeout("2s")]
async fn ours(request: u64) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

async fn of_tokio(request: u64) -> Result<u64, Unreachable> {
    tokio::time::timeout(LIMIT, gateway::ask(request)).await.map_err(|_| Unreachable)?
}

/// Its timer is made first, and asks for a runtime.
fn of_tokio_calls(number: u64) {
    let _entered = runtime().enter();
    polled(number, of_tokio);
}

fn of_tokio_size() -> usize {
    let _entered = runtime().enter();
    size_of_val(&of_tokio(1))
}

fn runtime() -> &'static Runtime {
    static RUNTIME: std::sync::LazyLock<Runtime> =
        std::sync::LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));
    &RUNTIME
}
