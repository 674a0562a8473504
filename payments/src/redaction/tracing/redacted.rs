use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, LevelFilter, Metadata, Subscriber};
use tracing_subscriber::registry::{LookupSpan, SpanData};

use super::kept::Kept;

/// A subscriber that is told everything masked: no layer in it sees card data, whatever it writes to.
///
/// Put it around all layers. It masks, before any of them is asked:
///
/// - **messages and fields** of events, of spans when they begin, and what is recorded on a span later;
/// - by name ([`is_sensitive_name`](steadfast::mask::is_sensitive_name)) whatever the value and its type:
///   `cvv = 123` becomes `cvv = "[masked]"`;
/// - by content as [`redact`](crate::redaction::redact) does: texts, `%` and `?` values, card numbers given
///   as numbers, and as bytes;
/// - **errors** (`error = &error as &dyn Error`) with all their sources.
///
/// What holds nothing to mask keeps its type and its text. `%` and `?` values are formatted once, however
/// many layers there are, and their text is passed on. Where nothing is masked nothing is allocated, but
/// for errors and for more than 32 fields. Names of spans, of fields and targets are part of the program
/// and stay as they are.
///
/// It is a subscriber and not a layer, because a layer cannot change what its neighbours see; and one that
/// wraps another would still share with them what they keep with a span: a `fmt` layer prints the span's
/// fields as the first `fmt` layer wrote them down. For the same reason nothing belongs outside of it, and
/// a layer that looks spans up does not compile there.
///
/// What looks for a layer's type from outside (`Dispatch::downcast_ref`) does not find those inside: with
/// OpenTelemetry, set a span's remote parent before this, or in the layer itself. It would take `unsafe`
/// code, which there is none of here.
///
/// ```
/// use steadfast_payments::redaction::Redacted;
/// use tracing_subscriber::layer::SubscriberExt;
/// use tracing_subscriber::{EnvFilter, fmt, registry};
///
/// let subscriber = registry().with(EnvFilter::new("info")).with(fmt::layer());
/// tracing::subscriber::with_default(Redacted::new(subscriber), || {
///     // INFO card ************1111 declined cvv="[masked]"
///     tracing::info!(cvv = 123, "card {} declined", "4111 1111 1111 1111");
/// });
/// ```
///
/// A layer outside of it, which would see everything unmasked:
///
/// ```compile_fail,E0277
/// use steadfast_payments::redaction::Redacted;
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let subscriber = Redacted::new(tracing_subscriber::registry()).with(tracing_subscriber::fmt::layer());
/// tracing::subscriber::set_global_default(subscriber);
/// ```
#[derive(Debug)]
pub struct Redacted<S>(S);

impl<S> Redacted<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    /// The subscriber with all its layers, told everything masked.
    ///
    /// See [`Redacted`] for an example.
    pub fn new(subscriber: S) -> Self {
        Self(subscriber)
    }
}

impl<S> Subscriber for Redacted<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let metadata = attributes.metadata();
        let kept = Kept::of(|visitor| attributes.record(visitor));
        kept.hand_on(metadata.fields(), |values| {
            let masked = match attributes.parent() {
                Some(parent) => Attributes::child_of(parent.clone(), metadata, values),
                None if attributes.is_root() => Attributes::new_root(metadata, values),
                None => Attributes::new(metadata, values),
            };
            self.0.new_span(&masked)
        })
    }

    fn record(&self, span: &Id, record: &Record<'_>) {
        // A span that is not there has no fields to record, and nobody to show them.
        let Some(fields) = self.0.span_data(span).map(|data| data.metadata().fields()) else { return };
        let kept = Kept::of(|visitor| record.record(visitor));
        kept.hand_on(fields, |values| self.0.record(span, &Record::new(values)));
    }

    /// Filters by content are asked here and not in `event_enabled`, so that an event is masked once.
    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let kept = Kept::of(|visitor| event.record(visitor));
        kept.hand_on(metadata.fields(), |values| {
            let masked = match event.parent() {
                Some(parent) => Event::new_child_of(parent.clone(), metadata, values),
                None if event.is_root() => Event::new_child_of(None, metadata, values),
                None => Event::new(metadata, values),
            };
            if self.0.event_enabled(&masked) {
                self.0.event(&masked);
            }
        });
    }

    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        self.0.on_register_dispatch(dispatch);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.0.register_callsite(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.0.max_level_hint()
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.0.record_follows_from(span, follows);
    }

    fn enter(&self, span: &Id) {
        self.0.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.0.exit(span);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.0.clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.0.try_close(id)
    }

    fn current_span(&self) -> Current {
        self.0.current_span()
    }
}
