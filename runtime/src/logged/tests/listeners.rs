//! Who hears an event, and when.

use std::cell::Cell;
use std::future::ready;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer as _, Registry};

use super::*;

fn call(policy: &'static Logged) -> bool {
    let filled = Cell::new(false);
    let captured = Captured::new(policy, |_| filled.set(true));
    run(logged(policy, captured, outcome, error_of, ready(Ok::<Charge, Infallible>(Ok(5)))));
    filled.get()
}

#[test]
fn with_nobody_listening_nothing_is_shown() {
    static POLICY: Logged = Logged::new("charge", "shop::nobody", "shop.rs", 7, &["order"]);
    assert!(!call(&POLICY));
    // Somebody listens, to others.
    let listener = Listener::of("shop::elsewhere");
    subscriber::with_default(listener.clone(), || assert!(!call(&POLICY)));
    assert!(listener.lines().is_empty());
}

#[test]
fn a_subscriber_that_comes_late_hears_the_calls_from_then_on() {
    static POLICY: Logged = Logged::new("charge", "shop::late", "shop.rs", 7, &[]);
    call(&POLICY);
    subscriber::with_default(Listener::of("shop::elsewhere"), || call(&POLICY));
    let first = Listener::of("shop::late");
    subscriber::with_default(first.clone(), || {
        call(&POLICY);
        call(&POLICY);
    });
    let second = Listener::of("shop::late");
    subscriber::with_default(second.clone(), || call(&POLICY));
    call(&POLICY);
    assert_eq!((first.lines().len(), second.lines().len()), (2, 1));
}

#[test]
fn the_level_of_a_success_can_be_set() {
    static POLICY: Logged = Logged::new("charge", "shop::level", "shop.rs", 7, &[]).level(Level::TRACE);
    let info = Listener { most: LevelFilter::INFO, ..Listener::of("shop::level") };
    assert!(heard(&info, &POLICY, Ok(Ok(5))).is_empty());
    let all = Listener::of("shop::level");
    assert_eq!(heard(&all, &POLICY, Ok(Ok(5)))[0].level, Level::TRACE);
    let failed = Ok(Err(Declined(Kind::Terminal, "declined")));
    assert_eq!(heard(&info, &POLICY, failed)[0].level, Level::WARN);
}

#[test]
fn a_level_filter_keeps_what_it_says() {
    static POLICY: Logged = Logged::new("charge", "shop::filter", "shop.rs", 7, &[]);
    let listener = Listener { most: LevelFilter::WARN, ..Listener::of("shop::filter") };
    assert!(heard(&listener, &POLICY, Ok(Ok(5))).is_empty());
    assert_eq!(heard(&listener, &POLICY, Ok(Err(Declined(Kind::Unknown, "?")))).len(), 1);
}

#[test]
fn a_subscriber_that_decides_case_by_case_is_asked_each_time() {
    static POLICY: Logged = Logged::new("charge", "shop::sometimes", "shop.rs", 7, &[]);
    let listener = Listener { answer: Interest::sometimes, ..Listener::of("shop::sometimes") };
    assert_eq!(heard(&listener, &POLICY, Ok(Ok(5))).len(), 1);
    // Its interest is `sometimes`, and then it says no.
    static DEAF: Logged = Logged::new("charge", "shop::deaf", "shop.rs", 7, &[]);
    #[derive(Clone)]
    struct Deaf(Listener);
    impl Subscriber for Deaf {
        fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
            Interest::sometimes()
        }
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            false
        }
        fn event(&self, event: &Event<'_>) {
            self.0.event(event);
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }
    let deaf = Deaf(Listener::of("shop::deaf"));
    subscriber::with_default(deaf.clone(), || call(&DEAF));
    assert!(deaf.0.lines().is_empty());
}

/// A layer that writes down the targets it hears.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> tracing_subscriber::Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let metadata = event.metadata();
        self.0.lock().unwrap().push(format!("{} {}", metadata.level(), metadata.target()));
    }
}

#[test]
fn a_filter_by_target_lets_it_through() {
    static SHOWN: Logged = Logged::new("charge", "my_app::pay", "shop.rs", 7, &[]);
    static HIDDEN: Logged = Logged::new("charge", "other_app::pay", "shop.rs", 7, &[]);
    let heard = Heard::default();
    let filter = EnvFilter::new("my_app=info");
    subscriber::with_default(Registry::default().with(filter).with(heard.clone()), || {
        call(&SHOWN);
        call(&HIDDEN);
    });
    assert_eq!(*heard.0.lock().unwrap(), ["INFO my_app::pay"]);
}

#[test]
fn layers_with_filters_of_their_own_each_hear_their_part() {
    static POLICY: Logged = Logged::new("charge", "my_app::layers", "shop.rs", 7, &[]);
    let (loud, quiet) = (Heard::default(), Heard::default());
    let registry = Registry::default()
        .with(loud.clone().with_filter(EnvFilter::new("my_app=info")))
        .with(quiet.clone().with_filter(EnvFilter::new("my_app=error")));
    subscriber::with_default(registry, || {
        call(&POLICY);
        tracing::error!(target: "my_app::layers", "somebody else's event is not lost after the call");
    });
    assert_eq!(*loud.0.lock().unwrap(), ["INFO my_app::layers", "ERROR my_app::layers"]);
    assert_eq!(*quiet.0.lock().unwrap(), ["ERROR my_app::layers"]);
}
