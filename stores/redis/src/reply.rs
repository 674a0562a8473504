//! What scripts are given and what they answer: numbers.

use redis::Value;

use crate::RedisError;
use crate::limit::At;

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

/// An answer of whole numbers.
pub(crate) fn numbers(answer: Value) -> Result<Vec<i64>, RedisError> {
    let Value::Array(items) = answer else { return Err(RedisError::Unreadable) };
    let number = |item| if let Value::Int(number) = item { Ok(number) } else { Err(RedisError::Unreadable) };
    items.into_iter().map(number).collect()
}
