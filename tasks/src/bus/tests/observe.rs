use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::super::*;
use super::poll_once;

#[test]
fn every_delivery_is_counted_by_what_was_said() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let refuse = async |delivery: Delivery, next: Next| match delivery.key() {
                Some(_) => Said::refused("no keys here"),
                None => next.await,
            };
            let bus = Bus::builder("test").middleware(refuse).build();
            let handler = async |event: Arc<u32>| match *event {
                0 => Err("no"),
                1 => panic!("boom"),
                _ => Ok(()),
            };
            let small = bus.subscribe("small", Queue::dropping(1).concurrency(1), handler);
            for event in 0..4_u32 {
                let _ = bus.publish(event).await.unwrap();
            }
            assert!(!bus.publish(4_u32).key("any").await.unwrap().all_ok());
            let first = bus.publish(5_u32).accepted().await.unwrap();
            let dropped = bus.publish(6_u32).await;
            assert_eq!(first.report().await.answers().len(), dropped.unwrap().answers().len());
            let _gone = bus.publish(7_u32).accepted().await.unwrap();
            drop(small);
        });
    });
    let mut counts = Vec::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let label = |name| key.key().labels().find(|label| label.key() == name).map(|label| label.value().to_owned());
        assert_eq!([label("bus"), label("event"), label("handler")], ["test", "u32", "small"].map(|l| Some(l.into())));
        match value {
            DebugValue::Counter(count) => counts.push((label("said").unwrap(), count)),
            DebugValue::Gauge(queued) => assert_eq!((key.key().name(), queued.0), ("steadfast_bus_queued", 0.0)),
            DebugValue::Histogram(_) => panic!("no histogram"),
        }
    }
    counts.sort();
    let expected = [("dropped", 1), ("error", 1), ("gone", 1), ("ok", 3), ("panicked", 1), ("refused", 1)];
    assert_eq!(counts, expected.map(|(said, count)| (said.to_owned(), count)));
}

#[test]
fn what_waits_for_its_handler_or_for_room_is_told() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    // It begins at zero again where it is looked at.
    let change = || match &snapshotter.snapshot().into_vec()[..] {
        [(key, .., DebugValue::Gauge(change))] if key.key().name() == "steadfast_bus_queued" => change.0,
        other => panic!("{other:?}"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let bus = Bus::new("test");
            let stuck = async |_: Arc<u32>| std::future::pending::<()>().await;
            bus.subscribe("stuck", Queue::waiting(1).concurrency(1), stuck).detach();
            let mut publishing = [bus.publish(1_u32), bus.publish(2_u32), bus.publish(3_u32)];
            assert!(poll_once(&mut publishing[0]).is_pending());
            assert_eq!(change(), 1.0);
            tokio::task::yield_now().await;
            assert_eq!(change(), -1.0);
            for waits in &mut publishing[1..] {
                assert!(poll_once(waits).is_pending());
            }
            assert_eq!(change(), 2.0);
            drop(publishing); // the last one had no room
            assert_eq!(change(), -1.0);
        });
    });
}

/// A new span: its name, its parent's, its fields.
type Noted = (&'static str, Option<&'static str>, String);

#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<Noted>>>);

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = String::new();
        attributes.record(&mut Fields(&mut fields));
        let parent = context.span(id).and_then(|span| span.parent()).map(|parent| parent.name());
        self.0.lock().unwrap().push((attributes.metadata().name(), parent, fields));
    }
}

#[test]
fn a_handlers_span_is_inside_the_publishers_and_has_the_correlation_id_but_no_key() {
    let spans = Spans::default();
    let _listening = tracing::subscriber::set_default(tracing_subscriber::registry().with(spans.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let bus = Bus::new("test");
        bus.subscribe("handler", Queue::waiting(1), async |_: Arc<u32>| {}).detach();
        let publish = tracing::info_span!("publisher").in_scope(|| bus.publish(1_u32));
        assert!(publish.key("secret").correlation_id("req-4711").await.unwrap().all_ok());
        assert!(bus.publish(2_u32).await.unwrap().all_ok());
    });
    let about = r#"bus="test" event="u32" handler="handler" "#;
    let with_id = format!(r#"{about}correlation_id="req-4711" "#);
    let handled: Vec<_> = spans.0.lock().unwrap().drain(..).filter(|(name, ..)| *name == "handle").collect();
    assert_eq!(handled, [("handle", Some("publisher"), with_id), ("handle", None, about.to_owned())]);
}

/// A listener that panics at the first span.
struct Bad(AtomicBool);

impl<S: Subscriber> Layer<S> for Bad {
    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        assert!(self.0.swap(true, Ordering::SeqCst), "a listener's panic");
    }
}

#[test]
fn a_listener_that_panics_costs_one_event_and_no_other() {
    let listener = tracing_subscriber::registry().with(Bad(AtomicBool::new(false)));
    let _listening = tracing::subscriber::set_default(listener);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let said = runtime.block_on(async {
        let bus = Bus::new("test");
        bus.subscribe("handler", Queue::waiting(10).concurrency(1), async |_: Arc<u32>| {}).detach();
        let (mut said, mut accepted) = (Vec::new(), Vec::new());
        for event in 0..4_u32 {
            accepted.push(bus.publish(event).key("one").accepted().await.unwrap());
        }
        for accepted in accepted {
            said.push(accepted.report().await.answers()[0].said.as_str());
        }
        said
    });
    assert_eq!(said, ["gone", "ok", "ok", "ok"]);
}
