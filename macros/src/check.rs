//! Holds a function and its stack against the rules that concern more than one attribute.

use quote::ToTokens;
use syn::{FnArg, Type};

use crate::attribute::Attribute;
use crate::errors::Errors;
use crate::item::Function;
use crate::model::{Fallback, Idempotent, Kind, Layer, OnCancel, Repeatable};
use crate::rules::{self, Verdict};
use crate::shape;

/// The function itself.
pub(crate) fn function(me: Attribute, function: &Function, layers: &[Layer], errors: &mut Errors) {
    let sig = &function.sig;
    let name = me.name();
    if let Some(constness) = &sig.constness {
        errors.at(
            constness,
            format!("`#[{name}]` on a `const fn`: a layer needs a clock and state, which a constant does not have"),
            "take `const` away",
        );
    }
    if let syn::Safety::Unsafe(token) = &sig.safety {
        errors.at(token, format!("`#[{name}]` on an `unsafe fn`: a layer may call it again or not at all, and cannot promise what it asks of its caller"), "wrap the unsafe call in a safe function");
    }
    if let Some(abi) = &sig.abi {
        errors.at(
            abi,
            format!("`#[{name}]` on an `extern` function: a layer may refuse a call or pause it, and foreign code expects neither"),
            "wrap the foreign call in a function of your own",
        );
    }
    if let Some(layer) = layers.iter().find(|layer| layer.needs_result())
        && !may_be_result(function.returns())
        && !function.returns().is_some_and(shape::is_future)
    {
        let place = function.returns().map_or_else(|| sig.ident.to_token_stream(), ToTokens::to_token_stream);
        let why = layer.attribute.name();
        let (so, help) = match layer.kind {
            Kind::Fallback(_) => (
                "see that a call failed",
                "return `Result<T, E>` with an error that says which of its failures are no answer: `#[derive(steadfast::Failure)]`",
            ),
            Kind::Retry(_) => (
                "see that a call failed",
                "return `Result<T, E>` with an error that says which of its failures may be tried again: `#[derive(steadfast::Failure)]`",
            ),
            _ => (
                "tell its caller that it refused a call",
                "return `Result<T, E>` with an error that has `From<steadfast::Rejection>`",
            ),
        };
        errors.at(place, format!("`{}` returns no `Result`, so `#[{why}]` could not {so}", sig.ident), help);
    }
}

/// Whether the type can be a `Result`; an alias can.
fn may_be_result(ty: Option<&Type>) -> bool {
    const NEVER: [&str; 8] = ["Option", "String", "Vec", "Box", "bool", "u32", "u64", "usize"];
    match ty {
        None => false,
        Some(Type::Path(path)) => {
            path.path.segments.last().is_none_or(|last| !NEVER.contains(&last.ident.to_string().as_str()))
        }
        Some(Type::Tuple(_) | Type::Reference(_) | Type::Array(_) | Type::Slice(_) | Type::Never(_) | Type::Ptr(_)) => {
            false
        }
        Some(_) => true,
    }
}

impl Layer {
    /// Whether the layer reads or makes an `Err`.
    fn needs_result(&self) -> bool {
        !matches!(self.kind, Kind::Timed | Kind::Logged(_) | Kind::Cached(_))
    }
}

/// The stack as a whole.
pub(crate) fn stack(layers: &[Layer], function: &Function, errors: &mut Errors) {
    order(layers, errors);
    several(layers, errors);
    for (index, layer) in layers.iter().enumerate() {
        let (above, below) = (&layers[..index], &layers[index + 1..]);
        match &layer.kind {
            Kind::Idempotent(idempotent) => {
                lease(idempotent, below, errors);
                borrowed(idempotent, function, errors);
            }
            Kind::Cached(cached) if cached.spawns => spawned(function, errors),
            Kind::Fallback(fallback) => stored(fallback, above, errors),
            Kind::Retry(retry) => repeatable(&retry.repeatable, layer, above, below, errors),
            _ => {}
        }
    }
}

/// Every pair against the table of orders.
fn order(layers: &[Layer], errors: &mut Errors) {
    for (index, above) in layers.iter().enumerate() {
        for below in &layers[index + 1..] {
            let row = rules::order(above.attribute, below.attribute);
            if let Some(Verdict::Wrong { why, help }) = row.map(|row| &row.verdict) {
                let (a, b) = (above.attribute.name(), below.attribute.name());
                errors.at(&above.place, format!("`#[{a}]` may not stand above `#[{b}]`: {why}"), help);
            }
        }
    }
}

/// The same attribute twice.
fn several(layers: &[Layer], errors: &mut Errors) {
    for (index, layer) in layers.iter().enumerate() {
        let name = layer.attribute.name();
        let first = layers[..index].iter().any(|above| above.attribute == layer.attribute);
        if let Some((why, help)) = rules::once(layer.attribute)
            && first
        {
            errors.at(&layer.place, format!("a second `#[{name}]`: {why}"), help);
        }
    }
    let mut watched = layers.iter().filter(|layer| !matches!(layer.kind, Kind::Timed | Kind::Logged(_))).peekable();
    while let Some(layer) = watched.next() {
        if let (Kind::Timeout(_), Some(next)) = (&layer.kind, watched.peek())
            && matches!(next.kind, Kind::Timeout(_))
        {
            errors.at(&next.place, "two timeouts with nothing between them: the shorter one decides alone", "keep the shorter, or put `#[retry]` between them: the upper is then for all attempts, the lower for each");
        }
    }
}

