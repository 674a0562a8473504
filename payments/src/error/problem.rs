//! What an HTTP client is told of a payment that failed.

use steadfast::Problem;

use super::PaymentError;

impl PaymentError {
    /// What an HTTP client is told: problem details (RFC 9457) with the status, the code, how long to
    /// wait, what is wrong with the request, and where to authenticate. With the feature `axum` the
    /// error itself is this response.
    ///
    /// What a gateway said, which of our rules blocked, and which saga is stuck stay inside. A blocked
    /// payment is told as a declined one, its code too.
    ///
    /// ```
    /// use steadfast_payments::PaymentError;
    ///
    /// let blocked = PaymentError::FraudBlocked { rule: "velocity.card".to_owned() };
    /// assert_eq!(blocked.code(), "fraud_blocked");
    /// assert_eq!(
    ///     serde_json::to_string(&blocked.problem())?,
    ///     r#"{"title":"The payment was declined","status":402,"code":"card_declined"}"#,
    /// );
    ///
    /// let challenge = "https://acs.example/3ds?session=1".parse()?;
    /// let problem = serde_json::to_value(PaymentError::AuthenticationRequired { challenge }.problem())?;
    /// assert_eq!(problem["challenge_url"], "https://acs.example/3ds?session=1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn problem(&self) -> Problem {
        let problem = match self {
            Self::Refused(refused) => return Problem::from(refused).named(self.code()),
            Self::FraudBlocked { .. } => Problem::new(self.http_status(), "card_declined", DECLINED),
            _ => Problem::new(self.http_status(), self.code(), self.title()),
        };
        match self {
            Self::RateLimited { retry_after: Some(wait) } => problem.retry_after(*wait),
            Self::InvalidRequest { field, reason } => {
                problem.violation(field.as_str().to_owned(), reason.as_str().to_owned())
            }
            Self::AuthenticationRequired { challenge } => problem.with("challenge_url", challenge.as_str()),
            _ => problem,
        }
    }

    /// A sentence for people, which says nothing of the inside.
    const fn title(&self) -> &'static str {
        match self {
            Self::Network { .. } | Self::RateLimited { .. } => "The payment was not made; try again",
            Self::GatewayTimeout { .. } => "No answer in time; the payment may have been made",
            Self::Declined { .. } | Self::FraudBlocked { .. } => DECLINED,
            Self::InsufficientFunds => "The account does not hold as much",
            Self::AuthenticationRequired { .. } => "The customer must authenticate the payment first",
            Self::InvalidRequest { .. } => "The request is invalid",
            Self::SagaCompensation { .. } | Self::Refused(_) => "Something is wrong on our side",
            Self::WebhookSignature => "The signature does not fit",
            Self::WebhookReplay => "The time of the message is outside of what is accepted",
        }
    }
}

const DECLINED: &str = "The payment was declined";

/// Its [`problem`](PaymentError::problem) as a response.
#[cfg(feature = "axum")]
impl axum::response::IntoResponse for PaymentError {
    fn into_response(self) -> axum::response::Response {
        self.problem().into_response()
    }
}
