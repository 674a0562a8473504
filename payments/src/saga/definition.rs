//! The definition of a saga, in which a wrong order of steps cannot be written.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use steadfast::retry::RetryPolicy;

use super::functions::{Acts, Undoes};
use super::id::SagaId;
use super::plan::{DefinitionError, Plan, Planned, Role, draw};
use super::step::Step;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Act<App, S, E> = Box<dyn Fn(App, S, Step) -> Boxed<Result<S, E>> + Send + Sync>;
type Undo<App, S, E> = Box<dyn Fn(App, S, Step) -> Boxed<Result<(), E>> + Send + Sync>;

/// Steps that are all done, or all undone.
///
/// `App` is what the steps work with, such as a struct of clients, cloned for each attempt; `S` the state that
/// goes from step to step and into the log; `E` the steps' error. The last parameter says whether a
/// step can still be added that is undone ([`Open`]) or the saga is [`Decided`].
///
/// See the [module](super) for an example.
pub struct Saga<App, S, E, P = Decided> {
    pub(super) parts: Parts<App, S, E>,
    place: PhantomData<fn() -> P>,
}

/// No pivot yet: what is done can be undone.
#[derive(Clone, Copy, Debug)]
pub enum Open {}

/// After the pivot: the saga only goes forward.
#[derive(Clone, Copy, Debug)]
pub enum Decided {}

/// That a saga has no pivot yet.
#[diagnostic::on_unimplemented(
    message = "this saga has its pivot already: after it nothing is undone, and nothing decides once more",
    label = "a step with an undo, or a second pivot, after the pivot",
    note = "put it before `.pivot(..)`; or add it with `.forward(name, action)`, which is tried until it is done"
)]
pub trait BeforePivot: sealed::Place {}
#[diagnostic::do_not_recommend]
impl BeforePivot for Open {}

/// That a saga has its pivot.
#[diagnostic::on_unimplemented(
    message = "this saga has no pivot yet: a step before it needs an undo, or it stays done where a later one fails",
    label = "a step without an undo before the pivot",
    note = "give it one: `.step(name, action, undo)`; or make it what decides: `.pivot(name, action)`"
)]
pub trait AfterPivot: sealed::Place {}
#[diagnostic::do_not_recommend]
impl AfterPivot for Decided {}

mod sealed {
    pub trait Place {}
    impl Place for super::Open {}
    impl Place for super::Decided {}
}

/// What every run of a saga needs.
pub(super) struct Parts<App, S, E> {
    pub(super) name: &'static str,
    pub(super) plan: Plan,
    pub(super) functions: Vec<Arc<Functions<App, S, E>>>,
    pub(super) retry: &'static RetryPolicy,
    pub(super) insist: &'static RetryPolicy,
    pub(super) lease: Duration,
    pub(super) at_once: usize,
}

pub(super) struct Functions<App, S, E> {
    pub(super) act: Act<App, S, E>,
    pub(super) undo: Option<Undo<App, S, E>>,
}

/// For steps that can be given up: a caller waits.
static RETRY: RetryPolicy = RetryPolicy::new("saga");

/// For what must come to its end: nobody but an operator can help afterwards.
static INSIST: RetryPolicy = RetryPolicy::new("saga")
    .max_attempts(10)
    .delay(Duration::from_millis(200))
    .max_delay(Duration::from_secs(30))
    .no_max_elapsed();

const LEASE: Duration = Duration::from_secs(60);
const SHORTEST_LEASE: Duration = Duration::from_millis(10);
const AT_ONCE: usize = 16;

impl<App, S, E> Saga<App, S, E, Open> {
    /// A saga without a step. The name is part of every saga's identity and of the downstream keys, so it
    /// stays when code moves; the version is raised whenever the steps, or what they do, change: a
    /// saga goes on only under the version under which it began.
    ///
    /// ```
    /// use steadfast::Rejection;
    /// use steadfast_payments::saga::{Saga, Step};
    ///
    /// async fn charge(_: (), order: u64, _: Step) -> Result<u64, Rejection> {
    ///     Ok(order)
    /// }
    ///
    /// let saga = Saga::new("checkout", 3).pivot("charge", charge);
    /// assert_eq!(saga.check(), Ok(()));
    /// ```
    pub fn new(name: &'static str, version: u32) -> Self {
        let plan = Plan { version, steps: Vec::new() };
        let (retry, insist) = (&RETRY, &INSIST);
        let parts = Parts { name, plan, functions: Vec::new(), retry, insist, lease: LEASE, at_once: AT_ONCE };
        Self { parts, place: PhantomData }
    }
}

