//! Why Redis did not do what it was asked.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use redis::{ErrorKind, ServerError};
use steadfast::idempotent::StoreError;

/// Why Redis did not do what it was asked.
///
/// It tells what the server said by its code only (`OOM`, `NOAUTH`): texts of servers repeat what
/// they were sent. No URL, key or value is in it.
///
/// ```
/// use steadfast_redis::{Redis, RedisError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let error = Redis::connect("https://user:secret@localhost/").await.unwrap_err();
/// assert!(matches!(error, RedisError::Url));
/// assert!(!error.to_string().contains("secret"));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisError {
    /// The URL is not one, or asks for TLS, which is not compiled in.
    Url,
    /// A setting of [`RedisOptions`](crate::RedisOptions) cannot be right; this one, for this reason.
    Setting(&'static str),
    /// The server is older than Redis 6.2.
    TooOld {
        /// Its version, as it says.
        version: String,
    },
    /// The server may throw keys away.
    Evicts {
        /// Its eviction policy.
        policy: String,
    },
    /// The server is a replica: what is written to it is lost.
    Replica,
    /// There is no tokio runtime where the server was asked. Nothing was sent.
    NoRuntime,
    /// No answer in time. What was asked for may have been done.
    Late {
        /// The time it was given.
        after: Duration,
    },
    /// The connection could not be made, or broke. What was asked for may have been done.
    Disconnected(io::ErrorKind),
    /// The server has no memory left, and did nothing.
    OutOfMemory,
    /// The server takes no writes, and did nothing.
    ReadOnly,
    /// The server answered with an error.
    Refused {
        /// The error's code, its first word.
        code: String,
    },
    /// The server has none of the data that [`RedisStore::init`](crate::RedisStore::init) leaves: it
    /// lost them, or never was initialised. Nothing ran.
    NoData,
    /// The server lost a part of its data.
    PartlyLost {
        /// How many marks of the initialisation are gone.
        missing: usize,
        /// Of how many.
        of: usize,
    },
    /// The data on the server are those of another version of this crate.
    OtherFormat,
    /// The server's answer, or what it keeps under our key, is not what this crate knows.
    Unreadable,
}

impl RedisError {
    /// Whether another connection may do better.
    pub(crate) fn ends_connection(&self) -> bool {
        matches!(self, Self::Late { .. } | Self::Disconnected(_) | Self::ReadOnly | Self::Unreadable)
    }

    /// What the server said, of several commands to the first that failed.
    fn said(error: redis::RedisError) -> Self {
        let errors = error.into_server_errors();
        match errors.as_deref().and_then(<[_]>::first).map_or("ERR", |(_, error)| code(error)) {
            "READONLY" => Self::ReadOnly,
            "OOM" => Self::OutOfMemory,
            "NODATA" => Self::NoData,
            other => Self::Refused { code: other.to_owned() },
        }
    }
}

impl From<redis::RedisError> for RedisError {
    fn from(error: redis::RedisError) -> Self {
        match error.kind() {
            ErrorKind::Server(_) | ErrorKind::Extension => Self::said(error),
            ErrorKind::AuthenticationFailed => Self::Refused { code: "WRONGPASS".to_owned() },
            ErrorKind::InvalidClientConfig => Self::Url,
            ErrorKind::Io => Self::Disconnected(io_kind(&error)),
            _ => Self::Unreadable,
        }
    }
}

/// An error's first word. Before Redis 7, one that a command met in a script is inside another:
/// `ERR Error running script (..): @user_script:1: @user_script: 1: -OOM command not allowed ..`.
fn code(error: &ServerError) -> &str {
    match error.code() {
        "ERR" => error.details().and_then(inner_code).unwrap_or("ERR"),
        code => code,
    }
}

fn inner_code(details: &str) -> Option<&str> {
    let (_line, said) = details.rsplit_once("@user_script:")?.1.split_once(": ")?;
    let word = said.trim_start_matches('-').split_ascii_whitespace().next()?;
    word.bytes().all(|byte| byte.is_ascii_uppercase()).then_some(word)
}

