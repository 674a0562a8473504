//! `#[idempotent]`.

use std::time::Duration;

use quote::quote;
use syn::{Expr, Ident, Path};

use super::{Steps, refuse_constant, refuse_zero};
use crate::errors::{Errors, list};
use crate::item::Function;
use crate::settings::{Choice, Nested, Settings, Value};

pub(crate) struct Idempotent {
    pub(crate) name: String,
    pub(crate) key: Expr,
    pub(crate) scope: Option<Expr>,
    pub(crate) payload: Payload,
    pub(crate) store: Expr,
    pub(crate) steps: Steps,
    pub(crate) on_cancel: OnCancel,
    pub(crate) claim: Option<Ident>,
    /// Whom a call asks that finds an unknown outcome.
    pub(crate) recover: Option<Path>,
    /// What stands between the function's records and the store.
    pub(crate) codec: Option<Expr>,
    /// The lease, where it is a literal.
    pub(crate) lease: Option<Duration>,
    pub(crate) lease_is_default: bool,
    pub(crate) lease_tokens: proc_macro2::TokenStream,
}

/// What of the arguments must be the same when a key comes again.
pub(crate) enum Payload {
    None,
    Whole(Box<Expr>),
    Fields(Vec<Expr>),
}

/// What becomes of the work when the caller goes away.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum OnCancel {
    Finish,
    Unknown,
}

/// The lease of a policy that does not set one.
const DEFAULT_LEASE: Duration = Duration::from_secs(60);

impl Idempotent {
    pub(super) fn parse(settings: &Settings, function: &Function, errors: &mut Errors) -> Option<Self> {
        refuse_missing(settings, errors);
        refuse_zero(settings, &["ttl", "lease"], errors);
        let payload = payload(settings, function, errors);
        let key = settings.expr("key");
        if let Some(key) = &key {
            refuse_constant("key", key, function, "so every call would have the same one", errors);
        }
        let lease = match settings.time("lease") {
            Some(time) => time.literal(),
            None => Some(DEFAULT_LEASE),
        };
        let scope = settings.expr("scope");
        if let Some(scope) = &scope {
            refuse_constant("scope", scope, function, "so every caller would share one", errors);
        }
        Some(Self {
            name: match settings.value("name")? {
                Value::Text(name) => name.clone(),
                _ => return None,
            },
            key: key?,
            scope,
            payload: payload?,
            store: settings.expr("store")?,
            steps: steps(settings, errors),
            on_cancel: match word(settings, "on_cancel").as_deref() {
                Some("unknown") => OnCancel::Unknown,
                _ => OnCancel::Finish,
            },
            claim: settings.name("claim"),
            recover: recover(settings),
            codec: settings.expr("codec"),
            lease,
            lease_is_default: !settings.has("lease"),
            lease_tokens: settings.tokens("lease"),
        })
    }
}

/// Each of these decides whether a customer is charged twice, so none has a default.
fn refuse_missing(settings: &Settings, errors: &mut Errors) {
    const REQUIRED: [(&str, &str); 4] = [
        ("name", "`name = \"charges.create\"` (what records are kept under, whatever the function is called)"),
        ("key", "`key = key` (what tells one operation from another)"),
        ("payload", "`payload = request` (what must be the same when the key comes again; `none` to not check)"),
        ("store", "`store = app.records` (where records are kept)"),
    ];
    // A setting that is there but wrong is reported where it stands.
    let missing: Vec<_> = REQUIRED.iter().filter(|(name, _)| !settings.mentions(name)).collect();
    if !settings.lacks(missing.len()) {
        return;
    }
    let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
    let examples: Vec<&str> = missing.iter().map(|(_, example)| *example).collect();
    errors.at(
        &settings.place,
        format!("`#[idempotent]` needs {}: a guess could charge a customer twice", list(&names, "and")),
        format!("add {}", examples.join(", ")),
    );
}

fn payload(settings: &Settings, function: &Function, errors: &mut Errors) -> Option<Payload> {
    match settings.value("payload")? {
        Value::Expr(expr) if is_word(expr, "none") => Some(Payload::None),
        Value::Expr(expr) => {
            refuse_constant("payload", expr, function, "so a changed request would go unseen", errors);
            Some(Payload::Whole(expr.clone()))
        }
        Value::List(fields) => {
            for field in fields {
                refuse_constant("payload", field, function, "so a changed request would go unseen", errors);
            }
            Some(Payload::Fields(fields.clone()))
        }
        _ => None,
    }
}

fn is_word(expr: &Expr, word: &str) -> bool {
    matches!(expr, Expr::Path(path) if path.path.is_ident(word))
}

fn word(settings: &Settings, name: &str) -> Option<String> {
    settings.choice(name).map(|choice| choice.word)
}

fn recover(settings: &Settings) -> Option<Path> {
    match settings.choice("on_unknown")?.value? {
        Nested::Path(path) => Some(path),
        Nested::Time(_) => None,
    }
}

fn steps(settings: &Settings, errors: &mut Errors) -> Steps {
    let mut steps = Steps::of(settings, &["ttl", "lease"]);
    if let Some(Choice { value: Some(Nested::Time(limit)), .. }) = settings.choice("in_flight") {
        if limit.literal().is_some_and(|limit| limit.is_zero()) {
            errors.at(
                settings.tokens("in_flight"),
                "waiting for no time is refusing",
                "write `in_flight = refuse`, or a longer time",
            );
        }
        steps.add_inside("in_flight", quote!(InFlight::Wait(#limit)));
    }
    match word(settings, "on_unknown").as_deref() {
        Some("rerun") => steps.add_inside("on_unknown", quote!(OnUnknown::Rerun)),
        Some("recover") => steps.add_inside("on_unknown", quote!(OnUnknown::Recover)),
        _ => {}
    }
    if word(settings, "missing_key").as_deref() == Some("run") {
        steps.add_inside("missing_key", quote!(MissingKey::Run));
    }
    steps
}
