//! The state of a stack: one `static` for each policy of its own, and the function's entry in the
//! registry.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, Path};

use super::{Emit, local};
use crate::attribute::Attribute;
use crate::item::any_ident;
use crate::model::{Kind, Layer, Own, Policy};
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
    let (ty, value) = match &layer.kind {
        Kind::Idempotent(idempotent) => {
            let (name, steps) = (&idempotent.name, idempotent.steps.emit(&rt));
            (quote!(Idempotency), quote!(new(#name) #steps))
        }
        Kind::Retry(retry) => {
            let steps = retry.steps.emit(&rt);
            (quote!(RetryPolicy), quote!(new(#name) #steps))
        }
        Kind::CircuitBreaker(breaker) => (quote!(CircuitBreaker), own(&rt, &breaker.policy, &name)?),
        Kind::RateLimit(limit) => (quote!(RateLimiter), own(&rt, &limit.policy, &name)?),
        Kind::Cached(cached) => {
            let (ttl, steps) = (&cached.ttl, cached.steps.emit(&rt));
            (quote!(Cached), quote!(new(#name, #ttl) #steps))
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
    let ident = self::name(layers, layer.attribute, index);
    Some(quote!(static #ident: #rt::#ty = #rt::#ty::#value;))
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
        let policy = described(layers, index, layer);
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
fn described(layers: &[Layer], index: usize, layer: &Layer) -> TokenStream {
    let shared = match &layer.kind {
        Kind::CircuitBreaker(breaker) => &breaker.policy,
        Kind::RateLimit(limit) => &limit.policy,
        Kind::Validate(_) => return quote!(Elsewhere),
        Kind::Timeout(timeout) if matches!(timeout.after, Time::Expr(_)) => return quote!(Elsewhere),
        _ => return own_static(layers, index, layer),
    };
    match shared {
        Policy::Own(_) => own_static(layers, index, layer),
        Policy::Shared(expr) => static_path(expr).map_or(quote!(Elsewhere), |path| quote!(Shared(&#path))),
    }
}

fn own_static(layers: &[Layer], index: usize, layer: &Layer) -> TokenStream {
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
