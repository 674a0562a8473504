//! A failure as an HTTP client is told of it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::validate::Violation;
use crate::{Reason, Rejection};

/// Problem details in JSON (RFC 9457): what an HTTP client is told of a failure, and nothing of the
/// inside.
///
/// With serde it is `title`, `status` and `code`; `retry_after_seconds` and `violations` where there are
/// some; and every member of its own. With the feature `axum` it is a response. A [`Rejection`] has one,
/// and an error enum can make its own in the same form:
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Layer, Problem, Reason, Rejection};
///
/// let refused = Rejection::new(Layer::Idempotent, "charges.create", Reason::MissingKey);
/// let problem = Problem::from(&refused);
/// assert_eq!((problem.status(), problem.code()), (400, "missing_key"));
///
/// let problem = Problem::new(503, "down_for_the_night", "The service is down for the night")
///     .retry_after(Duration::from_millis(1500))
///     .with("until", "06:00");
/// assert_eq!(
///     serde_json::to_string(&problem)?,
///     r#"{"title":"The service is down for the night","status":503,"code":"down_for_the_night","retry_after_seconds":2,"until":"06:00"}"#,
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    title: &'static str,
    status: u16,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Violation>,
    #[serde(flatten)]
    members: BTreeMap<&'static str, String>,
}

impl Problem {
    /// A problem with this HTTP status, a stable code for programs, and a title for people.
    ///
    /// See [`Problem`] for an example.
    pub const fn new(status: u16, code: &'static str, title: &'static str) -> Self {
        Self { title, status, code, retry_after_seconds: None, violations: Vec::new(), members: BTreeMap::new() }
    }

    /// The same, which may be over after so long. Clients are told whole seconds, rounded up: one that
    /// comes after so many must not come too early.
    ///
    /// See [`Problem`] for an example.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after_seconds = Some(wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)));
        self
    }

    /// The same, with one more rule that the request breaks: where, and which. Never the value.
    ///
    /// ```
    /// use steadfast::Problem;
    ///
    /// let problem = Problem::new(422, "invalid_request", "The request is invalid").violation("amount", "must be positive");
    /// let json = serde_json::to_value(&problem)?;
    /// assert_eq!(json["violations"][0]["path"], "amount");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn violation(mut self, path: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        self.violations.push(Violation::new(path.into(), message.into()));
        self
    }

    /// The same, with a member of its own. One that has the name of a member which is there already
    /// would be in the JSON twice.
    ///
    /// See [`Problem`] for an example.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.members.insert(name, value.into());
        self
    }

    /// The HTTP status.
    ///
    /// See [`Problem`] for an example.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The stable code.
    ///
    /// See [`Problem`] for an example.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What the header `Retry-After` says.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Problem;
    ///
    /// let problem = Problem::new(503, "busy", "Busy").retry_after(Duration::from_millis(1));
    /// assert_eq!(problem.retry_after_seconds(), Some(1));
    /// ```
    pub const fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after_seconds
    }

    /// The same under another code: for an error enum that has a name of its own for a refusal.
    ///
    /// ```
    /// use steadfast::{Layer, Problem, Reason, Rejection};
    ///
    /// let refused = Rejection::new(Layer::Idempotent, "charges.create", Reason::Conflict);
    /// let problem = Problem::from(&refused).named("idempotency_conflict");
    /// assert_eq!((problem.status(), problem.code()), (422, "idempotency_conflict"));
    /// ```
    pub fn named(self, code: &'static str) -> Self {
        Self { code, ..self }
    }
}

/// With every violation of `validate`. What a store or a codec said stays inside.
impl From<&Rejection> for Problem {
    fn from(refused: &Rejection) -> Self {
        let mut problem = Self::new(refused.status(), refused.code(), title(refused.reason()));
        if let Some(wait) = refused.retry_after() {
            problem = problem.retry_after(wait);
        }
        if let Reason::Invalid(violations) = refused.reason() {
            problem.violations = violations.iter().cloned().collect();
        }
        problem
    }
}

/// What a client is told: no name, error or key of the inside.
const fn title(reason: &Reason) -> &'static str {
    match reason {
        Reason::Open { .. } => "A service this depends on is unavailable",
        Reason::TooCostly { .. } => "The request is larger than the limit ever allows",
        Reason::Limited { .. } => "Too many requests",
        Reason::Full { .. } => "Too many requests are running",
        Reason::TimedOut { .. } => "No answer in time; it may have happened",
        Reason::Invalid(_) => "The request is invalid",
        Reason::MissingKey => "The header Idempotency-Key is missing",
        Reason::InvalidKey(_) => "The idempotency key is not one",
        Reason::InvalidPayload(_) => "The request cannot be compared with an earlier one",
        Reason::Conflict => "The idempotency key was used with another request",
        Reason::InFlight { .. } => "A request with this idempotency key is running",
        Reason::OutcomeUnknown { .. } => {
            "An earlier request with this idempotency key may have happened; do not send it under another key"
        }
        Reason::StoreFull | Reason::StoreUnavailable(_) | Reason::SharedStateUnavailable(_) => {
            "The request was not run; try again"
        }
        Reason::Undecodable(_) | Reason::Unrecorded(_) | Reason::DuplicateName | Reason::Fault(_) => {
            "Something is wrong on our side"
        }
    }
}
