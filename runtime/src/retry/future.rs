//! The pause between two attempts.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use crate::{clock, scope};

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
        // The timer is made when somebody waits by it: a thread that sleeps needs none.
        Until { end: Option<Instant>, pause: Duration },
        Sleep { #[pin] sleep: Sleep },
    }
}

impl Pause {
    pub(super) fn new(now: Instant, pause: Duration) -> Self {
        let pause = scope::pause(pause);
        if pause.is_zero() {
            return Self { kind: Kind::GiveWay { given: false } };
        }
        Self { kind: Kind::Until { end: now.checked_add(pause), pause } }
    }

    /// Sleeps on this thread, which does nothing else meanwhile. A pause of zero gives way to the
    /// other threads.
    pub fn block(self) {
        match self.kind {
            Kind::Until { end, pause } => {
                let rest = end.map_or(pause, |end| end.saturating_duration_since(clock::mono()));
                std::thread::sleep(rest);
            }
            Kind::GiveWay { .. } | Kind::Sleep { .. } => std::thread::yield_now(),
        }
    }
}

/// Beyond what an instant can hold, tokio sleeps for decades.
fn timer(end: Option<Instant>, pause: Duration) -> Sleep {
    end.map_or_else(|| sleep(pause), sleep_until)
}

impl Future for Pause {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut kind = self.project().kind;
        loop {
            match kind.as_mut().project() {
                KindProjection::GiveWay { given: true } => return Poll::Ready(()),
                KindProjection::GiveWay { given } => {
                    *given = true;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                KindProjection::Until { end, pause } => {
                    let sleep = timer(*end, *pause);
                    kind.set(Kind::Sleep { sleep });
                }
                KindProjection::Sleep { sleep } => return sleep.poll(cx),
            }
        }
    }
}
