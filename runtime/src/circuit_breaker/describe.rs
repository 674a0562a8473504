//! What a breaker tells of itself, and what can be done to it by name.

use super::CircuitBreaker;
use super::policy::{Policy, Rate, Window};
use crate::registry::{Describe, Operation, Settings, State};
use crate::scope::{Fresh, here};
use crate::{ConfigureError, clock, config};

impl Describe for CircuitBreaker {
    fn name(&self) -> &'static str {
        self.name()
    }

    fn settings(&self) -> Settings {
        settings(here(self).policy.get())
    }

    fn configure(&self, settings: &serde_json::Value) -> Result<(), ConfigureError> {
        self.configure(&config::read(settings)?)
    }

    fn trial(&self) -> Option<Box<dyn Describe>> {
        Some(Box::new(self.fresh()))
    }

    fn operate(&self, operation: Operation) -> bool {
        match operation {
            Operation::ForceOpen => self.force_open(),
            Operation::Disable => self.disable(),
            Operation::MetricsOnly => self.metrics_only(),
            Operation::Reset => self.reset(),
            _ => return false,
        }
        true
    }

    fn state(&self) -> Option<State> {
        let this = here(self);
        let now = clock::mono();
        let policy = this.policy.get();
        let (state, would_be, failures, wait) =
            this.read(|core| (core.state(), core.would_be(), core.failures(), core.open_for(now)));
        let window = policy.rate.map(|rate| (rate, this.in_window(this.tick(policy, now))));
        let rates = window.and_then(|(rate, window)| window.rates(&rate));
        let slow_rate = rates.filter(|_| policy.rate.is_some_and(|rate| rate.slow_call.is_some()));
        Some(State::CircuitBreaker {
            state: state.as_str(),
            failures,
            retry_after: wait.map(|wait| wait.as_secs_f64()),
            calls: window.map(|(_, window)| window.calls),
            failure_rate: rates.map(|(failures, _)| failures),
            slow_rate: slow_rate.map(|(_, slow)| slow),
            would_be: would_be.map(|state| state.as_str()),
        })
    }
}

pub(super) fn settings(policy: &Policy) -> Settings {
    let mut settings = Settings::from([
        ("recovery_timeout", format!("{:?}", policy.recovery_timeout)),
        ("half_open_max_calls", policy.half_open_max_calls.to_string()),
        ("success_threshold", policy.success_threshold.to_string()),
    ]);
    if let Some(backoff) = policy.recovery_backoff {
        settings.insert("recovery_backoff", backoff.to_string());
        settings.insert("max_recovery_timeout", format!("{:?}", policy.longest_recovery()));
    }
    match &policy.rate {
        None => _ = settings.insert("failure_threshold", policy.row().to_string()),
        Some(rate) => settings.extend(rate_settings(rate)),
    }
    settings
}

fn rate_settings(rate: &Rate) -> Settings {
    let mut settings = Settings::from([
        ("failure_rate", rate.failure_rate.to_string()),
        ("minimum_calls", rate.minimum_calls().to_string()),
        (
            "window",
            match rate.window {
                Window::Time(time) => format!("{time:?}"),
                Window::Calls(calls) => calls.to_string(),
            },
        ),
        ("slow_call", rate.slow_call.map_or_else(|| "off".to_owned(), |after| format!("{after:?}"))),
    ]);
    if rate.slow_call.is_some() {
        settings.insert("slow_rate", rate.slow_rate().to_string());
    }
    settings
}
