//! The pause between two attempts.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

pin_project! {
    /// Ends when the next attempt may begin. A pause of zero has no timer, but gives way to the
    /// other tasks once, so that a loop of failures cannot keep the thread.
    #[derive(Debug)]
    #[must_use]
    pub struct Pause {
        #[pin]
        kind: Kind,
    }
}

pin_project! {
    #[project = KindProjection]
    #[derive(Debug)]
    enum Kind {
        GiveWay { given: bool },
        Sleep { #[pin] sleep: Sleep },
    }
}

impl Pause {
    pub(super) fn new(now: Instant, pause: Duration) -> Self {
        if pause.is_zero() {
            return Self { kind: Kind::GiveWay { given: false } };
        }
        let sleep = match now.checked_add(pause) {
            Some(end) => sleep_until(end),
            // Beyond what an instant can hold, tokio sleeps for decades.
            None => sleep(pause),
        };
        Self { kind: Kind::Sleep { sleep } }
    }
}

impl Future for Pause {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.project().kind.project() {
            KindProjection::GiveWay { given: true } => Poll::Ready(()),
            KindProjection::GiveWay { given } => {
                *given = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            KindProjection::Sleep { sleep } => sleep.poll(cx),
        }
    }
}
