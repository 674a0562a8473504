//! `#[rate_limit]`.

use quote::quote;

use super::{Own, Policy, Steps, refuse_zero};
use crate::errors::Errors;
use crate::settings::{Settings, Value};

pub(crate) struct RateLimit {
    pub(crate) policy: Policy,
}

impl RateLimit {
    pub(super) fn parse(settings: &Settings, errors: &mut Errors) -> Option<Self> {
        if let Some(shared) = &settings.leading {
            return Some(Self { policy: Policy::Shared(Box::new(shared.clone())) });
        }
        refuse_zero(settings, &["period"], errors);
        refuse_mixed(settings, errors);
        let steps = Steps::of(settings, &["max_wait"]);
        let own = match settings.value("rate") {
            Some(Value::Rate { calls, per }) => {
                let per = crate::settings::literal_time(*per);
                let burst = settings.number("burst").map_or(quote!(#calls), |burst| quote!(#burst));
                Own { constructor: "rate", args: quote!(#calls, #per, #burst), steps }
            }
            _ => {
                let (calls, period) = (settings.number("max_calls")?, settings.time("period")?);
                Own { constructor: "window", args: quote!(#calls, #period), steps }
            }
        };
        Some(Self { policy: Policy::Own(own) })
    }
}

fn refuse_mixed(settings: &Settings, errors: &mut Errors) {
    let window = settings.mentions("max_calls") || settings.mentions("period");
    if settings.mentions("rate") && window {
        let other = if settings.mentions("max_calls") { "max_calls" } else { "period" };
        errors.at(
            settings.tokens(other),
            format!("`{other}` and `rate` are two ways to limit: an exact window, and a smoothed rate"),
            "keep `max_calls` with `period` for never more than N in any period, or `rate` with `burst` for an even flow",
        );
    } else if !settings.mentions("rate") && settings.lacks(1) {
        refuse_half_a_window(settings, errors);
    }
}

fn refuse_half_a_window(settings: &Settings, errors: &mut Errors) {
    if settings.mentions("burst") {
        errors.at(
            settings.tokens("burst"),
            "`burst` belongs to `rate`; a window has none",
            "write `rate = \"100/1m\", burst = 10`, or leave `burst` out",
        );
    } else if settings.mentions("max_calls") != settings.mentions("period") {
        let (there, what, help) = match settings.mentions("max_calls") {
            true => ("max_calls", "`max_calls` without `period`: in what time?", "add `period = \"1m\"`"),
            false => ("period", "`period` without `max_calls`: how many calls in that time?", "add `max_calls = 100`"),
        };
        errors.at(settings.tokens(there), what, help);
    } else if !settings.mentions("max_calls") {
        errors.at(
            &settings.place,
            "`#[rate_limit]` does not say how many calls are allowed",
            "write `max_calls = 100, period = \"1m\"`, or `rate = \"100/1m\"`, or name a shared limiter",
        );
    }
}
