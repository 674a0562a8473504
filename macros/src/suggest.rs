//! "Did you mean": near misses, and the words other ecosystems use.

use crate::attribute::Attribute;

/// What other libraries call a setting of ours.
const FOREIGN: &[(Attribute, &str, &str)] = &[
    (Attribute::Retry, "attempts", "max_attempts"),
    (Attribute::Retry, "max_retries", "max_attempts"),
    (Attribute::Retry, "retries", "max_attempts"),
    (Attribute::Retry, "tries", "max_attempts"),
    (Attribute::Retry, "stop", "max_attempts"),
    (Attribute::Retry, "stop_after_attempt", "max_attempts"),
    (Attribute::Retry, "wait", "delay"),
    (Attribute::Retry, "min_delay", "delay"),
    (Attribute::Retry, "initial_delay", "delay"),
    (Attribute::Retry, "initial_interval", "delay"),
    (Attribute::Retry, "base_delay", "delay"),
    (Attribute::Retry, "wait_duration", "delay"),
    (Attribute::Retry, "factor", "backoff"),
    (Attribute::Retry, "multiplier", "backoff"),
    (Attribute::Retry, "exponential_backoff_multiplier", "backoff"),
    (Attribute::Retry, "max_interval", "max_delay"),
    (Attribute::Retry, "max_backoff", "max_delay"),
    (Attribute::Retry, "max_elapsed_time", "max_elapsed"),
    (Attribute::Retry, "total_timeout", "max_elapsed"),
    (Attribute::Retry, "timeout", "max_elapsed"),
    (Attribute::Retry, "exceptions", "on"),
    (Attribute::Retry, "retry_exceptions", "on"),
    (Attribute::Retry, "retry_on", "on"),
    (Attribute::Retry, "retry_if", "when"),
    (Attribute::Retry, "retry_budget", "budget"),
    (Attribute::Retry, "retry_quota", "budget"),
    (Attribute::Retry, "token_bucket", "budget"),
    (Attribute::Retry, "backoff_builder", "schedule"),
    (Attribute::Retry, "wait_gen", "schedule"),
    (Attribute::Retry, "interval_function", "schedule"),
    (Attribute::Retry, "sleep_durations", "delays"),
    (Attribute::Retry, "notify", "on_retry"),
    (Attribute::Retry, "before_sleep", "on_retry"),
    (Attribute::Retry, "idempotent", "repeatable"),
    (Attribute::CircuitBreaker, "wait_duration_in_open_state", "recovery_timeout"),
    (Attribute::CircuitBreaker, "break_duration", "recovery_timeout"),
    (Attribute::CircuitBreaker, "duration_of_break", "recovery_timeout"),
    (Attribute::CircuitBreaker, "reset_timeout", "recovery_timeout"),
    (Attribute::CircuitBreaker, "sleep_window", "recovery_timeout"),
    (Attribute::CircuitBreaker, "timeout", "recovery_timeout"),
    (Attribute::CircuitBreaker, "fail_max", "failure_threshold"),
    (Attribute::CircuitBreaker, "threshold", "failure_threshold"),
    (Attribute::CircuitBreaker, "max_failures", "failure_threshold"),
    (Attribute::CircuitBreaker, "handled_events_allowed_before_breaking", "failure_threshold"),
    (Attribute::CircuitBreaker, "permitted_number_of_calls_in_half_open_state", "half_open_max_calls"),
    (Attribute::CircuitBreaker, "expected_exception", "on"),
    (Attribute::CircuitBreaker, "record_exceptions", "on"),
    (Attribute::CircuitBreaker, "failure_rate_threshold", "failure_rate"),
    (Attribute::CircuitBreaker, "failure_ratio", "failure_rate"),
    (Attribute::CircuitBreaker, "error_rate", "failure_rate"),
    (Attribute::CircuitBreaker, "error_threshold_percentage", "failure_rate"),
    (Attribute::CircuitBreaker, "sliding_window_size", "window"),
    (Attribute::CircuitBreaker, "sliding_window", "window"),
    (Attribute::CircuitBreaker, "window_size", "window"),
    (Attribute::CircuitBreaker, "sampling_duration", "window"),
    (Attribute::CircuitBreaker, "minimum_number_of_calls", "minimum_calls"),
    (Attribute::CircuitBreaker, "minimum_throughput", "minimum_calls"),
    (Attribute::CircuitBreaker, "request_volume_threshold", "minimum_calls"),
    (Attribute::CircuitBreaker, "slow_call_duration_threshold", "slow_call"),
    (Attribute::CircuitBreaker, "slow_call_rate_threshold", "slow_rate"),
    (Attribute::CircuitBreaker, "backoff", "recovery_backoff"),
    (Attribute::CircuitBreaker, "max_wait_duration_in_open_state", "max_recovery_timeout"),
    (Attribute::CircuitBreaker, "per", "key"),
    (Attribute::CircuitBreaker, "max_entries", "max_keys"),
    (Attribute::RateLimit, "calls", "max_calls"),
    (Attribute::RateLimit, "limit", "max_calls"),
    (Attribute::RateLimit, "limit_for_period", "max_calls"),
    (Attribute::RateLimit, "per", "period"),
    (Attribute::RateLimit, "window", "period"),
    (Attribute::RateLimit, "limit_refresh_period", "period"),
    (Attribute::RateLimit, "timeout", "max_wait"),
    (Attribute::RateLimit, "weight", "cost"),
    (Attribute::RateLimit, "tokens", "cost"),
    (Attribute::RateLimit, "permits", "cost"),
    (Attribute::RateLimit, "key_func", "key"),
    (Attribute::RateLimit, "identifier", "key"),
    (Attribute::RateLimit, "partition_key", "key"),
    (Attribute::RateLimit, "max_entries", "max_keys"),
    (Attribute::RateLimit, "upstream", "downstream"),
    (Attribute::RateLimit, "timeout_duration", "max_wait"),
    (Attribute::Bulkhead, "max_concurrent_calls", "max_concurrent"),
    (Attribute::Bulkhead, "max_concurrency", "max_concurrent"),
    (Attribute::Bulkhead, "max_parallelization", "max_concurrent"),
    (Attribute::Bulkhead, "concurrency", "max_concurrent"),
    (Attribute::Bulkhead, "limit", "max_concurrent"),
    (Attribute::Bulkhead, "permits", "max_concurrent"),
    (Attribute::Bulkhead, "permit_limit", "max_concurrent"),
    (Attribute::Bulkhead, "max_calls", "max_concurrent"),
    (Attribute::Bulkhead, "max_wait_duration", "max_wait"),
    (Attribute::Bulkhead, "wait", "max_wait"),
    (Attribute::Bulkhead, "timeout", "max_wait"),
    (Attribute::Fallback, "default", "value"),
    (Attribute::Fallback, "fallback_value", "value"),
    (Attribute::Fallback, "retry_on", "on"),
    (Attribute::Fallback, "should_handle", "on"),
    (Attribute::Fallback, "exceptions", "on"),
    (Attribute::Fallback, "apply_on", "on"),
    (Attribute::Fallback, "fallback_if", "when"),
    (Attribute::Fallback, "cause", "error"),
    (Attribute::Fallback, "cache", "stored"),
    (Attribute::Cached, "time", "ttl"),
    (Attribute::Cached, "time_to_live", "ttl"),
    (Attribute::Cached, "ttl_seconds", "ttl"),
    (Attribute::Cached, "expire_after_write", "ttl"),
    (Attribute::Cached, "time_to_idle", "idle"),
    (Attribute::Cached, "expire_after_access", "idle"),
    (Attribute::Cached, "size", "max_entries"),
    (Attribute::Cached, "maxsize", "max_entries"),
    (Attribute::Cached, "max_size", "max_entries"),
    (Attribute::Cached, "max_capacity", "max_entries"),
    (Attribute::Cached, "capacity", "max_entries"),
    (Attribute::Cached, "skip", "except"),
    (Attribute::Cached, "refresh_ahead", "refresh_after"),
    (Attribute::Cached, "refresh_after_write", "refresh_after"),
    (Attribute::Cached, "soft_ttl", "refresh_after"),
    (Attribute::Cached, "stale_while_revalidate", "refresh_after"),
    (Attribute::Cached, "result_fallback", "stale_if_error"),
    (Attribute::Cached, "allow_stale", "stale_if_error"),
    (Attribute::Cached, "fail_safe_max_duration", "stale_if_error"),
    (Attribute::Cached, "distributed_cache", "tier"),
    (Attribute::Cached, "backend", "tier"),
    (Attribute::Cached, "store", "tier"),
    (Attribute::Cached, "convert", "key"),
    (Attribute::Idempotent, "ttl_seconds", "ttl"),
    (Attribute::Idempotent, "time_to_live", "ttl"),
    (Attribute::Idempotent, "expires", "ttl"),
    (Attribute::Idempotent, "payload_arg", "payload"),
    (Attribute::Idempotent, "idempotency_key", "key"),
    (Attribute::Idempotent, "lock_timeout", "lease"),
    (Attribute::Idempotent, "in_progress_expiry", "lease"),
    (Attribute::Idempotent, "wait", "in_flight = wait"),
    (Attribute::Idempotent, "tenant", "scope"),
    (Attribute::Idempotent, "encryption", "codec"),
    (Attribute::Idempotent, "encrypt", "codec"),
    (Attribute::Idempotent, "serializer", "codec"),
    (Attribute::Idempotent, "converter", "codec"),
    (Attribute::Idempotent, "recover", "on_unknown = recover"),
    (Attribute::Idempotent, "on_recover", "on_unknown = recover"),
    (Attribute::Logged, "fields", "args"),
    (Attribute::Logged, "log_args", "args"),
    (Attribute::Logged, "skip", "args"),
    (Attribute::Logged, "log_result", "ret"),
    (Attribute::Logged, "result", "ret"),
    (Attribute::Logged, "err", "ret"),
];

