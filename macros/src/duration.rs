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

/// Reads a duration, or says what is wrong with it as a sentence that follows the text.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("is empty; a duration is a number with a unit, such as \"200ms\"".to_owned());
    }
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let (number, after) = digits(rest)?;
        let (unit, after) = unit(after.trim_start(), number)?;
        let part = number.checked_mul(unit).ok_or("is too long for a duration")?;
        nanos = nanos.checked_add(part).ok_or("is too long for a duration")?;
        rest = after.trim_start();
    }
    // Centuries are a mistake, and `Instant` arithmetic must not be asked for them.
    u64::try_from(nanos).map(Duration::from_nanos).map_err(|_| "is too long for a duration".to_owned())
}

fn digits(text: &str) -> Result<(u128, &str), String> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if rest.starts_with('.') {
        return Err("has a decimal point; write a smaller unit, such as \"1500ms\" for 1.5 s".to_owned());
    }
    let number = number.parse().map_err(|_| "is not a duration; write a number with a unit, such as \"200ms\"")?;
    Ok((number, rest))
}

fn unit(text: &str, number: u128) -> Result<(u128, &str), String> {
    if text.is_empty() {
        return Err(format!("has no unit; write \"{number}ms\", \"{number}s\" or another of ns, us, ms, s, m, h, d"));
    }
    let end = text.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    match UNITS.iter().find(|(unit, _)| *unit == name) {
        Some((_, nanos)) => Ok((*nanos, rest)),
        None => Err(format!("has an unknown unit `{name}`; the units are ns, us, ms, s, m, h, d")),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

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
            ("", "empty"),
            ("2 lightyears", "unknown unit `lightyears`"),
            ("2parsecs", "unknown unit `parsecs`"),
            ("1.5s", "decimal point"),
            ("fast", "not a duration"),
            ("-1s", "not a duration"),
            ("999999999999d", "too long"),
            ("340282366920938463463374607431768211455s1s", "too long"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }
}
