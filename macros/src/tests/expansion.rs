//! The expansion of the headline stack, kept as a reviewer reads it. After a deliberate change:
//! `UPDATE_EXPECT=1 cargo test -p steadfast-macros`.

use expect_test::expect_file;

use super::{errors, expand, pretty};

const HEADLINE: &str = r#"
    #[logged(args(request.order), ret)]
    #[timed]
    #[idempotent(name = "charges.create", key = key, payload = request, store = app.records, claim = claim)]
    #[rate_limit(GATEWAY_CALLS)]
    #[retry(max_attempts = 3, delay = "200ms", repeatable = claim)]
    #[circuit_breaker(GATEWAY)]
    #[timeout("2s")]
    async fn charge_customer(app: App, request: ChargeRequest, key: IdempotencyKey) -> Result<Charge, PaymentError> {
        app.gateway.authorize(&request, claim.downstream_key()).await
    }
"#;

#[test]
fn the_headline_stack() {
    expect_file!["./headline.expanded.rs"].assert_eq(&pretty(HEADLINE));
}

/// Keys, costs, and what a lower limiter gives back.
#[test]
fn limiters_of_keys_in_one_stack() {
    let source = "#[rate_limit(TENANTS, key = (tenant, region), cost = items.len() as u32)]
        #[rate_limit(key = tenant, rate = \"100/1m\", downstream, max_keys = 5)]
        async fn send(tenant: &str, region: u8, items: Vec<u8>) -> Result<(), E> { post(items).await }";
    expect_file!["./limits.expanded.rs"].assert_eq(&pretty(source));
}

#[test]
fn one_layer() {
    expect_file!["./timeout.expanded.rs"].assert_eq(&pretty(
        r#"
        #[timeout("2s")]
        async fn ask(id: u64) -> Result<Answer, AskError> {
            gateway(id).await
        }
    "#,
    ));
}

#[test]
fn a_breaker_for_each_key() {
    expect_file!["./keyed.expanded.rs"].assert_eq(&pretty(
        r#"
        #[circuit_breaker(GATEWAYS, key = gateway)]
        #[circuit_breaker(key = (tenant, region), window = 100, slow_call = "2s", slow_rate = 0.8, max_keys = 500)]
        async fn ask(gateway: &str, tenant: String, region: u8) -> Result<Answer, AskError> {
            asked(gateway).await
        }
    "#,
    ));
}

#[test]
fn a_shared_cache() {
    expect_file!["./shared_cache.expanded.rs"].assert_eq(&pretty(
        r#"
        #[cached(RATES, key = (from, to))]
        async fn rate(from: &str, to: &str) -> Result<Rate, RateError> {
            gateway(from, to).await
        }
    "#,
    ));
}

#[test]
fn a_cache_with_everything() {
    expect_file!["./cached.expanded.rs"].assert_eq(&pretty(
        r#"
        #[cached(ttl = "5m", refresh_after = "4m", refresh = spawn, tier = app.redis, name = "fx.rates", key = id)]
        async fn rate(app: App, id: u64) -> Result<Rate, RateError> {
            gateway(app, id).await
        }
    "#,
    ));
}

#[test]
fn a_question_and_a_codec() {
    expect_file!["./recover.expanded.rs"].assert_eq(&pretty(
        r#"
        #[idempotent(
            name = "charges.create",
            key = key,
            payload = none,
            store = self.records,
            codec = self.seal,
            on_unknown = recover = Self::look_up
        )]
        async fn charge(self: Arc<Self>, key: IdempotencyKey) -> Result<Charge, PaymentError> {
            self.gateway.charge().await
        }
    "#,
    ));
}

#[test]
fn a_bulkhead_and_what_stands_in() {
    expect_file!["./fallback.expanded.rs"].assert_eq(&pretty(
        r#"
        #[idempotent(name = "rates.ask", key = key, payload = none, store = store)]
        #[fallback(stale_rate, clone(currency))]
        #[bulkhead(REPORTS)]
        async fn ask(store: Store, currency: String, key: String) -> Result<Rate, RateError> {
            provider(currency).await
        }
    "#,
    ));
}