/// The setting that was probably meant: the nearest of ours and of what others call them.
pub(crate) fn setting(attribute: Attribute, written: &str) -> Option<&'static str> {
    let foreign = FOREIGN.iter().filter(|(of, ..)| *of == attribute).map(|(_, theirs, ours)| (*theirs, *ours));
    let own = attribute.setting_names().map(|name| (name, name));
    nearest_of(written, own.chain(foreign)).map(|(_, ours)| ours)
}

/// The nearest of the names, when it is near enough to be a slip.
pub(crate) fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_of(written, names.into_iter().map(|name| (name, name))).map(|(name, _)| name)
}

fn nearest_of<'a>(written: &str, names: impl Iterator<Item = (&'a str, &'a str)>) -> Option<(&'a str, &'a str)> {
    names
        .map(|(name, meant)| (distance(written, name), name, meant))
        .filter(|(distance, name, _)| *distance <= 1 + name.len().min(written.len()) / 4)
        .min_by_key(|(distance, ..)| *distance)
        .map(|(_, name, meant)| (name, meant))
}

/// Edits (insert, delete, replace, swap of neighbours) between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{Attribute, FOREIGN, nearest, setting};

    #[test]
    fn finds_slips_and_foreign_words() {
        assert_eq!(setting(Attribute::Retry, "max_atempts"), Some("max_attempts"));
        assert_eq!(setting(Attribute::Retry, "attempts"), Some("max_attempts"));
        assert_eq!(setting(Attribute::Retry, "atempts"), Some("max_attempts"));
        assert_eq!(setting(Attribute::Cached, "time_to_live"), Some("ttl"));
        assert_eq!(setting(Attribute::Retry, "jittre"), Some("jitter"));
        assert_eq!(setting(Attribute::Retry, "colour"), None);
        assert_eq!(nearest("on", ["when"]), None);
    }

    #[test]
    fn every_foreign_word_leads_to_a_setting_that_exists() {
        for (attribute, theirs, ours) in FOREIGN {
            let name = ours.split(' ').next().unwrap();
            assert!(attribute.setting_names().any(|known| known == name), "{theirs} -> {ours}");
            assert!(!attribute.setting_names().any(|known| known == *theirs), "{theirs} is ours");
        }
    }
}
