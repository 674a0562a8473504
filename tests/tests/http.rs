//! A handler whose key is an extractor, whose refusals are responses, and whose replays say so.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::idempotent::{Answer, IdempotencyKey, MemoryStore};
use steadfast::{Failure, Layer, Reason, Rejection, circuit_breaker, idempotent, rate_limit, timeout, validate};
use steadfast_tests::ChargeRequest;
use tower::ServiceExt;

#[validate(request.amount > 0 => "must be positive", request.order.len() > 2 => "is too short")]
#[idempotent(name = "http.charge", key = key, payload = request.0, store = store, claim = claim)]
async fn charge(
    axum::extract::State(store): axum::extract::State<MemoryStore>,
    key: IdempotencyKey,
    request: Json<ChargeRequest>,
) -> Result<Json<String>, Rejection> {
    Ok(Json(format!("ch_{}", &claim.downstream_key()[..8])))
}

/// Its second answer is a replay, of a value or of an error.
#[idempotent(name = "http.capture", key = key, payload = request.0, store = store)]
async fn capture(
    axum::extract::State(store): axum::extract::State<MemoryStore>,
    key: IdempotencyKey,
    request: Json<ChargeRequest>,
) -> Result<Answer<(StatusCode, Json<String>)>, Answer<CaptureError>> {
    match request.amount {
        0 => Err(Answer::new(CaptureError::Declined)),
        1 => Err(Answer::new(CaptureError::Lost)),
        _ => Ok(Answer::new((StatusCode::CREATED, Json("cp_1".to_owned())))),
    }
}

#[derive(Debug, Failure)]
enum CaptureError {
    #[failure(terminal)]
    Declined,
    #[failure(unknown)]
    Lost,
    #[failure(transparent)]
    Refused(Rejection),
}

impl From<Rejection> for CaptureError {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

impl IntoResponse for CaptureError {
    fn into_response(self) -> Response {
        match self {
            Self::Declined => StatusCode::PAYMENT_REQUIRED.into_response(),
            Self::Lost => StatusCode::GATEWAY_TIMEOUT.into_response(),
            Self::Refused(rejection) => rejection.into_response(),
        }
    }
}

async fn optional(key: Option<IdempotencyKey>) -> String {
    key.map_or_else(|| "none".to_owned(), |key| key.to_string())
}

fn app() -> Router {
    let routes = Router::new().route("/charges", post(charge)).route("/captures", post(capture));
    routes.route("/optional", post(optional)).with_state(MemoryStore::default())
}

async fn send(app: &Router, path: &str, key: Option<&[u8]>, body: Value) -> Response {
    let mut request = Request::post(path).header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    app.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap()
}

async fn read(response: Response) -> (StatusCode, Option<String>, Option<String>, Value) {
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, kind, retry) = (response.status(), header("content-type"), header("retry-after"));
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
    (status, kind, retry, body)
}

fn order(amount: u64) -> Value {
    json!({ "order": "order-1", "amount": amount })
}

#[tokio::test]
async fn a_key_is_one_quoted_or_bare_and_a_replay_is_the_same_answer() {
    let app = app();
    let (status, _, _, first) = read(send(&app, "/charges", Some(b"k-1"), order(5)).await).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _, _, again) = read(send(&app, "/charges", Some(b"\"k-1\""), order(5)).await).await;
    assert_eq!((status, again), (StatusCode::OK, first));
}

#[tokio::test]
async fn a_replay_says_so_in_a_header() {
    let app = app();
    let replayed = |response: &Response| response.headers().get("Idempotent-Replayed").cloned();
    for (key, amount, status) in [(b"k", 5, StatusCode::CREATED), (b"d", 0, StatusCode::PAYMENT_REQUIRED)] {
        let first = send(&app, "/captures", Some(key), order(amount)).await;
        assert_eq!((first.status(), replayed(&first)), (status, None));
        let first = read(first).await.3;
        for _ in 0..2 {
            let again = send(&app, "/captures", Some(key), order(amount)).await;
            assert_eq!((again.status(), replayed(&again).unwrap()), (status, HeaderValue::from_static("true")));
            assert_eq!(read(again).await.3, first);
        }
    }
    // A refusal is no replay.
    let conflict = send(&app, "/captures", Some(b"k"), order(6)).await;
    assert_eq!((conflict.status(), replayed(&conflict)), (StatusCode::UNPROCESSABLE_ENTITY, None));
}

