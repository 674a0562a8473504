//! A refresh that nobody waits for.

use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tracing::instrument::{Instrument, WithSubscriber};

use super::form::Form;
use super::load::{Lead, Load};
use crate::__rt::Refusal;

pin_project! {
    /// A load that this call waits for, or the old value while a task loads the new one.
    #[must_use]
    #[project = LoadAsideProjection]
    pub enum LoadAside<O, V, R, J, M, F>
    where
        O: Hash,
        O: Eq,
    {
        Found { found: Option<R> },
        Load {
            #[pin]
            load: Load<O, V, R, J, M, F>,
        },
    }
}

/// Runs the function: for this call, or, where it found a value that is due for a refresh, in a task
/// of its own, while this call gets the value. Without a runtime the call waits for it.
pub fn load_aside<O, V, R, J, M, F>(lead: Lead<O, V>, form: M, inner: F) -> LoadAside<O, V, R, J, M, F>
where
    O: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
    R: Send + Sync + 'static,
    J: Refusal + Clone + Send + Sync + 'static,
    M: Form<V, R> + Send + 'static,
    F: Future<Output = Result<R, J>> + Send + 'static,
{
    let found = lead.refreshed().and_then(|kept| form.give(kept));
    let load = Load::new(lead, form, inner);
    match (found, Handle::try_current()) {
        (Some(found), Ok(runtime)) => {
            let refresh = async move { drop(load.await) };
            runtime.spawn(refresh.in_current_span().with_current_subscriber());
            LoadAside::Found { found: Some(found) }
        }
        _ => LoadAside::Load { load },
    }
}

impl<O, V, R, J, M, F> Future for LoadAside<O, V, R, J, M, F>
where
    O: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
    R: Send + Sync + 'static,
    J: Refusal + Clone + Send + Sync + 'static,
    M: Form<V, R>,
    F: Future<Output = Result<R, J>>,
{
    type Output = Result<R, J>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            LoadAsideProjection::Load { load } => load.poll(cx),
            LoadAsideProjection::Found { found } => found.take().map_or(Poll::Pending, |found| Poll::Ready(Ok(found))),
        }
    }
}
