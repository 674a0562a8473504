//! The bus: who hears of which type of event.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::Duration;

use rapidhash::fast::RandomState;
use smallvec::SmallVec;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::middleware::{Delivery, Middleware, Next};
use super::publish::{NotPublished, Publish};
use super::report::IntoSaid;
use super::stop::{Left, Stopped};
use super::sub::{Control, Hears, Sub, ended};
use super::subscription::Subscription;
use super::{Queue, Said};

/// An event bus: whoever publishes an event does not know who hears of it, and is told what they said.
///
/// Clones are the same bus. See the [module](mod@crate::bus) for what it promises.
///
/// ```
/// use std::sync::Arc;
/// use steadfast_tasks::bus::{Bus, Queue, Said};
///
/// struct OrderPlaced {
///     order: u64,
/// }
///
/// async fn reserve_stock(_: Arc<OrderPlaced>) {}
/// async fn send_mail(event: Arc<OrderPlaced>) -> Result<(), String> {
///     Err(format!("no address in order {}", event.order))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = Bus::new("shop");
/// let _stock = bus.subscribe("stock", Queue::waiting(1_000), reserve_stock);
/// let _mail = bus.subscribe("mail", Queue::dropping(1_000), send_mail);
///
/// let report = bus.publish(OrderPlaced { order: 17 }).await?;
/// assert!(!report.all_ok());
/// let [stock, mail] = report.answers() else { panic!() };
/// assert!(stock.handler == "stock" && stock.said.is_ok());
/// assert_eq!(mail.said.error().unwrap().to_string(), "no address in order 17");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

/// A [`Bus`] that is being set up.
///
/// See [`middleware`](Self::middleware) for an example.
pub struct Builder {
    name: &'static str,
    middleware: Vec<Middleware>,
}

/// What all subscriptions of a bus share.
pub(super) struct Common {
    pub(super) name: &'static str,
    pub(super) middleware: Vec<Middleware>,
    /// Cancelled when the time to stop is over.
    pub(super) token: CancellationToken,
}

/// A bus, as its clones and guards share it.
pub(super) struct Inner {
    common: Arc<Common>,
    topics: RwLock<Topics>,
}

#[derive(Default)]
struct Topics {
    stopped: bool,
    /// A `Vec<Arc<dyn Hears<E>>>` for each `E`.
    by_type: HashMap<TypeId, Box<dyn Topic>, RandomState>,
    /// All that may still have something to do, also those that nobody hears of any more.
    all: Vec<Weak<dyn Control>>,
}

/// Those who hear of an event, when it is published. Most events have one.
pub(super) type Hearers<E> = SmallVec<[Arc<dyn Hears<E>>; 1]>;

/// Those who hear of one type of event.
trait Topic: Any + Send + Sync {
    /// Takes that one out, to be dropped where no lock is held.
    fn take(&mut self, gone: *const ()) -> Option<Arc<dyn Control>>;
}

impl<E: Send + Sync + 'static> Topic for Vec<Arc<dyn Hears<E>>> {
    fn take(&mut self, gone: *const ()) -> Option<Arc<dyn Control>> {
        let at = self.iter().position(|sub| Arc::as_ptr(sub).cast::<()>() == gone)?;
        let sub: Arc<dyn Control> = self.remove(at);
        Some(sub)
    }
}

/// # Setting up
impl Bus {
    /// A bus without middleware. `name` is what spans and metrics call it.
    ///
    /// See [`Bus`] for an example.
    pub fn new(name: &'static str) -> Self {
        Self::builder(name).build()
    }

    /// A bus with middleware.
    ///
    /// See [`Builder::middleware`] for an example.
    pub fn builder(name: &'static str) -> Builder {
        Builder { name, middleware: Vec::new() }
    }

