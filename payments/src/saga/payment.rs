//! A saga's end as a [`PaymentError`].

use steadfast::{Failure, Kind, Layer, Reason, Rejection};

use super::error::{SagaError, left};
use crate::PaymentError;

/// What the caller of a saga of payments is told.
///
/// | the saga is | the caller's error |
/// |---|---|
/// | undone, because of a definite answer, a transient failure or a refusal that is at hand | that error itself |
/// | undone otherwise | [`Network`](PaymentError::Network): nothing is left of it. A new try needs a new id |
/// | stuck | [`SagaCompensation`](PaymentError::SagaCompensation) |
/// | running elsewhere, used with another input, not recordable, in a full log | [`Refused`](PaymentError::Refused), as by an idempotency record |
/// | begun, and nobody can say more now | [`GatewayTimeout`](PaymentError::GatewayTimeout), whose detail says why |
///
/// ```
/// use steadfast_payments::PaymentError;
/// use steadfast_payments::saga::{MemorySagaLog, Saga, Step};
///
/// async fn charge((): (), amount: u64, _: Step) -> Result<u64, PaymentError> {
///     if amount > 1_000 { Err(PaymentError::InsufficientFunds) } else { Ok(amount) }
/// }
///
/// async fn checkout(log: MemorySagaLog, order: &str, amount: u64) -> Result<u64, PaymentError> {
///     Ok(Saga::new("checkout", 1).pivot("charge", charge).run(&(), &log, order, amount).await?)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let log = MemorySagaLog::default();
/// assert_eq!(checkout(log.clone(), "order-17", 500).await.unwrap(), 500);
/// assert_eq!(checkout(log.clone(), "order-17", 900).await.unwrap_err().code(), "idempotency_conflict");
/// assert_eq!(checkout(log, "order-18", 5_000).await.unwrap_err().code(), "insufficient_funds");
/// # }
/// ```
impl From<SagaError<PaymentError>> for PaymentError {
    fn from(error: SagaError<PaymentError>) -> Self {
        match error {
            // An operator has found out since that it did not happen.
            SagaError::Undone { error: Some(error), .. } if error.kind() != Kind::Unknown => error,
            undone @ SagaError::Undone { .. } => Self::Network { detail: undone.to_string().into() },
            SagaError::Stuck { id, step, .. } => Self::SagaCompensation { saga: id.to_string(), step },
            SagaError::Running { until } => refused(Reason::InFlight { retry_after: left(&until) }),
            SagaError::Conflict => refused(Reason::Conflict),
            SagaError::Id(error) => refused(Reason::InvalidKey(error)),
            SagaError::Unrecordable(error) => refused(Reason::InvalidPayload(error)),
            SagaError::Log(error) if error.is_full() => refused(Reason::StoreFull),
            // Nothing ran, and nothing will until the program is another one.
            wrong @ SagaError::Definition(_) => Self::Network { detail: wrong.to_string().into() },
            SagaError::Changed { .. }
            | SagaError::Impossible(_)
            | SagaError::Unreadable { .. }
            | SagaError::Lost
            | SagaError::Log(_) => Self::GatewayTimeout { detail: error.to_string().into() },
        }
    }
}

fn refused(reason: Reason) -> PaymentError {
    Rejection::new(Layer::Idempotent, "saga", reason).into()
}

#[cfg(test)]
mod tests {
    use steadfast::clock;

    use super::*;
    use crate::saga::{SagaId, Why};

    fn undone(error: Option<PaymentError>) -> SagaError<PaymentError> {
        SagaError::Undone { step: "charge".into(), why: Why::Terminal, error }
    }

    #[test]
    fn what_the_caller_is_told_says_what_is_known() {
        let id = SagaId::new("checkout", "order-17").unwrap();
        let stuck = SagaError::Stuck { id, step: "ship".into(), undoing: false, why: Why::Terminal, error: None };
        let until = clock::wall() + std::time::Duration::from_secs(60);
        let store = steadfast::idempotent::StoreError::new("gone");
        let lost_answer = PaymentError::GatewayTimeout { detail: "no answer".into() };
        for (error, code, kind) in [
            (undone(Some(PaymentError::InsufficientFunds)), "insufficient_funds", Kind::Terminal),
            (undone(Some(lost_answer)), "network_error", Kind::Transient),
            (undone(None), "network_error", Kind::Transient),
            (stuck, "saga_compensation_failed", Kind::Unknown),
            (SagaError::Running { until }, "idempotency_in_flight", Kind::Refused),
            (SagaError::Conflict, "idempotency_conflict", Kind::Refused),
            (SagaError::Lost, "gateway_timeout", Kind::Unknown),
            (SagaError::Unreadable { what: "state" }, "gateway_timeout", Kind::Unknown),
            (SagaError::Log(store), "gateway_timeout", Kind::Unknown),
            (SagaError::Log(steadfast::idempotent::StoreError::full()), "store_full", Kind::Refused),
            (SagaError::Definition(crate::saga::DefinitionError::NoSteps), "network_error", Kind::Transient),
        ] {
            let told = PaymentError::from(error);
            assert_eq!((told.code(), told.kind()), (code, kind), "{told:?}");
        }
    }
}
