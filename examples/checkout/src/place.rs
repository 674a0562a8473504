//! Where the records are kept, as `--store` says it.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where records are kept that outlive the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In an SQLite file.
    Sqlite(PathBuf),
    /// In a PostgreSQL database.
    Postgres(Url),
    /// In a Redis, or a Valkey.
    Redis(Url),
}

/// The URL of a server. What is printed of it has no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

const UNHEARD_OF: &str = "a store is `memory`, `sqlite:PATH`, `postgres:URL` or `redis:URL`";

impl Place {
    /// What is written behind `--store`; `None` for `memory`.
    ///
    /// # Errors
    /// Says what is wrong, and repeats nothing of a value that may hold a password.
    pub(crate) fn parse(written: &str) -> Result<Option<Self>, String> {
        if written == "memory" {
            return Ok(None);
        }
        match written.split_once(':') {
            Some(("sqlite", "")) => Err("`sqlite:` needs the path of a file behind it".to_owned()),
            Some(("sqlite", ":memory:")) => Err("a store in memory is `memory`".to_owned()),
            Some(("sqlite", path)) => Ok(Some(Self::Sqlite(path.into()))),
            Some((scheme @ ("postgres" | "postgresql"), rest)) => {
                let url = Url::parse(scheme, rest, &["postgres", "postgresql"], "postgres://user@localhost/shop")?;
                Ok(Some(Self::Postgres(url)))
            }
            Some((scheme @ ("redis" | "rediss"), rest)) => {
                let url = Url::parse(scheme, rest, &["redis", "rediss"], "redis://localhost:6379/0")?;
                Ok(Some(Self::Redis(url)))
            }
            _ => Err(UNHEARD_OF.to_owned()),
        }
    }
}

impl Url {
    /// Either `postgres://..` as it is, or `postgres:postgres://..`.
    fn parse(scheme: &str, rest: &str, schemes: &[&str], example: &str) -> Result<Self, String> {
        let url = if rest.starts_with("//") { format!("{scheme}:{rest}") } else { rest.to_owned() };
        match url.split_once("://") {
            Some((scheme, host)) if schemes.contains(&scheme) && !host.is_empty() => Ok(Self(url)),
            _ => Err(format!("`{scheme}:` needs a URL behind it, such as `{example}`")),
        }
    }

    /// With the password, for the one who connects.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

/// Scheme, host and path: neither who connects, nor with what password.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0.split(['?', '#']).next().unwrap_or_default();
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        // A password may hold an `@` or a `/` by mistake, so all up to the last `@` goes.
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        write!(f, "{scheme}://{host}")
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", from_here(path)),
            Self::Postgres(url) | Self::Redis(url) => write!(f, "{url}"),
        }
    }
}

/// A path as one would type it here.
pub(crate) fn from_here(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(written: &str) -> String {
        Place::parse(written).unwrap().map_or("memory".to_owned(), |place| place.to_string())
    }

    #[test]
    fn every_kind_of_store() {
        assert_eq!(Place::parse("memory"), Ok(None));
        assert_eq!(Place::parse("sqlite:my records.db"), Ok(Some(Place::Sqlite("my records.db".into()))));
        assert!(matches!(Place::parse("postgres:postgresql://localhost/shop"), Ok(Some(Place::Postgres(_)))));
        assert!(matches!(Place::parse("rediss://localhost"), Ok(Some(Place::Redis(_)))));
    }

    #[test]
    fn a_url_is_written_as_it_is_or_behind_its_kind() {
        assert_eq!(Place::parse("postgres://localhost/shop"), Place::parse("postgres:postgres://localhost/shop"));
        assert_eq!(Place::parse("redis://localhost"), Place::parse("redis:redis://localhost"));
    }

    #[test]
    fn no_password_is_shown() {
        for url in
            ["postgres://me:s3cret@db:5432/shop?password=s3cret", "postgres:postgres://me:s3c@s3cret@db:5432/shop"]
        {
            let Ok(Some(place)) = Place::parse(url) else { panic!("{url}") };
            assert_eq!(place.to_string(), "postgres://db:5432/shop");
            assert!(!format!("{place:?}").contains("s3c"), "{place:?}");
        }
        assert_eq!(shown("redis://:s3c/ret@localhost/0"), "redis://localhost/0");
    }

    #[test]
    fn what_is_wrong_is_told_and_not_repeated() {
        let cases = [
            ("", UNHEARD_OF),
            ("mysql://root:s3cret@db", UNHEARD_OF),
            ("sqlite", UNHEARD_OF),
            ("sqlite:", "`sqlite:` needs the path of a file behind it"),
            ("sqlite::memory:", "a store in memory is `memory`"),
            ("postgres:me:s3cret@db", "`postgres:` needs a URL behind it, such as `postgres://user@localhost/shop`"),
            ("postgres://", "`postgres:` needs a URL behind it, such as `postgres://user@localhost/shop`"),
            ("redis:postgres://db", "`redis:` needs a URL behind it, such as `redis://localhost:6379/0`"),
        ];
        for (written, error) in cases {
            assert_eq!(Place::parse(written), Err(error.to_owned()), "{written}");
        }
    }
}
