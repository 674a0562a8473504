//! Operations by name, in the program and over HTTP.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::registry::{Operator, router, router_with_control};
use steadfast::{Layer, circuit_breaker, control, retry, testing};

use steadfast_tests::{Code, PayError, listen};
use tower::ServiceExt;
use tracing::Level;

async fn asked(router: Router, method: &str, path: &str) -> (u16, String, Value) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let kind = headers["content-type"].to_str().unwrap().to_owned();
    (status, kind, serde_json::from_slice(&body).unwrap())
}

#[retry]
#[circuit_breaker]
#[expect(dead_code, reason = "it is listed all the same")]
async fn over_http() -> Result<(), PayError> {
    Ok(())
}

#[tokio::test]
async fn the_snapshot_is_read_over_http_and_nothing_is_changed() {
    let (status, kind, body) = asked(router(), "GET", "/").await;
    assert_eq!((status, kind.as_str()), (200, "application/json"));
    let function = body.as_array().unwrap().iter().find(|function| function["name"] == "over_http").unwrap();
    assert_eq!(function["stack"][1]["name"], "over_http");
    assert_eq!(function["stack"][1]["state"]["state"], "closed");
    let (status, _, body) = asked(router(), "GET", "/check").await;
    assert_eq!((status, body), (200, json!({ "ok": true })));
    for (method, path, expected) in [("POST", "/over_http/force_open", 404), ("POST", "/", 405), ("GET", "/x", 404)] {
        let (status, kind, body) = asked(router(), method, path).await;
        assert_eq!((status, kind.as_str()), (expected, "application/problem+json"), "{method} {path}");
        assert_eq!(body["status"], expected);
    }
}

#[tokio::test]
async fn a_nested_router_answers_its_own_mistakes() {
    let app = || Router::new().nest("/internal", router_with_control());
    assert_eq!(asked(app(), "GET", "/internal/check").await.0, 200);
    let (status, kind, _) = asked(app(), "GET", "/internal/a/b/c/d").await;
    assert_eq!((status, kind.as_str()), (404, "application/problem+json"));
}

#[tokio::test]
async fn mistakes_over_http_say_what_there_is() {
    for (path, status, code, detail) in [
        ("/over_htp/clear", 404, "unknown_name", "did you mean `over_http`?"),
        ("/over_http/explode", 404, "unknown_operation", "force_open"),
        ("/over_http/braker/reset", 404, "unknown_layer", "braker"),
        ("/over_http/retry/force_open", 409, "means_nothing", "means nothing"),
    ] {
        let (answered, _, body) = asked(router_with_control(), "POST", path).await;
        assert_eq!((answered, body["code"].as_str()), (status, Some(code)), "{path}: {body}");
        assert!(body["detail"].as_str().unwrap().contains(detail), "{body}");
    }
    assert_eq!(asked(router_with_control(), "GET", "/over_http/clear").await.0, 405);
}

static GATEWAY: CircuitBreaker = CircuitBreaker::new("control-gateway");

#[retry(max_attempts = 1)]
#[circuit_breaker(GATEWAY)]
async fn asks_gateway() -> Result<(), PayError> {
    Ok(())
}

#[tokio::test]
async fn a_breaker_is_forced_open_and_reset_by_name() {
    let _scope = testing::scope();
    let gateway = control("control-gateway").unwrap();
    assert_eq!(gateway.layers().collect::<Vec<_>>(), [Layer::CircuitBreaker]);
    assert_eq!(gateway.force_open().to_string(), "force_open: circuit_breaker `control-gateway`");
    assert_eq!(asks_gateway().await.code(), "circuit_open");
    assert_eq!(gateway.reset().done.len(), 1);
    asks_gateway().await.unwrap();
    assert!(control("asks_gateway").unwrap().reset().done.is_empty(), "its retry has no circuit");
}

#[tokio::test]
async fn over_http_too_and_only_for_those_who_are_let_in() {
    async fn let_in(mut request: Request, next: Next) -> axum::response::Response {
        request.extensions_mut().insert(Operator("maria".into()));
        next.run(request).await
    }
    let scope = testing::scope();
    let app = || Router::new().nest("/internal", router_with_control().layer(from_fn(let_in)));
    let (status, kind, body) = asked(app(), "POST", "/internal/control-gateway/force_open").await;
    assert_eq!((status, kind.as_str()), (200, "application/json"));
    let done = json!([{ "layer": "circuit_breaker", "name": "control-gateway" }]);
    assert_eq!(body, json!({ "operation": "force_open", "done": done }));
    assert_eq!(GATEWAY.state(), BreakerState::ForcedOpen);
    let (status, _, _) = asked(app(), "POST", "/internal/control-gateway/circuit_breaker/reset").await;
    assert_eq!((status, GATEWAY.state()), (200, BreakerState::Closed));
    drop(scope);
}

#[test]
fn every_operation_is_an_event_that_says_who_did_what() {
    let (_scope, (listener, _listens)) = (testing::scope(), listen(Level::INFO));
    control("control-gateway").unwrap().by("maria").disable();
    let lines = listener.take_all();
    let operated = lines.iter().find(|line| line.field("message") == "operated").expect("an event");
    let fields = ["layer", "name", "operation", "by"].map(|name| operated.field(name));
    assert_eq!(fields, ["circuit_breaker", "control-gateway", "disable", "maria"]);
    control("asks_gateway").unwrap().disable();
    assert!(listener.take_all().is_empty(), "what means nothing is no event");
}
