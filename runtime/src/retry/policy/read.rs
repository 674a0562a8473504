//! What the registry tells of a policy.

use std::time::Duration;

use super::RetryPolicy;
use crate::config::Configurable;
use crate::registry::{Describe, Settings};
use crate::{ConfigureError, config};

impl Describe for RetryPolicy {
    fn name(&self) -> &'static str {
        self.name
    }

    fn configure(&self, settings: &serde_json::Value) -> Result<(), ConfigureError> {
        self.configure(&config::read(settings)?)
    }

    fn trial(&self) -> Option<Box<dyn Describe>> {
        let settings = Configurable::new(self.in_force().clone());
        Some(Box::new(Self { name: self.name, settings, repeatable: self.repeatable, on_retry: self.on_retry }))
    }

    fn settings(&self) -> Settings {
        let force = self.in_force();
        let mut settings = Settings::from([
            ("max_attempts", force.attempts().to_string()),
            ("max_elapsed", limit(force.time_limit())),
            ("repeatable", self.repeatable.to_string()),
        ]);
        if let Some(schedule) = force.schedule() {
            settings.insert("schedule", schedule.name().to_owned());
            settings.insert("max_delay", limit(force.plan.max_delay));
            return settings;
        }
        settings.insert("jitter", force.spread().to_string());
        if let Some(delays) = force.listed() {
            settings.insert("delays", format!("{delays:?}"));
        } else {
            settings.insert("delay", format!("{:?}", force.first_delay()));
            settings.insert("backoff", format!("{:?}", force.factor()));
            settings.insert("max_delay", format!("{:?}", force.longest_delay()));
        }
        settings
    }
}

fn limit(limit: Option<Duration>) -> String {
    limit.map_or_else(|| "none".to_owned(), |limit| format!("{limit:?}"))
}