    /// The name it was given.
    ///
    /// ```
    /// assert_eq!(steadfast_tasks::bus::Bus::new("shop").name(), "shop");
    /// ```
    pub fn name(&self) -> &'static str {
        self.0.common.name
    }

    /// From now on, `handler` hears of every event of type `E`, until the [`Subscription`] is dropped.
    ///
    /// The handler is an async function or closure of an `Arc<E>`, with attributes of `steadfast` if you like,
    /// that returns `()` or a `Result<(), E>`. `name` is what reports, spans and metrics call it. How much may
    /// wait for it, and what becomes of more, is what `queue` says.
    ///
    /// On a bus that was stopped it hears nothing.
    ///
    /// See [`Bus`] for an example.
    pub fn subscribe<E, F, T, S>(&self, name: &'static str, queue: Queue, handler: F) -> Subscription
    where
        E: Send + Sync + 'static,
        F: Fn(Arc<E>) -> T + Send + Sync + 'static,
        T: Future<Output = S> + Send + 'static,
        S: IntoSaid + 'static,
    {
        let sub = Arc::new(Sub::<E, F>::new(name, queue, handler, self.0.common.clone()));
        let mut topics = self.0.topics_mut();
        if topics.stopped {
            sub.close();
        } else {
            let hears: Arc<dyn Hears<E>> = sub.clone();
            let none: Vec<Arc<dyn Hears<E>>> = Vec::new();
            let topic: &mut dyn Any = &mut **topics.by_type.entry(TypeId::of::<E>()).or_insert_with(|| Box::new(none));
            if let Some(topic) = topic.downcast_mut::<Vec<Arc<dyn Hears<E>>>>() {
                topic.push(hears);
            }
            topics.all.retain(|sub| sub.strong_count() > 0);
            let control: Arc<dyn Control> = sub.clone();
            topics.all.push(Arc::downgrade(&control));
        }
        Subscription::new(Arc::downgrade(&self.0), TypeId::of::<E>(), sub)
    }
}

/// # Events
impl Bus {
    /// Publishes an event. Awaited, it says what every handler said when all have ended;
    /// [`accepted`](Publish::accepted) does not wait for them.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use steadfast_tasks::bus::{Bus, Queue};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bus = Bus::new("shop");
    /// bus.subscribe("stock", Queue::waiting(10), async |_: Arc<&str>| {}).detach();
    /// let report = bus.publish("order placed").key("order-17").correlation_id("req-4711").await?;
    /// assert!(report.all_ok());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Where it reaches nobody because the bus was stopped, or there is no runtime. That nobody has subscribed
    /// is no error.
    pub fn publish<E: Send + Sync + 'static>(&self, event: E) -> Publish<E> {
        Publish::new(self.0.clone(), event)
    }

    /// Stops: nothing more is published, by handlers neither, and what was published is handled to its end, for
    /// as long as `within`. What is then left is dropped, and reported: its publishers are told
    /// [`Said::Gone`], and handlers end at their next await.
    ///
    /// Dropped before its time, it leaves the bus closed and its handlers at work; calling it again waits for
    /// them again. Where several stop at once, the first whose time is over reports what is left.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use steadfast_tasks::bus::{Bus, Queue};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bus = Bus::new("shop");
    /// let never = async |_: Arc<u32>| std::future::pending::<()>().await;
    /// bus.subscribe("stuck", Queue::waiting(10).concurrency(1), never).detach();
    /// for event in 0..3_u32 {
    ///     bus.publish(event).accepted().await?;
    /// }
    /// let stopped = bus.stop(Duration::from_millis(20)).await;
    /// let left = &stopped.left()[0];
    /// assert_eq!((left.handler, left.running, left.queued), ("stuck", 1, 2));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// As tokio's timer does, outside a runtime with `enable_time`.
    pub async fn stop(&self, within: Duration) -> Stopped {
        let subs = self.0.close();
        let all_ended = async {
            for sub in &subs {
                ended(&**sub).await;
            }
        };
        let _ = tokio::time::timeout(within, all_ended).await;
        let all = std::mem::take(&mut self.0.topics_mut().all);
        let left = all.iter().filter_map(Weak::upgrade).filter_map(|sub| Left::of(sub.about(), sub.abandon()));
        let left = left.collect();
        self.0.common.token.cancel();
        // Handlers may hold the bus: it lets go of them, where no lock is held.
        let by_type = std::mem::take(&mut self.0.topics_mut().by_type);
        drop(by_type);
        Stopped { left }
    }
}

