//! HTTP at the edge (feature `axum`): the key of a request, a refusal as a response, and a replay that
//! says so.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::idempotent::{Answer, IdempotencyKey};
use crate::validate::Violation;
use crate::{Layer, Reason, Rejection};

/// The header of the IETF draft `draft-ietf-httpapi-idempotency-key-header`.
const HEADER: &str = "idempotency-key";

/// Problem details (RFC 9457), with our code and, where there are some, the violations.
#[derive(Serialize)]
struct Problem<'a> {
    title: &'static str,
    status: u16,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<&'a Violation>,
}

/// Problem details in JSON (RFC 9457), with the status, `Retry-After` where the wait is known, and
/// every violation of `validate`. What a store or a codec said stays inside.
impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after().map(whole_seconds);
        let problem = Problem {
            title: title(self.reason()),
            status: status.as_u16(),
            code: self.code(),
            retry_after_seconds: retry_after,
            violations: match self.reason() {
                Reason::Invalid(violations) => violations.iter().collect(),
                _ => Vec::new(),
            },
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(retry_after.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
        (status, headers, serde_json::to_vec(&problem).unwrap_or_default()).into_response()
    }
}

/// The header counts whole seconds; whoever comes after so many must not come too early.
fn whole_seconds(wait: std::time::Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
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

/// What tells a replay from a first answer.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The response inside, with the header `Idempotent-Replayed: true` where it is a replay.
impl<T: IntoResponse> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let replayed = self.was_replayed();
        let mut response = self.into_inner().into_response();
        if replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// The request's `Idempotency-Key`, quoted (`"k"`, as the draft has it) or bare (`k`). A request
/// without one is answered with `missing_key`, one that is no key with `invalid_key`.
impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        of_headers(&parts.headers)?.ok_or_else(|| refusal(Reason::MissingKey))
    }
}

/// As `Option<IdempotencyKey>`: `None` where the header is missing. One that is no key is refused
/// all the same.
impl<S: Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        of_headers(&parts.headers)
    }
}

fn of_headers(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Rejection> {
    // Bytes that are no text become some that are no key.
    let text = headers.get(HEADER).map(|value| value.to_str().unwrap_or("\u{0}"));
    let key = text.map(IdempotencyKey::from_header).transpose();
    key.map_err(|error| refusal(Reason::InvalidKey(error)))
}

fn refusal(reason: Reason) -> Rejection {
    Rejection::new(Layer::Idempotent, HEADER, reason)
}