#[test]
fn a_mistake_leaves_the_function_as_it_is() {
    expect_file!["./mistake.expanded.rs"].assert_eq(&pretty(
        r#"
        #[retry(atempts = 3)]
        #[timeout("2s")]
        async fn ask(id: u64) -> Result<Answer, AskError> {
            gateway(id).await
        }
    "#,
    ));
}

#[test]
fn an_unfinished_body_is_not_our_mistake() {
    let expanded = {
        let item = "async fn ask(id: u64) -> Result<u8, E> { let x = r.; }".parse().unwrap();
        crate::stack::expand(crate::attribute::Attribute::Timeout, "\"2s\"".parse().unwrap(), item).to_string()
    };
    assert!(!expanded.contains("compile_error"), "{expanded}");
    assert!(expanded.replace(' ', "").contains("letx=r.;"), "{expanded}");
}

#[test]
fn all_mistakes_of_a_stack_are_told_at_once() {
    let errors = errors(
        r#"
        #[retry(atempts = 3, delay = 5)]
        #[idempotent(key = key, payload = none, store = store)]
        #[timeout("2")]
        async fn f(key: String) -> Result<u8, E> { Ok(1) }
    "#,
    );
    assert_eq!(errors.len(), 4, "{errors:#?}");
}

#[test]
fn nothing_is_boxed_where_nothing_is_stored() {
    let expanded = expand(
        r#"
        #[timed]
        #[circuit_breaker]
        #[retry]
        #[rate_limit(max_calls = 1, period = "1s")]
        async fn f() -> Result<u8, E> { Ok(1) }
    "#,
    );
    assert!(!expanded.contains("Box"), "{expanded}");
}

/// The calls by which a stack reads the clock, or hands on when the call came.
fn clock_calls(stack: &str) -> Vec<&'static str> {
    const CALLS: [&str; 11] = [
        "Moment::now()",
        "__rt::timed(&",
        "timed_at(__now,",
        "timed_at(__attempts.moment(),",
        "Attempts::start(&",
        "Attempts::start_at(__now,",
        "held_up(",
        "held_up_at(__now,",
        "held_up_at(__attempts.moment(),",
        "held_up_by(",
        "held_up_by_at(__now,",
    ];
    let function = "async fn f(order: Order) -> Result<u8, E> { Ok(1) }";
    let expanded = expand(&format!("{stack} {function}")).replace([' ', '\n'], "");
    CALLS.into_iter().filter(|call| expanded.contains(call)).collect()
}

#[test]
fn layers_that_are_reached_at_once_share_one_reading_of_the_clock() {
    const LIMIT: &str = "#[rate_limit(max_calls = 1, period = \"1s\")]";
    const WAITING: &str = "#[rate_limit(max_calls = 1, period = \"1s\", max_wait = \"1s\")]";
    let breaker_first = format!("#[circuit_breaker] #[retry] {LIMIT} #[timed]");
    assert_eq!(
        clock_calls(&breaker_first),
        ["timed_at(__attempts.moment(),", "Attempts::start(&", "held_up_at(__attempts.moment(),"]
    );
    let timed_first = format!("#[timed] #[circuit_breaker] #[retry] {LIMIT}");
    assert_eq!(
        clock_calls(&timed_first),
        ["Moment::now()", "timed_at(__now,", "Attempts::start_at(__now,", "held_up_at(__attempts.moment(),"]
    );
    assert_eq!(clock_calls(&format!("{LIMIT} #[timed]")), ["Moment::now()", "timed_at(__now,", "held_up_at(__now,"]);
    const KEYED: &str = "#[rate_limit(key = (order.tenant, order.id), max_calls = 1, period = \"1s\")]";
    assert_eq!(clock_calls(&format!("#[timed] {KEYED}")), ["Moment::now()", "timed_at(__now,", "held_up_by_at(__now,"]);
    // What the user wrote comes before the question.
    const OF_CODE: &str = "#[rate_limit(cost = order.cost(), max_calls = 1, period = \"1s\")]";
    assert_eq!(clock_calls(&format!("#[timed] {OF_CODE}")), ["__rt::timed(&", "held_up_by("]);
    // Below these, time has passed: a wait, or the user's code.
    assert_eq!(clock_calls(&format!("{WAITING} #[timed]")), ["__rt::timed(&", "held_up("]);
    assert_eq!(clock_calls("#[rate_limit(SHARED)] #[timed]"), ["__rt::timed(&", "held_up("]);
    assert_eq!(clock_calls(&format!("#[timed] #[validate(order.ok)] {LIMIT}")), ["__rt::timed(&", "held_up("]);
    assert_eq!(clock_calls(&format!("#[retry(clone(order))] {LIMIT}")), ["Attempts::start(&", "held_up("]);
}

