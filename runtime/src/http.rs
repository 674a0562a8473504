//! HTTP at the edge (feature `axum`): the key of a request, a refusal as a response, and a replay that
//! says so.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::idempotent::{Answer, IdempotencyKey};
use crate::{Layer, Problem, Reason, Rejection};

/// The header of the IETF draft `draft-ietf-httpapi-idempotency-key-header`.
const HEADER: &str = "idempotency-key";

/// As `application/problem+json`, with the status, and `Retry-After` where the wait is known.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(self.retry_after_seconds().map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
        (status, headers, serde_json::to_vec(&self).unwrap_or_default()).into_response()
    }
}

/// Its [`Problem`] in JSON (RFC 9457), with the status, `Retry-After` where the wait is known, and
/// every violation of `validate`. What a store or a codec said stays inside.
impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        Problem::from(&self).into_response()
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
