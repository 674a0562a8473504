//! A test whose server is missing is skipped in so many words.

use std::env;
use std::io::Write;
use std::thread;

/// What was found; or says on the terminal that this thread's test, which shows `what`, is skipped, why, and the `cure`.
///
/// # Panics
///
/// Instead of skipping, with `STEADFAST_REQUIRE_SERVERS=1`.
pub(crate) fn unless<T>(what: &str, found: Result<T, String>, cure: &str) -> Option<T> {
    let why = match found {
        Ok(found) => return Some(found),
        Err(why) => why,
    };
    let line = line(thread::current().name(), what, &why, cure);
    assert!(env::var_os("STEADFAST_REQUIRE_SERVERS").is_none_or(|it| it != "1"), "this must not be: {line}");
    // Not `eprintln!`: the test harness keeps that to itself when a test passes.
    let _ = writeln!(std::io::stderr(), "{line}");
    None
}

fn line(test: Option<&str>, what: &str, why: &str, cure: &str) -> String {
    format!("skipped {} ({what}): {why} ({cure})", test.unwrap_or("a test"))
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_skip_names_the_test_the_reason_and_the_cure() {
        let line = line(Some("claims::one_wins"), "one of 100 wins", "no redis-server found in PATH", "install it");
        assert_eq!(line, "skipped claims::one_wins (one of 100 wins): no redis-server found in PATH (install it)");
    }
}
