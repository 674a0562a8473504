//! The family: each attribute's name, and the table of its settings.

/// An attribute of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Attribute {
    Idempotent,
    Retry,
    CircuitBreaker,
    RateLimit,
    Bulkhead,
    Cached,
    Fallback,
    Validate,
    Timeout,
    Timed,
    Logged,
}

/// How a setting's value is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    /// `"200ms"`, or an expression of type `Duration`.
    Duration,
    /// A whole number of at least one.
    Count,
    /// A number of at least one, such as `2.0`.
    Factor,
    /// A part of one, such as `0.5`.
    Share,
    /// A duration, or a number of calls.
    Window,
    /// `"100/1m"`.
    Rate,
    /// A string literal.
    Text,
    /// Any expression.
    Expr,
    /// A path to a function.
    Path,
    /// A name that the attribute binds.
    Binding,
    /// A pattern, with a guard if need be.
    Pattern,
    /// `name(a, b)`.
    List,
    /// `[a, b]` of durations.
    Durations,
    /// One of some words; a word may take a value: `wait = "2s"`, `recover = path`.
    Choice(&'static [&'static str]),
    /// Nothing, or the name of what makes it true.
    FlagOrName,
    /// Nothing.
    Flag,
    /// An expression, a list of them, or a word.
    ExprOrList,
}

/// Whether the setting belongs to the policy, and so may stand on a shared value instead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Of {
    Policy,
    Call,
}

/// A row of the table of settings.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    pub(crate) of: Of,
    /// What holds without it; the attribute's page says the same, and a test compares them.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test of the pages"))]
    pub(crate) default: &'static str,
    /// How it is written, for messages.
    pub(crate) example: &'static str,
}

const fn of_policy(name: &'static str, form: Form, default: &'static str, example: &'static str) -> Setting {
    Setting { name, form, of: Of::Policy, default, example }
}

const fn of_call(name: &'static str, form: Form, default: &'static str, example: &'static str) -> Setting {
    Setting { name, form, of: Of::Call, default, example }
}

const IDEMPOTENT: &[Setting] = &[
    of_policy("name", Form::Text, "required", "name = \"charges.create\""),
    of_call("key", Form::Expr, "required", "key = key"),
    of_call("payload", Form::ExprOrList, "required", "payload = request"),
    of_call("store", Form::Expr, "required", "store = app.records"),
    of_call("scope", Form::Expr, "none", "scope = tenant"),
    of_policy("ttl", Form::Duration, "\"24h\" after completion", "ttl = \"24h\""),
    of_policy("lease", Form::Duration, "\"60s\"", "lease = \"60s\""),
    of_policy("in_flight", Form::Choice(&["refuse", "wait"]), "refuse", "in_flight = wait = \"2s\""),
    of_policy("on_unknown", Form::Choice(&["refuse", "rerun", "recover"]), "refuse", "on_unknown = recover = look_up"),
    of_policy("missing_key", Form::Choice(&["refuse", "run"]), "refuse", "missing_key = run"),
    of_call("on_cancel", Form::Choice(&["finish", "unknown"]), "finish", "on_cancel = unknown"),
    of_call("codec", Form::Expr, "none", "codec = app.seal"),
    of_call("claim", Form::Binding, "not bound", "claim = claim"),
];

const RETRY: &[Setting] = &[
    of_policy("max_attempts", Form::Count, "3", "max_attempts = 3"),
    of_policy("delay", Form::Duration, "\"100ms\"", "delay = \"100ms\""),
    of_policy("backoff", Form::Factor, "2.0", "backoff = 2.0"),
    of_policy("max_delay", Form::Duration, "\"5s\"", "max_delay = \"5s\""),
    of_policy("delays", Form::Durations, "none", "delays = [\"100ms\", \"1s\"]"),
    of_policy("jitter", Form::Choice(&["full", "equal", "decorrelated", "none"]), "full", "jitter = equal"),
    of_policy("max_elapsed", Form::Duration, "\"30s\"", "max_elapsed = \"30s\""),
    of_policy("schedule", Form::Expr, "none", "schedule = || std::iter::repeat(PAUSE)"),
    of_call("on", Form::Pattern, "the error's own word", "on = GatewayError::Busy { .. }"),
    of_call("when", Form::Expr, "the error's own word", "when = GatewayError::is_busy"),
    of_call("repeatable", Form::FlagOrName, "off", "repeatable = claim"),
    of_call("budget", Form::Expr, "none", "budget = GATEWAY_RETRIES"),
    of_call("on_retry", Form::Path, "none", "on_retry = count_retry"),
    of_call("clone", Form::List, "none", "clone(request)"),
    of_call("attempt", Form::Binding, "not bound", "attempt = attempt"),
    of_call("deadline", Form::Binding, "not bound", "deadline = deadline"),
];

