//! `#[circuit_breaker]`.

use proc_macro2::TokenStream;

use super::{Classify, Own, Policy, Steps, refuse_zero};
use crate::errors::Errors;
use crate::settings::Settings;

pub(crate) struct CircuitBreaker {
    pub(crate) policy: Policy,
    pub(crate) classify: Classify,
}

impl CircuitBreaker {
    pub(super) fn parse(settings: &Settings, errors: &mut Errors) -> Self {
        refuse_zero(settings, &["recovery_timeout"], errors);
        let classify = Classify::of(settings, errors);
        let policy = match &settings.leading {
            Some(shared) => Policy::Shared(Box::new(shared.clone())),
            None => Policy::Own(Own {
                constructor: "new",
                args: TokenStream::new(),
                steps: Steps::of(
                    settings,
                    &["failure_threshold", "recovery_timeout", "half_open_max_calls", "success_threshold"],
                ),
            }),
        };
        Self { policy, classify }
    }
}
