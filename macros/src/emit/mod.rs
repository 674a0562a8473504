//! Writing the function. It only calls the runtime, and cannot fail.

mod idempotent;
mod keys;
mod layers;
mod mistaken;
mod moment;
mod refund;
mod signature;
mod statics;

pub(crate) use mistaken::first_in_body;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Path;

use crate::ends::Ends;
use crate::item::Function;
use crate::model::{Kind, Layer, Policy};
use crate::shape::{self, Shape};

/// What every part of the expansion needs to know.
pub(crate) struct Emit<'a> {
    function: &'a Function,
    krate: &'a Path,
    layers: &'a [Layer],
}

/// The composed function.
pub(crate) fn function(attrs: &TokenStream, function: &Function, layers: &[Layer], krate: &Path) -> TokenStream {
    let emit = Emit { function, krate, layers };
    let vis = &function.vis;
    let sig = signature::of(function, layers);
    let statics = statics::all(&emit, layers);
    let clock = emit.read_clock(layers);
    let stack = emit.edge(layers);
    let body = emit.placed(quote!(#statics #clock #stack), &signature::copied(layers));
    quote!(#attrs #vis #sig #body)
}

/// A name of ours inside the function, out of the user's sight.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

impl Emit<'_> {
    /// The runtime's path, underlined so that a type error in what follows it points there.
    fn rt_at(&self, ends: Ends) -> TokenStream {
        let krate = ends.path(self.krate);
        quote_spanned!(ends.last=> #krate::__rt)
    }

    fn rt(&self) -> TokenStream {
        let krate = self.krate;
        quote!(#krate::__rt)
    }

    /// The runtime's path, underlined as a layer's attribute.
    fn rt_of(&self, layer: &Layer) -> TokenStream {
        self.rt_at(Ends::of(&layer.place))
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

    /// Where the return type stands.
    fn ret_ends(&self) -> Ends {
        self.function.returns().map_or_else(|| Ends::of(&self.function.sig.ident), Ends::of)
    }

    /// The stack where the user's body was.
    fn placed(&self, stack: TokenStream, copied: &[Ident]) -> Group {
        let body = self.function.body();
        // The braces are the user's, so that the function is: a macro's own would not be told unused.
        let braces = |stack| {
            let mut group = Group::new(Delimiter::Brace, stack);
            group.set_span(body.span());
            group
        };
        let Shape::Rewritten(rewritten) = &self.function.shape else { return braces(stack) };
        let stack = match rewritten.method {
            Some(_) => shape::rewrite_self(stack, &body.stream()),
            None => stack,
        };
        rewritten.with(braces(stack), |before| signature::without_mut(before, copied))
    }

    /// The whole stack with its outer edge, where a refusal becomes the function's error.
    fn edge(&self, layers: &[Layer]) -> TokenStream {
        let stack = layers::compose(self, layers);
        let (own, rejection) = (local("__own"), local("__rejection"));
        let refused = self.refused(&rejection);
        let rt = self.rt();
        // Not in a future around the stack: the answer would be moved once more.
        let answer = match self.function.is_sync() {
            true => {
                let stack = stack.into_future();
                quote!(#rt::block_on(#stack))
            }
            false => stack.into_answer(),
        };
        quote! {
            match #answer {
                ::core::result::Result::Ok(#own) => #own,
                ::core::result::Result::Err(#rejection) => #refused,
            }
        }
    }

    /// A refusal as the function's own result, where there are refusals.
    fn refused(&self, rejection: &Ident) -> TokenStream {
        if self.layers.iter().any(Layer::refuses) {
            let ends = self.ret_ends();
            let rt = self.rt_at(ends);
            quote_spanned!(ends.last=> #rt::refuse(#rejection))
        } else if self.layers.iter().any(Layer::may_refuse) {
            let ends = self.ret_ends();
            let rt = self.rt_at(ends);
            quote_spanned!(ends.last=> #rt::refuse_or_never(#rejection))
        } else {
            let rt = self.rt();
            quote!(#rt::never(#rejection))
        }
    }

    /// The user's body as a future.
    fn body(&self) -> TokenStream {
        let rt = self.rt();
        let function = local("__FUNCTION");
        let sig = &self.function.sig;
        // An argument that is moved in a loop is an error at this word: let it be the user's.
        let word = sig.asyncness.map_or_else(|| Ends::of(sig.fn_token), Ends::of).first;
        let body = match self.function.method() {
            Some(_) => shape::body_word().to_token_stream(),
            None => self.function.body().stream(),
        };
        if self.function.is_sync() {
            let ret = self.function.nameable_return().map(|ret| quote!(-> #ret));
            // A closure, so that the body cannot await: nothing would drive what it awaits.
            let closure = quote_spanned!(word=> ||);
            return quote!(#rt::body_now_of(&#function, #closure #ret { #body }));
        }
        let declared = self.declared_return();
        let asyncness = quote_spanned!(word=> async);
        quote!(#rt::body_of(&#function, #asyncness { #declared #body }))
    }

    /// The return that is never taken tells the compiler the type, so that literals and closures
    /// in the body are inferred as in a plain function.
    fn declared_return(&self) -> Option<TokenStream> {
        let ret = self.function.nameable_return()?;
        let never = local("__never");
        Some(quote! {
            if let ::core::option::Option::Some(#never) = ::core::option::Option::None::<#ret> {
                return #never;
            }
        })
    }
}

impl Layer {
    /// Whether the layer has refusals of its own.
    fn refuses(&self) -> bool {
        !matches!(self.kind, Kind::Timed | Kind::Logged(_) | Kind::Retry(_) | Kind::Cached(_) | Kind::Fallback(_))
    }

    /// Whether that depends on a type which only the compiler knows: the second tier of a cache.
    fn may_refuse(&self) -> bool {
        matches!(&self.kind, Kind::Cached(cached) if cached.tier.is_some() || matches!(cached.policy, Policy::Shared(_)))
    }
}