/// The kind of an I/O error. Where the client only knows that the connection is gone, that.
fn io_kind(error: &redis::RedisError) -> io::ErrorKind {
    let shared = error.source().and_then(|source| source.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let source = shared.and_then(|source| source.downcast_ref::<io::Error>());
    source.map_or(io::ErrorKind::BrokenPipe, io::Error::kind)
}

impl From<RedisError> for StoreError {
    fn from(error: RedisError) -> Self {
        Self::new(error)
    }
}

impl fmt::Display for RedisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str(
                "this is no URL of a Redis server: write `redis://host:port/`, or `rediss://host:port/` with a TLS \
                 feature of the crate `redis` turned on",
            ),
            Self::Setting(why) => f.write_str(why),
            Self::TooOld { version } => {
                write!(f, "the server is Redis {version}: the scripts need Redis 6.2 or later, or Valkey")
            }
            Self::Evicts { policy } => write!(
                f,
                "the server's eviction policy is `{policy}`: with it, Redis forgets payments when memory runs short; \
                 set `maxmemory-policy noeviction`"
            ),
            Self::Replica => {
                f.write_str("the server is a replica: what is written to it is refused or lost; connect to the primary")
            }
            Self::NoRuntime => {
                f.write_str("there is no tokio runtime here, and Redis cannot be asked without one")
            }
            Self::Late { after } => write!(f, "Redis did not answer within {after:?}"),
            Self::Disconnected(kind) => write!(f, "the connection to Redis failed: {kind}"),
            Self::OutOfMemory => f.write_str(
                "Redis has reached its `maxmemory` and takes no more: give it more, or remove what is not needed",
            ),
            Self::ReadOnly => f.write_str("Redis takes no writes: it has become a replica; connect to the primary"),
            Self::Refused { code } => refused(f, code),
            Self::NoData => f.write_str(
                "Redis holds no steadfast data under this prefix: it lost them, or was never initialised. Nothing runs, \
                 because every key would look new. Restore the data, or, if it is a new server or the loss is \
                 understood, run `RedisStore::init` once",
            ),
            Self::PartlyLost { missing, of } => write!(
                f,
                "Redis lost a part of the steadfast data under this prefix: {missing} of {of} marks are gone. Keys of \
                 that part would look new. Restore the data, or begin anew under another prefix"
            ),
            Self::OtherFormat => f.write_str(
                "the steadfast data under this prefix are those of another version: use that version, or another prefix",
            ),
            Self::Unreadable => f.write_str(
                "Redis answered what steadfast neither asked for nor writes: is something else using the prefix, or a \
                 newer version of steadfast?",
            ),
        }
    }
}

fn refused(f: &mut fmt::Formatter<'_>, code: &str) -> fmt::Result {
    let cure = match code {
        "NOAUTH" | "WRONGPASS" => ": the URL must carry the right user and password",
        "NOPERM" => ": the user needs EVAL, EVALSHA, INFO and the commands in the scripts, on keys of the prefix",
        "LOADING" => ": it still loads its data; try again when it has",
        "MOVED" | "ASK" => ": the key is on another node of a cluster, and this connection is to one address",
        "MISCONF" | "NOREPLICAS" => ": it cannot keep what is written, and so takes no writes",
        _ => "",
    };
    write!(f, "Redis answered {code}{cure}")
}

impl Error for RedisError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_inside_a_scripts_error_is_found() {
        let cases = [
            (
                "Error running script (call to f_2e): @user_script:1: WRONGTYPE Operation against a key",
                Some("WRONGTYPE"),
            ),
            ("Error running script (call to f_2e): @user_script:1: @user_script: 1: -OOM command not", Some("OOM")),
            ("Error running script (call to f_2e): @user_script:1: ERR value is not an integer", Some("ERR")),
            ("Error running script (call to f_2e): @user_script:1: user_script:1: attempt to call", None),
            ("value is not an integer or out of range", None),
            ("@user_script:1: -", None),
            ("", None),
        ];
        for (details, code) in cases {
            assert_eq!(inner_code(details), code, "{details}");
        }
    }
}
