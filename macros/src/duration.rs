//! Durations with a unit (`"200ms"`, `"1m30s"`), read when the program compiles.

use std::time::Duration;

/// The units, longest name first where one begins another.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

const KNOWN: &str = "the units are ns, us, ms, s, m, h and d";

/// What other languages and libraries call our units.
const FOREIGN: [(&str, &str); 19] = [
    ("nanos", "ns"),
    ("nanoseconds", "ns"),
    ("micros", "us"),
    ("microseconds", "us"),
    ("msec", "ms"),
    ("millis", "ms"),
    ("milliseconds", "ms"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("mins", "m"),
    ("minute", "m"),
    ("minutes", "m"),
    ("hr", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("day", "d"),
    ("days", "d"),
];

/// What is wrong with a duration, as words that follow its text, and what to write instead.
#[derive(Debug, PartialEq)]
pub(crate) struct Flaw {
    pub(crate) what: String,
    pub(crate) help: String,
}

impl Flaw {
    fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into() }
    }

    fn no_duration() -> Self {
        Self::new("is not a duration", "write a number with a unit, such as `\"200ms\"`")
    }

    fn too_long() -> Self {
        Self::new("is longer than five centuries", "write a shorter time, such as `\"24h\"`")
    }
}

/// Reads a duration, or says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Duration, Flaw> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(Flaw::new("is empty", "write a number with a unit, such as `\"200ms\"`"));
    }
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let (number, after) = digits(rest)?;
        let (unit, after) = unit(after.trim_start(), number)?;
        let part = number.checked_mul(unit).ok_or_else(Flaw::too_long)?;
        nanos = nanos.checked_add(part).ok_or_else(Flaw::too_long)?;
        rest = after.trim_start();
    }
    // Centuries are a mistake, and `Instant` arithmetic must not be asked for them.
    u64::try_from(nanos).map(Duration::from_nanos).map_err(|_| Flaw::too_long())
}

fn digits(text: &str) -> Result<(u128, &str), Flaw> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if rest.starts_with('.') {
        return Err(Flaw::new("has a decimal point", "write a smaller unit, such as `\"1500ms\"` for 1.5 s"));
    }
    if number.is_empty() {
        return Err(Flaw::no_duration());
    }
    let number = number.parse().map_err(|_| Flaw::too_long())?;
    Ok((number, rest))
}

fn unit(text: &str, number: u128) -> Result<(u128, &str), Flaw> {
    if text.is_empty() {
        return Err(Flaw::new(
            "has no unit, and could be seconds or milliseconds",
            format!("write `\"{number}s\"` or `\"{number}ms\"`; {KNOWN}"),
        ));
    }
    let end = text.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    match UNITS.iter().find(|(unit, _)| *unit == name) {
        Some((_, nanos)) => Ok((*nanos, rest)),
        None => {
            let meant = FOREIGN.iter().find(|(theirs, _)| *theirs == name);
            let meant = meant.map_or(String::new(), |(_, ours)| format!("write `\"{number}{ours}\"`; "));
            Err(Flaw::new(format!("has the unit `{name}`, which is none of ours"), format!("{meant}{KNOWN}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FOREIGN, UNITS, parse};
    use std::time::Duration;

    #[test]
    fn every_foreign_unit_leads_to_one_of_ours() {
        for (theirs, ours) in FOREIGN {
            assert!(UNITS.iter().any(|(unit, _)| *unit == ours), "{theirs} -> {ours}");
            assert!(!UNITS.iter().any(|(unit, _)| *unit == theirs), "{theirs} is ours");
        }
    }

    #[test]
    fn reads_each_unit_and_sums_of_them() {
        assert_eq!(parse("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(parse("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(parse("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("1h 5min"), Ok(Duration::from_secs(3900)));
        assert_eq!(parse("7us"), Ok(Duration::from_micros(7)));
        assert_eq!(parse("3d"), Ok(Duration::from_secs(3 * 86_400)));
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, part) in [
            ("200", "no unit"),
            ("200", "`\"200s\"` or `\"200ms\"`"),
            ("5 minutes", "write `\"5m\"`"),
            ("", "empty"),
            ("2 lightyears", "the unit `lightyears`"),
            ("2parsecs", "the unit `parsecs`"),
            ("1.5s", "decimal point"),
            ("fast", "not a duration"),
            ("-1s", "not a duration"),
            ("999999999999d", "five centuries"),
            ("340282366920938463463374607431768211455s1s", "five centuries"),
            ("340282366920938463463374607431768211456s", "five centuries"),
        ] {
            let flaw = parse(text).unwrap_err();
            let all = format!("{} {}", flaw.what, flaw.help);
            assert!(all.contains(part), "{text:?}: {all}");
        }
    }
}
