//! The same calls without the attribute.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::call::{Call, Comparable, Payload, key};
use super::claim::Claim;
use super::future::finish;
use super::key::AsKey;
use super::policy::Idempotency;
use super::replay::{Query, Replay, answer};
use super::store::Store;
use crate::{Rejection, ReplayFailure};

/// # Calls
impl Idempotency {
    /// Runs `work` once for a key, and gives every later call of the key the first one's answer: what
    /// [`#[idempotent]`](macro@crate::idempotent) expands to, with `on_cancel = finish`.
    ///
    /// `work` gets the [`Claim`], and runs after the key is claimed, or not at all. Once begun, its
    /// future runs to its end and is recorded, also where the caller goes away, so it owns what it
    /// uses. `payload` is what must be the same when the key comes again; `&()` to not compare.
    ///
    /// The policy is a `static`. Its name must be no other function's; a policy that no attribute
    /// made is not in the registry, so [`registry::check`](crate::registry::check) does not see it.
    /// Where a scope, a codec, or somebody to ask is needed, take the attribute.
    ///
    /// ```
    /// use steadfast::Rejection;
    /// use steadfast::idempotent::{Idempotency, MemoryStore};
    ///
    /// static CHARGES: Idempotency = Idempotency::new("docs.call.charges");
    ///
    /// async fn charge(records: &MemoryStore, key: &str, amount: u64) -> Result<String, Rejection> {
    ///     let call = CHARGES.call(records, key, &amount, move |claim| async move {
    ///         Ok(format!("{amount} under {}", &claim.downstream_key()[..8]))
    ///     });
    ///     call.await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Rejection> {
    /// let records = MemoryStore::default();
    /// let first = charge(&records, "order-17", 500).await?;
    /// assert_eq!(charge(&records, "order-17", 500).await?, first); // replayed
    /// assert_eq!(charge(&records, "order-17", 900).await.unwrap_err().code(), "payload_conflict");
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<S, K, P, T, E, M, W, F>(
        &'static self,
        store: &S,
        the_key: &K,
        payload: &P,
        work: W,
    ) -> impl Future<Output = Result<T, E>> + use<S, K, P, T, E, M, W, F>
    where
        S: Store,
        K: AsKey + ?Sized,
        P: Comparable + ?Sized,
        T: Replay<M>,
        E: ReplayFailure + From<Rejection> + Send + 'static,
        M: 'static,
        W: FnOnce(Claim) -> F + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let mut call = Call::new(self, key(the_key), Payload::of(payload));
        let claim = call.claim();
        let codec = |query: Query<'_, Result<T, E>>| answer::<T, E, M>(&query);
        Edge { call: finish(call, store.clone(), codec, Work::Waits { work: Some(work), claim: Some(claim) }) }
    }
}

pin_project! {
    /// The outer edge: a refusal becomes the caller's error.
    struct Edge<C> {
        #[pin]
        call: C,
    }
}

impl<T, E: From<Rejection>, C: Future<Output = Result<Result<T, E>, Rejection>>> Future for Edge<C> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().call.poll(cx).map(|answer| answer.unwrap_or_else(|rejection| Err(rejection.into())))
    }
}

pin_project! {
    /// The work, which is not begun before it is polled.
    #[project = WorkProjected]
    enum Work<W, F> {
        Waits { work: Option<W>, claim: Option<Claim> },
        Runs { #[pin] future: F },
    }
}

impl<R, W: FnOnce(Claim) -> F, F: Future<Output = R>> Future for Work<W, F> {
    type Output = Result<R, Rejection>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let WorkProjected::Waits { work, claim } = self.as_mut().project() {
            let (Some(work), Some(claim)) = (work.take(), claim.take()) else {
                return Poll::Pending;
            };
            let future = work(claim);
            self.set(Self::Runs { future });
        }
        match self.project() {
            WorkProjected::Runs { future } => future.poll(cx).map(Ok),
            WorkProjected::Waits { .. } => Poll::Pending,
        }
    }
}
