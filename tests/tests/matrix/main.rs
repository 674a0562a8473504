//! Every attribute in every place a function can stand: the rows are the attributes, the places are
//! macros that put a function there. Each pair is a test, so that none can be forgotten.

#[macro_use]
mod places;
#[macro_use]
mod traits;
#[macro_use]
mod foreign;
#[macro_use]
mod sync_places;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use axum::{extract, http};
use steadfast::idempotent::MemoryStore;
use steadfast::{
    Failure, Rejection, bulkhead, cached, circuit_breaker, fallback, idempotent, logged, rate_limit, retry, timed,
    timeout, validate,
};
use steadfast_tests::{PayError, assert_send};

type Answer = Result<u64, PayError>;

/// Where methods stand.
#[derive(Clone)]
struct Client {
    region: u64,
}

/// An error that axum can send.
#[derive(Debug, Failure)]
enum ApiError {
    #[failure(transparent)]
    Payment(PayError),
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        Self::Payment(rejection.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// A module for a row, with a test for each place of its lists.
macro_rules! row {
    ($row:ident: $($list:ident)+) => {
        mod $row {
            use super::*;
            $($list! { $row })+
        }
    };
}

// The rows. Each hands its attributes to a place, with the names of the arguments they speak of and
// texts by which idempotent functions go: two of one name would refuse their calls.

macro_rules! of_timed {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records) #[timed] }
    };
}
row! { of_timed: shared_places mutable_places foreign_places argumentless_places sync_shared_places sync_mutable_places }

macro_rules! of_logged {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records) #[logged(ret)] }
    };
}
row! { of_logged: shared_places mutable_places foreign_places argumentless_places sync_shared_places sync_mutable_places }

macro_rules! of_circuit_breaker {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records) #[circuit_breaker(failure_threshold = 3)] }
    };
}
row! { of_circuit_breaker: shared_places mutable_places foreign_places argumentless_places sync_shared_places sync_mutable_places }

macro_rules! of_rate_limit {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records) #[rate_limit(max_calls = 100, period = "1m")] }
    };
}
row! { of_rate_limit: shared_places mutable_places foreign_places argumentless_places sync_shared_places sync_mutable_places }

macro_rules! of_retry {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records) #[retry(max_attempts = 2)] }
    };
}
row! { of_retry: shared_places mutable_places foreign_places argumentless_places sync_shared_places sync_mutable_places }

macro_rules! of_timeout {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records) #[timeout("5s")] }
    };
}
row! { of_timeout: shared_places mutable_places foreign_places argumentless_places }

macro_rules! of_bulkhead {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records) #[bulkhead(max_concurrent = 3)] }
    };
}
row! { of_bulkhead: shared_places mutable_places foreign_places argumentless_places sync_shared_places sync_mutable_places }

/// What stands in fits every place: the functions of a test return nothing.
macro_rules! of_fallback {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records) #[fallback(value = Default::default())] }
    };
}
row! { of_fallback: shared_places mutable_places foreign_places argumentless_places sync_shared_places sync_mutable_places }

/// An expression sees the error and what of the arguments the body leaves.
macro_rules! of_fallback_by_expression {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records) #[fallback(Err(error), error = error)] }
    };
}
row! { of_fallback_by_expression: shared_places mutable_places foreign_places argumentless_places sync_shared_places sync_mutable_places }

macro_rules! of_validate {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records) #[validate(amount > 0 => "must be positive")] }
    };
}
row! { of_validate: shared_places mutable_places foreign_places sync_shared_places sync_mutable_places }

macro_rules! of_cached {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records) #[cached(ttl = "1h", key = amount)] }
    };
}
row! { of_cached: shared_places foreign_places sync_shared_places }

macro_rules! of_idempotent {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records)
            #[idempotent(name = $text, key = key, payload = amount, store = records, on_cancel = unknown)]
        }
    };
}
row! { of_idempotent: shared_places mutable_places foreign_places }

macro_rules! of_headline {
    ($place:ident $_alone:literal $text:literal) => {
        $place! { $place (amount key records)
            #[logged(args(amount), ret)]
            #[timed]
            #[validate(amount > 0 => "must be positive")]
            #[idempotent(
                name = $text, key = key, payload = amount, store = records, scope = key, claim = _claim,
                on_cancel = unknown
            )]
            #[rate_limit(max_calls = 100, period = "1m")]
            #[fallback(value = Default::default())]
            #[retry(max_attempts = 3, delay = "200ms", repeatable = _claim)]
            #[circuit_breaker]
            #[timeout("2s")]
            #[bulkhead(max_concurrent = 3, max_wait = "1s")]
        }
    };
}
row! { of_headline: shared_places mutable_places foreign_places }

/// What of it a function can have that is not async.
macro_rules! of_sync_stack {
    ($place:ident $text:literal $_whole:literal) => {
        $place! { $place (amount key records)
            #[logged(args(amount), ret)]
            #[timed]
            #[validate(amount > 0 => "must be positive")]
            #[rate_limit(max_calls = 100, period = "1m")]
            #[fallback(value = Default::default())]
            #[retry(max_attempts = 3, delay = "200ms")]
            #[circuit_breaker]
            #[bulkhead(max_concurrent = 3)]
        }
    };
}
row! { of_sync_stack: shared_places mutable_places foreign_places sync_shared_places sync_mutable_places }