const CIRCUIT_BREAKER: &[Setting] = &[
    of_policy("failure_threshold", Form::Count, "5", "failure_threshold = 5"),
    of_policy("failure_rate", Form::Share, "0.5", "failure_rate = 0.5"),
    of_policy("window", Form::Window, "\"30s\"", "window = \"30s\""),
    of_policy("minimum_calls", Form::Count, "20", "minimum_calls = 20"),
    of_policy("slow_call", Form::Duration, "off", "slow_call = \"2s\""),
    of_policy("slow_rate", Form::Share, "1.0", "slow_rate = 0.8"),
    of_policy("recovery_timeout", Form::Duration, "\"30s\"", "recovery_timeout = \"30s\""),
    of_policy("recovery_backoff", Form::Factor, "1.0", "recovery_backoff = 2.0"),
    of_policy("max_recovery_timeout", Form::Duration, "\"10m\"", "max_recovery_timeout = \"10m\""),
    of_policy("half_open_max_calls", Form::Count, "1", "half_open_max_calls = 1"),
    of_policy("success_threshold", Form::Count, "1", "success_threshold = 1"),
    of_call("key", Form::Expr, "none", "key = tenant"),
    of_policy("max_keys", Form::Count, "10000", "max_keys = 10000"),
    of_call("on", Form::Pattern, "transient and unknown", "on = GatewayError::Down"),
    of_call("when", Form::Expr, "transient and unknown", "when = GatewayError::is_down"),
];

const RATE_LIMIT: &[Setting] = &[
    of_policy("max_calls", Form::Count, "this or `rate`", "max_calls = 100"),
    of_policy("period", Form::Duration, "with `max_calls`", "period = \"1m\""),
    of_policy("rate", Form::Rate, "this or `max_calls`", "rate = \"100/1m\""),
    of_policy("burst", Form::Count, "the rate's calls", "burst = 10"),
    of_policy("max_wait", Form::Duration, "no waiting", "max_wait = \"500ms\""),
    of_policy("downstream", Form::Flag, "off", "downstream"),
    of_call("cost", Form::Expr, "1", "cost = tokens"),
    of_call("key", Form::Expr, "none", "key = tenant"),
    of_policy("max_keys", Form::Count, "100000", "max_keys = 100000"),
];

const CACHED: &[Setting] = &[
    of_policy("ttl", Form::Duration, "required", "ttl = \"5m\""),
    of_policy("idle", Form::Duration, "off", "idle = \"1m\""),
    of_policy("max_entries", Form::Count, "10000", "max_entries = 10000"),
    of_policy("negative_ttl", Form::Duration, "off", "negative_ttl = \"10s\""),
    of_policy("refresh_after", Form::Duration, "off", "refresh_after = \"4m\""),
    of_call("refresh", Form::Choice(&["spawn"]), "the caller that finds it due", "refresh = spawn"),
    of_policy("stale_if_error", Form::Duration, "off", "stale_if_error = \"10m\""),
    of_policy("tier", Form::Expr, "none", "tier = app.redis"),
    of_policy("name", Form::Text, "the function's", "name = \"fx.rates\""),
    of_call("key", Form::Expr, "all arguments", "key = (account, currency)"),
    of_call("except", Form::List, "none", "except(trace_id)"),
];

const BULKHEAD: &[Setting] = &[
    of_policy("max_concurrent", Form::Count, "required", "max_concurrent = 10"),
    of_policy("max_wait", Form::Duration, "no waiting", "max_wait = \"500ms\""),
];

const FALLBACK: &[Setting] = &[
    of_call("value", Form::Expr, "this or the first place", "value = Rate::ZERO"),
    of_call("error", Form::Binding, "not bound", "error = error"),
    of_call("on", Form::Pattern, "transient, unknown and refused", "on = GatewayError::Busy { .. }"),
    of_call("when", Form::Expr, "transient, unknown and refused", "when = GatewayError::is_busy"),
    of_call("clone", Form::List, "none", "clone(request)"),
    of_call("stored", Form::Flag, "off", "stored"),
];

