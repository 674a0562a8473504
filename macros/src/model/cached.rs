//! `#[cached]`.

use quote::{ToTokens, quote};
use syn::{Expr, FnArg, Type};

use super::{Own, Policy, Steps, refuse_constant, refuse_zero};
use crate::errors::Errors;
use crate::item::Function;
use crate::settings::{Settings, Value};
use crate::source;

pub(crate) struct Cached {
    pub(crate) policy: Policy,
    /// The name of its own policy, where it is not the function's.
    pub(crate) name: Option<String>,
    /// The parts of the key.
    pub(crate) key: Vec<Expr>,
    /// The second tier of its own cache.
    pub(crate) tier: Option<Expr>,
    /// Whether a refresh runs in a task of its own.
    pub(crate) spawns: bool,
}

impl Cached {
    pub(super) fn parse(settings: &Settings, function: &Function, errors: &mut Errors) -> Option<Self> {
        refuse_effects(settings, function, errors);
        let policy = match &settings.leading {
            Some(shared) => Some(Policy::Shared(Box::new(shared.clone()))),
            None => own(settings, errors).map(Policy::Own),
        };
        let key = key(settings, function, errors);
        let name = match settings.value("name") {
            Some(Value::Text(name)) => Some(name.clone()),
            _ => None,
        };
        let tier = settings.expr("tier").filter(|_| settings.leading.is_none());
        Some(Self { policy: policy?, name, key, tier, spawns: settings.has("refresh") })
    }
}

/// The function's own cache.
fn own(settings: &Settings, errors: &mut Errors) -> Option<Own> {
    const TIMES: [&str; 5] = ["ttl", "idle", "negative_ttl", "refresh_after", "stale_if_error"];
    refuse_zero(settings, &TIMES, errors);
    if !settings.mentions("ttl") && settings.lacks(1) {
        errors.at(
            &settings.place,
            "`#[cached]` needs `ttl`: how long may an answer be old?",
            "add `ttl = \"5m\"`, or name a shared cache",
        );
    }
    refuse_late_refresh(settings, errors);
    if settings.has("tier") && !settings.mentions("name") {
        errors.at(
            settings.tokens("tier"),
            "`tier` without `name`: another function of this function's name would share its entries there",
            "add `name = \"fx.rates\"`, what entries are kept under, whatever the function is called",
        );
    }
    let ttl = settings.time("ttl")?;
    Some(Own {
        constructor: "new",
        args: ttl.to_token_stream(),
        steps: Steps::of(settings, &["idle", "max_entries", "negative_ttl", "refresh_after", "stale_if_error"]),
    })
}

fn refuse_late_refresh(settings: &Settings, errors: &mut Errors) {
    let literal = |name| settings.time(name).and_then(|time| time.literal());
    if let (Some(after), Some(ttl)) = (literal("refresh_after"), literal("ttl"))
        && after >= ttl
    {
        errors.at(
            settings.tokens("refresh_after"),
            format!("`refresh_after` ({after:?}) is not shorter than `ttl` ({ttl:?}), which ends the entry before it could be refreshed"),
            "make it shorter, such as four fifths of `ttl`",
        );
    }
    if settings.has("refresh") && !settings.mentions("refresh_after") {
        errors.at(
            settings.tokens("refresh"),
            "`refresh` says how to refresh, but nothing says when",
            "add `refresh_after = \"4m\"`, shorter than `ttl`",
        );
    }
}

