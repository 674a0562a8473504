//! `#[rate_limit]` beyond one limit for all: costs, keys, refunds, settings from outside.

mod cost;
mod keys;
mod outside;
mod refunds;

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