/// A retry that may run the work twice must say why that is safe.
fn repeatable(repeatable: &Repeatable, layer: &Layer, above: &[Layer], below: &[Layer], errors: &mut Errors) {
    match repeatable {
        Repeatable::Off if below.iter().any(|layer| matches!(layer.kind, Kind::Timeout(_))) => errors.at(
            &layer.place,
            "`#[retry]` above `#[timeout]`: an attempt that timed out may have happened, so trying again could do the work twice",
            "say why twice is safe: `repeatable` (it only reads) or `repeatable = claim` (every attempt carries the claim's downstream key); or move `#[timeout]` above `#[retry]` for a limit on all attempts together",
        ),
        Repeatable::Claim(claim) => {
            let bound = above.iter().find_map(|layer| match &layer.kind {
                Kind::Idempotent(idempotent) => idempotent.claim.as_ref(),
                _ => None,
            });
            if bound != Some(claim) {
                let help = match bound {
                    Some(bound) => format!("the claim is called `{bound}`: write `repeatable = {bound}`"),
                    None => format!("bind it in `#[idempotent(.., claim = {claim})]` above, and hand `{claim}.downstream_key()` to the call; or write `repeatable` when the function only reads"),
                };
                errors.at(claim, format!("`repeatable = {claim}` names no claim of an `#[idempotent]` above"), help);
            }
        }
        _ => {}
    }
}

/// What a record keeps is only said where there is one.
fn stored(fallback: &Fallback, above: &[Layer], errors: &mut Errors) {
    if fallback.stored && !above.iter().any(|layer| matches!(layer.kind, Kind::Idempotent(_))) {
        errors.at(
            &fallback.stored_tokens,
            "`stored` says that the record of an `#[idempotent]` above keeps what stands in, and there is none above",
            "leave `stored` out, or put `#[idempotent]` above",
        );
    }
}

/// A lease that ends while the work is still allowed to run.
fn lease(idempotent: &Idempotent, below: &[Layer], errors: &mut Errors) {
    let longest = below.iter().filter_map(|layer| match &layer.kind {
        Kind::Timeout(timeout) => timeout.after.literal(),
        _ => None,
    });
    if let (Some(lease), Some(longest)) = (idempotent.lease, longest.max())
        && lease < longest
    {
        let unsaid = if idempotent.lease_is_default { " by default" } else { "" };
        errors.at(
            &idempotent.lease_tokens,
            format!("the lease ({lease:?}{unsaid}) is shorter than the timeout below it ({longest:?}): another call could take the key over while this one still runs"),
            format!("give `lease` more than {longest:?}, or shorten the timeout"),
        );
    }
}

/// Work that goes on without its caller cannot borrow from the caller.
fn borrowed(idempotent: &Idempotent, function: &Function, errors: &mut Errors) {
    if idempotent.on_cancel == OnCancel::Unknown {
        return;
    }
    let Some((place, cure)) = first_borrowed(function) else { return };
    errors.at(
        place,
        "a borrowed argument under `#[idempotent]`: when the caller goes away, the work runs on to its end without it (`on_cancel = finish`)",
        format!("{cure}, or write `on_cancel = unknown` to stop with the caller and keep the outcome as unknown"),
    );
}

/// A refresh that nobody waits for cannot borrow from its caller either.
fn spawned(function: &Function, errors: &mut Errors) {
    let Some((place, cure)) = first_borrowed(function) else { return };
    errors.at(
        place,
        "a borrowed argument under `refresh = spawn`: the refresh runs on when its caller has gone, and the argument with it",
        format!("{cure}, or leave `refresh = spawn` out: then the caller that finds a value due loads it, while the others get the old one"),
    );
}

/// The first borrowed argument, and how to own it.
fn first_borrowed(function: &Function) -> Option<(proc_macro2::TokenStream, &'static str)> {
    let input = function.sig.inputs.iter().find(|input| is_borrowed(input))?;
    Some(match input {
        FnArg::Receiver(receiver) => (receiver.to_token_stream(), "take `self: std::sync::Arc<Self>`"),
        FnArg::Typed(typed) => (typed.ty.to_token_stream(), "take it by value"),
    })
}

fn is_borrowed(input: &FnArg) -> bool {
    struct Borrow(bool);
    impl<'ast> syn::visit::Visit<'ast> for Borrow {
        fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
            let forever = reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
            self.0 |= !forever;
        }
        fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
            self.0 |= lifetime.ident != "static";
        }
    }
    let mut borrow = Borrow(false);
    match input {
        FnArg::Receiver(receiver) => {
            borrow.0 = receiver.to_token_stream().to_string().starts_with('&');
            syn::visit::Visit::visit_receiver(&mut borrow, receiver);
        }
        FnArg::Typed(typed) => syn::visit::Visit::visit_type(&mut borrow, &typed.ty),
    }
    borrow.0
}