#[test]
fn a_key_of_parameters_has_a_static_of_its_type_where_that_is_plain_to_see() {
    let typed = |key: &str, parameters: &str| {
        let function = format!("async fn f({parameters}) -> Result<u8, E> {{ Ok(1) }}");
        let limit = format!("#[rate_limit(key = {key}, max_calls = 1, period = \"1s\")]");
        let expanded = expand(&format!("{limit} {function}")).replace([' ', '\n'], "");
        let (slot, keyed) = (expanded.contains("__rt::of_slot("), expanded.contains("__rt::of_keyed("));
        assert_ne!(slot, keyed, "{expanded}");
        assert_eq!(slot, expanded.contains("KeyedSlot<"), "{expanded}");
        keyed
    };
    for parameter in ["k: &str", "k: &String", "mut k: String", "k: u64", "k: char"] {
        assert!(typed("k", parameter), "{parameter}");
    }
    assert!(typed("(k, id)", "k: &str, id: u32"));
    // What an attribute cannot know: a type of the user's may be a parameter of the `impl` around it.
    for parameter in ["k: Id", "k: &Id", "k: &u64", "k: Option<&str>", "k: impl AsRef<str>", "k: &[u8]"] {
        assert!(!typed("k", parameter), "{parameter}");
    }
    assert!(!typed("(k, id)", "k: &str, id: Id") && !typed("k.id", "k: Order") && !typed("k", "Extract(k): Extract"));
}

#[test]
fn a_condition_that_is_still_visible_is_told() {
    let errors = errors(
        r#"
        #[retry(repeatable)]
        #[cfg_attr(feature = "limits", timeout("2s"))]
        async fn f() -> Result<u8, E> { Ok(1) }
    "#,
    );
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("`cfg_attr` is not yet decided"), "{errors:?}");
}

#[test]
fn a_condition_on_something_else_is_not_ours() {
    let errors = errors(r#"#[retry] #[cfg_attr(feature = "x", inline)] async fn f() -> Result<u8, E> { Ok(1) }"#);
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn every_attribute_on_top_takes_the_crate_by_another_path() {
    for (attribute, args) in [
        ("timed", ""),
        ("retry", ""),
        ("timeout", "\"2s\", "),
        ("validate", "amount > 0 => \"must be positive\", "),
        ("circuit_breaker", ""),
        ("rate_limit", "rate = \"1/1s\", "),
        ("bulkhead", "max_concurrent = 1, "),
        ("fallback", "value = 1, "),
        ("cached", "ttl = \"1s\", "),
        ("logged", ""),
        ("idempotent", "name = \"n\", key = key, payload = none, store = store, "),
    ] {
        let source = format!(
            "#[{attribute}({args}crate = ::facade::reexport)] async fn f(amount: u8, key: String, store: S) -> Result<u8, E> {{ Ok(1) }}"
        );
        let expanded = expand(&source).replace(' ', "");
        assert!(!expanded.contains("compile_error"), "{attribute}: {:?}", errors(&source));
        assert!(
            expanded.contains("::facade::reexport::__rt") && !expanded.contains("::steadfast::"),
            "{attribute}: {expanded}"
        );
    }
}
