//! Rate limits that processes share.

#[cfg(test)]
mod tests;

use std::time::Duration;

use steadfast::rate_limit::{Answer, Backend, Counting, Limit, Receipt};

use crate::reply::{Args, At, LONGEST, micros_up, numbers};
use crate::script::Script;
use crate::{Redis, RedisError};

static WINDOW: Script = Script::new(include_str!("window.lua"));
static WINDOW_BACK: Script = Script::new(include_str!("window_back.lua"));
static RATE: Script = Script::new(include_str!("rate.lua"));
static RATE_BACK: Script = Script::new(include_str!("rate_back.lua"));

const KIND: &str = "limit";

impl Redis {
    fn limit_key(&self, limit: &Limit<'_>) -> Vec<u8> {
        let mut id = limit.name.as_bytes().to_vec();
        if let Some(key) = limit.key {
            id.push(0); // no name has it
            id.extend_from_slice(key);
        }
        self.key(KIND, &id)
    }

    pub(crate) async fn take_at(&self, at: At, limit: &Limit<'_>, cost: u32) -> Result<Answer, RedisError> {
        let key = self.limit_key(limit);
        match limit.quota.counting() {
            Counting::Window { max_calls, period } => {
                let period = period.min(LONGEST);
                let ttl = period.saturating_add(at.slack());
                // Rounded up: what is younger than the period has not expired.
                let args = Args::of(at).push(max_calls).push(micros_up(period)).push(cost).push(ttl.as_millis());
                match *numbers(self.run(&WINDOW, &[&key], args.list()).await?)? {
                    [1, number] => Ok(Answer::Admitted(Receipt(number.unsigned_abs()))),
                    [0, last, now] => Ok(Answer::Wait(until_expired(last, now, period))),
                    _ => Err(RedisError::Unreadable),
                }
            }
            Counting::Rate { interval, burst } => {
                let args = rate(Args::of(at), interval).push(burst).push(cost).push(at.slack().as_millis());
                match *numbers(self.run(&RATE, &[&key], args.list()).await?)? {
                    [1, us, ns] => Ok(Answer::Admitted(Receipt(nanos(us, ns)))),
                    [0, us, ns] => Ok(Answer::Wait(Duration::from_nanos(nanos(us, ns)))),
                    _ => Err(RedisError::Unreadable),
                }
            }
        }
    }

    pub(crate) async fn give_back_at(
        &self,
        at: At,
        limit: &Limit<'_>,
        cost: u32,
        Receipt(receipt): Receipt,
    ) -> Result<(), RedisError> {
        let key = self.limit_key(limit);
        match limit.quota.counting() {
            Counting::Window { .. } => self.run(&WINDOW_BACK, &[&key], receipt).await?,
            Counting::Rate { interval, .. } => {
                let args = rate(Args::of(at), interval).push(cost).push(receipt / 1000).push(receipt % 1000);
                self.run(&RATE_BACK, &[&key], args.push(at.slack().as_millis()).list()).await?
            }
        };
        Ok(())
    }
}

/// Limits that all processes share which use the same server, the same prefix and the same name.
///
/// One script for each question, one key for each limit. See [limits](crate#limits).
impl Backend for Redis {
    type Error = RedisError;

    async fn take(&self, limit: &Limit<'_>, cost: u32) -> Result<Answer, RedisError> {
        self.take_at(At::Server, limit, cost).await
    }

    async fn give_back(&self, limit: &Limit<'_>, cost: u32, receipt: Receipt) -> Result<(), RedisError> {
        self.give_back_at(At::Server, limit, cost, receipt).await
    }

    async fn clear(&self, limit: &Limit<'_>) -> Result<(), RedisError> {
        self.query(redis::cmd("UNLINK").arg(self.limit_key(limit))).await.map(drop)
    }
}

fn rate(args: Args, interval: Duration) -> Args {
    args.push(interval.as_micros()).push(interval.subsec_nanos() % 1000)
}

fn nanos(us: i64, ns: i64) -> u64 {
    us.unsigned_abs().saturating_mul(1000).saturating_add(ns.unsigned_abs())
}

/// How long until a call expires that was let through then; it may be later than now, when the server's
/// clock was set back.
fn until_expired(at: i64, now: i64, period: Duration) -> Duration {
    let apart = Duration::from_micros(at.abs_diff(now));
    if at > now { period.saturating_add(apart) } else { period.saturating_sub(apart) }
}
