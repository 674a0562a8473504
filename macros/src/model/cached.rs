//! `#[cached]`.

use quote::{ToTokens, quote};
use syn::{Expr, FnArg, Type};

use super::{Steps, refuse_constant, refuse_zero};
use crate::errors::Errors;
use crate::item::Function;
use crate::settings::{Settings, Time};

pub(crate) struct Cached {
    pub(crate) ttl: Time,
    pub(crate) steps: Steps,
    /// The parts of the key.
    pub(crate) key: Vec<Expr>,
}

impl Cached {
    pub(super) fn parse(settings: &Settings, function: &Function, errors: &mut Errors) -> Option<Self> {
        refuse_zero(settings, &["ttl", "idle", "negative_ttl"], errors);
        if !settings.mentions("ttl") && settings.lacks(1) {
            errors.at(&settings.place, "`#[cached]` needs `ttl`: how long may an answer be old?", "add `ttl = \"5m\"`");
        }
        refuse_effects(settings, function, errors);
        let key = key(settings, function, errors);
        Some(Self {
            ttl: settings.time("ttl")?,
            steps: Steps::of(settings, &["idle", "max_entries", "negative_ttl"]),
            key,
        })
    }
}

fn key(settings: &Settings, function: &Function, errors: &mut Errors) -> Vec<Expr> {
    if settings.has("key") && settings.has("except") {
        errors.at(settings.tokens("except"), "`key` and `except` both say what the key is", "keep one of them");
    }
    if let Some(key) = settings.expr("key") {
        let parts = parts(key);
        for part in &parts {
            refuse_constant("key", part, function, "so it would tell no calls apart", errors);
        }
        return parts;
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
