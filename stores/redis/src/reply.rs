//! What scripts are given and what they answer: numbers, and what is kept of a key.

use std::collections::HashMap;
use std::time::Duration;

use redis::Value;

use crate::RedisError;

/// Longer times count as this, so that no sum of times is beyond what a script counts exactly.
pub(crate) const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// When a script decides: on the server's clock, or, in a test, as if at that time in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At {
    Server,
    #[cfg_attr(not(test), expect(dead_code, reason = "tests tell the time"))]
    Micros(u64),
}

impl At {
    fn arg(self) -> String {
        match self {
            Self::Server => String::new(),
            Self::Micros(now) => now.to_string(),
        }
    }

    /// How much longer than needed what is idle is kept. Who tells the time may take long between two
    /// steps.
    pub(crate) fn slack(self) -> Duration {
        match self {
            Self::Server => Duration::from_secs(1),
            Self::Micros(_) => Duration::from_secs(600),
        }
    }
}

/// The arguments of a script, the time first.
pub(crate) struct Args(Vec<String>);

impl Args {
    pub(crate) fn of(at: At) -> Self {
        Self(vec![at.arg()])
    }

    pub(crate) fn push(mut self, arg: impl ToString) -> Self {
        self.0.push(arg.to_string());
        self
    }

    pub(crate) fn list(&self) -> &[String] {
        &self.0
    }
}

/// In whole microseconds, rounded up.
pub(crate) fn micros_up(time: Duration) -> u128 {
    time.min(LONGEST).as_nanos().div_ceil(1000)
}

/// The fields of a hash.
pub(crate) type Fields = HashMap<String, Vec<u8>>;

/// What an answered hash is; `None` for an empty one, which is none.
pub(crate) fn hash<T>(answer: Value, parse: impl FnOnce(Fields) -> Option<T>) -> Result<Option<T>, RedisError> {
    let fields: Fields = redis::from_redis_value(answer).map_err(|_| RedisError::Unreadable)?;
    if fields.is_empty() {
        return Ok(None);
    }
    parse(fields).map(Some).ok_or(RedisError::Unreadable)
}

/// A hash, as a server answers it.
#[cfg(test)]
pub(crate) fn answered(fields: &[(&str, &[u8])]) -> Value {
    let pairs = fields.iter().flat_map(|(name, value)| [name.as_bytes(), value]);
    Value::Array(pairs.map(|part| Value::BulkString(part.into())).collect())
}

/// An answer of whole numbers.
pub(crate) fn numbers(answer: Value) -> Result<Vec<i64>, RedisError> {
    let Value::Array(items) = answer else { return Err(RedisError::Unreadable) };
    let number = |item| if let Value::Int(number) = item { Ok(number) } else { Err(RedisError::Unreadable) };
    items.into_iter().map(number).collect()
}
