//! The other side: it answers as it is told, and remembers who asked.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::PayError;

/// A gateway whose answers are written beforehand. What is not written succeeds at once.
#[derive(Clone, Default)]
pub struct Gateway(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    replies: VecDeque<Reply>,
    keys: Vec<String>,
    times: Vec<Instant>,
}

/// What the gateway does with a call.
#[derive(Clone, Debug)]
pub enum Reply {
    Succeed,
    Fail(PayError),
    /// It succeeds after this time.
    After(Duration),
    /// It fails after this time.
    FailAfter(Duration, PayError),
    /// It never answers.
    Hang,
    Panic,
}

/// A charge that happened. The number counts the gateway's calls, so a replay shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    pub number: usize,
    pub amount: u64,
}

impl Gateway {
    /// A gateway that gives these answers first.
    pub fn of(replies: impl IntoIterator<Item = Reply>) -> Self {
        let gateway = Self::default();
        gateway.will(replies);
        gateway
    }

    /// These answers next.
    pub fn will(&self, replies: impl IntoIterator<Item = Reply>) {
        self.lock().replies.extend(replies);
    }

    /// How many calls came.
    pub fn calls(&self) -> usize {
        self.lock().keys.len()
    }

    /// The key of every call.
    pub fn keys(&self) -> Vec<String> {
        self.lock().keys.clone()
    }

    /// The pauses between the beginnings of the calls.
    pub fn pauses(&self) -> Vec<Duration> {
        self.lock().times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    pub async fn call(&self, amount: u64, key: &str) -> Result<Receipt, PayError> {
        let (reply, number) = self.begin(key);
        let receipt = Receipt { number, amount };
        match reply {
            Reply::Succeed => Ok(receipt),
            Reply::Fail(error) => Err(error),
            Reply::After(time) => {
                sleep(time).await;
                Ok(receipt)
            }
            Reply::FailAfter(time, error) => {
                sleep(time).await;
                Err(error)
            }
            Reply::Hang => pending().await,
            Reply::Panic => panic!("the gateway's client panics"),
        }
    }

    fn begin(&self, key: &str) -> (Reply, usize) {
        let mut inner = self.lock();
        inner.keys.push(key.to_owned());
        inner.times.push(Instant::now());
        let reply = inner.replies.pop_front().unwrap_or(Reply::Succeed);
        (reply, inner.keys.len())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
