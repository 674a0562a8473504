//! Identities: whatever a key is made of, it is itself and no other.

use super::subject::{MINUTE, Subject};
use crate::conformance::{Finding, ensure};
use crate::idempotent::{Outcome, RecordId, Store};

const NAME: &str = "conformance.keys";

const ODD: &[&str] = &[
    "'; DROP TABLE records; --",
    "\"quoted\"",
    "back\\slash",
    "per%cent_under_score*?[a-z]",
    "{braces}:colons:and{more}",
    " leading and trailing ",
    "tab-less, comma; semicolon | pipe",
    "zero\u{200b}width",
    "right\u{202e}to left",
    "ÅÄÖ ß İ ı",
    "日本語のキー",
    "👩‍👩‍👧‍👦",
    "\u{10ffff}\u{fffd}\u{feff}",
    "$1 ? :name @p0 #{x}",
    "NULL",
    "0",
    "1e3",
];

/// Keys and scopes of odd characters are found again, and listed as they are.
pub(super) async fn odd<S: Store>(s: &Subject<S>) -> Finding {
    let mut ids = Vec::new();
    for odd in ODD {
        ids.push(s.id_of(NAME, None, &s.key(odd))?);
        ids.push(s.id_of(NAME, Some(odd), &s.key("of-odd-scope"))?);
    }
    let longest = s.key(&"🗝".repeat(255 - s.key("").len()));
    ids.push(s.id_of(NAME, None, &longest)?);
    ids.push(s.id_of(NAME, Some(&"é".repeat(255)), &longest)?);
    are_themselves(s, &ids).await
}

/// Identities that a careless store would take for one another.
pub(super) async fn nearly_alike<S: Store>(s: &Subject<S>) -> Finding {
    let key = s.key("k");
    let (first, rest) = key.split_at(3);
    let ids = [
        s.id_of(NAME, None, &key)?,
        s.id_of("conformance.keys2", None, &key)?,
        s.id_of(NAME, Some(first), rest)?,
        s.id_of(NAME, Some("none"), &key)?,
        s.id_of(NAME, Some("null"), &key)?,
        s.id_of(NAME, Some(" "), &key)?,
        s.id_of(NAME, None, &s.key("K"))?,
        s.id_of(NAME, None, &s.key("k "))?,
        s.id_of(NAME, None, &s.key("é"))?,
        s.id_of(NAME, None, &s.key("e\u{301}"))?,
        s.id_of(NAME, None, &s.key("ß"))?,
        s.id_of(NAME, None, &s.key("ss"))?,
        s.id_of(NAME, Some("a:b"), &s.key("c"))?,
        s.id_of(NAME, Some("a"), &format!("b:{}", s.key("c")))?,
    ];
    are_themselves(s, &ids).await
}

/// Each can be claimed, has its own record, and is listed once.
async fn are_themselves<S: Store>(s: &Subject<S>, ids: &[RecordId]) -> Finding {
    let mut claims = Vec::new();
    for id in ids {
        claims.push(s.claimed(id).await.map_err(|why| format!("{id:?}: {why}"))?);
    }
    for claim in &claims {
        let record = s.record(&claim.id).await?;
        ensure!(record.token == claim.token, "{:?} has the record of another key", claim.id);
        s.complete(claim, Outcome::Unknown).await?;
    }
    let listed = s.listed(ids, s.start + MINUTE, 5).await?;
    for id in ids {
        let times = listed.iter().filter(|listed| *listed == id).count();
        ensure!(times == 1, "{id:?} is listed {times} times");
    }
    Ok(())
}
