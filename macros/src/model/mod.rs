//! The stack as layers in which a wrong setting cannot be expressed.

mod bulkhead;
mod cached;
mod circuit_breaker;
mod fallback;
mod idempotent;
mod logged;
mod rate_limit;
mod retry;
mod timeout;
mod validate;

pub(crate) use bulkhead::Bulkhead;
pub(crate) use cached::Cached;
pub(crate) use circuit_breaker::CircuitBreaker;
pub(crate) use fallback::{Answer, Fallback};
pub(crate) use idempotent::{Idempotent, OnCancel, Payload};
pub(crate) use logged::Logged;
pub(crate) use rate_limit::RateLimit;
pub(crate) use retry::{Repeatable, Retry};
pub(crate) use timeout::Timeout;
pub(crate) use validate::{Rule, Validate};

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, Ident, Pat};

use crate::attribute::Attribute;
use crate::errors::Errors;
use crate::item::{Function, starts_upper};
use crate::settings::{Settings, Value};
use crate::source;
use crate::stack::Written;

/// A layer, outermost first in a stack.
pub(crate) struct Layer {
    pub(crate) attribute: Attribute,
    /// The whole attribute, to point at.
    pub(crate) place: TokenStream,
    /// What stands in it, for the registry.
    pub(crate) written: String,
    pub(crate) kind: Kind,
}

/// What a layer does.
pub(crate) enum Kind {
    Idempotent(Box<Idempotent>),
    Retry(Box<Retry>),
    CircuitBreaker(Box<CircuitBreaker>),
    RateLimit(Box<RateLimit>),
    Bulkhead(Bulkhead),
    Cached(Box<Cached>),
    Fallback(Box<Fallback>),
    Validate(Validate),
    Timeout(Timeout),
    Timed,
    Logged(Logged),
}

/// A policy's settings: its own, or those of a shared value.
pub(crate) enum Policy {
    Own(Own),
    Shared(Box<Expr>),
}

/// The construction of a policy: a constructor with its arguments behind the name, and steps.
pub(crate) struct Own {
    pub(crate) constructor: &'static str,
    pub(crate) args: TokenStream,
    pub(crate) steps: Steps,
}

/// A builder's steps: `.delay(Duration::from_millis(200))`.
#[derive(Default)]
pub(crate) struct Steps(Vec<Step>);

struct Step {
    method: Ident,
    args: TokenStream,
    /// Whether the argument is a path inside the runtime.
    inside: bool,
}

impl Steps {
    pub(crate) fn add(&mut self, method: &str, args: impl ToTokens) {
        self.push(method, args, false);
    }

    /// A step whose argument is one of the runtime's own values: `.jitter(Jitter::Full)`.
    pub(crate) fn add_inside(&mut self, method: &str, args: impl ToTokens) {
        self.push(method, args, true);
    }

    pub(crate) fn append(&mut self, mut more: Self) {
        self.0.append(&mut more.0);
    }

    fn push(&mut self, method: &str, args: impl ToTokens, inside: bool) {
        let method = Ident::new(method, Span::call_site());
        self.0.push(Step { method, args: args.to_token_stream(), inside });
    }

    pub(crate) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// Whether there is a step of this name.
    pub(crate) fn has(&self, method: &str) -> bool {
        self.0.iter().any(|step| step.method == method)
    }

    /// The settings of these names that are there, each by the step of its own name.
    pub(crate) fn of(settings: &Settings, names: &[&str]) -> Self {
        let mut steps = Self::default();
        for name in names {
            match settings.value(name) {
                Some(Value::Time(time)) => steps.add(name, time),
                Some(Value::Number(number)) => steps.add(name, number),
                Some(Value::Factor(factor)) => steps.add(name, factor),
                Some(Value::Path(path)) => steps.add(name, path),
                Some(Value::Flag) => steps.add(name, TokenStream::new()),
                _ => {}
            }
        }
        steps
    }