impl Builder {
    /// Puts a middleware around every delivery of an event to a handler, inside those that were put there
    /// before. It may look, wait, measure, or refuse by not awaiting `next`. A panic in it is said to the
    /// publisher as the handler's would be.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Instant;
    /// use steadfast_tasks::bus::{Bus, Queue, Said};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bus = Bus::builder("shop")
    ///     .middleware(async |delivery, next| {
    ///         let start = Instant::now();
    ///         let said = next.await;
    ///         println!("{} of {} took {:?}", delivery.handler(), delivery.event(), start.elapsed());
    ///         said
    ///     })
    ///     .middleware(async |delivery, next| match (delivery.key(), delivery.correlation_id()) {
    ///         (Some(_), Some(_)) => next.await,
    ///         _ => Said::refused("an event of this shop has a key and a correlation id"),
    ///     })
    ///     .build();
    /// bus.subscribe("mail", Queue::waiting(10), async |_: Arc<u32>| {}).detach();
    ///
    /// assert_eq!(bus.publish(17_u32).await?.answers()[0].said.as_str(), "refused");
    /// assert!(bus.publish(17_u32).key("order-17").correlation_id("req-4711").await?.all_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn middleware<F, T>(mut self, middleware: F) -> Self
    where
        F: Fn(Delivery, Next) -> T + Send + Sync + 'static,
        T: Future<Output = Said> + Send + 'static,
    {
        self.middleware.push(Box::new(move |delivery, next| Box::pin(middleware(delivery, next))));
        self
    }

    /// The bus.
    ///
    /// See [`middleware`](Self::middleware) for an example.
    pub fn build(self) -> Bus {
        let Self { name, middleware } = self;
        let common = Common { name, middleware, token: CancellationToken::new() };
        Bus(Arc::new(Inner { common: Arc::new(common), topics: RwLock::default() }))
    }
}

impl Inner {
    /// Everybody who hears of `E` in this moment, unless the bus was stopped. They are told where no lock is
    /// held: who listens to logs and metrics may come back to the bus.
    pub(super) fn hearers<E: 'static>(&self) -> Result<Hearers<E>, NotPublished> {
        Handle::try_current().map_err(|_| NotPublished::NoRuntime)?;
        let topics = self.topics();
        if topics.stopped {
            return Err(NotPublished::Stopped);
        }
        let topic = topics.by_type.get(&TypeId::of::<E>());
        let topic = topic.and_then(|topic| (&**topic as &dyn Any).downcast_ref::<Vec<Arc<dyn Hears<E>>>>());
        Ok(topic.map(|topic| topic.iter().cloned().collect()).unwrap_or_default())
    }

    /// From now on nothing is published. Those who may still have something to do: an event that is on its way to
    /// one of them has come in by now, or does not.
    fn close(&self) -> Vec<Arc<dyn Control>> {
        let mut topics = self.topics_mut();
        topics.stopped = true;
        let subs: Vec<_> = topics.all.iter().filter_map(Weak::upgrade).collect();
        drop(topics);
        subs.iter().for_each(|sub| sub.close());
        subs
    }

    /// Nobody publishes to that one any more.
    pub(super) fn remove(&self, event: TypeId, sub: &Arc<dyn Control>) {
        let taken = {
            let mut topics = self.topics_mut();
            topics.by_type.get_mut(&event).and_then(|topic| topic.take(Arc::as_ptr(sub).cast()))
        };
        drop(taken);
    }

    fn topics(&self) -> RwLockReadGuard<'_, Topics> {
        self.topics.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn topics_mut(&self) -> RwLockWriteGuard<'_, Topics> {
        self.topics.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("name", &self.name()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let middleware = self.middleware.len();
        f.debug_struct("Builder").field("name", &self.name).field("middleware", &middleware).finish()
    }
}
