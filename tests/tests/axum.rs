//! Handlers of axum: extractors above the stack's arguments, responses that are stored.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::idempotent::{AsKey, IdempotencyKey};
use steadfast::rate_limit::RateLimiter;
use steadfast::{
    Failure, Rejection, cached, circuit_breaker, idempotent, logged, rate_limit, registry, retry, timed, timeout,
    validate,
};
use steadfast_tests::{ChargeRequest, Gateway, PayError, Receipt, Reply, TestStore};
use tower::ServiceExt as _;

/// What the handlers share.
#[derive(Clone)]
struct App {
    gateway: Gateway,
    records: TestStore,
    limiter: Arc<RateLimiter>,
    breaker: Arc<CircuitBreaker>,
}

impl App {
    fn of(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            gateway: Gateway::of(replies),
            records: TestStore::default(),
            limiter: Arc::new(RateLimiter::window("limiter", 100, Duration::from_secs(60))),
            breaker: Arc::new(CircuitBreaker::new("breaker")),
        }
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/charges", post(charge))
            .route("/orders", post(create))
            .route("/tenants/{tenant}/refunds", post(refund))
            .route("/checked", post(checked))
            .route("/rates/{currency}", get(rate))
            .with_state(self.clone())
    }

    /// A call through the router: its status and its body.
    async fn post(&self, path: &str, key: Option<&str>, body: &impl Serialize) -> (StatusCode, serde_json::Value) {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        self.send(request.body(Body::from(serde_json::to_vec(body).unwrap())).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, serde_json::Value) {
        let response = self.router().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(serde_json::Value::Null))
    }
}

/// An error as a handler has it.
#[derive(Debug, Failure)]
enum ApiError {
    #[failure(transparent)]
    Payment(PayError),
    #[failure(transparent)]
    Refused(Rejection),
}

impl From<PayError> for ApiError {
    fn from(error: PayError) -> Self {
        Self::Payment(error)
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = match &self {
            Self::Payment(PayError::Declined { .. }) => (402, "declined"),
            Self::Payment(_) => (502, "gateway"),
            Self::Refused(rejection) => (rejection.status(), rejection.code()),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(serde_json::json!({ "code": code }))).into_response()
    }
}

/// The key of the header, as an extractor of the user's own.
struct KeyHeader(Option<IdempotencyKey>);

impl<S: Sync> FromRequestParts<S> for KeyHeader {
    type Rejection = (StatusCode, String);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let header = parts.headers.get("Idempotency-Key").map(|value| value.to_str().unwrap_or_default());
        let key = header.map(IdempotencyKey::from_header).transpose();
        key.map(Self).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
    }
}

impl AsKey for KeyHeader {
    fn as_key(&self) -> Option<Cow<'_, str>> {
        self.0.as_key()
    }
}

#[logged(args(request.order))]
#[timed]
#[idempotent(name = "http.charges", key = key, payload = request.0, store = app.records, claim = claim)]
#[rate_limit(app.limiter)]
#[retry(max_attempts = 3, delay = "1ms", repeatable = claim)]
#[circuit_breaker(app.breaker)]
#[timeout("2s")]
// Below the stack, because it copies the body, and the body's `claim` is the stack's.
#[axum::debug_handler]
async fn charge(
    State(app): State<App>,
    key: KeyHeader,
    request: Json<ChargeRequest>,
) -> Result<Json<Receipt>, ApiError> {
    Ok(Json(app.gateway.call(request.amount, claim.downstream_key()).await?))
}

#[idempotent(
    name = "http.orders",
    key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned),
    payload = request,
    store = app.records
)]
#[retry(max_attempts = 3, delay = "1ms")]
async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    Json(request): Json<ChargeRequest>,
) -> Result<(StatusCode, Json<Receipt>), ApiError> {
    let receipt = app.gateway.call(request.amount, "").await?;
    Ok((StatusCode::CREATED, Json(receipt)))
}

#[derive(Deserialize)]
struct Page {
    size: u64,
}

#[axum::debug_handler(state = App)]
#[idempotent(name = "http.refunds", key = key, scope = tenant, payload(page.size, request.amount), store = app.records)]
async fn refund(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(page): Query<Page>,
    key: KeyHeader,
    Json(request): Json<ChargeRequest>,
) -> Result<Json<Receipt>, ApiError> {
    Ok(Json(app.gateway.call(request.amount, &tenant).await?))
}

#[axum::debug_handler]
#[validate(request.amount > 0 => "must be positive", !request.order.is_empty() => "must not be empty")]
#[timeout("1s")]
async fn checked(State(app): State<App>, Json(request): Json<ChargeRequest>) -> Result<Json<Receipt>, ApiError> {
    Ok(Json(app.gateway.call(request.amount, "").await?))
}

