//! One reading of the clock for all layers that a call reaches at once.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use super::{Emit, local, statics};
use crate::model::{Kind, Layer, Policy};

/// What a layer can know of the time when a call reaches it.
#[derive(Clone)]
pub(super) struct Moment<'a> {
    read: Read,
    /// The shared breakers that the call passes after that. One whose state other processes share waits
    /// for its answer, and then nobody knows the time.
    past: Vec<&'a Path>,
}

/// Who has read the clock.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    /// Nobody: what lies above takes time (it may wait, or is the user's code).
    Nobody,
    /// The function has read the clock when it was called.
    OfCall,
    /// The retry above has read it, when the attempt is the first.
    OfAttempt,
}

/// What each layer of a stack can know.
pub(super) fn all(layers: &[Layer]) -> Vec<Moment<'_>> {
    from(if call_reads(layers) { Read::OfCall } else { Read::Nobody }, layers).collect()
}

/// Whether the function reads the clock for its layers: when more than one of them would.
fn call_reads(layers: &[Layer]) -> bool {
    let reached = from(Read::OfCall, layers).zip(layers).take_while(|(moment, _)| moment.read == Read::OfCall);
    reached.filter(|(_, layer)| layer.reads_the_clock()).count() > 1
}

/// What each layer can know when the outermost knows this.
fn from(outermost: Read, layers: &[Layer]) -> impl Iterator<Item = Moment<'_>> {
    layers.iter().scan(Moment::of(outermost), |moment, layer| {
        let below = moment.clone().below(layer);
        Some(std::mem::replace(moment, below))
    })
}

impl<'a> Moment<'a> {
    const fn of(read: Read) -> Self {
        Self { read, past: Vec::new() }
    }

    fn below(self, layer: &'a Layer) -> Self {
        match &layer.kind {
            Kind::Timed | Kind::Timeout(_) => self,
            Kind::CircuitBreaker(breaker) => self.below_breaker(&breaker.policy, breaker.key.is_some()),
            Kind::RateLimit(limit) if limit.asks_at_once() && never_waits(&limit.policy) => self,
            Kind::Fallback(fallback) if fallback.clone.is_empty() => self,
            Kind::Retry(retry) if retry.clone.is_empty() => Self::of(Read::OfAttempt),
            Kind::Retry(_)
            | Kind::RateLimit(_)
            | Kind::Idempotent(_)
            | Kind::Bulkhead(_)
            | Kind::Fallback(_)
            | Kind::Cached(_)
            | Kind::Validate(_)
            | Kind::Logged(_) => Self::of(Read::Nobody),
        }
    }

    fn below_breaker(mut self, policy: &'a Policy, is_keyed: bool) -> Self {
        match policy {
            Policy::Own(_) => self,
            // Those of keys are each process's own.
            Policy::Shared(_) if is_keyed => self,
            Policy::Shared(shared) => match statics::static_path(shared) {
                Some(path) => {
                    self.past.push(path);
                    self
                }
                None => Self::of(Read::Nobody),
            },
        }
    }

    fn tokens(&self, rt: &TokenStream) -> Option<TokenStream> {
        let (now, attempts) = (local("__now"), local("__attempts"));
        let read = match self.read {
            Read::Nobody => return None,
            Read::OfCall => quote!(#now),
            Read::OfAttempt => quote!(#attempts.moment()),
        };
        Some(self.past.iter().fold(read, |moment, breaker| quote!(#rt::past(&#breaker, #moment))))
    }
}

/// Of a shared limiter nobody knows.
fn never_waits(policy: &Policy) -> bool {
    matches!(policy, Policy::Own(own) if !own.steps.has("max_wait"))
}

impl Layer {
    fn reads_the_clock(&self) -> bool {
        match &self.kind {
            Kind::Timed | Kind::Retry(_) => true,
            // What the user wrote comes first, and may take time.
            Kind::RateLimit(limit) => limit.asks_at_once(),
            _ => false,
        }
    }
}

impl Emit<'_> {
    /// The statement by which the function reads the clock, where it does.
    pub(super) fn read_clock(&self, layers: &[Layer]) -> Option<TokenStream> {
        let (rt, now) = (self.rt(), local("__now"));
        call_reads(layers).then(|| quote!(let #now = #rt::Moment::now();))
    }

    /// A call of a runtime function, or of its twin that is told the moment first.
    pub(super) fn told(
        &self,
        rt: &TokenStream,
        moment: &Moment<'_>,
        plain: TokenStream,
        twin: TokenStream,
        args: TokenStream,
    ) -> TokenStream {
        match moment.tokens(rt) {
            None => quote!(#rt::#plain(#args)),
            Some(moment) => quote!(#rt::#twin(#moment, #args)),
        }
    }
}
