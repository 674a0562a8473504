//! The mark that tells a server with our data from one that lost it.

use redis::Pipeline;

use super::RedisStore;
use crate::error::RedisError;
use crate::keys::Bucket;

/// The mark of a bucket. Its text is the version of the format; the scripts compare it.
const READY: &str = "1";
/// The mark of the first bucket while the others get theirs, so that an initialisation which was
/// cut short is not taken for a loss.
const BEGUN: &str = "begun";

impl RedisStore {
    /// Marks a new server as one that has lost nothing. Done once for a server and a prefix, by an
    /// operator or the step that sets the server up: **not** whenever a program starts, or it would
    /// wave an emptied server through. Doing it again changes nothing, and one that was cut short
    /// is finished.
    ///
    /// After all data was lost, it says that losing them is understood: keys of before will run
    /// again.
    ///
    /// # Errors
    /// [`RedisError::PartlyLost`] when only some of the marks are there. And when the server cannot
    /// be asked.
    ///
    /// ```no_run
    /// use steadfast_redis::{Redis, RedisStore};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let records = RedisStore::new(Redis::connect("redis://127.0.0.1/").await?);
    /// records.init().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn init(&self) -> Result<(), RedisError> {
        if state(&self.marks().await?)? == State::Ready {
            return Ok(());
        }
        self.mark([Bucket::FIRST], BEGUN, "NX").await?;
        self.mark(Bucket::FIRST.and_after().skip(1), READY, "NX").await?;
        self.mark([Bucket::FIRST], READY, "XX").await?;
        self.check().await
    }

    /// Whether the server has the data that it was initialised with: what a program asks when it
    /// starts.
    ///
    /// # Errors
    /// [`RedisError::NoData`] when it was never initialised or lost everything,
    /// [`RedisError::PartlyLost`] when it lost a part. And when the server cannot be asked.
    ///
    /// See [`RedisStore`] for an example.
    pub async fn check(&self) -> Result<(), RedisError> {
        match state(&self.marks().await?)? {
            State::Ready => Ok(()),
            State::New | State::Begun => Err(RedisError::NoData),
        }
    }

    async fn marks(&self) -> Result<Vec<Option<String>>, RedisError> {
        let mut commands = Pipeline::new();
        for bucket in Bucket::FIRST.and_after() {
            commands.cmd("GET").arg(self.redis.prefix().of(bucket, Self::SENTINEL));
        }
        let marks = self.redis.query_all_again(&commands).await?;
        let mark = |value| redis::from_redis_value(value).map_err(|_| RedisError::Unreadable);
        marks.into_iter().map(mark).collect()
    }

    async fn mark(
        &self,
        buckets: impl IntoIterator<Item = Bucket>,
        mark: &str,
        condition: &str,
    ) -> Result<(), RedisError> {
        let mut commands = Pipeline::new();
        for bucket in buckets {
            commands.cmd("SET").arg(self.redis.prefix().of(bucket, Self::SENTINEL)).arg(mark).arg(condition);
        }
        self.redis.query_all_again(&commands).await.map(drop)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// No mark at all.
    New,
    /// An initialisation is under way, or was cut short.
    Begun,
    Ready,
}

/// What the marks say, the first bucket's first.
fn state(marks: &[Option<String>]) -> Result<State, RedisError> {
    let known = |mark: &&str| [READY, BEGUN].contains(mark);
    if marks.iter().flatten().map(String::as_str).any(|mark| !known(&mark)) {
        return Err(RedisError::OtherFormat);
    }
    let missing = marks.iter().filter(|mark| mark.is_none()).count();
    match marks.first().and_then(Option::as_deref) {
        Some(BEGUN) => Ok(State::Begun),
        _ if missing == 0 => Ok(State::Ready),
        _ if missing == marks.len() => Ok(State::New),
        _ => Err(RedisError::PartlyLost { missing, of: marks.len() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &[&str]) -> Vec<Option<String>> {
        text.iter().map(|&mark| (!mark.is_empty()).then(|| mark.to_owned())).collect()
    }

    #[test]
    fn a_whole_set_of_marks_is_ready_and_none_is_new() {
        assert_eq!(state(&marks(&["1", "1", "1"])), Ok(State::Ready));
        assert_eq!(state(&marks(&["", "", ""])), Ok(State::New));
    }

    #[test]
    fn one_that_was_cut_short_is_finished() {
        assert_eq!(state(&marks(&["begun", "", ""])), Ok(State::Begun));
        assert_eq!(state(&marks(&["begun", "1", ""])), Ok(State::Begun));
        assert_eq!(state(&marks(&["begun", "1", "1"])), Ok(State::Begun));
    }

    #[test]
    fn a_part_is_a_loss() {
        assert_eq!(state(&marks(&["1", "1", ""])), Err(RedisError::PartlyLost { missing: 1, of: 3 }));
        assert_eq!(state(&marks(&["", "1", ""])), Err(RedisError::PartlyLost { missing: 2, of: 3 }));
        assert_eq!(state(&marks(&["", "1", "1"])), Err(RedisError::PartlyLost { missing: 1, of: 3 }));
    }

    #[test]
    fn the_mark_of_another_format_is_refused() {
        assert_eq!(state(&marks(&["2", "2", "2"])), Err(RedisError::OtherFormat));
        assert_eq!(state(&marks(&["1", "1", "x"])), Err(RedisError::OtherFormat));
    }
}