impl<App, S, E, P> Saga<App, S, E, P> {
    /// A step, and what undoes it. The action gets the state that the step before it left, or the input,
    /// and returns the next one. The undo gets the state that this action returned.
    ///
    /// Both may run more than once, also at the same time where an executor has lost its lease and not
    /// noticed yet: they hand [`Step::downstream_key`] on, so that the other side does it once.
    ///
    /// ```
    /// # use steadfast::Rejection;
    /// # use steadfast_payments::saga::{Saga, Step};
    /// async fn reserve(_: (), order: u64, _: Step) -> Result<u64, Rejection> {
    ///     Ok(order)
    /// }
    /// async fn release(_: (), order: u64, _: Step) -> Result<(), Rejection> {
    ///     Ok(())
    /// }
    ///
    /// let saga = Saga::new("checkout", 1).step("reserve", reserve, release);
    /// ```
    ///
    /// Without an undo it does not compile, nor after the pivot:
    ///
    /// ```compile_fail
    /// # use steadfast::Rejection;
    /// # use steadfast_payments::saga::{Saga, Step};
    /// # async fn reserve(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
    /// let saga = Saga::new("checkout", 1).step("reserve", reserve);
    /// ```
    ///
    /// ```compile_fail,E0277
    /// # use steadfast::Rejection;
    /// # use steadfast_payments::saga::{Saga, Step};
    /// # async fn reserve(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
    /// # async fn release(_: (), order: u64, _: Step) -> Result<(), Rejection> { Ok(()) }
    /// # async fn charge(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
    /// let saga = Saga::new("checkout", 1).pivot("charge", charge).step("reserve", reserve, release);
    /// ```
    #[must_use]
    pub fn step<A, Acting, U, Undoing>(self, name: &'static str, action: A, undo: U) -> Self
    where
        P: BeforePivot,
        A: Acts<App, S, E> + Fn(App, S, Step) -> Acting + Send + Sync + 'static,
        Acting: Future<Output = Result<S, E>> + Send + 'static,
        U: Undoes<App, S, E> + Fn(App, S, Step) -> Undoing + Send + Sync + 'static,
        Undoing: Future<Output = Result<(), E>> + Send + 'static,
    {
        let undo: Undo<App, S, E> = Box::new(move |app, state, step| Box::pin(undo(app, state, step)));
        self.with(name, Role::Undoable, action, Some(undo))
    }

    /// The step that decides: once it is done, the saga only goes forward. There is one at most; without
    /// one, the saga is decided when its last step is done.
    ///
    /// ```compile_fail,E0277
    /// # use steadfast::Rejection;
    /// # use steadfast_payments::saga::{Saga, Step};
    /// # async fn charge(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
    /// let saga = Saga::new("checkout", 1).pivot("charge", charge).pivot("charge again", charge);
    /// ```
    ///
    /// See [`step`](Self::step) for what its action may have to bear.
    #[must_use]
    pub fn pivot<A, Acting>(self, name: &'static str, action: A) -> Saga<App, S, E, Decided>
    where
        P: BeforePivot,
        A: Acts<App, S, E> + Fn(App, S, Step) -> Acting + Send + Sync + 'static,
        Acting: Future<Output = Result<S, E>> + Send + 'static,
    {
        let Self { parts, .. } = self.with(name, Role::Pivot, action, None);
        Saga { parts, place: PhantomData }
    }

    /// A step after the pivot. It is tried by the [`insist`](Self::insist) policy; what fails for good there is
    /// stuck, and never undone.
    ///
    /// ```compile_fail,E0277
    /// # use steadfast::Rejection;
    /// # use steadfast_payments::saga::{Saga, Step};
    /// # async fn ship(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
    /// let saga = Saga::new("checkout", 1).forward("ship", ship);
    /// ```
    ///
    /// See [`step`](Self::step) for what its action may have to bear.
    #[must_use]
    pub fn forward<A, Acting>(self, name: &'static str, action: A) -> Self
    where
        P: AfterPivot,
        A: Acts<App, S, E> + Fn(App, S, Step) -> Acting + Send + Sync + 'static,
        Acting: Future<Output = Result<S, E>> + Send + 'static,
    {
        self.with(name, Role::Forward, action, None)
    }

    fn with<A, Acting>(mut self, name: &str, role: Role, action: A, undo: Option<Undo<App, S, E>>) -> Self
    where
        A: Fn(App, S, Step) -> Acting + Send + Sync + 'static,
        Acting: Future<Output = Result<S, E>> + Send + 'static,
    {
        let act: Act<App, S, E> = Box::new(move |app, state, step| Box::pin(action(app, state, step)));
        self.parts.plan.steps.push(Planned { name: name.to_owned(), role });
        self.parts.functions.push(Arc::new(Functions { act, undo }));
        self
    }

    /// How often a step up to the pivot is tried before the saga goes back, and after which pauses. Default
    /// [`RetryPolicy`]'s own: 3 attempts, 100 ms, growing. Every attempt has the same downstream key,
    /// so unknown outcomes are tried again whether the policy says `repeatable` or not. Where a
    /// function retries by itself, `max_attempts(1)` leaves it to it.
    ///
    /// ```
    /// use steadfast::retry::RetryPolicy;
    /// # use steadfast::Rejection;
    /// # use steadfast_payments::saga::{Saga, Step};
    /// # async fn charge(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
    ///
    /// static ONCE: RetryPolicy = RetryPolicy::new("checkout").max_attempts(1);
    ///
    /// let saga = Saga::new("checkout", 1).pivot("charge", charge).retry(&ONCE);
    /// ```
    #[must_use]
    pub fn retry(mut self, policy: &'static RetryPolicy) -> Self {
        self.parts.retry = policy;
        self
    }

    /// How often what must come to its end is tried before the saga is stuck: undos, steps after the pivot,
    /// and steps that may have happened. Default 10 attempts, 200 ms, growing to 30 s, about two minutes.
    /// The saga's lease is renewed during the pauses.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::retry::RetryPolicy;
    /// # use steadfast::Rejection;
    /// # use steadfast_payments::saga::{Saga, Step};
    /// # async fn charge(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
    ///
    /// static FOR_AN_HOUR: RetryPolicy = RetryPolicy::new("checkout")
    ///     .max_attempts(1000)
    ///     .max_delay(Duration::from_secs(60))
    ///     .max_elapsed(Duration::from_secs(3600));
    ///
    /// let saga = Saga::new("checkout", 1).pivot("charge", charge).insist(&FOR_AN_HOUR);
    /// ```
    #[must_use]
    pub fn insist(mut self, policy: &'static RetryPolicy) -> Self {
        self.parts.insist = policy;
        self
    }

    /// How long an executor is believed to live after it last renewed its lease. It renews at a third, beside
    /// the work. Default 60 s, at least 10 ms. After a crash nobody goes on with the saga before
    /// the lease ends; one that is too short is lost where the process stands still.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use steadfast::Rejection;
    /// # use steadfast_payments::saga::{Saga, Step};
    /// # async fn charge(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
    ///
    /// let saga = Saga::new("checkout", 1).pivot("charge", charge).lease(Duration::from_secs(15));
    /// ```
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.parts.lease = lease;
        self
    }

    /// How many sagas [`resume_all`](Self::resume_all) runs at the same time. Default 16; zero counts as
    /// one.
    ///
    /// ```
    /// # use steadfast::Rejection;
    /// # use steadfast_payments::saga::{Saga, Step};
    /// # async fn charge(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
    /// let saga = Saga::new("checkout", 1).pivot("charge", charge).resume_at_once(4);
    /// ```
    #[must_use]
    pub fn resume_at_once(mut self, sagas: usize) -> Self {
        self.parts.at_once = sagas.max(1);
        self
    }

    /// Whether the definition can run: it has a step, its names are names and differ, its lease is long
    /// enough. Every run asks it, too; a program asks when it starts.
    ///
    /// # Errors
    /// What is wrong with it.
    ///
    /// See [`DefinitionError`] for an example.
    pub fn check(&self) -> Result<(), DefinitionError> {
        if SagaId::new(self.parts.name, "id").is_err() {
            return Err(DefinitionError::Name { step: None });
        }
        if self.parts.lease < SHORTEST_LEASE {
            return Err(DefinitionError::Lease);
        }
        self.parts.plan.flaw().map_or(Ok(()), Err)
    }
}

impl<App, S, E> Clone for Parts<App, S, E> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            plan: self.plan.clone(),
            functions: self.functions.clone(),
            retry: self.retry,
            insist: self.insist,
            lease: self.lease,
            at_once: self.at_once,
        }
    }
}

