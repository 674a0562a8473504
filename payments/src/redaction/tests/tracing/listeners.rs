//! Layers of others, and filters.

use std::collections::BTreeMap;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level};
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{EnvFilter, Layer, registry};

use super::*;

/// Writes down all that it is told, with the types, as one that sends it elsewhere would.
#[derive(Clone, Default)]
pub(super) struct Listener(pub(super) Arc<Mutex<Vec<Told>>>);

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    pub(super) what: &'static str,
    pub(super) values: BTreeMap<&'static str, String>,
    pub(super) parent: Option<&'static str>,
}

impl Listener {
    pub(super) fn told(&self) -> Vec<Told> {
        self.0.lock().unwrap().clone()
    }

    fn note(&self, what: &'static str, parent: Option<&'static str>, record: impl FnOnce(&mut Told)) {
        let mut told = Told { what, parent, ..Told::default() };
        record(&mut told);
        self.0.lock().unwrap().push(told);
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let parent = context.span(id).and_then(|span| Some(span.parent()?.name()));
        self.note("span", parent, |told| attributes.record(told));
    }

    fn on_record(&self, _: &Id, record: &Record<'_>, _: Context<'_, S>) {
        self.note("record", None, |told| record.record(told));
    }

    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.note("asked", None, |told| event.record(told));
        true
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let parent = context.event_span(event).map(|span| span.name());
        self.note("event", parent, |told| event.record(told));
    }
}

impl Visit for Told {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.values.insert(field.name(), format!("u64 {value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.values.insert(field.name(), format!("i64 {value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.values.insert(field.name(), format!("f64 {value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.values.insert(field.name(), format!("bool {value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.values.insert(field.name(), format!("str {value}"));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.values.insert(field.name(), format!("bytes {value:?}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = format!("error {value} {value:?}");
        let mut next = value.source();
        while let Some(source) = next {
            text += &format!(" < {source}");
            next = source.source();
        }
        self.values.insert(field.name(), text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.values.insert(field.name(), format!("debug {value:?} {value:#?}"));
    }
}

#[test]
fn a_layer_of_any_kind_is_told_nothing_else() {
    let listener = Listener::default();
    told(registry().with(listener.clone()), say_everything);
    assert_clean(&format!("{:?}", listener.told()));
}

#[test]
fn filters_for_all_and_for_one_layer_see_what_they_filter() {
    let (all, warnings, elsewhere) = (Listener::default(), Listener::default(), Listener::default());
    let only: FilterFn = filter_fn(|metadata| metadata.target() == "elsewhere");
    let subscriber = registry()
        .with(EnvFilter::new("trace"))
        .with(warnings.clone().with_filter(LevelFilter::WARN))
        .with(elsewhere.clone().with_filter(only))
        .with(all.clone());
    told(subscriber, say_everything);
    let events = |listener: &Listener| listener.told().iter().filter(|told| told.what == "event").count();
    assert_eq!((events(&all), events(&warnings), events(&elsewhere)), (12, 3, 1));
    for listener in [all, warnings, elsewhere] {
        assert_clean(&format!("{:?}", listener.told()));
    }
}

#[test]
fn what_a_filter_for_all_keeps_out_is_kept_out() {
    let listener = Listener::default();
    told(registry().with(EnvFilter::new("warn")).with(listener.clone()), say_everything);
    let told = listener.told();
    assert_eq!(told.iter().filter(|told| told.what == "event").count(), 3);
    assert_eq!(told.iter().filter(|told| told.what == "span").count(), 0);
}

#[test]
fn a_filter_by_content_decides_on_what_may_be_shown() {
    struct Never;
    impl<S: Subscriber> Layer<S> for Never {
        fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
            let mut told = Told::default();
            event.record(&mut told);
            assert_clean(&format!("{told:?}"));
            *event.metadata().level() < Level::INFO
        }
    }
    let listener = Listener::default();
    told(registry().with(listener.clone()).with(Never), say_everything);
    assert_eq!(listener.told().iter().filter(|told| told.what == "event").count(), 3);
}

#[test]
fn parents_are_those_that_were_given() {
    let listener = Listener::default();
    told(registry().with(listener.clone()), say_everything);
    let told = listener.told();
    let parent_of = |message: &str| {
        let has =
            |told: &&Told| told.what == "event" && told.values["message"].starts_with(&format!("debug {message}"));
        told.iter().find(has).unwrap().parent
    };
    assert_eq!(parent_of("with a parent"), Some("outer"));
    assert_eq!(parent_of("without"), None);
    assert_eq!(parent_of("inside"), Some("charge"));
    let spans: Vec<_> = told.iter().filter(|told| told.what == "span").map(|told| told.parent).collect();
    assert_eq!(spans, [None, Some("outer"), None]);
}