    /// The chain of calls, with the path of the runtime.
    pub(crate) fn emit(&self, rt: &TokenStream) -> TokenStream {
        let calls = self.0.iter().map(|Step { method, args, inside }| {
            let path = inside.then(|| quote!(#rt::));
            quote!(.#method(#path #args))
        });
        quote!(#(#calls)*)
    }
}

/// Which of the function's errors a layer counts.
pub(crate) enum Classify {
    /// What the error says of itself.
    OwnWord,
    Pattern(Box<Pat>, Option<Box<Expr>>),
    When(Box<Expr>),
}

impl Classify {
    fn of(settings: &Settings, errors: &mut Errors) -> Self {
        if settings.has("on") && settings.has("when") {
            errors.at(
                settings.tokens("when"),
                "`on` and `when` both say which errors count",
                "keep one of them; a pattern takes a guard: `on = PATTERN if guard`",
            );
        }
        match (settings.value("on"), settings.value("when")) {
            (Some(Value::Pattern(pattern, guard)), _) => {
                check_pattern(pattern, guard.is_some(), errors);
                Self::Pattern(pattern.clone(), guard.clone())
            }
            (_, Some(Value::Expr(predicate))) => Self::When(predicate.clone()),
            _ => Self::OwnWord,
        }
    }
}

/// A bare name matches everything, which is rarely what its author means.
fn check_pattern(pattern: &Pat, guarded: bool, errors: &mut Errors) {
    match pattern {
        Pat::Or(or) => or.cases.iter().for_each(|case| check_pattern(case, guarded, errors)),
        Pat::Paren(paren) => check_pattern(&paren.pat, guarded, errors),
        Pat::Wild(wild) if !guarded => errors.at(
            wild,
            "`on = _` matches every error, those that must not be tried again too",
            "name the errors that count, such as `on = GatewayError::Busy { .. }`, or give a guard: `on = _ if ..`",
        ),
        Pat::Ident(name) if name.subpat.is_none() && !guarded && !starts_upper(&name.ident) => errors.at(
            name,
            format!("`on = {0}` is a bare name: it matches every error and calls it `{0}`", name.ident),
            "name the errors that count, such as `on = GatewayError::Busy { .. }`",
        ),
        _ => {}
    }
}

/// All layers of a stack, outermost first; those that are wrong are left out and reported.
pub(crate) fn layers(written: &[Written], function: &Function, errors: &mut Errors) -> Vec<Layer> {
    written.iter().filter_map(|written| layer(written, function, errors)).collect()
}

fn layer(written: &Written, function: &Function, errors: &mut Errors) -> Option<Layer> {
    let kind = match written.attribute {
        Attribute::Validate => Validate::parse(written, function, errors).map(Kind::Validate),
        attribute => {
            let settings = Settings::parse(written, errors);
            settings.refuse_arguments(function, errors);
            of_settings(attribute, &settings, function, errors)
        }
    }?;
    Some(Layer {
        attribute: written.attribute,
        place: written.place.clone(),
        written: source::text(&written.args),
        kind,
    })
}

fn of_settings(attribute: Attribute, settings: &Settings, function: &Function, errors: &mut Errors) -> Option<Kind> {
    Some(match attribute {
        Attribute::Idempotent => Kind::Idempotent(Box::new(Idempotent::parse(settings, function, errors)?)),
        Attribute::Retry => Kind::Retry(Box::new(Retry::parse(settings, function, errors))),
        Attribute::CircuitBreaker => Kind::CircuitBreaker(Box::new(CircuitBreaker::parse(settings, function, errors))),
        Attribute::RateLimit => Kind::RateLimit(Box::new(RateLimit::parse(settings, function, errors)?)),
        Attribute::Bulkhead => Kind::Bulkhead(Bulkhead::parse(settings, errors)?),
        Attribute::Fallback => Kind::Fallback(Box::new(Fallback::parse(settings, function, errors)?)),
        Attribute::Cached => Kind::Cached(Box::new(Cached::parse(settings, function, errors)?)),
        Attribute::Timeout => Kind::Timeout(Timeout::parse(settings, errors)?),
        Attribute::Timed => Kind::Timed,
        Attribute::Logged => Kind::Logged(Logged::parse(settings, function, errors)),
        Attribute::Validate => return None,
    })
}

/// Zero where a time must be longer.
fn refuse_zero(settings: &Settings, names: &[&str], errors: &mut Errors) {
    for name in names {
        if settings.time(name).and_then(|time| time.literal()).is_some_and(|time| time.is_zero()) {
            let what = match *name {
                "period" => "of zero would refuse every call",
                "ttl" | "idle" | "negative_ttl" | "stale_if_error" => "of zero would keep nothing",
                "refresh_after" => "of zero would load again at every call",
                "lease" => "of zero would be over before the work begins",
                "recovery_timeout" => "of zero would never refuse a call",
                "window" => "of zero would never know a rate",
                "slow_call" => "of zero would call every call slow",
                _ => "of zero would leave no time at all",
            };
            let example = settings.attribute.setting(name).map_or("", |setting| setting.example);
            errors.at(settings.tokens(name), format!("`{name}` {what}"), format!("give it time: `{example}`"));
        }
    }
}

/// An expression that must depend on the call.
fn refuse_constant(what: &str, expr: &Expr, function: &Function, why: &str, errors: &mut Errors) {
    if !function.mentions_parameter(expr) {
        errors.at(
            expr,
            format!("`{what}` names no parameter of `{}`, {why}", function.sig.ident),
            function.parameter_list(),
        );
    }
}

/// The parameters of which the function's body gets copies.
fn clones(settings: &Settings, function: &Function, errors: &mut Errors) -> Vec<Ident> {
    let parameters = function.parameters();
    let mut names = Vec::new();
    for item in settings.list("clone") {
        let name = name_of(&item).filter(|name| parameters.iter().any(|p| p.name == *name));
        match name {
            Some(name) => names.push(name),
            None => errors.at(
                &item,
                format!("`clone({})` names no parameter of `{}`", item.to_token_stream(), function.sig.ident),
                function.parameter_list(),
            ),
        }
    }
    names
}

fn name_of(expr: &Expr) -> Option<Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident().cloned(),
        _ => None,
    }
}
