//! `#[idempotent]`: the call and its claim in front, and the future that holds the rest.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, Path};

use super::layers::{Composed, borrowed};
use super::{Emit, local};
use crate::ends::Ends;
use crate::model::{Idempotent, Layer, OnCancel, Payload};
use crate::source;

impl Emit<'_> {
    pub(super) fn idempotent(
        &self,
        idempotent: &Idempotent,
        layer: &Layer,
        policy: &Ident,
        inner: Composed,
    ) -> Composed {
        let rt = self.rt_of(layer);
        let call = local("__call");
        let key = self.key(&idempotent.key, &rt);
        let payload = self.payload(&idempotent.payload, &rt);
        let scope = idempotent.scope.as_ref().map(|scope| {
            let scope = self.key(scope, &rt);
            quote!(.scoped(#scope))
        });
        let claim = claim(idempotent).map(|name| quote!(let #name = #call.claim();));
        let mutable = claim.is_some().then(|| quote!(mut));
        let (made, codec) = self.codec(idempotent, &rt);
        let (aside, codec) = match self.stood_in_below(layer) {
            true => {
                let aside = local("__aside");
                (Some(quote!(let #aside = #rt::Aside::new();)), quote!(#aside.codec(#codec)))
            }
            false => (None, codec),
        };
        let (asked, call_and_store) = self.asked(idempotent);
        let layer = future(idempotent);
        let inner = match idempotent.on_cancel {
            OnCancel::Finish => inner.into_owned_future(),
            OnCancel::Unknown => inner.into_future(),
        };
        // All of the call stands at its store: what is wrong with a store is one error then, though
        // the future asks for it too.
        let ends = Ends::of(&idempotent.store);
        let at_store = self.rt_at(ends);
        let args = quote_spanned!(ends.last=> (#call_and_store, #codec, #inner));
        let future = quote_spanned!(ends.last=> #at_store::#layer #args);
        Composed::future(future).at(ends).after(quote! {
            let #mutable #call = #rt::Call::new(&#policy, #key, #payload)#scope;
            #claim
            #made
            #aside
            #asked
        })
    }

    fn key(&self, key: &Expr, rt: &TokenStream) -> TokenStream {
        let key = borrowed(key);
        quote!(#rt::key(#key))
    }

    fn payload(&self, payload: &Payload, rt: &TokenStream) -> TokenStream {
        match payload {
            Payload::None => quote!(#rt::Payload::none()),
            Payload::Whole(value) => {
                let value = borrowed(value);
                quote!(#rt::Payload::of(#value))
            }
            Payload::Fields(fields) => {
                let fields = fields.iter().map(|field| {
                    let name = source::text(field);
                    let field = borrowed(field);
                    quote!(.with(#name, #field))
                });
                quote!(#rt::Payload::fields()#(#fields)*)
            }
        }
    }

    /// How the result is written into a record and read back: a statement in front where a codec of
    /// the user's stands between, and the closure.
    fn codec(&self, idempotent: &Idempotent, rt: &TokenStream) -> (Option<TokenStream>, TokenStream) {
        let ends = self.ret_ends();
        let (query, borrowed) = (ends.name("__query"), ends.borrow("__query"));
        let ret = self.ret();
        let plain = quote!(|#query: #rt::Query<'_, #ret>| #rt::answer(#borrowed));
        let Some(codec) = &idempotent.codec else { return (None, plain) };
        let (call, through) = (local("__call"), local("__codec"));
        let ends = Ends::of(codec);
        let (at_codec, codec) = (self.rt_at(ends), cloned(codec));
        let codec = quote_spanned!(ends.last=> #at_codec::codec(#codec));
        (Some(quote!(let #through = #rt::coded(&#call, #codec, #plain);)), quote!(#through))
    }

    /// What the layer's future begins with: the call and its store; or, where somebody is asked
    /// about unknown outcomes, what came of that, which a statement in front finds out. The question
    /// borrows the arguments before the body moves them.
    fn asked(&self, idempotent: &Idempotent) -> (Option<TokenStream>, TokenStream) {
        let call = local("__call");
        let (ends, store) = (Ends::of(&idempotent.store), cloned(&idempotent.store));
        let Some(path) = &idempotent.recover else {
            return (None, quote_spanned!(ends.last=> #call, #store));
        };
        let (asked, ret) = (local("__asked"), self.ret());
        // At the path: what is wrong with the function is one error then.
        let at = Ends::of(path);
        let (rt, question) = (self.rt_at(at), self.question(path, idempotent));
        let ret = quote_spanned!(at.last=> ::core::marker::PhantomData::<#ret>);
        let args = quote_spanned!(at.last=> (#call, #store, #ret, #question));
        let found_out = quote_spanned!(at.last=> #rt::recover #args.await);
        (Some(quote!(let #asked = #found_out;)), quote!(#asked))
    }

    /// A call of the user's function with `self`, the claim and all arguments, underlined as its path.
    fn question(&self, path: &Path, idempotent: &Idempotent) -> TokenStream {
        let ends = Ends::of(path);
        let receiver = self.function.receiver().map(|receiver| Ident::new("self", receiver.self_token.span));
        let names = self.function.parameters().into_iter().map(|parameter| parameter.name);
        let given = receiver.into_iter().chain(claim(idempotent)).chain(names).map(|mut name| {
            name.set_span(name.span().located_at(ends.last));
            quote_spanned!(ends.last=> &#name)
        });
        let args = quote_spanned!(ends.last=> (#(#given),*));
        quote_spanned!(ends.last=> || #path #args)
    }
}

/// The name under which the claim is found, where anybody asks for it.
fn claim(idempotent: &Idempotent) -> Option<Ident> {
    let ours = idempotent.recover.is_some().then(|| local("__claim"));
    idempotent.claim.clone().or(ours)
}

/// The runtime's function for the layer.
fn future(idempotent: &Idempotent) -> TokenStream {
    match (idempotent.on_cancel, idempotent.recover.is_some()) {
        (OnCancel::Finish, false) => quote!(finish),
        (OnCancel::Finish, true) => quote!(finish_asked),
        (OnCancel::Unknown, false) => quote!(run),
        (OnCancel::Unknown, true) => quote!(run_asked),
    }
}

/// A clone of what the user wrote, underlined as that.
pub(super) fn cloned(expr: &Expr) -> TokenStream {
    let ends = Ends::of(expr);
    let expr = quote_spanned!(ends.first=> (#expr));
    quote_spanned!(ends.last=> #expr.clone())
}