impl<App, S, E, P> Clone for Saga<App, S, E, P> {
    fn clone(&self) -> Self {
        Self { parts: self.parts.clone(), place: PhantomData }
    }
}

/// The path, a step a line.
///
/// ```
/// # use steadfast::Rejection;
/// # use steadfast_payments::saga::{Saga, Step};
/// # async fn reserve(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
/// # async fn release(_: (), order: u64, _: Step) -> Result<(), Rejection> { Ok(()) }
/// # async fn charge(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
/// # async fn ship(_: (), order: u64, _: Step) -> Result<u64, Rejection> { Ok(order) }
/// let saga = Saga::new("checkout", 1).step("reserve", reserve, release).pivot("charge", charge).forward("ship", ship);
/// assert_eq!(
///     saga.to_string(),
///     "checkout, version 1\n  1  reserve  can be undone\n  2  charge   pivot\n  3  ship     only forward"
/// );
/// ```
impl<App, S, E, P> fmt::Display for Saga<App, S, E, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, version {}", self.parts.name, self.parts.plan.version)?;
        draw(f, self.parts.plan.steps.iter().map(|step| (step.name.as_str(), step.role.as_str())))
    }
}

impl<App, S, E, P> fmt::Debug for Saga<App, S, E, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saga")
            .field("name", &self.parts.name)
            .field("plan", &self.parts.plan)
            .field("lease", &self.parts.lease)
            .finish_non_exhaustive()
    }
}