const TIMEOUT: &[Setting] = &[];
const VALIDATE: &[Setting] = &[];
const TIMED: &[Setting] = &[];

const LOGGED: &[Setting] = &[
    of_call("args", Form::List, "none", "args(request.order)"),
    of_call("ret", Form::Flag, "off", "ret"),
    of_policy("level", Form::Choice(&["trace", "debug", "info", "warn", "error"]), "info", "level = debug"),
];

impl Attribute {
    pub(crate) const ALL: [Self; 11] = [
        Self::Idempotent,
        Self::Retry,
        Self::CircuitBreaker,
        Self::RateLimit,
        Self::Bulkhead,
        Self::Cached,
        Self::Fallback,
        Self::Validate,
        Self::Timeout,
        Self::Timed,
        Self::Logged,
    ];

    /// As it is written in an attribute.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Idempotent => "idempotent",
            Self::Retry => "retry",
            Self::CircuitBreaker => "circuit_breaker",
            Self::RateLimit => "rate_limit",
            Self::Bulkhead => "bulkhead",
            Self::Cached => "cached",
            Self::Fallback => "fallback",
            Self::Validate => "validate",
            Self::Timeout => "timeout",
            Self::Timed => "timed",
            Self::Logged => "logged",
        }
    }

    /// As the runtime's `Layer` names it.
    pub(crate) const fn layer(self) -> &'static str {
        match self {
            Self::Idempotent => "Idempotent",
            Self::Retry => "Retry",
            Self::CircuitBreaker => "CircuitBreaker",
            Self::RateLimit => "RateLimit",
            Self::Bulkhead => "Bulkhead",
            Self::Cached => "Cached",
            Self::Fallback => "Fallback",
            Self::Validate => "Validate",
            Self::Timeout => "Timeout",
            Self::Timed => "Timed",
            Self::Logged => "Logged",
        }
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attribute| attribute.name() == name)
    }

    /// The table of its settings.
    pub(crate) const fn settings(self) -> &'static [Setting] {
        match self {
            Self::Idempotent => IDEMPOTENT,
            Self::Retry => RETRY,
            Self::CircuitBreaker => CIRCUIT_BREAKER,
            Self::RateLimit => RATE_LIMIT,
            Self::Bulkhead => BULKHEAD,
            Self::Cached => CACHED,
            Self::Fallback => FALLBACK,
            Self::Validate => VALIDATE,
            Self::Timeout => TIMEOUT,
            Self::Timed => TIMED,
            Self::Logged => LOGGED,
        }
    }

    pub(crate) fn setting_names(self) -> impl Iterator<Item = &'static str> {
        self.settings().iter().map(|setting| setting.name)
    }

    pub(crate) fn setting(self, name: &str) -> Option<&'static Setting> {
        self.settings().iter().find(|setting| setting.name == name)
    }

    /// Whether a word is a flag with a slip in it, and no shared value.
    pub(crate) fn is_like_a_flag(self, word: &syn::Ident) -> bool {
        let flags = self.settings().iter().filter(|setting| matches!(setting.form, Form::Flag | Form::FlagOrName));
        crate::suggest::nearest(&word.to_string(), flags.map(|setting| setting.name)).is_some()
    }

    /// The whole attribute, where it has no settings.
    pub(crate) const fn alone(self) -> &'static str {
        match self {
            Self::Timed => "`#[timed]`: its histogram goes by the function's name",
            Self::Timeout => "the duration alone: `#[timeout(\"2s\")]`",
            _ => "it without settings",
        }
    }

    /// Whether one value may stand before the settings, and what it is.
    pub(crate) const fn leading(self) -> Option<&'static str> {
        match self {
            Self::CircuitBreaker => Some("a shared circuit breaker, such as `GATEWAY`"),
            Self::Cached => Some("a shared cache, such as `RATES`"),
            Self::RateLimit => Some("a shared rate limiter, such as `GATEWAY_CALLS`"),
            Self::Retry => Some("a shared retry policy, such as `GATEWAY_RETRY`"),
            Self::Bulkhead => Some("a shared bulkhead, such as `REPORTS`"),
            Self::Fallback => Some("the function that stands in, such as `stale_rate`"),
            Self::Timeout => Some("its duration, such as `\"2s\"`"),
            _ => None,
        }
    }
}
