//! What a database said, without what it must not tell.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use steadfast::idempotent::StoreError;

/// Why the database did not do what it was asked.
///
/// It prints the database's own message and code, never keys, results, or a URL.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use steadfast_sql::{SetupError, SqlStore};
///
/// let Err(SetupError::Database(error)) = SqlStore::connect("sqlite:/no/such/folder/records.db").await else {
///     panic!("there is no such folder");
/// };
/// assert_eq!(error.code(), Some("14"));
/// assert_eq!(error.to_string(), "the database answered 14: unable to open database file");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DatabaseError {
    text: Cow<'static, str>,
    code: Option<String>,
}

impl DatabaseError {
    /// The database's own code: an SQLSTATE of PostgreSQL, an extended result code of SQLite. `None`
    /// where it was not reached.
    ///
    /// See [`DatabaseError`] for an example.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// It did not answer in time.
    pub(crate) const fn late() -> Self {
        Self::of("the database did not answer in time")
    }

    /// The task that wrote was ended before it was done.
    pub(crate) const fn cut() -> Self {
        Self::of("the runtime that wrote the record has ended")
    }

    /// There is no runtime to write on.
    pub(crate) const fn no_runtime() -> Self {
        Self::of("there is no tokio runtime here, and the database cannot be asked without one")
    }

    /// A record that is there for everybody else.
    pub(crate) const fn fickle() -> Self {
        Self::of("the record came and went each time it was looked at")
    }

    const fn of(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), code: None }
    }

    /// Whether there is no room left.
    fn is_full(&self) -> bool {
        const SQLITE_FULL: &str = "13";
        const DISK_FULL: &str = "53100";
        matches!(self.code(), Some(SQLITE_FULL | DISK_FULL))
    }

    /// Whether the statement met another that was quicker, and may just be said again.
    pub(crate) fn is_a_collision(&self) -> bool {
        const SERIALIZATION: &str = "40001";
        const DEADLOCK: &str = "40P01";
        matches!(self.code(), Some(SERIALIZATION | DEADLOCK))
    }

    /// Whether it concerns what was asked, so that another statement may do better. Not where the
    /// database was not reached, nor where it was locked for as long as a statement waits.
    pub(crate) fn is_about_the_statement(&self) -> bool {
        self.code().is_some() && !self.is_locked()
    }

    /// Whether SQLite found another connection at work in the file.
    pub(crate) fn is_locked(&self) -> bool {
        self.code().is_some_and(is_locked)
    }

    /// As the answer to a claim, which did not land where there was no room for it.
    pub(crate) fn of_a_claim(self) -> StoreError {
        if self.is_full() { StoreError::full() } else { StoreError::new(self) }
    }
}

impl From<DatabaseError> for StoreError {
    fn from(error: DatabaseError) -> Self {
        Self::new(error)
    }
}

/// sqlx's own errors print a row's content in their `Debug`; only message and code are kept.
impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().map(Cow::into_owned);
                let shown = code.as_deref().unwrap_or("an error");
                let mut text = format!("the database answered {shown}: {}", error.message());
                if is_missing_table(code.as_deref(), error.message()) {
                    text.push_str(
                        "; `SqlStore::migrate` makes the tables, `SqlStore::check` at start finds them missing",
                    );
                }
                Self { text: text.into(), code }
            }
            sqlx::Error::PoolTimedOut => Self::of(
                "no connection of the pool became free in time: too many transactions are open for its size, \
                 or the database does not answer",
            ),
            sqlx::Error::PoolClosed => Self::of("the pool is closed"),
            sqlx::Error::Io(error) => Self { text: format!("the connection failed: {error}").into(), code: None },
            sqlx::Error::Decode(error) => Self { text: error.to_string().into(), code: None },
            sqlx::Error::Configuration(_) => Self::of("the connection's settings are wrong"),
            other => Self { text: other.to_string().into(), code: None },
        }
    }
}

/// SQLite's lock. SQLSTATEs have five characters; an extended code has the plain one in its last byte.
fn is_locked(code: &str) -> bool {
    const BUSY: u16 = 5;
    const LOCKED: u16 = 6;
    let plain = (code.len() < 5).then(|| code.parse::<u16>().ok()).flatten();
    plain.is_some_and(|code| matches!(code & 0xff, BUSY | LOCKED))
}

fn is_missing_table(code: Option<&str>, message: &str) -> bool {
    const UNDEFINED_TABLE: &str = "42P01";
    code == Some(UNDEFINED_TABLE) || message.starts_with("no such table")
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for DatabaseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_told_from_what_looks_like_its_number() {
        let locked: Vec<_> = ["5", "6", "261", "517", "8", "13", "00005", "53100", "40001"].map(is_locked).into();
        assert_eq!(locked, [true, true, true, true, false, false, false, false, false]);
    }
}
