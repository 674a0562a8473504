#[timeout(__steadfast_done = "timeout")]
#[allow(
    single_use_lifetimes,
    unused_variables,
    unused_mut,
    reason = "steadfast stack: not composed: retry > timeout"
)]
async fn ask(id: u64) -> Result<Answer, AskError> {
    gateway(id).await
}
::core::compile_error! {
    "`#[retry]` has no setting `atempts`\nhelp: did you mean `max_attempts`? its settings are `max_attempts`, `delay`, `backoff`, `max_delay`, `delays`, `jitter`, `max_elapsed`, `schedule`, `on`, `when`, `repeatable`, `budget`, `on_retry`, `clone`, `attempt` and `deadline`"
}
::core::compile_error! {
    "`#[retry]` above `#[timeout]`: an attempt that timed out may have happened, so trying again could do the work twice\nhelp: say why twice is safe: `repeatable` (it only reads) or `repeatable = claim` (every attempt carries the claim's downstream key); or move `#[timeout]` above `#[retry]` for a limit on all attempts together"
}
