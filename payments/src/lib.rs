//! What a payment system needs around the attributes of [`steadfast`].
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod error;
pub mod fraud;
pub mod gateway;
pub mod money;
#[cfg(feature = "reconciliation")]
pub mod reconciliation;
pub mod redaction;
pub mod saga;
#[cfg(feature = "webhooks")]
pub mod webhooks;
