//! A place that emits events, as `tracing` knows it: what its macros make, made at run time, so
//! that the event carries the module of the user's function and the names of its arguments.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use tracing::callsite::{self, Callsite, Identifier};
use tracing::field::FieldSet;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::metadata::Kind;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, dispatcher};

use super::Logged;

const NEVER: u8 = 0;
const SOMETIMES: u8 = 1;
const ALWAYS: u8 = 2;
const UNASKED: u8 = u8::MAX;

/// One callsite: a function's events of one level.
pub(super) struct Site {
    pub(super) level: Level,
    /// What the subscribers answered, until `tracing` tells otherwise.
    interest: AtomicU8,
    metadata: OnceLock<Metadata<'static>>,
}

impl Site {
    pub(super) const fn new(level: Level) -> Self {
        Self { level, interest: AtomicU8::new(UNASKED), metadata: OnceLock::new() }
    }

    /// Whether an event may find a listener. A subscriber that decides case by case is not asked:
    /// one with filters of its own for each layer expects an event after the question.
    pub(super) fn may_be_heard(&'static self, policy: &'static Logged) -> bool {
        self.passes_level() && self.interest(policy) != NEVER
    }

    /// The metadata for an event, when a subscriber wants it. The event must follow.
    pub(super) fn wanted(&'static self, policy: &'static Logged) -> Option<&'static Metadata<'static>> {
        if !self.may_be_heard(policy) {
            return None;
        }
        let metadata = self.metadata.get()?;
        let wanted = self.interest(policy) == ALWAYS || dispatcher::get_default(|d| d.enabled(metadata));
        wanted.then_some(metadata)
    }

    fn passes_level(&self) -> bool {
        self.level <= STATIC_MAX_LEVEL && self.level <= LevelFilter::current()
    }

    fn interest(&'static self, policy: &'static Logged) -> u8 {
        match self.interest.load(Ordering::Relaxed) {
            UNASKED => self.register(policy),
            interest => interest,
        }
    }

    #[cold]
    fn register(&'static self, policy: &'static Logged) -> u8 {
        let mut is_first = false;
        self.metadata.get_or_init(|| {
            is_first = true;
            self.describe(policy)
        });
        if is_first {
            callsite::register(self);
        }
        match self.interest.load(Ordering::Relaxed) {
            // Another thread is registering it: ask the subscriber until it has.
            UNASKED => SOMETIMES,
            interest => interest,
        }
    }

    fn describe(&'static self, policy: &'static Logged) -> Metadata<'static> {
        Metadata::new(
            policy.function,
            policy.module_path,
            self.level,
            Some(policy.file),
            Some(policy.line),
            Some(policy.module_path),
            FieldSet::new(policy.fields(), Identifier(self)),
            Kind::EVENT,
        )
    }
}

impl Callsite for Site {
    fn set_interest(&self, interest: Interest) {
        let interest = match () {
            () if interest.is_never() => NEVER,
            () if interest.is_always() => ALWAYS,
            () => SOMETIMES,
        };
        self.interest.store(interest, Ordering::SeqCst);
    }

    fn metadata(&self) -> &Metadata<'_> {
        // Registered only after it has some.
        self.metadata.get().unwrap_or_else(|| nowhere())
    }
}

/// The metadata of no place at all.
fn nowhere() -> &'static Metadata<'static> {
    tracing::callsite! { name: "nowhere", kind: Kind::EVENT, fields: message }.metadata()
}
