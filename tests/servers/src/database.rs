//! Databases for tests.

use std::io;
use std::process::{Command, Stdio};

use crate::{port, programs};

/// A database of a test's own, without tables. On a shared server it is dropped with this.
#[derive(Debug)]
pub struct Database {
    url: String,
    /// The database to drop, and whence.
    drop: Option<(String, Admin)>,
}

impl Database {
    pub(crate) fn new(admin: Admin) -> Self {
        let name = format!("steadfast_{}_{:x}", std::process::id(), port::random());
        admin.query(&format!("create database {name}")).unwrap_or_else(|why| panic!("no database: {why}"));
        Self { url: with_database(&admin.0, &name), drop: Some((name, admin)) }
    }

    /// Leaves it where it is.
    pub(crate) fn keep(mut self) -> Self {
        self.drop = None;
        self
    }

    /// Its URL, with the name of the database in it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs SQL. The answer's rows as lines, columns parted by `|`.
    ///
    /// # Errors
    ///
    /// What `psql` said.
    pub fn query(&self, sql: &str) -> io::Result<String> {
        Admin(self.url.clone()).query(sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((name, admin)) = self.drop.take() {
            let _ = admin.query(&format!("drop database if exists {name} with (force)"));
        }
    }
}

/// A URL of somebody who may make databases.
#[derive(Debug)]
pub(crate) struct Admin(pub(crate) String);

impl Admin {
    pub(crate) fn query(&self, sql: &str) -> io::Result<String> {
        let psql = programs::psql().map_err(io::Error::other)?;
        let mut command = Command::new(psql);
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.0, "-c", sql]);
        let output = command.env("PGCONNECT_TIMEOUT", "20").stdin(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }
}

/// `url` with another database: what stands between the host and the parameters.
fn with_database(url: &str, name: &str) -> String {
    let (place, parameters) = url.split_once('?').map_or((url, None), |(place, rest)| (place, Some(rest)));
    let start = place.find("://").map_or(0, |at| at + 3);
    let host = place.get(start..).and_then(|rest| rest.find('/')).map_or(place, |at| &place[..start + at]);
    parameters.map_or_else(|| format!("{host}/{name}"), |rest| format!("{host}/{name}?{rest}"))
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn a_url_is_given_another_database() {
        for (url, expected) in [
            ("postgres://me:pw@host:1/app", "postgres://me:pw@host:1/mine"),
            ("postgres://host", "postgres://host/mine"),
            ("postgresql://host/app?sslmode=require", "postgresql://host/mine?sslmode=require"),
            ("postgres:///app?host=/run/pg", "postgres:///mine?host=/run/pg"),
        ] {
            assert_eq!(with_database(url, "mine"), expected);
        }
    }
}
