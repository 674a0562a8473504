//! One reading of the clock for all layers that a call reaches at once.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Emit, local};
use crate::model::{Kind, Layer, Policy};

/// What a layer can know of the time when a call reaches it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Nothing: what lies above takes time (it may wait, or is the user's code).
    Unread,
    /// The function has read the clock when it was called.
    OfCall,
    /// The retry above has read it, when the attempt is the first.
    OfAttempt,
}

/// What each layer of a stack can know.
pub(super) fn all(layers: &[Layer]) -> Vec<Moment> {
    from(if call_reads(layers) { Moment::OfCall } else { Moment::Unread }, layers).collect()
}

/// Whether the function reads the clock for its layers: when more than one of them would.
fn call_reads(layers: &[Layer]) -> bool {
    let reached = from(Moment::OfCall, layers).zip(layers).take_while(|(moment, _)| *moment == Moment::OfCall);
    reached.filter(|(_, layer)| layer.reads_the_clock()).count() > 1
}

/// What each layer can know when the outermost knows this.
fn from(outermost: Moment, layers: &[Layer]) -> impl Iterator<Item = Moment> {
    layers.iter().scan(outermost, |moment, layer| {
        let here = *moment;
        *moment = here.below(layer);
        Some(here)
    })
}

impl Moment {
    fn below(self, layer: &Layer) -> Self {
        match &layer.kind {
            Kind::Timed | Kind::CircuitBreaker(_) | Kind::Timeout(_) => self,
            Kind::RateLimit(limit) if limit.is_plain() && never_waits(&limit.policy) => self,
            Kind::Fallback(fallback) if fallback.clone.is_empty() => self,
            Kind::Retry(retry) if retry.clone.is_empty() => Self::OfAttempt,
            Kind::Retry(_)
            | Kind::RateLimit(_)
            | Kind::Idempotent(_)
            | Kind::Bulkhead(_)
            | Kind::Fallback(_)
            | Kind::Cached(_)
            | Kind::Validate(_)
            | Kind::Logged(_) => Self::Unread,
        }
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
            Kind::RateLimit(limit) => limit.is_plain(),
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
        moment: Moment,
        plain: TokenStream,
        twin: TokenStream,
        args: TokenStream,
    ) -> TokenStream {
        let (now, attempts) = (local("__now"), local("__attempts"));
        match moment {
            Moment::Unread => quote!(#rt::#plain(#args)),
            Moment::OfCall => quote!(#rt::#twin(#now, #args)),
            Moment::OfAttempt => quote!(#rt::#twin(#attempts.moment(), #args)),
        }
    }
}
