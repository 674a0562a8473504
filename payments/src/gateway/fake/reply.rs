//! What happens to a call: the answers and the faults of gateways.

use std::time::Duration;

use super::ledger::{Ledger, Request};
use crate::PaymentError;
use crate::error::{ChallengeUrl, Detail};
use crate::gateway::Effect;

/// What happens to a call.
///
/// | | what is done | who asked gets |
/// |---|---|---|
/// | `Approve` | all | the answer |
/// | `Slow` | all, at once | the answer, later |
/// | `Decline`, `InsufficientFunds`, `Authenticate` | nothing | this answer, and again for the same key |
/// | `Unreachable`, `RateLimited` | nothing; the gateway does not know of it | a transient error |
/// | `LoseAnswer` | all | [`GatewayTimeout`](PaymentError::GatewayTimeout) |
/// | `Hang` | all | nothing, ever: put a timeout around it |
/// | `Break` | it is begun, and neither done nor dropped | [`GatewayTimeout`](PaymentError::GatewayTimeout) |
///
/// What is begun is [`Pending`](crate::gateway::LookUp::Pending) for who looks it up, until the same
/// call with the same key comes again and is carried out, or the test says what became of it
/// ([`finish_begun`](super::FakeGateway::finish_begun), [`drop_begun`](super::FakeGateway::drop_begun)).
///
/// See [`FakeGateway`](super::FakeGateway) for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// It is done, and answered.
    Approve,
    /// It is done at once, and answered after this time. Who does not wait so long has paid.
    Slow(Duration),
    /// The card is declined.
    Decline {
        /// The gateway's code for it.
        code: Detail,
    },
    /// The account does not hold as much.
    InsufficientFunds,
    /// The customer must authenticate first.
    Authenticate(ChallengeUrl),
    /// The gateway is not reached.
    Unreachable,
    /// The gateway takes no more requests for this time.
    RateLimited(Duration),
    /// It is done, and the connection breaks before the answer.
    LoseAnswer,
    /// It is done, and no answer ever comes.
    Hang,
    /// The gateway breaks while it works.
    Break,
}

/// What who asked gets to hear.
pub(super) enum Said {
    Now(Result<Effect, PaymentError>),
    After(Duration, Result<Effect, PaymentError>),
    Nothing,
}

impl Reply {
    pub(super) fn carry_out(self, ledger: &mut Ledger, key: &str, request: Request) -> Said {
        let declined = |code: Detail| PaymentError::Declined { code, reason: "the test says so".into() };
        match self {
            Self::Approve => Said::Now(ledger.carry_out(key, request)),
            Self::Slow(wait) => Said::After(wait, ledger.carry_out(key, request)),
            Self::Decline { code } => Said::Now(ledger.refuse(key, request, declined(code))),
            Self::InsufficientFunds => Said::Now(ledger.refuse(key, request, PaymentError::InsufficientFunds)),
            Self::Authenticate(challenge) => {
                Said::Now(ledger.refuse(key, request, PaymentError::AuthenticationRequired { challenge }))
            }
            Self::Unreachable => Said::Now(Err(PaymentError::Network { detail: "connection refused".into() })),
            Self::RateLimited(wait) => Said::Now(Err(PaymentError::RateLimited { retry_after: Some(wait) })),
            Self::LoseAnswer => {
                // The answer is what gets lost.
                let _ = ledger.carry_out(key, request);
                Said::Now(Err(no_answer("the connection broke before the answer")))
            }
            Self::Hang => {
                let _ = ledger.carry_out(key, request);
                Said::Nothing
            }
            Self::Break => {
                ledger.begin(key, request);
                Said::Now(Err(no_answer("the gateway broke while it worked")))
            }
        }
    }
}

fn no_answer(detail: &str) -> PaymentError {
    PaymentError::GatewayTimeout { detail: detail.into() }
}
