//! How many payments there were, for fraud rules.

#[cfg(test)]
mod tests;

use redis::Value;
use steadfast::idempotent::StoreError;
use steadfast_payments::fraud::{MOST_COUNTED, PaymentId, VelocityCounts, VelocityKey};

use crate::reply::{Args, At, micros_up};
use crate::script::Script;
use crate::{Redis, RedisError, hex};

static COUNT: Script = Script::new(include_str!("count.lua"));

const KIND: &str = "velocity";

impl Redis {
    pub(crate) async fn count_at(
        &self,
        at: At,
        payment: PaymentId,
        keys: &[VelocityKey],
    ) -> Result<Vec<u32>, RedisError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let payment = hex::write(payment.as_bytes());
        let steps = keys.iter().map(|key| (self.velocity_key(key), args(at, &payment, key)));
        let steps: Vec<_> = steps.collect();
        let steps: Vec<_> = steps.iter().map(|(key, args)| (key.as_slice(), args.list())).collect();
        let counts = self.run_each_again(&COUNT, &steps).await?;
        let counts: Option<Vec<_>> = counts.iter().map(count).collect();
        counts.filter(|counts| counts.len() == keys.len()).ok_or(RedisError::Unreadable)
    }

    /// In the bucket of the key, so that keys lie on all nodes of a cluster.
    fn velocity_key(&self, key: &VelocityKey) -> Vec<u8> {
        self.key(KIND, hex::write(key.as_bytes()).as_bytes())
    }
}

fn args(at: At, payment: &str, key: &VelocityKey) -> Args {
    let ttl = key.window().saturating_add(at.slack());
    // Rounded up: what is younger than the window is in it.
    Args::of(at).push(payment).push(micros_up(key.window())).push(ttl.as_millis()).push(MOST_COUNTED)
}

fn count(answer: &Value) -> Option<u32> {
    if let Value::Int(count) = answer { u32::try_from(*count).ok() } else { None }
}

/// Payments that all processes count together which use the same server and the same prefix, by the
/// server's clock.
///
/// One script for each key, all of them sent at once. See [fraud rules](crate#fraud-rules).
impl VelocityCounts for Redis {
    async fn count(&self, payment: PaymentId, keys: &[VelocityKey]) -> Result<Vec<u32>, StoreError> {
        match self.count_at(At::Server, payment, keys).await {
            Err(RedisError::OutOfMemory) => Err(StoreError::full()),
            answer => Ok(answer?),
        }
    }
}
