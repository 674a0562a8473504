//! `#[bulkhead]`.

use quote::quote;

use super::{Own, Policy, Steps};
use crate::errors::Errors;
use crate::settings::Settings;

pub(crate) struct Bulkhead {
    pub(crate) policy: Policy,
}

impl Bulkhead {
    pub(super) fn parse(settings: &Settings, errors: &mut Errors) -> Option<Self> {
        if let Some(shared) = &settings.leading {
            return Some(Self { policy: Policy::Shared(Box::new(shared.clone())) });
        }
        if !settings.mentions("max_concurrent") && settings.lacks(1) {
            errors.at(
                &settings.place,
                "`#[bulkhead]` does not say how many calls may run at once",
                "write `max_concurrent = 10`, or name a shared bulkhead",
            );
        }
        let places = settings.number("max_concurrent")?;
        let own = Own { constructor: "new", args: quote!(#places), steps: Steps::of(settings, &["max_wait"]) };
        Some(Self { policy: Policy::Own(own) })
    }
}
