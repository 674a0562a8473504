//! The extractor, with requests as axum hands them over.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use steadfast::clock;
use steadfast::first_seen::MemoryFirstSeen;
use steadfast::idempotent::StoreError;

use super::super::{Inbox, Standard, Verified};
use super::*;

type StandardInbox = Inbox<Standard, MemoryFirstSeen>;

fn inbox(max_body: usize) -> StandardInbox {
    let verifier = Verifier::standard([SECRET]).unwrap().with_max_body(max_body).unwrap();
    Inbox::new("gateway", verifier, MemoryFirstSeen::default())
}

fn request(signed: &str, body: impl Into<Body>) -> Request {
    let headers = StandardSigner::new([SECRET]).unwrap().sign("evt_17", clock::wall(), signed).unwrap();
    let request = headers.iter().fold(Request::builder(), |request, (name, value)| request.header(*name, value));
    request.body(body.into()).unwrap()
}

async fn extract(request: Request, inbox: &StandardInbox) -> Result<Verified<StandardInbox>, WebhookError> {
    Verified::from_request(request, inbox).await
}

#[tokio::test]
async fn a_handler_gets_the_bytes_as_they_came() {
    let raw = "{ \"b\": 1,\n  \"a\": 1.0 }\u{fc}";
    let delivery = extract(request(raw, raw.to_owned()), &inbox(100)).await.unwrap();
    assert_eq!((delivery.id(), delivery.body()), ("evt_17", raw.as_bytes()));
    assert_eq!(delivery.into_inner().into_body(), Bytes::from(raw));
}

#[tokio::test]
async fn the_same_request_is_refused_the_second_time() {
    let inbox = inbox(100);
    let first = request("{}", "{}");
    let again = first.headers().clone();
    assert!(extract(first, &inbox).await.is_ok());
    let mut second = Request::new(Body::from("{}"));
    *second.headers_mut() = again;
    assert_eq!(told(extract(second, &inbox).await).1, "webhook_replayed");
}

/// Its length is not known before it is read.
struct Chunks(usize);

impl futures_core::Stream for Chunks {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let left = self.0.checked_sub(1);
        Poll::Ready(left.map(|left| {
            self.0 = left;
            Ok(Bytes::from_static(b"0123456789"))
        }))
    }
}

#[tokio::test]
async fn a_long_body_is_not_read() {
    let long = "{ \"note\": \"this is longer than it may be\" }";
    assert_eq!(told(extract(request(long, long), &inbox(10)).await).2, 413);
    let forever = Body::from_stream(Chunks(usize::MAX));
    assert_eq!(told(extract(request("", forever), &inbox(95)).await).2, 413);
    let whole = "0123456789".repeat(9);
    assert!(extract(request(&whole, Body::from_stream(Chunks(9))), &inbox(90)).await.is_ok());
}

#[tokio::test]
async fn a_header_map_is_headers() {
    let verifier = Verifier::standard([SECRET]).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in StandardSigner::new([SECRET]).unwrap().sign("evt_17", at(17), "{}").unwrap() {
        headers.append(name, value.parse().unwrap());
    }
    assert!(verifier.verify(&headers, "{}", at(17)).is_ok());
    headers.append("webhook-id", "evt_18".parse().unwrap());
    assert_eq!(told(verifier.verify(&headers, "{}", at(17))).0, "the header `webhook-id` is there more than once");
}

#[tokio::test]
async fn a_refusal_is_problem_details() {
    let error = extract(Request::new(Body::empty()), &inbox(100)).await.unwrap_err();
    let response = error.into_response();
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body = to_bytes(response.into_body(), 1000).await.unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["code"], "webhook_malformed");
    assert_eq!(problem["detail"], "the header `webhook-id` is missing");
}

#[tokio::test]
async fn what_a_store_said_stays_inside() {
    let response =
        WebhookError::StoreUnavailable(StoreError::new("redis://user:password@host is down")).into_response();
    assert_eq!(response.status(), 503);
    let body = to_bytes(response.into_body(), 1000).await.unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("password"));
}
