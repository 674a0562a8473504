//! Versions of the tables, and which of them a program can work with.

use crate::setup::SetupError;

/// The newest version that this code knows: the number of scripts.
pub(crate) const KNOWN: i64 = 3;

/// Whether this code works with that version of the tables. One version ahead is what a deploy in
/// steps makes: its first step migrates, its others replace the programs one by one.
pub(crate) fn check(found: i64) -> Result<(), SetupError> {
    if found < KNOWN {
        return Err(SetupError::Behind { found, needed: KNOWN });
    }
    if found > KNOWN.saturating_add(1) {
        return Err(SetupError::Ahead { found, known: KNOWN.saturating_add(1) });
    }
    Ok(())
}

/// The scripts that lead from a version to the newest. Each notes its own version.
pub(crate) fn missing<'a>(scripts: &'a [&'static str], found: i64) -> &'a [&'static str] {
    let applied = usize::try_from(found).unwrap_or_default();
    scripts.get(applied..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_version_ahead_is_accepted_and_no_other() {
        let accepted: Vec<_> = (-1..=KNOWN + 3).filter(|found| check(*found).is_ok()).collect();
        assert_eq!(accepted, [KNOWN, KNOWN + 1]);
    }

    #[test]
    fn what_is_there_is_not_run_again() {
        let scripts = ["one", "two"];
        let runs = [-1, 0, 1, 2, 3].map(|found| missing(&scripts, found).len());
        assert_eq!(runs, [2, 2, 1, 0, 0]);
    }
}
