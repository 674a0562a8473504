//! Signatures, their lists, their times; what is refused, and with which words.

#[cfg(feature = "axum")]
mod http;
mod inbox;
mod malformed;
mod properties;
mod secrets;
mod signatures;
mod vectors;
mod window;

use std::time::{Duration, SystemTime};

use super::{StandardSigner, StripeSigner, Verifier, WebhookError};

pub(super) const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub(super) const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(super) const PRIVATE: &str = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=";
pub(super) const STRIPE: &str = "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH";

pub(super) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// What an error says, and its code and status: enough to tell any two apart.
pub(super) fn told<T>(answer: Result<T, WebhookError>) -> (String, &'static str, u16) {
    let error = answer.err().expect("it is refused");
    (error.to_string(), error.code(), error.status())
}
