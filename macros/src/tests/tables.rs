//! The tables of orders and settings: complete, true, and told to users as they are.

use std::fmt::Write as _;

use expect_test::expect_file;

use super::{errors, expand};
use crate::attribute::Attribute::{self, *};
use crate::rules::{ORDER, Verdict, once, order};

/// An attribute written so that it is right by itself.
fn written(attribute: Attribute) -> &'static str {
    match attribute {
        Idempotent => r#"#[idempotent(name = "n", key = key, payload = none, store = store)]"#,
        Retry => "#[retry(repeatable)]",
        CircuitBreaker => "#[circuit_breaker]",
        RateLimit => r#"#[rate_limit(max_calls = 1, period = "1s")]"#,
        Bulkhead => "#[bulkhead(max_concurrent = 1)]",
        Fallback => "#[fallback(value = 0)]",
        Cached => r#"#[cached(ttl = "1s")]"#,
        Validate => r#"#[validate(key.len() > 1 => "too short")]"#,
        Timeout => r#"#[timeout("1s")]"#,
        Timed => "#[timed]",
        Logged => "#[logged]",
    }
}

fn stack(attributes: &[Attribute]) -> String {
    let attributes: Vec<&str> = attributes.iter().map(|attribute| written(*attribute)).collect();
    format!("{} async fn f(key: String, store: Store) -> Result<u8, E> {{ Ok(1) }}", attributes.join(" "))
}

#[test]
fn every_order_of_two_attributes_has_one_row() {
    for above in Attribute::ALL {
        for below in Attribute::ALL.into_iter().filter(|below| *below != above) {
            let rows = ORDER.iter().filter(|row| row.above == above && row.below == below).count();
            assert_eq!(rows, 1, "{} above {}", above.name(), below.name());
        }
    }
    assert_eq!(ORDER.len(), 110);
}

#[test]
fn every_row_is_what_the_expansion_does() {
    for row in ORDER {
        let errors = errors(&stack(&[row.above, row.below]));
        match row.verdict {
            Verdict::Wrong { why, help } => {
                assert_eq!(errors.len(), 1, "{errors:?}");
                assert!(errors[0].contains(why) && errors[0].contains(help), "{errors:?}");
            }
            Verdict::Means(_) => {
                assert!(errors.is_empty(), "{} above {}: {errors:?}", row.above.name(), row.below.name())
            }
        }
    }
}

#[test]
fn an_attribute_that_may_stand_once_stands_once() {
    for attribute in Attribute::ALL {
        // Something between them, so that two timeouts are not the mistake.
        let between = if attribute == Fallback { Timeout } else { CircuitBreaker };
        let errors = errors(&stack(&[attribute, between, attribute]));
        match once(attribute) {
            Some((why, _)) => {
                assert!(errors.iter().any(|error| error.contains(why)), "{}: {errors:?}", attribute.name())
            }
            None => assert!(errors.is_empty(), "{}: {errors:?}", attribute.name()),
        }
    }
}

/// Swapping any two attributes of the headline stack compiles with a documented meaning, or is
/// refused with the reason of the table.
#[test]
fn every_swap_in_the_headline_stack_is_decided() {
    let headline = [Logged, Timed, Idempotent, RateLimit, Retry, CircuitBreaker, Timeout];
    for i in 0..headline.len() {
        for j in i + 1..headline.len() {
            let mut swapped = headline;
            swapped.swap(i, j);
            let wrong = (0..swapped.len())
                .flat_map(|a| (a + 1..swapped.len()).map(move |b| (a, b)))
                .filter(|(a, b)| matches!(order(swapped[*a], swapped[*b]).unwrap().verdict, Verdict::Wrong { .. }))
                .count();
            assert_eq!(errors(&stack(&swapped)).len(), wrong, "{swapped:?}");
        }
    }
}

#[test]
fn the_page_on_stacking_is_the_table() {
    let mut page = String::from(
        "# What every order means\n\nWritten order is run order: the attribute on top is the outermost. Each row is one attribute\nsomewhere above another in a stack. This page is written from the table that the compiler checks\nstacks against; a test keeps the two the same.\n\n| above | below | what comes of it |\n|---|---|---|\n",
    );
    for row in ORDER {
        let (above, below) = (row.above.name(), row.below.name());
        let _ = match row.verdict {
            Verdict::Wrong { why, .. } => writeln!(page, "| `{above}` | `{below}` | **does not compile**: {why} |"),
            Verdict::Means(what) => writeln!(page, "| `{above}` | `{below}` | {what} |"),
        };
    }
    page.push_str("\nThe same attribute twice:\n\n| attribute | twice |\n|---|---|\n");
    for attribute in Attribute::ALL {
        let name = attribute.name();
        let _ = match once(attribute) {
            Some((why, _)) => writeln!(page, "| `{name}` | **does not compile**: {why} |"),
            None => writeln!(page, "| `{name}` | {} |", twice(attribute)),
        };
    }
    expect_file!["../../../docs/stacking.md"].assert_eq(&page);
}

fn twice(attribute: Attribute) -> &'static str {
    match attribute {
        Timeout => {
            "the upper is for all that is below it, the lower for each attempt; two with nothing between them do not compile"
        }
        RateLimit => {
            "a call needs a place in both: a tenant's limit and a gateway's; where the lower one refuses, the upper one gets its call back, unless a `retry` stands between"
        }
        Bulkhead => "a call needs a place in both: a tenant's and a dependency's",
        Fallback => "the upper stands in where the lower fails, too",
        _ => "a call needs both closed: a gateway's breaker and a region's",
    }
}

/// Each attribute's page lists every setting with its default.
#[test]
fn the_pages_list_every_setting() {
    for attribute in Attribute::ALL {
        let path = format!("{}/../runtime/src/{}/attribute.md", env!("CARGO_MANIFEST_DIR"), attribute.name());
        let page = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        for setting in attribute.settings() {
            let row = page.lines().find(|line| line.starts_with(&format!("| `{}", setting.name)));
            let row = row.unwrap_or_else(|| panic!("{path} does not list `{}`", setting.name));
            assert!(
                row.contains(setting.default),
                "{path}: the default of `{}` is {}: {row}",
                setting.name,
                setting.default
            );
        }
    }
}

/// What messages tell users to write can be read.
#[test]
fn every_example_is_right() {
    for attribute in [Retry, CircuitBreaker, Bulkhead, Fallback, Cached, Logged] {
        for setting in
            attribute.settings().iter().filter(|setting| !["repeatable", "key", "stored"].contains(&setting.name))
        {
            let base = match (attribute, setting.name) {
                (Cached, "ttl") | (Bulkhead, "max_concurrent") | (Fallback, "value") => "",
                (Bulkhead, _) => "max_concurrent = 1, ",
                (Fallback, "error") => "stale(&error), ",
                (Fallback, _) => "stale, ",
                (Cached, "refresh") => "ttl = \"5m\", refresh_after = \"4m\", ",
                (Cached, "tier") => "ttl = \"5m\", name = \"rates\", ",
                (Cached, name) if name != "ttl" => "ttl = \"5m\", ",
                (_, "slow_rate") => "slow_call = \"2s\", ",
                (_, "max_recovery_timeout") => "recovery_backoff = 2.0, ",
                (_, "max_keys") => "key = trace_id, ",
                _ => "",
            };
            let source = format!(
                "#[{}({base}{})] async fn f(request: Request, trace_id: u8) -> Result<u8, E> {{ Ok(1) }}",
                attribute.name(),
                setting.example
            );
            assert!(!expand(&source).contains("compile_error"), "{source}\n{:?}", errors(&source));
        }
    }
}