#[tokio::test]
async fn an_outcome_that_nobody_knows_is_a_conflict_with_a_clear_text() {
    let app = app();
    let lost = send(&app, "/captures", Some(b"k"), order(1)).await;
    assert_eq!(lost.status(), StatusCode::GATEWAY_TIMEOUT);
    let (status, kind, retry, body) = read(send(&app, "/captures", Some(b"k"), order(1)).await).await;
    assert_eq!((status, kind.as_deref(), retry), (StatusCode::CONFLICT, Some("application/problem+json"), None));
    assert_eq!(body["code"], json!("outcome_unknown"));
    assert!(body["title"].as_str().unwrap().contains("may have happened"), "{body}");
}

#[tokio::test]
async fn refusals_are_problem_details() {
    let app = app();
    let problem = Some("application/problem+json".to_owned());
    let (status, kind, _, body) = read(send(&app, "/charges", None, order(5)).await).await;
    assert_eq!((status, kind, &body["code"]), (StatusCode::BAD_REQUEST, problem.clone(), &json!("missing_key")));
    for key in [&b"\"open"[..], b"", b"\xff\xfe", &[b'k'; 256]] {
        let (status, kind, _, body) = read(send(&app, "/charges", Some(key), order(5)).await).await;
        assert_eq!((status, kind, &body["code"]), (StatusCode::BAD_REQUEST, problem.clone(), &json!("invalid_key")));
    }
    send(&app, "/charges", Some(b"k"), order(5)).await;
    let (status, kind, _, body) = read(send(&app, "/charges", Some(b"k"), order(6)).await).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((kind, &body["code"], &body["status"]), (problem, &json!("payload_conflict"), &json!(422)));
}

#[tokio::test]
async fn every_violation_is_told_and_no_value() {
    let (status, _, _, body) =
        read(send(&app(), "/charges", Some(b"k"), json!({ "order": "s3", "amount": 0 })).await).await;
    assert_eq!((status, &body["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid")));
    let told = json!([
        { "path": "request.amount", "message": "must be positive" },
        { "path": "request.order", "message": "is too short" },
    ]);
    assert_eq!(body["violations"], told);
    assert!(!body.to_string().contains("s3"));
}

#[tokio::test]
async fn an_optional_key_may_be_missing_but_not_wrong() {
    assert_eq!(read(send(&app(), "/optional", None, json!({})).await).await.3, json!("none"));
    assert_eq!(read(send(&app(), "/optional", Some(b"\"k\""), json!({})).await).await.3, json!("k"));
    assert_eq!(send(&app(), "/optional", Some(b"\""), json!({})).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn a_known_wait_is_told_in_whole_seconds_rounded_up() {
    #[rate_limit(max_calls = 1, period = "1500ms")]
    async fn limited() -> Result<(), Rejection> {
        Ok(())
    }
    limited().await.unwrap();
    let (status, _, retry, body) = read(limited().await.unwrap_err().into_response()).await;
    assert_eq!((status, retry.as_deref()), (StatusCode::TOO_MANY_REQUESTS, Some("2")));
    assert_eq!((&body["code"], &body["retry_after_seconds"]), (&json!("rate_limited"), &json!(2)));

    static DOWN: CircuitBreaker = CircuitBreaker::new("down").failure_threshold(1);
    #[circuit_breaker(DOWN)]
    #[timeout("1s")]
    async fn hang() -> Result<(), Rejection> {
        std::future::pending().await
    }
    let (status, _, retry, _) = read(hang().await.unwrap_err().into_response()).await;
    assert_eq!((status, retry), (StatusCode::GATEWAY_TIMEOUT, None));
    let (status, _, retry, _) = read(hang().await.unwrap_err().into_response()).await;
    assert_eq!((status, retry.as_deref()), (StatusCode::SERVICE_UNAVAILABLE, Some("30")));
    tokio::time::advance(Duration::from_secs(1)).await;
}

/// What a store said is for the log, not for the client.
#[tokio::test]
async fn the_inside_stays_inside() {
    let error = std::io::Error::other("password=hunter2");
    let reason = Reason::StoreUnavailable(std::sync::Arc::new(error));
    let (status, _, _, body) = read(Rejection::new(Layer::Idempotent, "charges", reason).into_response()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!body.to_string().contains("hunter2") && !body.to_string().contains("charges"), "{body}");
}
