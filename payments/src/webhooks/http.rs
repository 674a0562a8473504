//! Deliveries as arguments of axum's handlers, and refusals as responses (feature `axum`).

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use steadfast::first_seen::FirstSeen;
use steadfast::{Problem, clock};

use super::delivery::Delivery;
use super::error::{Flaw, WebhookError};
use super::inbox::Inbox;
use super::scheme::Scheme;
use super::verifier::Verifier;

/// A delivery that was verified before the handler runs, with the bytes of its body as they came.
///
/// `V` is what verifies it, a [`Verifier`] or an [`Inbox`], and is found in the router's state through
/// [`FromRef`]. A body that is longer than the verifier allows is not read to its end. Whatever is
/// refused is answered as [`WebhookError`] says, in problem details (RFC 9457), and the handler does
/// not run.
///
/// It takes the body, so it is the last argument. Beneath it must be no middleware that reads the
/// body and writes it anew.
///
/// ```
/// use axum::Router;
/// use axum::http::StatusCode;
/// use axum::routing::post;
/// use steadfast::first_seen::MemoryFirstSeen;
/// use steadfast_payments::webhooks::{Inbox, Stripe, Verified, Verifier};
///
/// type StripeInbox = Inbox<Stripe, MemoryFirstSeen>;
///
/// async fn stripe(delivery: Verified<StripeInbox>) -> StatusCode {
///     let event: serde_json::Value = serde_json::from_slice(delivery.body()).unwrap_or_default();
///     println!("{} of {}", event["type"], delivery.id());
///     StatusCode::NO_CONTENT
/// }
///
/// let verifier = Verifier::stripe(["whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH"])?;
/// let inbox = Inbox::new("webhooks.stripe", verifier, MemoryFirstSeen::default());
/// let router: Router = Router::new().route("/webhooks/stripe", post(stripe)).with_state(inbox);
/// # Ok::<(), steadfast_payments::webhooks::SetupError>(())
/// ```
pub struct Verified<V> {
    delivery: Delivery<Bytes>,
    by: PhantomData<fn() -> V>,
}

impl<V> Verified<V> {
    /// The delivery itself.
    ///
    /// ```
    /// use axum::body::Bytes;
    /// use steadfast_payments::webhooks::{Delivery, Standard, Verified, Verifier};
    ///
    /// async fn handler(verified: Verified<Verifier<Standard>>) {
    ///     let delivery: Delivery<Bytes> = verified.into_inner();
    /// }
    /// ```
    pub fn into_inner(self) -> Delivery<Bytes> {
        self.delivery
    }
}

impl<V> Deref for Verified<V> {
    type Target = Delivery<Bytes>;

    fn deref(&self) -> &Delivery<Bytes> {
        &self.delivery
    }
}

impl<V> fmt::Debug for Verified<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Verified").field(&self.delivery).finish()
    }
}

impl<S: Sync, V: Receive + FromRef<S>> FromRequest<S> for Verified<V> {
    type Rejection = WebhookError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebhookError> {
        let by = V::from_ref(state);
        let (parts, body) = request.into_parts();
        let body = read(body, by.limit()).await?;
        let delivery = by.receive(&parts.headers, body).await?;
        Ok(Self { delivery, by: PhantomData })
    }
}

/// The body, of which no more than `limit` bytes are held.
async fn read(mut body: Body, limit: usize) -> Result<Bytes, WebhookError> {
    let too_long = WebhookError::body(Flaw::TooLong { limit });
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(too_long);
    }
    let mut whole = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| WebhookError::BodyUnread)?;
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > limit.saturating_sub(whole.len()) {
            return Err(too_long);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.into())
}

/// What can stand in [`Verified`]: a [`Verifier`], or an [`Inbox`].
pub trait Receive: sealed::Receive {}

impl<V: sealed::Receive> Receive for V {}

mod sealed {
    use super::{Bytes, Delivery, HeaderMap, WebhookError};

    #[allow(unreachable_pub, reason = "sealed")]
    pub trait Receive: Send + Sync {
        /// How many bytes a body may have.
        fn limit(&self) -> usize;

        fn receive(
            &self,
            headers: &HeaderMap,
            body: Bytes,
        ) -> impl Future<Output = Result<Delivery<Bytes>, WebhookError>> + Send;
    }
}

impl<S: Scheme> sealed::Receive for Verifier<S> {
    fn limit(&self) -> usize {
        self.max_body()
    }

    async fn receive(&self, headers: &HeaderMap, body: Bytes) -> Result<Delivery<Bytes>, WebhookError> {
        self.verify(headers, body, clock::wall())
    }
}

impl<S: Scheme, F: FirstSeen> sealed::Receive for Inbox<S, F> {
    fn limit(&self) -> usize {
        self.max_body()
    }

    async fn receive(&self, headers: &HeaderMap, body: Bytes) -> Result<Delivery<Bytes>, WebhookError> {
        self.accept(headers, body).await
    }
}

/// Problem details in JSON (RFC 9457): the code, and in `detail` what is wrong. What a store said stays
/// inside.
impl IntoResponse for WebhookError {
    fn into_response(self) -> Response {
        let detail = match &self {
            Self::StoreUnavailable(_) => "deliver it again".to_owned(),
            told => told.to_string(),
        };
        let problem = Problem::new(self.status(), self.code(), "The delivery was not accepted");
        problem.with("detail", detail).into_response()
    }
}
