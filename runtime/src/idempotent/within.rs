//! A limit on the time of a store's answer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::store::StoreError;

pin_project! {
    /// A store's answer, or that it is late. The timer is made only for one that is not at once.
    pub(super) struct Within<F> {
        #[pin]
        answer: F,
        #[pin]
        timer: Option<Sleep>,
        limit: Instant,
    }
}

pub(super) fn within<T, F>(limit: Instant, answer: F) -> Within<F>
where
    F: Future<Output = Result<T, StoreError>>,
{
    Within { answer, timer: None, limit }
}

impl<T, F: Future<Output = Result<T, StoreError>>> Future for Within<F> {
    type Output = Result<T, StoreError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(answer) = this.answer.poll(cx) {
            return Poll::Ready(answer);
        }
        if this.timer.is_none() {
            this.timer.set(Some(sleep_until(*this.limit)));
        }
        let timer = this.timer.as_pin_mut();
        timer.map_or(Poll::Pending, |timer| timer.poll(cx)).map(|()| Err(StoreError::late()))
    }
}
