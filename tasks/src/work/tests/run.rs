use std::future::{pending, ready};

use tokio_util::sync::CancellationToken;

use crate::work::{Ran, run};

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("in a drop");
    }
}

fn word<T>(ran: &Ran<T>) -> &'static str {
    match ran {
        Ran::Ended(_) => "ended",
        Ran::Panicked(_) => "panicked",
        Ran::Interrupted => "interrupted",
    }
}

#[tokio::test]
async fn a_panic_stays_here_wherever_it_comes_from() {
    let token = CancellationToken::new();
    let before: Ran<()> = run(|| -> std::future::Ready<()> { panic!("before there is a future") }, &token).await;
    let Ran::Panicked(panic) = before else { panic!("{}", word(&before)) };
    assert_eq!(panic.message(), Some("before there is a future"));

    let inside = run(|| async { panic!("in {}", "it") }, &token).await;
    let Ran::<()>::Panicked(panic) = inside else { panic!("{}", word(&inside)) };
    assert_eq!(panic.message(), Some("in it"));
    assert_eq!(format!("{panic:?}"), "Panicked { .. }");

    let odd = run(|| async { std::panic::panic_any(PanicsWhenDropped) }, &token).await;
    let Ran::<()>::Panicked(panic) = odd else { panic!("{}", word(&odd)) };
    assert_eq!(panic.message(), None);
}

#[tokio::test]
async fn what_panics_when_it_is_dropped_changes_nothing() {
    let token = CancellationToken::new();
    token.cancel();
    let work = || {
        let held = PanicsWhenDropped;
        async move {
            let _held = held;
            pending::<()>().await;
        }
    };
    assert_eq!(word(&run(work, &token).await), "interrupted");
}

#[tokio::test]
async fn what_is_ready_has_ended_even_when_it_is_interrupted() {
    let token = CancellationToken::new();
    token.cancel();
    assert_eq!(word(&run(|| ready(7), &token).await), "ended");
}
