use std::time::Duration;

use super::ms;
use crate::registry::Describe;
use crate::retry::{Jitter, RetryPolicy};

fn policy() -> RetryPolicy {
    RetryPolicy::new("gateway")
}

#[test]
fn the_defaults_are_those_of_the_attribute() {
    let settings = policy().settings();
    let told: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        told,
        [
            ("backoff", "2.0"),
            ("delay", "100ms"),
            ("jitter", "full"),
            ("max_attempts", "3"),
            ("max_delay", "5s"),
            ("max_elapsed", "30s"),
            ("repeatable", "false"),
        ]
    );
}

#[test]
fn a_list_of_delays_is_told_in_place_of_the_computed_ones() {
    static DELAYS: [Duration; 2] = [ms(100), ms(1_500)];
    let settings = policy().delays(&DELAYS).no_max_elapsed().repeatable().settings();
    assert_eq!(settings["delays"], "[100ms, 1.5s]");
    assert_eq!(settings["max_elapsed"], "none");
    assert_eq!(settings["repeatable"], "true");
    assert!(!settings.contains_key("delay"));
}

#[test]
fn settings_that_cannot_be_right_are_refused() {
    let refused = [
        (policy().try_max_attempts(0), "max_attempts"),
        (policy().try_backoff(0.99), "backoff"),
        (policy().try_backoff(f64::NAN), "backoff"),
        (policy().try_backoff(f64::INFINITY), "backoff"),
        (policy().try_max_elapsed(Duration::ZERO), "max_elapsed"),
        (policy().try_delays(&[]), "delays"),
        (policy().delay(ms(2)).try_max_delay(ms(1)), "max_delay"),
        (policy().max_delay(ms(1)).try_delay(ms(2)), "delay"),
        (policy().delay(ms(1)).try_delays(&[Duration::ZERO]), "delays"),
        (policy().delays(&[Duration::ZERO]).try_delay(ms(1)), "delay"),
        (policy().delays(&[Duration::ZERO]).try_backoff(3.0), "backoff"),
        (policy().delays(&[Duration::ZERO]).try_max_delay(ms(1)), "max_delay"),
        (policy().delays(&[Duration::ZERO]).try_jitter(Jitter::Decorrelated), "jitter"),
        (policy().jitter(Jitter::Decorrelated).try_delays(&[Duration::ZERO]), "delays"),
    ];
    for (result, setting) in refused {
        assert_eq!(result.unwrap_err().setting(), setting);
    }
}

#[test]
fn a_default_gives_way_to_what_is_set() {
    let long = policy().delay(ms(20_000));
    assert_eq!(long.in_force().longest_delay(), ms(20_000));
    let short = policy().max_delay(ms(10));
    assert_eq!(short.in_force().first_delay(), ms(10));
    assert_eq!(policy().delay(ms(20_000)).max_delay(ms(60_000)).in_force().longest_delay(), ms(60_000));
}

#[test]
#[should_panic(expected = "counts the first call")]
fn the_builder_panics_where_its_twin_refuses() {
    let _ = policy().max_attempts(0);
}
