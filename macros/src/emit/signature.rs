//! The composed function's signature.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, Pat, Signature};

use crate::item::Function;
use crate::model::{Kind, Layer};

/// A parameter that every attempt copies is `mut` in the copy only: the compiler
/// would warn of one that never changes.
pub(super) fn of(function: &Function, layers: &[Layer]) -> Signature {
    let mut sig = function.sig.clone();
    let copied = copied(layers);
    for input in &mut sig.inputs {
        if let FnArg::Typed(typed) = input
            && !copied.is_empty()
        {
            *typed.pat = Pat::Verbatim(without_mut(typed.pat.to_token_stream(), &copied));
        }
    }
    sig
}

/// The parameters of which the body gets copies.
pub(super) fn copied(layers: &[Layer]) -> Vec<Ident> {
    let copies = layers.iter().flat_map(|layer| match &layer.kind {
        Kind::Retry(retry) => retry.clone.as_slice(),
        Kind::Fallback(fallback) => fallback.clone.as_slice(),
        _ => &[],
    });
    copies.cloned().collect()
}

/// A pattern, or bindings, without the `mut` in front of these names.
pub(super) fn without_mut(pattern: TokenStream, names: &[Ident]) -> TokenStream {
    let mut kept = TokenStream::new();
    let mut trees = pattern.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Ident(word)
                if word == "mut" && matches!(trees.peek(), Some(TokenTree::Ident(name)) if names.contains(name)) => {}
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), without_mut(group.stream(), names));
                inner.set_span(group.span());
                kept.extend([TokenTree::Group(inner)]);
            }
            other => kept.extend([other]),
        }
    }
    kept
}
