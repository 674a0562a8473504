//! The layers around the body, from the inside out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Lifetime};

use super::idempotent::cloned;
use super::moment::{self, Moment};
use super::refund::Refunds;
use super::{Emit, keys, local, statics};
use crate::ends::Ends;
use crate::model::{
    Answer, Bulkhead, Cached, CircuitBreaker, Classify, Fallback, Kind, Layer, Logged, Policy, RateLimit, Retry, Rule,
    Timeout, Validate,
};
use crate::settings::Time;
use crate::source;

/// Statements, and what comes after them: a future, or an expression that awaits. A gate (a limiter,
/// a validation) is only statements, and a retry only a loop: they need no future of their own.
pub(super) struct Composed {
    before: TokenStream,
    core: Core,
    /// Where the future stands.
    at: Span,
    /// Whether something of the user's is among the statements. It may hold a `?`, which must not
    /// leave more than the layers it stands in.
    users: bool,
    /// Whether one of the statements refuses by leaving the [`gate`].
    gated: bool,
}

enum Core {
    Future(TokenStream),
    /// Inside a future, the answer itself.
    Answer {
        answer: TokenStream,
        /// Whether there is a [`gate`] in it.
        gated: bool,
    },
}

impl Composed {
    fn new(core: Core, users: bool) -> Self {
        Self { before: TokenStream::new(), core, at: Span::call_site(), users, gated: false }
    }

    pub(super) fn future(future: TokenStream) -> Self {
        Self::new(Core::Future(future), false)
    }

    /// At the place of what the user wrote.
    pub(super) fn at(self, ends: Ends) -> Self {
        Self { at: ends.last, ..self }
    }