#[derive(Clone, Serialize)]
struct Rate {
    number: usize,
}

#[axum::debug_handler]
#[cached(ttl = "1m", key = currency)]
async fn rate(State(app): State<App>, Path(currency): Path<String>) -> Result<Json<Arc<Rate>>, StatusCode> {
    let receipt = app.gateway.call(1, &currency).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(Json(Arc::new(Rate { number: receipt.number })))
}

#[tokio::test(start_paused = true)]
async fn a_repeated_request_is_replayed_and_a_changed_one_a_conflict() {
    let app = App::of([Reply::Fail(PayError::Down), Reply::Hang]);
    let (status, first) = app.post("/charges", Some("k"), &ChargeRequest::of(500)).await;
    assert_eq!((status, &first), (StatusCode::OK, &serde_json::json!({ "number": 3, "amount": 500 })));
    // Quoted, as the draft of the header has it, it is the same key.
    for key in ["k", "\"k\""] {
        assert_eq!(app.post("/charges", Some(key), &ChargeRequest::of(500)).await, (StatusCode::OK, first.clone()));
    }
    let (status, body) = app.post("/charges", Some("k"), &ChargeRequest::of(501)).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (422, Some("payload_conflict")));
    assert_eq!(app.gateway.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn refusals_are_responses_of_their_status() {
    let app = App::of([Reply::Fail(PayError::declined("51")), Reply::After(Duration::from_secs(1))]);
    let post = async |key: Option<&'static str>| {
        let (status, body) = app.post("/charges", key, &ChargeRequest::of(500)).await;
        (status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(post(None).await, (400, "missing_key".to_owned()));
    assert_eq!(post(Some("\"open")).await.0, 400);
    assert_eq!(post(Some("declined")).await, (402, "declined".to_owned()));
    assert_eq!(post(Some("declined")).await, (402, "declined".to_owned()));
    let (one, two) = tokio::join!(post(Some("k")), post(Some("k")));
    assert_eq!((one.0, two), (200, (409, "in_flight".to_owned())));
    assert_eq!(app.gateway.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_status_is_part_of_what_is_replayed() {
    let app = App::of([Reply::Fail(PayError::Down)]);
    for _ in 0..2 {
        let (status, body) = app.post("/orders", Some("k"), &ChargeRequest::of(500)).await;
        assert_eq!((status, body["number"].as_u64()), (StatusCode::CREATED, Some(2)));
    }
    assert_eq!(app.post("/orders", None, &ChargeRequest::of(500)).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_gets_its_answer_when_it_comes_back() {
    let app = App::of([Reply::After(Duration::from_secs(1))]);
    let request = ChargeRequest::of(500);
    let gone = app.post("/charges", Some("k"), &request);
    assert!(tokio::time::timeout(Duration::from_millis(500), gone).await.is_err());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (status, body) = app.post("/charges", Some("k"), &ChargeRequest::of(500)).await;
    assert_eq!((status, body["number"].as_u64()), (StatusCode::OK, Some(1)));
    assert_eq!(app.gateway.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn extractors_may_be_scope_and_payload() {
    let app = App::of([]);
    let post = async |path: &str| app.post(path, Some("k"), &ChargeRequest::of(5)).await;
    assert_eq!(post("/tenants/a/refunds?size=1").await.1["number"], 1);
    assert_eq!(post("/tenants/b/refunds?size=1").await.1["number"], 2);
    assert_eq!(post("/tenants/a/refunds?size=1").await.1["number"], 1);
    assert_eq!(post("/tenants/a/refunds?size=2").await.0.as_u16(), 422);
}

#[tokio::test(start_paused = true)]
async fn what_an_extractor_holds_is_validated() {
    let app = App::of([]);
    let (status, body) = app.post("/checked", None, &ChargeRequest { order: String::new(), amount: 0 }).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (422, Some("invalid")));
    assert_eq!(app.post("/checked", None, &ChargeRequest::of(1)).await.0, StatusCode::OK);
    assert_eq!(app.gateway.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn responses_are_cached() {
    let app = App::of([]);
    let ask = async |path: &str| app.send(Request::get(path).body(Body::empty()).unwrap()).await;
    for _ in 0..3 {
        assert_eq!(ask("/rates/EUR").await.1["number"], 1);
    }
    assert_eq!(ask("/rates/USD").await.1["number"], 2);
}

#[test]
fn a_handler_that_is_checked_for_debugging_is_registered_once() {
    let snapshot = registry::snapshot();
    for name in ["charge", "refund", "checked", "rate"] {
        assert_eq!(snapshot.iter().filter(|function| function.name == name).count(), 1, "{name}");
    }
    assert!(registry::duplicate_names().is_empty());
}
