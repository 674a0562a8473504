//! Writing the function. It only calls the runtime, and cannot fail.

mod layers;
mod statics;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, Pat, Path, Signature};

use crate::attribute::Attribute;
use crate::errors::Errors;
use crate::item::Function;
use crate::model::{Kind, Layer};
use crate::settings::Settings;
use crate::stack::Written;

/// What every part of the expansion needs to know.
pub(crate) struct Emit<'a> {
    function: &'a Function,
    krate: &'a Path,
}

/// The composed function.
pub(crate) fn function(attrs: &TokenStream, function: &Function, layers: &[Layer], krate: &Path) -> TokenStream {
    let emit = Emit { function, krate };
    let vis = &function.vis;
    let sig = signature(function, layers);
    let statics = statics::all(&emit, layers);
    let stack = emit.edge(layers);
    quote! {
        #attrs
        #vis #sig {
            #statics
            #stack.await
        }
    }
}

/// The signature. A parameter that every attempt copies is `mut` in the copy only: the compiler
/// would warn of one that never changes.
fn signature(function: &Function, layers: &[Layer]) -> Signature {
    let mut sig = function.sig.clone();
    let copied = layers.iter().find_map(|layer| match &layer.kind {
        Kind::Retry(retry) => Some(retry.clone.as_slice()),
        _ => None,
    });
    for input in &mut sig.inputs {
        if let (FnArg::Typed(typed), Some(copied)) = (input, copied) {
            *typed.pat = Pat::Verbatim(without_mut(typed.pat.to_token_stream(), copied));
        }
    }
    sig
}

/// A pattern without the `mut` in front of these names.
fn without_mut(pattern: TokenStream, names: &[Ident]) -> TokenStream {
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

/// On a mistake the body still finds the names that the attributes bind.
pub(crate) fn bindings_for_errors(written: &[Written], krate: &Path) -> TokenStream {
    let mut tokens = TokenStream::new();
    for written in written {
        let bound = match written.attribute {
            Attribute::Idempotent => ("claim", quote!(#krate::idempotent::Claim)),
            Attribute::Retry => ("attempt", quote!(u32)),
            _ => continue,
        };
        let settings = Settings::parse(written, &mut Errors::default());
        if let Some(name) = settings.name(bound.0) {
            let ty = bound.1;
            tokens.extend(quote!(let #name: #ty = #krate::__rt::absent();));
        }
    }
    tokens
}

/// A name of ours inside the function, out of the user's sight.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

impl Emit<'_> {
    /// The runtime's path, spanned so that a type error below it points there.
    fn rt_at(&self, span: Span) -> TokenStream {
        let krate = respanned(self.krate.to_token_stream(), span);
        quote_spanned!(span=> #krate::__rt)
    }

    fn rt(&self) -> TokenStream {
        self.rt_at(Span::call_site())
    }

    /// The function's name, by which its own policies go.
    fn name(&self) -> String {
        self.function.sig.ident.to_string().trim_start_matches("r#").to_owned()
    }

    /// The return type, or `_` where it cannot be written down again.
    fn ret(&self) -> TokenStream {
        match (self.function.returns(), self.function.nameable_return()) {
            (None, _) => quote!(()),
            (_, Some(ty)) => ty.to_token_stream(),
            _ => quote!(_),
        }
    }

    fn ret_span(&self) -> Span {
        self.function.returns().map_or_else(Span::call_site, Spanned::span)
    }

    /// The whole stack with its outer edge, where a refusal becomes the function's error.
    fn edge(&self, layers: &[Layer]) -> TokenStream {
        let stack = layers::compose(self, layers).into_future();
        let rt = self.rt();
        if !layers.iter().any(Layer::refuses) {
            return quote!(#rt::open_edge(#stack));
        }
        let span = self.ret_span();
        let spanned = self.rt_at(span);
        let refuse = quote_spanned!(span=> #spanned::refuse);
        quote!(#rt::edge(#refuse, #stack))
    }

    /// The user's body as a future. The return that is never taken tells the compiler the type,
    /// so that literals and closures in the body are inferred as in a plain function.
    fn body(&self) -> TokenStream {
        let rt = self.rt();
        let body = self.function.body.stream();
        let declared = self.function.nameable_return().map(|ret| {
            let never = local("__never");
            quote! {
                if let ::core::option::Option::Some(#never) = ::core::option::Option::None::<#ret> {
                    return #never;
                }
            }
        });
        quote!(#rt::body(async { #declared #body }))
    }
}

impl Layer {
    /// Whether the layer has refusals of its own.
    fn refuses(&self) -> bool {
        !matches!(self.kind, Kind::Timed | Kind::Logged(_) | Kind::Retry(_) | Kind::Cached(_))
    }
}

fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|tree| match tree {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), respanned(group.stream(), span));
                inner.set_span(span);
                TokenTree::Group(inner)
            }
            mut other => {
                other.set_span(span);
                other
            }
        })
        .collect()
}