    /// With statements in front that hold something of the user's.
    pub(super) fn after(self, statements: TokenStream) -> Self {
        let before = self.before;
        Self { before: quote!(#statements #before), users: true, ..self }
    }

    /// With statements in front that refuse by leaving the [`gate`].
    fn after_gate(mut self, statements: TokenStream, users: bool) -> Self {
        // A gate within a gate would have the same name.
        if matches!(self.core, Core::Answer { gated: true, .. }) {
            self = Self::future(self.into_future());
        }
        let users = users || self.users;
        Self { users, gated: true, ..self.after(statements) }
    }

    /// All of it as one future.
    pub(super) fn into_future(self) -> TokenStream {
        match self.core {
            Core::Future(future) if self.before.is_empty() => future,
            _ => {
                let awaited = self.awaited();
                quote!(async { #awaited })
            }
        }
    }

    /// The answer of all of it, inside a future. Statements of ours need none around them.
    pub(super) fn into_answer(self) -> TokenStream {
        if self.users {
            let future = self.into_future();
            return quote!(#future.await);
        }
        self.awaited()
    }

    /// All of it as a future that owns what it uses.
    pub(super) fn into_owned_future(self) -> TokenStream {
        let awaited = self.awaited();
        quote!(async move { #awaited })
    }

    fn awaited(self) -> TokenStream {
        let Self { before, core, at, gated, .. } = self;
        let answer = match core {
            Core::Future(future) => {
                let awaited = quote_spanned!(at=> .await);
                quote!(#before #future #awaited)
            }
            Core::Answer { answer, .. } => quote!(#before #answer),
        };
        let gate = gate();
        if gated { quote!(#gate: { #answer }) } else { answer }
    }
}

/// What a refusal by a statement leaves.
fn gate() -> Lifetime {
    Lifetime::new("'__gate", Span::mixed_site())
}

/// The statements by which a refusal leaves the [`gate`].
fn leave() -> TokenStream {
    let (rejection, refused, gate) = (local("__rejection"), local("__refused"), gate());
    // Bound first: a macro below that parses us with syn reads `break 'gate ::core` as a label.
    quote! {
        let #refused = ::core::result::Result::Err(#rejection);
        break #gate #refused;
    }
}

/// The stack, outermost first, around the body.
pub(super) fn compose(emit: &Emit<'_>, layers: &[Layer]) -> Composed {
    let moments = moment::all(layers);
    (0..layers.len()).rev().fold(Composed::future(emit.body()), |inner, index| {
        let layer = &layers[index];
        let policy = statics::name(layers, layer.attribute, index);
        emit.wrap(layer, &policy, &moments[index], Refunds::of(layers, index), inner)
    })
}

impl Emit<'_> {
    fn wrap(&self, layer: &Layer, policy: &Ident, moment: &Moment<'_>, refunds: Refunds, inner: Composed) -> Composed {
        match &layer.kind {
            Kind::Idempotent(idempotent) => self.idempotent(idempotent, layer, policy, inner),
            Kind::Retry(retry) => self.retry(retry, layer, policy, moment, inner),
            Kind::CircuitBreaker(breaker) => Composed::future(self.circuit_breaker(breaker, layer, policy, inner)),
            Kind::RateLimit(limit) => {
                let users = matches!(limit.policy, Policy::Shared(_)) || !limit.is_plain();
                inner.after_gate(self.rate_limit(limit, layer, policy, moment, refunds), users)
            }
            Kind::Bulkhead(bulkhead) => {
                let users = matches!(bulkhead.policy, Policy::Shared(_));
                inner.after_gate(self.bulkhead(bulkhead, layer, policy), users)
            }
            Kind::Cached(cached) => self.cached(cached, policy, inner),
            Kind::Fallback(fallback) => Composed::future(self.fallback(fallback, layer, policy, inner)),
            Kind::Validate(validate) => inner.after(self.validate(validate)),
            Kind::Timeout(timeout) => Composed::future(self.timeout(timeout, policy, inner)),
            Kind::Timed => Composed::future(self.timed(policy, moment, inner)),
            Kind::Logged(logged) => Composed::future(self.logged(logged, policy, inner)),
        }
    }

    /// A closure over a reference to the function's own result. The bound that the runtime puts
    /// on the return type stands in it alone, so that a type that lacks it is one error, at that
    /// type.
    fn of_result(&self, call: impl FnOnce(&Ident) -> TokenStream) -> TokenStream {
        let result = self.ret_ends().name("__result");
        let ret = self.ret();
        let call = call(&result);
        quote!(|#result: &#ret| #call)
    }

    /// The result as an argument with a bound on its type.
    fn bound_result(&self) -> TokenStream {
        let ends = self.ret_ends();
        match self.function.nameable_return() {
            Some(_) => ends.borrow("__result"),
            None => ends.name("__result").to_token_stream(),
        }
    }

    fn classify(&self, classify: &Classify, layer: &Layer) -> TokenStream {
        let error = local("__error");
        let rt = self.rt_of(layer);
        let signal = quote!(|#error| #rt::signal!(#error));
        let result = self.bound_result();
        match classify {
            Classify::OwnWord => self.of_result(|_| quote!(#rt::own_word(#result))),
            Classify::Pattern(pattern, guard) => {
                let guard = guard.as_ref().map(|guard| quote!(if #guard));
                let matches = quote! {
                    |#error| match #error {
                        #pattern #guard => true,
                        #[allow(unreachable_patterns)]
                        _ => false,
                    }
                };
                self.of_result(|_| quote!(#rt::as_matched(#result, #matches, #signal)))
            }
            // Handed over as it is, so that a closure's argument needs no type.
            Classify::When(predicate) => self.of_result(|_| quote!(#rt::as_matched(#result, #predicate, #signal))),
        }
    }

    fn outcome(&self) -> TokenStream {
        let rt = self.rt();
        self.of_result(|result| quote!(#rt::outcome!(#result)))
    }

    fn retry(&self, retry: &Retry, layer: &Layer, policy: &Ident, moment: &Moment<'_>, inner: Composed) -> Composed {
        let rt = self.rt();
        let (attempts, pause) = (local("__attempts"), local("__pause"));
        let (result, failed) = (local("__result"), local("__failed"));
        let of = self.classify(&retry.classify, layer);
        let number = retry.attempt.as_ref().map(|name| quote!(let #name: u32 = #attempts.number();));
        let deadline = retry.deadline.as_ref().map(|name| quote!(let #name: #rt::Deadline = #attempts.deadline();));
        let clones = retry.clone.iter().map(|name| self.clone_of(name));
        let start = self.start(retry, policy, moment);
        let users = inner.users || holds_code(retry);
        let gated = inner.gated || matches!(inner.core, Core::Answer { gated: true, .. });
        let answer = inner.into_answer();
        let wait = if self.function.is_sync() { quote!(#pause.block()) } else { quote!(#pause.await) };
        // The inner block ends before the pause, so that the failure is not kept across it.
        let answer = quote! {
            {
                let mut #attempts = #start;
                loop {
                    #number
                    #deadline
                    #(#clones)*
                    let #pause = {
                        let #result = #answer;
                        match #attempts.failed(&#result, #of) {
                            ::core::option::Option::None => break #result,
                            ::core::option::Option::Some(#failed) => match #attempts.next(#result, #failed) {
                                #rt::Step::Again(#pause) => #pause,
                                #rt::Step::Done(#result) => break #result,
                            },
                        }
                    };
                    #wait;
                }
            }
        };
        Composed::new(Core::Answer { answer, gated }, users)
    }

    /// How the attempts begin. What the call brings beside its policy is handed over only where there is
    /// something.
    fn start(&self, retry: &Retry, policy: &Ident, moment: &Moment<'_>) -> TokenStream {
        let rt = self.rt();
        let policy = self.policy(&retry.policy, policy, "NamesRetryPolicy");
        let beside = retry.beside.emit(&rt);
        let budget = retry.budget.as_ref().map(|budget| {
            let budget = self.named(budget, "NamesRetryBudget");
            quote!(.budget(#budget))
        });
        if beside.is_empty() && budget.is_none() {
            return self.told(&rt, moment, quote!(Attempts::start), quote!(Attempts::start_at), policy);
        }
        let args = quote!(#policy, #rt::OfCall::new() #beside #budget);
        self.told(&rt, moment, quote!(Attempts::start_with), quote!(Attempts::start_with_at), args)
    }

    /// Every attempt gets its own copy of an argument.
    fn clone_of(&self, name: &Ident) -> TokenStream {
        let mutable = self.function.parameters().iter().any(|p| p.name == *name && p.mutable).then(|| quote!(mut));
        quote_spanned!(name.span()=> let #mutable #name = ::core::clone::Clone::clone(&#name);)
    }

    fn circuit_breaker(&self, breaker: &CircuitBreaker, layer: &Layer, policy: &Ident, inner: Composed) -> TokenStream {
        let rt = self.rt_of(layer);
        let names = if breaker.key.is_some() { "NamesBreakers" } else { "NamesBreaker" };
        let policy = self.policy(&breaker.policy, policy, names);
        let of = self.classify(&breaker.classify, layer);
        let inner = inner.into_future();
        let Some(key) = &breaker.key else {
            let at_once = self.function.is_sync() && matches!(breaker.policy, Policy::Shared(_));
            let policy = if at_once { quote!(#rt::at_once(#policy)) } else { policy };
            return quote!(#rt::circuit_breaker(#policy, #of, #inner));
        };
        // A key of another type than the breakers' is an error at the key.
        let (rt, key) = (self.rt_at(Ends::of(key)), self.lookup_key(key));
        match breaker.policy {
            Policy::Own(_) => quote!(#rt::own_circuit_breaker_of(#policy, #key, #of, #inner)),
            Policy::Shared(_) => quote!(#rt::circuit_breaker_of(#policy, #key, #of, #inner)),
        }
    }

    /// A layer's policy: the function's own, or what the user has named.
    fn policy(&self, policy: &Policy, own: &Ident, names: &str) -> TokenStream {
        match policy {
            Policy::Own(_) => quote!(&#own),
            Policy::Shared(shared) => self.named(shared, names),
        }
    }

    /// What the user has named, by the trait that says it if it is something else.
    fn named(&self, expr: &Expr, names: &str) -> TokenStream {
        let ends = Ends::of(expr);
        let (rt, names, expr) = (self.rt_at(ends), Ident::new(names, ends.last), borrowed(expr));
        quote_spanned!(ends.last=> #rt::#names::named(#expr))
    }

    /// A part of a key as a map looks it up: borrowed.
    fn key_part(&self, part: &Expr) -> TokenStream {
        let ends = Ends::of(part);
        let rt = self.rt_at(ends);
        quote_spanned!(ends.last=> #rt::key_part!(#part))
    }

    /// A key as a map looks it up. A tuple is a key of several parts.
    fn lookup_key(&self, key: &Expr) -> TokenStream {
        match key {
            Expr::Tuple(tuple) => {
                let parts = tuple.elems.iter().map(|part| self.key_part(part));
                quote!((#(#parts,)*))
            }
            other => {
                let ends = Ends::of(other);
                let (rt, part) = (self.rt_at(ends), self.key_part(other));
                quote_spanned!(ends.last=> #rt::Lone(#part))
            }
        }
    }

    fn rate_limit(
        &self,
        limit: &RateLimit,
        layer: &Layer,
        policy: &Ident,
        moment: &Moment<'_>,
        refunds: Refunds,
    ) -> TokenStream {
        let rt = self.rt_of(layer);
        let names = if limit.key.is_some() { "NamesLimiters" } else { "NamesLimiter" };
        let policy = self.policy(&limit.policy, policy, names);
        let sync = self.function.is_sync();
        let asked = match (refunds, limit.is_plain()) {
            (Refunds::NONE, true) if sync => self.told(&rt, moment, quote!(admit_now), quote!(admit_now_at), policy),
            (Refunds::NONE, plain) if !sync => {
                let held_up = match plain {
                    true => self.told(&rt, moment, quote!(held_up), quote!(held_up_at), policy),
                    false => {
                        let desk = self.desk(limit, &rt, policy);
                        let (plain, twin) = (quote!(held_up_by), quote!(held_up_by_at));
                        match limit.asks_at_once() {
                            true => self.told(&rt, moment, plain, twin, desk),
                            false => quote!(#rt::#plain(#desk)),
                        }
                    }
                };
                return self.unless_let_through(&rt, &held_up);
            }
            _ => {
                let (ask, desk, upper) = (refunds.ask(sync), self.desk(limit, &rt, policy), refunds.upper());
                quote!(#rt::#ask(#desk, #upper))
            }
        };
        let asked = if sync { asked } else { quote!(#asked.await) };
        let (rejection, refuse) = (local("__rejection"), leave());
        match refunds.taken() {
            None => quote! {
                if let ::core::option::Option::Some(#rejection) = #asked {
                    #refuse
                }
            },
            Some(taken) => quote! {
                let #taken = match #asked {
                    ::core::result::Result::Ok(#taken) => #taken,
                    ::core::result::Result::Err(#rejection) => {
                        #refuse
                    }
                };
            },
        }
    }

    /// Most calls are let through at once: only the others await anything.
    fn unless_let_through(&self, rt: &TokenStream, held_up: &TokenStream) -> TokenStream {
        let (desk, rejection, refuse) = (local("__desk"), local("__rejection"), leave());
        quote! {
            if let ::core::option::Option::Some(#desk) = #held_up {
                if let ::core::option::Option::Some(#rejection) = #rt::arrive(#desk).await {
                    #refuse
                }
            }
        }
    }

    /// Where a call asks: at a limiter, or at the one of its key; and what it costs.
    fn desk(&self, limit: &RateLimit, rt: &TokenStream, policy: TokenStream) -> TokenStream {
        let cost = limit.cost.as_ref().map(ToTokens::to_token_stream);
        let Some(key) = &limit.key else {
            return cost.map_or_else(|| quote!(#rt::unit(#policy)), |cost| quote!(#rt::weighted(#policy, #cost)));
        };
        let view = match limit.policy {
            Policy::Own(_) if keys::owned(self.function, key).is_none() => quote!(#rt::of_slot(#policy)),
            Policy::Own(_) | Policy::Shared(_) => quote!(#rt::of_keyed(#policy)),
        };
        // A key of another type than the limiters' is an error at the key.
        let (rt, key) = (self.rt_at(Ends::of(key)), self.lookup_key(key));
        let cost = cost.unwrap_or_else(|| quote!(1));
        quote!(#rt::of_key(#view, #key, #cost))
    }

    /// The permit lies beside the call that is awaited behind it, and is dropped after that call.
    fn bulkhead(&self, bulkhead: &Bulkhead, layer: &Layer, policy: &Ident) -> TokenStream {
        let rt = self.rt_of(layer);
        let policy = self.policy(&bulkhead.policy, policy, "NamesBulkhead");
        let (permit, rejection, refuse) = (local("__permit"), local("__rejection"), leave());
        let asked =
            if self.function.is_sync() { quote!(#rt::try_enter(#policy)) } else { quote!(#rt::enter(#policy).await) };
        quote! {
            let #permit = match #asked {
                ::core::result::Result::Ok(#permit) => #permit,
                ::core::result::Result::Err(#rejection) => {
                    #refuse
                }
            };
        }
    }

    fn fallback(&self, fallback: &Fallback, layer: &Layer, policy: &Ident, inner: Composed) -> TokenStream {
        let rt = self.rt();
        let [result, failure, of, rejection] = ["__result", "__failure", "__of", "__rejection"].map(local);
        let clones = self.clones_of(fallback);
        let answer = inner.into_answer();
        let classify = self.classify(&fallback.classify, layer);
        let refused = self.refused(&rejection);
        let own = quote!(|#rejection| #refused);
        let caught = match &fallback.classify {
            Classify::OwnWord => quote!(#rt::stand_in(&#policy, #result, #failure, #own)),
            _ => quote!(#rt::stand_in_matched(&#policy, #result, #failure, &#of, #own)),
        };
        let error = match &fallback.answer {
            Answer::Expr(_, Some(error)) => error.clone(),
            Answer::Expr(_, None) | Answer::Value(_) => local("_error"),
            Answer::Function(path) => Ends::of(path).name("__error"),
        };
        let note = self.records_above(layer).then(|| {
            let (aside, stored) = (local("__aside"), fallback.stored);
            quote!(#aside.note(#failure, #stored);)
        });
        let other = self.stand_in(&fallback.answer, &error);
        // The block around the call ends its copies, and what failed is gone before anything stands
        // in for it.
        quote! {
            async {
                let #of = #classify;
                let #result = { #(#clones)* #answer };
                match #rt::first_failure(&#result, &#of) {
                    ::core::option::Option::None => #result,
                    ::core::option::Option::Some(#failure) => match #caught {
                        ::core::result::Result::Err(#result) => #result,
                        ::core::result::Result::Ok(#error) => {
                            #note
                            ::core::result::Result::Ok(#other)
                        }
                    },
                }
            }
        }
    }

    /// What stands in: the function's own result.
    fn stand_in(&self, answer: &Answer, error: &Ident) -> TokenStream {
        let declared = self.declared_return();
        let (ends, answer) = match answer {
            Answer::Value(value) => {
                let ends = Ends::of(value);
                (ends, quote_spanned!(ends.last=> ::core::result::Result::Ok(#value)))
            }
            Answer::Expr(expr, _) => (Ends::of(expr), expr.to_token_stream()),
            Answer::Function(path) => {
                let ends = Ends::of(path);
                let of_self = path.path.segments.first().is_some_and(|first| first.ident == "Self");
                let receiver = self.function.receiver().filter(|_| of_self);
                let receiver = receiver.map(|receiver| {
                    let receiver = &receiver.self_token;
                    quote_spanned!(ends.last=> &#receiver,)
                });
                let and = quote_spanned!(ends.last=> &);
                let args = self.function.parameters().into_iter().map(|parameter| parameter.name);
                let args = quote_spanned!(ends.last=> (#receiver #error #(, #and #args)*));
                let (rt, answer) = (self.rt_at(ends), quote!(#path #args));
                let answer = match self.function.is_sync() {
                    true => answer,
                    false => quote_spanned!(ends.last=> #rt::in_time(#answer).await),
                };
                let ret = self.ret();
                (ends, quote_spanned!(ends.last=> #rt::stands_in::<#ret, _>(#answer)))
            }
        };
        if self.function.is_sync() {
            // A closure, for the same reason as the body.
            let ret = self.function.nameable_return().map(|ret| quote!(-> #ret));
            let closure = quote_spanned!(ends.first=> ||);
            return quote!((#closure #ret { #answer })());
        }
        // An argument that the body has moved is an error at this word: let it be the user's.
        let asyncness = quote_spanned!(ends.first=> async);
        quote!(#asyncness { #declared #answer }.await)
    }

    /// Copies for the body of what the fallback is to see as well. What a retry copies for each attempt
    /// stays where it is anyway.
    fn clones_of(&self, fallback: &Fallback) -> Vec<TokenStream> {
        let by_retry = |name: &Ident| {
            self.layers.iter().any(|layer| matches!(&layer.kind, Kind::Retry(retry) if retry.clone.contains(name)))
        };
        fallback.clone.iter().filter(|name| !by_retry(name)).map(|name| self.clone_of(name)).collect()
    }

    /// Whether an idempotent call above has to hear what stood in.
    fn records_above(&self, fallback: &Layer) -> bool {
        let above = self.layers.iter().take_while(|layer| !std::ptr::eq(*layer, fallback));
        above.into_iter().any(|layer| matches!(layer.kind, Kind::Idempotent(_)))
    }

    /// Whether something below an idempotent call may stand in for it.
    pub(super) fn stood_in_below(&self, idempotent: &Layer) -> bool {
        let below = self.layers.iter().skip_while(|layer| !std::ptr::eq(*layer, idempotent));
        below.into_iter().any(|layer| matches!(layer.kind, Kind::Fallback(_)))
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
            Time::Literal(..) => quote!(#rt::timeout(&#policy, #inner)),
            Time::Expr(after) => quote!(#rt::timeout(#rt::Timeout::of_call(#name, #after), #inner)),
        }
    }

    fn timed(&self, policy: &Ident, moment: &Moment<'_>, inner: Composed) -> TokenStream {
        let outcome = self.outcome();
        let inner = inner.into_future();
        self.told(&self.rt(), moment, quote!(timed), quote!(timed_at), quote!(&#policy, #outcome, #inner))
    }

    fn logged(&self, logged: &Logged, policy: &Ident, inner: Composed) -> TokenStream {
        let rt = self.rt();
        let captured = local("__captured");
        let args = logged.args.iter().map(|arg| {
            let name = source::text(arg);
            quote!(#captured.add(#name, #rt::show!(&#arg));)
        });
        let fill = quote!(|#captured: &mut #rt::Captured| { #(#args)* });
        let shown = self.of_result(|result| match logged.ret {
            true => quote!(#rt::shown_result!(#result)),
            false => quote!(#rt::shown_error!(#result)),
        });
        let outcome = self.outcome();
        let inner = inner.into_future();
        quote!(#rt::logged(&#policy, #rt::Captured::new(&#policy, #fill), #outcome, #shown, #inner))
    }

    fn cached(&self, cached: &Cached, policy: &Ident, inner: Composed) -> Composed {
        let rt = self.rt();
        let (lead, found, form, looking) = (local("__lead"), local("__found"), local("__form"), local("__looking"));
        let worth = self.of_result(|result| quote!(#rt::worth!(#result)));
        let copied = self.of_result(|result| {
            let ends = self.ret_ends();
            let rt = self.rt_at(ends);
            quote_spanned!(ends.last=> #rt::copied!(#result))
        });
        let (asked, form_of, lookup) = match &cached.policy {
            Policy::Own(_) => (quote!(&#policy), quote!(let #form = #rt::whole(#worth, #copied);), quote!(#rt::lookup)),
            Policy::Shared(shared) => {
                let (cache, name) = (self.named(shared, "NamesCache"), local("__cache"));
                let ends = self.ret_ends();
                let rt = self.rt_at(ends);
                let shared = quote_spanned!(ends.last=> #rt::shared);
                let form_of = quote!(let (#name, #form) = #shared(#cache, #worth, #copied););
                let lookup = if self.others_refuse() { "lookup_in" } else { "lookup_only" };
                (name.to_token_stream(), form_of, self.rt_call(&cached.key, lookup))
            }
        };
        let key = self.key_parts(cached);
        let through = cached.tier.as_ref().map(|tier| self.through(cached, tier, &lead));
        let future = match cached.spawns {
            true => {
                let inner = inner.into_owned_future();
                quote!(#rt::load_aside(#lead, #form, #inner))
            }
            false => {
                let inner = inner.into_future();
                quote!(#rt::load(#lead, #form, #inner))
            }
        };
        let by = local("__by");
        let future = match through.is_some() && !self.others_refuse() {
            true => quote!(#rt::refused_by(#by, #future)),
            false => future,
        };
        Composed::future(future).after(quote! {
            #form_of
            let #lead = match #lookup(#asked, #key, #form) {
                ::core::result::Result::Ok(#found) => return #found,
                ::core::result::Result::Err(#looking) => match #looking.await {
                    #rt::Lookup::Found(#found) => return #found,
                    #rt::Lookup::Lead(#lead) => #lead,
                },
            };
            #through
        })
    }

    /// A function of the runtime, underlined as what the user wrote.
    fn rt_call(&self, written: &[Expr], function: &str) -> TokenStream {
        let ends = Ends::of(quote!(#(#written),*));
        let (rt, function) = (self.rt_at(ends), Ident::new(function, ends.last));
        quote_spanned!(ends.last=> #rt::#function)
    }

    /// The key. That of a shared cache is no tuple where it has one part.
    fn key_parts(&self, cached: &Cached) -> TokenStream {
        let parts: Vec<_> = cached.key.iter().map(|part| self.key_part(part)).collect();
        match (&cached.policy, parts.as_slice()) {
            (Policy::Shared(_), [part]) => {
                let (one, at) = (self.rt_call(&cached.key, "Lone"), Ends::of(&cached.key[0]).last);
                let part = quote_spanned!(at=> (#part));
                quote!(#one #part)
            }
            (Policy::Shared(_), _) => {
                let at = Ends::of(quote!(#(#parts),*)).last;
                quote_spanned!(at=> (#(#parts,)*))
            }
            _ => quote!((#(#parts,)*)),
        }
    }

    /// A load with a second tier behind it.
    fn through(&self, cached: &Cached, tier: &Expr, lead: &Ident) -> TokenStream {
        let (ends, ret) = (self.ret_ends(), self.ret());
        let rt = self.rt_at(ends);
        let codec = quote_spanned!(ends.last=> #rt::codec!(#ret));
        let (name, by) = (&cached.name, local("__by"));
        let through = |function| self.rt_call(std::slice::from_ref(tier), function);
        let args = {
            let tier = cloned(tier);
            quote!((#lead, #tier, #name, #codec))
        };
        match self.others_refuse() {
            true => {
                let through = through("through");
                quote!(let #lead = #through #args;)
            }
            false => {
                let through = through("through_only");
                quote!(let (#lead, #by) = #through #args;)
            }
        }
    }

    /// Whether a layer refuses whatever the tier of a cache does. Else the tier says what a refusal is.
    fn others_refuse(&self) -> bool {
        self.layers.iter().any(Layer::refuses)
    }
}

/// A borrow of what the user wrote, underlined as that.
pub(super) fn borrowed(expr: &Expr) -> TokenStream {
    let first = Ends::of(expr).first;
    let and = quote_spanned!(first=> &);
    match expr {
        Expr::Binary(_) | Expr::Cast(_) | Expr::Range(_) => {
            let expr = quote_spanned!(first=> (#expr));
            quote!(#and #expr)
        }
        _ => quote!(#and #expr),
    }
}

/// Whether something of the user's, which may hold a `?`, stands beside the attempts.
fn holds_code(retry: &Retry) -> bool {
    let plain = matches!(retry.policy, Policy::Own(_)) && retry.budget.is_none();
    !plain || !retry.clone.is_empty() || matches!(retry.classify, Classify::When(_))
}