fn key(settings: &Settings, function: &Function, errors: &mut Errors) -> Vec<Expr> {
    if settings.has("key") && settings.has("except") {
        errors.at(settings.tokens("except"), "`key` and `except` both say what the key is", "keep one of them");
    }
    if let Some(key) = settings.expr("key") {
        if settings.leading.is_some() {
            // Functions that share a cache may say a part that is the same for all their calls.
            refuse_constant("key", &key, function, "so it would tell no calls apart", errors);
            return parts(key);
        }
        let parts = parts(key);
        for part in &parts {
            refuse_constant("key", part, function, "so it would tell no calls apart", errors);
        }
        return parts;
    }
    if let Some(shared) = &settings.leading
        && !settings.mentions("key")
    {
        let place = if settings.has("except") { settings.tokens("except") } else { shared.to_token_stream() };
        errors.at(
            place,
            format!(
                "`key` is missing: every function that shares `{}` must make the same key of its arguments",
                source::text(shared)
            ),
            "name what tells its entries apart: `key = (account, currency)`",
        );
        return Vec::new();
    }
    let except = settings.list("except");
    refuse_unknown(&except, function, errors);
    refuse_self(settings, &except, function, errors);
    let skipped = |name: &syn::Ident| except.iter().any(|skip| *name == skip.to_token_stream().to_string());
    let names = function.parameters().into_iter().map(|parameter| parameter.name);
    names.filter(|name| !skipped(name)).map(|name| syn::parse_quote!(#name)).collect()
}

fn parts(key: Expr) -> Vec<Expr> {
    match key {
        Expr::Tuple(tuple) => tuple.elems.into_iter().collect(),
        other => vec![other],
    }
}

fn refuse_unknown(except: &[Expr], function: &Function, errors: &mut Errors) {
    for skip in except {
        let text = skip.to_token_stream().to_string();
        let known = match text.as_str() {
            "self" => function.receiver().is_some(),
            name => function.parameters().iter().any(|parameter| parameter.name == name),
        };
        if !known {
            errors.at(
                skip,
                format!("`except({text})` names no parameter of `{}`", function.sig.ident),
                function.parameter_list(),
            );
        }
    }
}

/// Two instances must not share entries by accident.
fn refuse_self(settings: &Settings, except: &[Expr], function: &Function, errors: &mut Errors) {
    let said = except.iter().any(|skip| skip.to_token_stream().to_string() == "self");
    if function.receiver().is_some() && !said {
        errors.at(
            &settings.place,
            "`#[cached]` on a method does not say what of `self` is in the key, so two instances would share their entries",
            "write `key = (self.tenant, id)` with what tells instances apart, or `except(self)` when all of them give the same answer",
        );
    }
}

/// A hit skips the body, and with it everything the body does besides returning.
fn refuse_effects(settings: &Settings, function: &Function, errors: &mut Errors) {
    for input in &function.sig.inputs {
        let (mutable, tokens) = match input {
            FnArg::Typed(typed) => (is_mut_reference(&typed.ty), typed.ty.to_token_stream()),
            FnArg::Receiver(receiver) => (is_mut_receiver(receiver), receiver.to_token_stream()),
        };
        if mutable {
            errors.at(tokens, "a `&mut` argument under `#[cached]`: a hit would not change it, so the function would do its work only sometimes", "return what changes instead, or do not cache");
        }
    }
    if function.returns().is_none_or(is_unit) {
        let place = function.returns().map_or_else(|| settings.place.clone(), ToTokens::to_token_stream);
        errors.at(
            place,
            "`#[cached]` on a function that returns nothing: a hit would skip all it does",
            "return the answer to be kept, or do not cache",
        );
    }
}

fn is_mut_reference(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference) if reference.mutability.is_some())
}

fn is_mut_receiver(receiver: &syn::Receiver) -> bool {
    let text = receiver.to_token_stream().to_string().replace(' ', "");
    text.starts_with('&') && text.contains("mutself") || text.contains("&mut")
}

/// `()` and `Result<(), _>`.
fn is_unit(ty: &Type) -> bool {
    match ty {
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        Type::Path(path) => path.path.segments.last().is_some_and(|segment| match &segment.arguments {
            syn::PathArguments::AngleBracketed(args) if segment.ident == "Result" => {
                args.args.first().is_some_and(|first| first.to_token_stream().to_string() == quote!(()).to_string())
            }
            _ => false,
        }),
        _ => false,
    }
}
