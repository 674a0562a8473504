//! A refusal by a limiter gives back what the limiters above it have let through: the call did not
//! happen.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

use super::{local, statics};
use crate::model::{Kind, Layer, OnCancel, Policy};

/// The limiters that a limiter of a stack has to do with, by their places in the stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Refunds {
    /// The one above, that gets its call back.
    above: Option<usize>,
    /// This one, where one below may give its call back.
    own: Option<usize>,
}

impl Refunds {
    /// The usual case: it stands alone.
    pub(super) const NONE: Self = Self { above: None, own: None };

    pub(super) fn of(layers: &[Layer], index: usize) -> Self {
        if !is_limiter(&layers[index]) {
            return Self::NONE;
        }
        let above = layers[..index].iter().rposition(is_limiter).filter(|above| reaches(layers, *above, index));
        let below = layers[index + 1..].iter().position(is_limiter).map(|below| index + 1 + below);
        Self { above, own: below.filter(|below| reaches(layers, index, *below)).map(|_| index) }
    }

    /// The runtime's function that asks.
    pub(super) fn ask(self, sync: bool) -> Ident {
        local(match (self.own, self.above, sync) {
            (Some(_), _, false) => "take",
            (Some(_), _, true) => "take_now",
            (None, _, false) => "ask_below",
            (None, _, true) => "ask_now",
        })
    }

    /// What the one above has let through; nothing where there is none.
    pub(super) fn upper(self) -> TokenStream {
        self.above.map_or_else(|| quote!(()), |above| taken(above).to_token_stream())
    }

    /// The name of what this one has let through, for the one below.
    pub(super) fn taken(self) -> Option<Ident> {
        self.own.map(taken)
    }
}

fn taken(index: usize) -> Ident {
    local(&format!("__taken_{index}"))
}

fn is_limiter(layer: &Layer) -> bool {
    matches!(layer.kind, Kind::RateLimit(_))
}

/// Whether what one limiter let through can be handed down to the other. A retry between them asks
/// the lower one several times; and work that outlives its call cannot borrow from an instance.
fn reaches(layers: &[Layer], above: usize, below: usize) -> bool {
    let lives_on = match &layers[above].kind {
        Kind::RateLimit(limit) => match &limit.policy {
            Policy::Own(_) => true,
            Policy::Shared(shared) => statics::static_path(shared).is_some(),
        },
        _ => false,
    };
    layers[above + 1..below].iter().all(|between| match &between.kind {
        Kind::Retry(_) => false,
        Kind::Idempotent(idempotent) => lives_on || matches!(idempotent.on_cancel, OnCancel::Unknown),
        _ => true,
    })
}
