//! The state of a stack: one `static` for each policy of its own, and the function's entry in the
//! registry.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, Path};

use super::{Emit, keys, layers, local};
use crate::attribute::Attribute;
use crate::item::any_ident;
use crate::model::{Kind, Layer, Own, Policy, Retry};
use crate::settings::Time;
use crate::source;

/// All statics of a stack.
pub(super) fn all(emit: &Emit<'_>, layers: &[Layer]) -> TokenStream {
    let policies = layers.iter().enumerate().filter_map(|(index, layer)| policy(emit, layers, index, layer));
    let entry = entry(emit, layers);
    quote!(#(#policies)* #entry)
}

/// The name of a layer's static; a second one of its kind has a number.
pub(super) fn name(layers: &[Layer], attribute: Attribute, index: usize) -> Ident {
    let before = layers[..index].iter().filter(|layer| layer.attribute == attribute).count();
    let base = format!("__{}", attribute.name().to_uppercase());
    local(&if before == 0 { base } else { format!("{base}_{}", before + 1) })
}

fn policy(emit: &Emit<'_>, layers: &[Layer], index: usize, layer: &Layer) -> Option<TokenStream> {
    let rt = emit.rt();
    let name = emit.name();
    let ident = self::name(layers, layer.attribute, index);
    let (ty, value) = match &layer.kind {
        Kind::Idempotent(idempotent) => {
            let (name, steps) = (&idempotent.name, idempotent.steps.emit(&rt));
            (quote!(Idempotency), quote!(new(#name) #steps))
        }
        Kind::Retry(retry) => {
            let own = own(&rt, &retry.policy, &name)?;
            let scheduled = retry.schedule.is_some().then(|| {
                let schedule = schedule(&self::name(layers, layer.attribute, index));
                quote!(.schedule(#schedule))
            });
            (quote!(RetryPolicy), quote!(#own #scheduled))
        }
        Kind::CircuitBreaker(breaker) if breaker.key.is_some() => {
            let (value, steps) = (own(&rt, &breaker.policy, &name)?, breaker.keyed.emit(&rt));
            let slot = quote!(#rt::KeyedSlot::new(#rt::CircuitBreaker::#value) #steps);
            return Some(quote!(static #ident: #rt::KeyedSlot<#rt::CircuitBreaker> = #slot;));
        }
        Kind::CircuitBreaker(breaker) => (quote!(CircuitBreaker), own(&rt, &breaker.policy, &name)?),
        Kind::RateLimit(limit) if limit.key.is_some() => {
            let (value, steps) = (own(&rt, &limit.policy, &name)?, limit.keyed.emit(&rt));
            let (ty, limiter) = match limit.key.as_ref().and_then(|key| keys::owned(emit.function, key)) {
                Some(key) => (quote!(Keyed), quote!(#key, #rt::RateLimiter)),
                None => (quote!(KeyedSlot), quote!(#rt::RateLimiter)),
            };
            return Some(quote!(static #ident: #rt::#ty<#limiter> = #rt::#ty::new(#rt::RateLimiter::#value) #steps;));
        }
        Kind::RateLimit(limit) => (quote!(RateLimiter), own(&rt, &limit.policy, &name)?),
        Kind::Bulkhead(bulkhead) => (quote!(Bulkhead), own(&rt, &bulkhead.policy, &name)?),
        Kind::Fallback(_) => (quote!(Fallback), quote!(new(#name))),
        Kind::Cached(cached) => {
            let name = cached.name.as_ref().unwrap_or(&name);
            (quote!(Cached), own(&rt, &cached.policy, name)?)
        }
        Kind::Timeout(timeout) => {
            let after = &timeout.after;
            // An expression may belong to the call.
            matches!(after, Time::Literal(..)).then_some((quote!(Timeout), quote!(new(#name, #after))))?
        }
        Kind::Timed => (quote!(Timed), quote!(new(#name))),
        Kind::Logged(logged) => {
            let args = logged.args.iter().map(source::text);
            let steps = logged.steps.emit(&rt);
            let place = quote!(::core::module_path!(), ::core::file!(), ::core::line!());
            (quote!(Logged), quote!(new(#name, #place, &[#(#args),*]) #steps))
        }
        Kind::Validate(_) => return None,
    };
    let before = scheduled(&rt, layer, &ident);
    Some(quote!(#before static #ident: #rt::#ty = #rt::#ty::#value;))
}

/// The static of a retry's schedule, which lives as long as the policy that refers to it.
fn scheduled(rt: &TokenStream, layer: &Layer, policy: &Ident) -> Option<TokenStream> {
    let Kind::Retry(retry) = &layer.kind else { return None };
    let schedule = retry.schedule.as_ref()?;
    let ident = self::schedule(policy);
    let value = layers::borrowed(schedule);
    Some(quote!(static #ident: &dyn #rt::Schedule = #value;))
}

fn schedule(policy: &Ident) -> Ident {
    local(&format!("{policy}_SCHEDULE"))
}

fn own(rt: &TokenStream, policy: &Policy, name: &str) -> Option<TokenStream> {
    let Policy::Own(Own { constructor, args, steps }) = policy else { return None };
    let constructor = local(constructor);
    let steps = steps.emit(rt);
    let args = (!args.is_empty()).then(|| quote!(, #args));
    Some(quote!(#constructor(#name #args) #steps))
}

/// The function's entry in the registry.
fn entry(emit: &Emit<'_>, layers: &[Layer]) -> TokenStream {
    let rt = emit.rt();
    let name = emit.name();
    let entries = layers.iter().enumerate().map(|(index, layer)| {
        let kind = local(layer.attribute.layer());
        let written = &layer.written;
        let policy = described(&rt, layers, index, layer);
        let policy = quote!(#rt::Described::#policy);
        quote!(#rt::Entry { layer: #rt::Layer::#kind, policy: #policy, written: #written })
    });
    let ident = local("__FUNCTION");
    quote! {
        #[#rt::linkme::distributed_slice(#rt::FUNCTIONS)]
        #[linkme(crate = #rt::linkme)]
        static #ident: #rt::Function = #rt::Function {
            name: #name,
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            layers: &[#(#entries),*],
        };
    }
}

/// What describes a layer: its own static, a shared one, or nothing that the program keeps.
fn described(rt: &TokenStream, layers: &[Layer], index: usize, layer: &Layer) -> TokenStream {
    let shared = match &layer.kind {
        Kind::CircuitBreaker(breaker) => &breaker.policy,
        Kind::RateLimit(limit) => &limit.policy,
        Kind::Retry(retry) => return of_retry(rt, layers, index, layer, retry),
        Kind::Cached(cached) => &cached.policy,
        Kind::Bulkhead(bulkhead) => &bulkhead.policy,
        Kind::Validate(_) => return quote!(Elsewhere),
        Kind::Timeout(timeout) if matches!(timeout.after, Time::Expr(_)) => return quote!(Elsewhere),
        _ => return own_static(layers, index, layer),
    };
    of_policy(rt, layers, index, layer, shared)
}

fn of_policy(rt: &TokenStream, layers: &[Layer], index: usize, layer: &Layer, policy: &Policy) -> TokenStream {
    match policy {
        Policy::Own(_) => own_static(layers, index, layer),
        Policy::Shared(expr) => shared_static(rt, expr).unwrap_or(quote!(Elsewhere)),
    }
}

/// A retry's policy, and its budget where that is a static.
fn of_retry(rt: &TokenStream, layers: &[Layer], index: usize, layer: &Layer, retry: &Retry) -> TokenStream {
    let Some(budget) = retry.budget.as_ref().and_then(|budget| shared_static(rt, budget)) else {
        return of_policy(rt, layers, index, layer, &retry.policy);
    };
    // Not by a call: what is borrowed here has to be a constant.
    let policy = match &retry.policy {
        Policy::Own(_) => any_own(layers, index, layer),
        Policy::Shared(expr) => shared_static(rt, expr).unwrap_or(quote!(Elsewhere)),
    };
    quote!(With(&#rt::Described::#policy, &#rt::Described::#budget))
}

fn shared_static(rt: &TokenStream, expr: &Expr) -> Option<TokenStream> {
    static_path(expr).map(|path| quote!(Shared(|| #rt::describe!(&#path))))
}

/// Through a function for its type, so that no crate of a user's finds out again, function by function,
/// that the type can be described.
fn own_static(layers: &[Layer], index: usize, layer: &Layer) -> TokenStream {
    let keyed = match &layer.kind {
        Kind::CircuitBreaker(breaker) => breaker.key.is_some(),
        Kind::RateLimit(limit) => limit.key.is_some(),
        _ => false,
    };
    if keyed {
        return any_own(layers, index, layer);
    }
    let (ident, of_its_type) = (name(layers, layer.attribute, index), local(layer.attribute.name()));
    quote!(#of_its_type(&#ident))
}

fn any_own(layers: &[Layer], index: usize, layer: &Layer) -> TokenStream {
    let ident = name(layers, layer.attribute, index);
    quote!(Own(&#ident))
}

/// A shared policy that is a static: known by its name in capitals. Others belong to an instance.
pub(super) fn static_path(expr: &Expr) -> Option<&Path> {
    let Expr::Path(path) = expr else { return None };
    let last = path.path.segments.last()?.ident.to_string();
    let capitals = !last.chars().any(char::is_lowercase);
    let of_self = any_ident(quote!(#path), &|ident| ident == "Self");
    (capitals && !of_self).then_some(&path.path)
}
