//! `#[timeout]`.

use crate::attribute::{Form, Of, Setting};
use crate::errors::Errors;
use crate::settings::{self, Settings, Time};

pub(crate) struct Timeout {
    pub(crate) after: Time,
}

const AFTER: Setting =
    Setting { name: "timeout", form: Form::Duration, of: Of::Call, default: "required", example: "#[timeout(\"2s\")]" };

impl Timeout {
    pub(super) fn parse(settings: &Settings, errors: &mut Errors) -> Option<Self> {
        let Some(leading) = settings.leading.clone() else {
            if settings.lacks(1) {
                errors.at(&settings.place, "`#[timeout]` does not say how long", "write `#[timeout(\"2s\")]`");
            }
            return None;
        };
        let after = match settings::time(leading, &AFTER) {
            Ok(after) => after,
            Err(error) => {
                errors.push(error);
                return None;
            }
        };
        if let Time::Literal(after, span) = &after
            && after.is_zero()
        {
            errors.at_span(
                *span,
                "a timeout of zero would end every call that waits",
                "give it time: `#[timeout(\"2s\")]`",
            );
        }
        Some(Self { after })
    }
}
