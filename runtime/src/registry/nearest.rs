//! "Did you mean": the name that was probably meant.

/// The nearest of the names, when it is near enough to be a slip.
pub(crate) fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |name: &&str| distance(written, name) <= 1 + name.len().min(written.len()) / 4;
    names.into_iter().filter(near).min_by_key(|name| distance(written, name))
}

/// ` (did you mean ..?)`, or nothing.
pub(crate) fn did_you_mean<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    nearest(written, names).map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}

/// The known names in a sentence's end.
pub(crate) fn known(names: &[&str]) -> String {
    match names {
        [] => "there is none in this program".to_owned(),
        names => format!("known are {}", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// Edits (insert, delete, replace, swap of neighbours) between two words, whatever their case.
fn distance(a: &str, b: &str) -> usize {
    strsim::osa_distance(&a.to_lowercase(), &b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_slips_and_nothing_else() {
        assert_eq!(nearest("gatway", ["gateway", "ledger"]), Some("gateway"));
        assert_eq!(nearest("GATEWAY", ["gateway", "ledger"]), Some("gateway"));
        assert_eq!(nearest("geatway", ["gateway"]), Some("gateway"));
        assert_eq!(nearest("fraud", ["gateway", "ledger"]), None);
        assert_eq!(nearest("", ["gateway"]), None);
        assert_eq!(nearest("gateway", []), None);
    }
}
