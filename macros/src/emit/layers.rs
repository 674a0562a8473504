//! The layers around the body, from the inside out.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use super::{Emit, local, statics};
use crate::model::{
    Cached, CircuitBreaker, Classify, Idempotent, Kind, Layer, Logged, OnCancel, Payload, Policy, RateLimit, Retry,
    Rule, Timeout, Validate,
};
use crate::settings::Time;

/// Statements, and the future that runs after them. A gate (a limiter, a validation) is only
/// statements: it needs no future around the rest.
pub(super) struct Composed {
    before: TokenStream,
    future: TokenStream,
}

impl Composed {
    fn future(future: TokenStream) -> Self {
        Self { before: TokenStream::new(), future }
    }

    /// With these statements in front.
    fn after(self, statements: TokenStream) -> Self {
        let before = self.before;
        Self { before: quote!(#statements #before), future: self.future }
    }

    /// All of it as one future.
    pub(super) fn into_future(self) -> TokenStream {
        let Self { before, future } = self;
        if before.is_empty() { future } else { quote!(async { #before #future.await }) }
    }

    /// All of it as a future that owns what it uses.
    fn into_owned_future(self) -> TokenStream {
        let Self { before, future } = self;
        quote!(async move { #before #future.await })
    }
}

/// The stack, outermost first, around the body.
pub(super) fn compose(emit: &Emit<'_>, layers: &[Layer]) -> Composed {
    (0..layers.len()).rev().fold(Composed::future(emit.body()), |inner, index| {
        let layer = &layers[index];
        let policy = statics::name(layers, layer.attribute, index);
        emit.wrap(layer, &policy, inner)
    })
}

impl Emit<'_> {
    fn wrap(&self, layer: &Layer, policy: &Ident, inner: Composed) -> Composed {
        match &layer.kind {
            Kind::Idempotent(idempotent) => self.idempotent(idempotent, policy, inner),
            Kind::Retry(retry) => Composed::future(self.retry(retry, policy, inner)),
            Kind::CircuitBreaker(breaker) => Composed::future(self.circuit_breaker(breaker, policy, inner)),
            Kind::RateLimit(limit) => inner.after(self.rate_limit(limit, policy)),
            Kind::Cached(cached) => self.cached(cached, policy, inner),
            Kind::Validate(validate) => inner.after(self.validate(validate)),
            Kind::Timeout(timeout) => Composed::future(self.timeout(timeout, policy, inner)),
            Kind::Timed => Composed::future(self.timed(policy, inner)),
            Kind::Logged(logged) => Composed::future(self.logged(logged, policy, inner)),
        }
    }

    /// A closure over a reference to the function's own result. The bound that the runtime puts
    /// on the return type stands in it alone, so that a type that lacks it is one error.
    fn of_result(&self, call: impl FnOnce(&TokenStream, &Ident) -> TokenStream) -> TokenStream {
        let span = self.ret_span();
        let result = local("__result");
        let ret = self.ret();
        let call = call(&self.rt_at(span), &result);
        quote!(|#result: &#ret| #call)
    }

    fn classify(&self, classify: &Classify) -> TokenStream {
        let error = local("__error");
        let rt = self.rt();
        match classify {
            Classify::OwnWord => self.of_result(|rt, result| {
                let span = self.ret_span();
                quote_spanned!(span=> #rt::own_word(#result))
            }),
            Classify::Pattern(pattern, guard) => {
                let guard = guard.as_ref().map(|guard| quote!(if #guard));
                self.of_result(|_, result| {
                    quote! {
                        #rt::as_matched(
                            #result,
                            |#error| match #error {
                                #pattern #guard => true,
                                #[allow(unreachable_patterns)]
                                _ => false,
                            },
                            |#error| #rt::signal!(#error),
                        )
                    }
                })
            }
            Classify::When(predicate) => self.of_result(|_, result| {
                // Handed over as it is, so that a closure's argument needs no type.
                quote!(#rt::as_matched(#result, #predicate, |#error| #rt::signal!(#error)))
            }),
        }
    }

    fn outcome(&self) -> TokenStream {
        let rt = self.rt();
        self.of_result(|_, result| quote!(#rt::outcome!(#result)))
    }

    fn retry(&self, retry: &Retry, policy: &Ident, inner: Composed) -> TokenStream {
        let rt = self.rt();
        let (attempts, pause, result) = (local("__attempts"), local("__pause"), local("__result"));
        let of = self.classify(&retry.classify);
        let number = retry.attempt.as_ref().map(|name| quote!(let #name: u32 = #attempts.number();));
        let clones = retry.clone.iter().map(|name| self.clone_of(name));
        let inner = inner.into_future();
        quote! {
            async {
                let mut #attempts = #rt::Attempts::start(&#policy);
                loop {
                    #number
                    #(#clones)*
                    match #attempts.next(#inner.await, #of) {
                        #rt::Step::Again(#pause) => #pause.await,
                        #rt::Step::Done(#result) => break #result,
                    }
                }
            }
        }
    }

    /// Every attempt gets its own copy of an argument.
    fn clone_of(&self, name: &Ident) -> TokenStream {
        let mutable = self.function.parameters().iter().any(|p| p.name == *name && p.mutable).then(|| quote!(mut));
        quote_spanned!(name.span()=> let #mutable #name = ::core::clone::Clone::clone(&#name);)
    }

    fn circuit_breaker(&self, breaker: &CircuitBreaker, policy: &Ident, inner: Composed) -> TokenStream {
        let rt = self.rt();
        let policy = shared_or_own(&breaker.policy, policy);
        let of = self.classify(&breaker.classify);
        let inner = inner.into_future();
        quote!(#rt::circuit_breaker(&#policy, #of, #inner))
    }

    fn rate_limit(&self, limit: &RateLimit, policy: &Ident) -> TokenStream {
        let rt = self.rt();
        let policy = shared_or_own(&limit.policy, policy);
        let rejection = local("__rejection");
        quote! {
            if let ::core::option::Option::Some(#rejection) = #rt::admit(&#policy).await {
                return ::core::result::Result::Err(#rejection);
            }
        }
    }

    fn validate(&self, validate: &Validate) -> TokenStream {
        let rt = self.rt();
        let name = self.name();
        let (rules, rejection) = (local("__rules"), local("__rejection"));
        let checks = validate.rules.iter().map(|rule| match rule {
            Rule::Predicate { path, holds, message } => quote!(#rules.check(#path, #holds, #message);),
            Rule::Own { path, value } => quote_spanned!(value.span()=> #rules.own(#path, &#value);),
        });
        quote! {
            let mut #rules = #rt::Rules::new(#name);
            #(#checks)*
            if let ::core::option::Option::Some(#rejection) = #rules.refuse() {
                return ::core::result::Result::Err(#rejection);
            }
        }
    }

    fn timeout(&self, timeout: &Timeout, policy: &Ident, inner: Composed) -> TokenStream {
        let rt = self.rt();
        let name = self.name();
        let inner = inner.into_future();
        match &timeout.after {
            Time::Literal(..) => quote!(#rt::timeout(#policy, #inner)),
            Time::Expr(after) => quote!(#rt::timeout(#rt::Timeout::of_call(#name, #after), #inner)),
        }
    }

    fn timed(&self, policy: &Ident, inner: Composed) -> TokenStream {
        let rt = self.rt();
        let outcome = self.outcome();
        let inner = inner.into_future();
        quote!(#rt::timed(&#policy, #outcome, #inner))
    }

    fn logged(&self, logged: &Logged, policy: &Ident, inner: Composed) -> TokenStream {
        let rt = self.rt();
        let captured = local("__captured");
        let args = logged.args.iter().map(|arg| {
            let name = statics::text(arg);
            quote!(#captured.add(#name, #rt::show!(&#arg));)
        });
        let fill = quote!(|#captured: &mut #rt::Captured| { #(#args)* });
        let shown = self.of_result(|_, result| match logged.ret {
            true => quote!(#rt::shown_result!(#result)),
            false => quote!(#rt::shown_error!(#result)),
        });
        let outcome = self.outcome();
        let inner = inner.into_future();
        quote!(#rt::logged(&#policy, #rt::Captured::new(&#policy, #fill), #outcome, #shown, #inner))
    }

    fn cached(&self, cached: &Cached, policy: &Ident, inner: Composed) -> Composed {
        let rt = self.rt();
        let (lead, found) = (local("__lead"), local("__found"));
        let parts = cached.key.iter().map(|part| quote_spanned!(part.span()=> #rt::key_part!(#part)));
        let worth = self.of_result(|_, result| quote!(#rt::worth!(#result)));
        let copied = self.of_result(|rt, result| {
            let span = self.ret_span();
            quote_spanned!(span=> #rt::copied!(#result))
        });
        let inner = inner.into_future();
        Composed::future(quote!(#rt::load(#lead, #worth, #copied, #inner))).after(quote! {
            let #lead = match #rt::lookup(&#policy, (#(#parts,)*), #copied).await {
                #rt::Lookup::Found(#found) => return #found,
                #rt::Lookup::Lead(#lead) => #lead,
            };
        })
    }

    fn idempotent(&self, idempotent: &Idempotent, policy: &Ident, inner: Composed) -> Composed {
        let rt = self.rt();
        let call = local("__call");
        let key = self.key(&idempotent.key);
        let payload = self.payload(&idempotent.payload);
        let scope = idempotent.scope.as_ref().map(|scope| {
            let scope = self.key(scope);
            quote!(.scoped(#scope))
        });
        let claim = idempotent.claim.as_ref().map(|name| quote!(let #name = #call.claim();));
        let store = &idempotent.store;
        let codec = self.codec();
        let future = match idempotent.on_cancel {
            OnCancel::Finish => {
                let inner = inner.into_owned_future();
                quote!(#rt::finish(#call, (#store).clone(), #codec, #inner))
            }
            OnCancel::Unknown => {
                let inner = inner.into_future();
                quote!(#rt::run(#call, (#store).clone(), #codec, #inner))
            }
        };
        Composed::future(future).after(quote! {
            let #call = #rt::Call::new(&#policy, #key, #payload)#scope;
            #claim
        })
    }

    fn key(&self, key: &syn::Expr) -> TokenStream {
        let span = key.span();
        let rt = self.rt_at(span);
        quote_spanned!(span=> #rt::key(&#key))
    }

    fn payload(&self, payload: &Payload) -> TokenStream {
        let rt = self.rt();
        match payload {
            Payload::None => quote!(#rt::Payload::none()),
            Payload::Whole(value) => {
                let span = value.span();
                let rt = self.rt_at(span);
                quote_spanned!(span=> #rt::Payload::of(&#value))
            }
            Payload::Fields(fields) => {
                let fields = fields.iter().map(|field| {
                    let name = statics::text(field);
                    quote_spanned!(field.span()=> .with(#name, &#field))
                });
                quote!(#rt::Payload::fields()#(#fields)*)
            }
        }
    }

    /// How the result is written into a record and read back.
    fn codec(&self) -> TokenStream {
        let span = self.ret_span();
        let rt = self.rt_at(span);
        let query = local("__query");
        let ret = self.ret();
        let answer = quote_spanned!(span=> #rt::answer(#query));
        let plain = self.rt();
        quote!(|#query: #plain::Query<'_, #ret>| #answer)
    }
}

fn shared_or_own(policy: &Policy, own: &Ident) -> TokenStream {
    match policy {
        Policy::Own(_) => own.to_token_stream(),
        Policy::Shared(shared) => quote!(#shared),
    }
}
