//! The registry over HTTP (feature `axum`).

use axum::extract::{Extension, Path};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;

use super::{FunctionSnapshot, Operated, Operation, check, control, snapshot};
use crate::Layer;

/// What operators read, as a router to be nested: it changes nothing.
///
/// | request | answer |
/// |---|---|
/// | `GET /` | the [`snapshot`] as JSON |
/// | `GET /check` | `{"ok": true}`, or 500 where [`check`] would not let the program start |
///
/// Errors are problem details in JSON (RFC 9457).
///
/// **Put it behind authentication, on an internal listener if there is one.** Source files, settings
/// and the state of your dependencies are nobody else's affair. Keys, arguments and values are never
/// in it.
///
/// ```
/// let app: axum::Router = axum::Router::new().nest("/internal/steadfast", steadfast::registry::router());
/// ```
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    with_errors(read_only())
}

fn read_only<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/", get(show)).route("/check", get(whether_it_may_start))
}

/// After all routes: the answer to a wrong method is a route's.
fn with_errors<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes.fallback(nothing_here).method_not_allowed_fallback(not_allowed)
}

/// [`router`], with the operations of [`control`](fn@crate::control) and nothing else.
///
/// | request | answer |
/// |---|---|
/// | `POST /{name}/{operation}` | [`Operated`] as JSON |
/// | `POST /{name}/{layer}/{operation}` | the same, for one attribute's policy |
///
/// The operations are `force_open`, `disable`, `metrics_only`, `reset` and `clear`. A name that is no
/// policy's, and an operation that means nothing to it, are answered with 404 and 409. The event of
/// an operation names the [`Operator`] that your authentication put into the request's extensions,
/// else `http`.
///
/// **Put it behind authentication.** Whoever reaches it can stop your payments (`force_open`) or take
/// your breakers out (`disable`). It does not ask who sent a form: cookies alone do not protect it
/// from other sites' pages.
///
/// ```
/// use axum::middleware::{Next, from_fn};
/// use axum::{extract::Request, http::StatusCode, response::Response};
/// use steadfast::registry::{Operator, router_with_control};
///
/// async fn only_operators(mut request: Request, next: Next) -> Result<Response, StatusCode> {
/// #   fn who(_: &Request) -> Option<String> { None }
///     let who = who(&request).ok_or(StatusCode::UNAUTHORIZED)?;
///     request.extensions_mut().insert(Operator(who));
///     Ok(next.run(request).await)
/// }
///
/// let app: axum::Router = axum::Router::new()
///     .nest("/internal/steadfast", router_with_control().layer(from_fn(only_operators)));
/// ```
pub fn router_with_control<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let operations = Router::new()
        .route("/{name}/{operation}", post(operate))
        .route("/{name}/{layer}/{operation}", post(operate_one));
    with_errors(read_only().merge(operations))
}

/// Who operates by HTTP: your authentication puts it into the request's extensions.
///
/// See [`router_with_control`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator(pub String);

/// Problem details (RFC 9457).
#[derive(Serialize)]
struct Problem {
    title: &'static str,
    status: u16,
    code: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

fn problem(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Response {
    let problem = Problem { title, status: status.as_u16(), code, detail: detail.into() };
    let json = [(CONTENT_TYPE, "application/problem+json")];
    (status, json, serde_json::to_vec(&problem).unwrap_or_default()).into_response()
}

async fn show() -> Json<Vec<FunctionSnapshot>> {
    Json(snapshot())
}

#[derive(Serialize)]
struct Checked {
    ok: bool,
}

async fn whether_it_may_start() -> Result<Json<Checked>, Response> {
    let duplicates = |names: super::DuplicateNames| {
        let title = "Functions share an idempotent name; their calls are refused";
        problem(StatusCode::INTERNAL_SERVER_ERROR, "duplicate_name", title, names.to_string())
    };
    check().map(|()| Json(Checked { ok: true })).map_err(duplicates)
}

async fn nothing_here() -> Response {
    problem(StatusCode::NOT_FOUND, "not_found", "There is nothing here", "")
}

async fn not_allowed() -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Not by this method", "")
}

type Who = Option<Extension<Operator>>;

async fn operate(who: Who, Path((name, operation)): Path<(String, String)>) -> Result<Json<Operated>, Response> {
    done(who, &name, None, &operation)
}

async fn operate_one(
    who: Who,
    Path((name, layer, operation)): Path<(String, String, String)>,
) -> Result<Json<Operated>, Response> {
    let known = Layer::ALL.iter().copied().find(|known| known.as_str() == layer);
    let layer =
        known.ok_or_else(|| problem(StatusCode::NOT_FOUND, "unknown_layer", "No attribute is called that", layer))?;
    done(who, &name, Some(layer), &operation)
}

#[allow(clippy::result_large_err, reason = "it is made once for each request, and sent")]
fn done(who: Who, name: &str, layer: Option<Layer>, operation: &str) -> Result<Json<Operated>, Response> {
    let operation = Operation::of(operation).ok_or_else(|| {
        let known = Operation::ALL.map(Operation::as_str).join(", ");
        problem(StatusCode::NOT_FOUND, "unknown_operation", "There is no such operation", format!("known are {known}"))
    })?;
    let found = control(name).map_err(|unknown| {
        problem(StatusCode::NOT_FOUND, "unknown_name", "No policy is called that", unknown.to_string())
    })?;
    let found = found.by(who.map_or_else(|| "http".to_owned(), |Extension(Operator(who))| who));
    let operated = layer.into_iter().fold(found, super::Control::only).operate(operation);
    if operated.done.is_empty() {
        let title = "The operation means nothing to this policy";
        return Err(problem(StatusCode::CONFLICT, "means_nothing", title, operated.to_string()));
    }
    Ok(Json(operated))
}
