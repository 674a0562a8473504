//! What every order of two attributes means. Checks, documentation and tests read this table.

use crate::attribute::Attribute::{self, *};

/// One attribute somewhere above another.
pub(crate) struct Row {
    pub(crate) above: Attribute,
    pub(crate) below: Attribute,
    pub(crate) verdict: Verdict,
}

/// What comes of it.
pub(crate) enum Verdict {
    /// It is wrong in every reading.
    Wrong { why: &'static str, help: &'static str },
    /// It has a meaning, which the page on stacking tells.
    Means(#[cfg_attr(not(test), expect(dead_code, reason = "read by the test that writes the page"))] &'static str),
}

const fn wrong(above: Attribute, below: Attribute, why: &'static str, help: &'static str) -> Row {
    Row { above, below, verdict: Verdict::Wrong { why, help } }
}

const fn means(above: Attribute, below: Attribute, what: &'static str) -> Row {
    Row { above, below, verdict: Verdict::Means(what) }
}

/// Every ordered pair of two different attributes.
pub(crate) const ORDER: &[Row] = &[
    // idempotent above
    means(Idempotent, Retry, "one key covers all attempts of a call; a replay makes none"),
    means(Idempotent, CircuitBreaker, "a replay is answered while the circuit is open; a refusal frees the key"),
    means(Idempotent, RateLimit, "a replay takes no call of the limit; a refusal frees the key"),
    wrong(
        Idempotent,
        Cached,
        "the cache would answer a new key with another call's result, and that would be recorded as this key's",
        "take `#[cached]` off: the record of a key already answers a repeated call",
    ),
    means(Idempotent, Validate, "a replay is not validated again; an invalid call claims its key and frees it"),
    means(Idempotent, Timeout, "a call that times out keeps its key as unknown"),
    means(Idempotent, Timed, "only calls that run are timed, not replays"),
    means(Idempotent, Logged, "only calls that run are logged, not replays"),
    means(
        Idempotent,
        Bulkhead,
        "a replay takes no place; a call that finds it full frees its key; work that outlives its caller keeps its place",
    ),
    means(
        Idempotent,
        Fallback,
        "what stands in goes to the caller and not into the record, which goes by the call's own failure (`stored`)",
    ),
    // retry above
    wrong(
        Retry,
        Idempotent,
        "every attempt would claim the key anew, so a second attempt would meet the first one's claim",
        "move `#[idempotent]` above `#[retry]`: one key then covers all attempts of a call",
    ),
    means(Retry, CircuitBreaker, "every attempt counts for the breaker, and an open circuit ends the attempts"),
    means(Retry, RateLimit, "every attempt takes a call of the limit"),
    means(Retry, Cached, "an attempt that finds an entry succeeds"),
    wrong(
        Retry,
        Validate,
        "the arguments are the same in every attempt, so what is invalid once stays so",
        "move `#[validate]` above `#[retry]`",
    ),
    means(
        Retry,
        Timeout,
        "the timeout is for each attempt; a timed-out attempt may have happened, so `repeatable` is needed",
    ),
    means(Retry, Timed, "every attempt is timed by itself"),
    means(Retry, Logged, "every attempt is logged by itself"),
    means(Retry, Bulkhead, "every attempt waits at the end of the line, and gives its place back before the pause"),
    wrong(
        Retry,
        Fallback,
        "a failure that it stands in for looks like a success, so nothing is tried again, and its own failure hides whether the attempt may have happened",
        "move `#[fallback]` above `#[retry]`: it then stands in once all attempts have failed",
    ),
    // circuit_breaker above
    means(CircuitBreaker, Idempotent, "an open circuit refuses replays too"),
    means(CircuitBreaker, Retry, "the breaker sees one outcome for all attempts"),
    means(CircuitBreaker, RateLimit, "a call the limit refuses is neutral to the breaker"),
    means(CircuitBreaker, Cached, "an open circuit refuses calls the cache could answer"),
    means(CircuitBreaker, Validate, "an invalid call is neutral to the breaker"),
    means(CircuitBreaker, Timeout, "a timeout counts as a failure of the dependency"),
    means(CircuitBreaker, Timed, "calls refused by an open circuit are not timed"),
    means(CircuitBreaker, Logged, "calls refused by an open circuit are not logged"),
    means(CircuitBreaker, Bulkhead, "a call that finds it full is neutral to the breaker"),
    wrong(
        CircuitBreaker,
        Fallback,
        "what stands in looks like a success of the dependency, so the circuit stays closed while the dependency is down",
        "move `#[fallback]` above `#[circuit_breaker]`: it then stands in while the circuit is open, too",
    ),
    // rate_limit above
    means(RateLimit, Idempotent, "replays take calls of the limit too"),
    means(RateLimit, Retry, "a call takes one of the limit, however many attempts it makes"),
    means(RateLimit, CircuitBreaker, "calls refused by an open circuit take calls of the limit"),
    means(RateLimit, Cached, "hits take calls of the limit too"),
    means(RateLimit, Validate, "invalid calls take calls of the limit, which slows down guessing"),
    means(RateLimit, Timeout, "waiting for the limit is not part of the timeout"),
    means(RateLimit, Timed, "waiting for the limit is not timed"),
    means(RateLimit, Logged, "calls the limit refuses are not logged"),
    means(RateLimit, Bulkhead, "a call that finds it full has taken a call of the limit"),
    means(RateLimit, Fallback, "a call that the limit refuses is not stood in for"),
    // cached above
    wrong(
        Cached,
        Idempotent,
        "a hit would skip the check of the key, and a changed payload would go unseen",
        "take `#[cached]` off: the record of a key already answers a repeated call",
    ),
    means(Cached, Retry, "only a miss makes attempts"),
    means(Cached, CircuitBreaker, "hits are answered while the circuit is open"),
    means(Cached, RateLimit, "only a miss takes a call of the limit"),
    means(Cached, Validate, "only a miss is validated: a hit was, when it was loaded"),
    means(Cached, Timeout, "the timeout is for the load"),
    means(Cached, Timed, "only loads are timed"),
    means(Cached, Logged, "only loads are logged"),
    means(Cached, Bulkhead, "only a load takes a place"),
    wrong(
        Cached,
        Fallback,
        "the cache would keep what stands in, and give it out as the function's own answer until its `ttl` ends",
        "move `#[fallback]` above `#[cached]`: the cache then keeps the function's own answers only",
    ),
    // validate above
    means(Validate, Idempotent, "an invalid call does not touch its key"),
    means(Validate, Retry, "an invalid call makes no attempt"),
    means(Validate, CircuitBreaker, "an invalid call does not reach the breaker"),
    means(Validate, RateLimit, "an invalid call takes no call of the limit"),
    means(Validate, Cached, "an invalid call does not reach the cache"),
    means(Validate, Timeout, "validation is not part of the timeout"),
    means(Validate, Timed, "an invalid call is not timed"),
    means(Validate, Logged, "an invalid call is not logged"),
    means(Validate, Bulkhead, "an invalid call takes no place"),
    means(Validate, Fallback, "an invalid call is not stood in for"),
    // timeout above
    means(
        Timeout,
        Idempotent,
        "the caller is answered in time; the work runs on to its end and is recorded (`on_cancel`)",
    ),
    means(Timeout, Retry, "the timeout is for all attempts and pauses together"),
    means(Timeout, CircuitBreaker, "a call that times out is neutral to the breaker"),
    means(Timeout, RateLimit, "waiting for the limit is part of the timeout"),
    means(Timeout, Cached, "waiting for another call's load is part of the timeout"),
    means(Timeout, Validate, "validation is part of the timeout"),
    means(Timeout, Timed, "a call that times out is timed as cancelled"),
    means(Timeout, Logged, "a call that times out is logged as cancelled"),
    means(Timeout, Bulkhead, "waiting for a place is part of the timeout"),
    means(Timeout, Fallback, "what stands in is part of the timeout; a call that times out is not stood in for"),
    // timed above
    means(Timed, Idempotent, "replays are timed too"),
    means(Timed, Retry, "all attempts and pauses are timed together"),
    means(Timed, CircuitBreaker, "refused calls are timed as refused"),
    means(Timed, RateLimit, "waiting for the limit is timed too"),
    means(Timed, Cached, "hits are timed too"),
    means(Timed, Validate, "invalid calls are timed as refused"),
    means(Timed, Timeout, "a call that times out is timed as unknown"),
    means(Timed, Logged, "the same calls are timed and logged"),
    means(Timed, Bulkhead, "waiting for a place is timed too; a call that finds it full is timed as refused"),
    means(Timed, Fallback, "what stands in is timed too, and a call that is stood in for is timed as a success"),
    // logged above
    means(Logged, Idempotent, "replays are logged too"),
    means(Logged, Retry, "a call is logged once, however many attempts it makes"),
    means(Logged, CircuitBreaker, "refused calls are logged as refused"),
    means(Logged, RateLimit, "refused calls are logged as refused"),
    means(Logged, Cached, "hits are logged too"),
    means(Logged, Validate, "invalid calls are logged as refused"),
    means(Logged, Timeout, "a call that times out is logged as an error: its outcome is unknown"),
    means(Logged, Timed, "the same calls are logged and timed"),
    means(Logged, Bulkhead, "a call that finds it full is logged as refused"),
    means(Logged, Fallback, "a call that is stood in for is logged as a success"),
    // bulkhead above
    means(Bulkhead, Idempotent, "replays take a place, too"),
    means(Bulkhead, Retry, "a call keeps its place through all attempts and pauses"),
    means(Bulkhead, CircuitBreaker, "a call takes its place before the circuit refuses it"),
    means(Bulkhead, RateLimit, "a call keeps its place while it waits for the limit"),
    means(Bulkhead, Cached, "hits take a place, too, and so do calls that wait for another's load"),
    means(Bulkhead, Validate, "an invalid call takes a place before it is refused"),
    means(Bulkhead, Timeout, "waiting for a place is not part of the timeout"),
    means(Bulkhead, Timed, "waiting for a place is not timed"),
    means(Bulkhead, Logged, "calls that find it full are not logged"),
    means(Bulkhead, Fallback, "a call that finds it full is not stood in for; what stands in runs in the call's place"),
    // fallback above
    means(
        Fallback,
        Idempotent,
        "the record keeps the function's own result; what it says of a key (conflict, in flight) is not stood in for",
    ),
    means(Fallback, Retry, "it stands in once all attempts have failed"),
    means(Fallback, CircuitBreaker, "it stands in while the circuit is open, too"),
    means(Fallback, RateLimit, "it stands in for calls that the limit refuses, too"),
    means(Fallback, Bulkhead, "it stands in for calls that find it full, too, and runs outside of their places"),
    means(Fallback, Cached, "it stands in for a load that failed; the cache keeps the function's own answers only"),
    means(Fallback, Validate, "an invalid call is not stood in for"),
    means(Fallback, Timeout, "it stands in for a call that timed out, which may have happened all the same"),
    means(Fallback, Timed, "a call that is stood in for is timed as it failed, without what stands in"),
    means(Fallback, Logged, "a call that is stood in for is logged as it failed"),
];

/// What the order of two different attributes means.
pub(crate) fn order(above: Attribute, below: Attribute) -> Option<&'static Row> {
    ORDER.iter().find(|row| row.above == above && row.below == below)
}

/// Why an attribute may stand once only; `None` where twice has a meaning.
pub(crate) const fn once(attribute: Attribute) -> Option<(&'static str, &'static str)> {
    match attribute {
        Idempotent => Some((
            "one call has one key and one record",
            "keep one `#[idempotent]`; list all that matters in its `payload`",
        )),
        Retry => Some((
            "attempts multiply, and three times three are nine calls",
            "keep one `#[retry]` and raise its `max_attempts`",
        )),
        Cached => Some(("the upper cache answers before the lower one is asked", "keep one `#[cached]`")),
        Validate => Some(("its violations would come in two portions", "write all rules in one `#[validate]`")),
        Timed => Some(("both would count under the same name", "keep one `#[timed]`")),
        Logged => Some(("every call would be logged twice", "keep one `#[logged]`")),
        CircuitBreaker | RateLimit | Bulkhead | Fallback | Timeout => None,
    }
}
