//! Every mistake in a folder `<attribute>/fail` is one error at the token that is wrong.

macro_rules! folders {
    ($($test:ident: $folder:literal),* $(,)?) => {$(
        #[test]
        fn $test() {
            trybuild::TestCases::new().compile_fail(concat!($folder, "/fail/*.rs"));
        }
    )*};
}

folders! {
    ui_bulkhead: "bulkhead",
    ui_cached: "cached",
    ui_circuit_breaker: "circuit_breaker",
    ui_failure: "failure",
    ui_fallback: "fallback",
    ui_idempotent: "idempotent",
    ui_logged: "logged",
    ui_rate_limit: "rate_limit",
    ui_retry: "retry",
    ui_saga: "saga",
    ui_stack: "stack",
    ui_timed: "timed",
    ui_timeout: "timeout",
    ui_validate: "validate",
}
