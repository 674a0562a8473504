//! Mistakes that were once misread. What users see of mistakes is in `ui-tests`.

use proc_macro2::{TokenStream, TokenTree};

use super::{errors, expand};
use crate::attribute::Attribute;

fn on_pay(attributes: &str) -> String {
    format!("{attributes} async fn pay(order: u64, key: String, store: Store) -> Result<u8, E> {{ send(order).await }}")
}

/// The one error of a stack.
fn error(attributes: &str) -> String {
    let errors = errors(&on_pay(attributes));
    assert_eq!(errors.len(), 1, "{attributes}: {errors:#?}");
    errors[0].clone()
}

#[test]
fn what_follows_without_a_comma_is_not_lost() {
    assert!(error(r#"#[rate_limit(max_calls = 1 period = "1s")]"#).contains("a comma is missing"));
    assert!(error(r#"#[validate(order > 0 => "positive" order < 9 => "small")]"#).contains("a comma is missing"));
}

#[test]
fn what_may_be_a_slip_is_not_missing_as_well() {
    for attributes in [
        "#[cached(\"5m\")]",
        "#[cached(lifetime = \"5m\")]",
        "#[timeout(after = \"2s\")]",
        "#[rate_limit(quota = 1, period = \"1s\")]",
        "#[rate_limit(1, period = \"1s\")]",
        "#[idempotent(\"n\", key = key, payload = order, store = store)]",
        "#[timed] #[timeout = \"2s\"]",
    ] {
        error(attributes);
    }
    let two = errors(&on_pay("#[idempotent(\"n\", key = key)]"));
    assert_eq!(two.len(), 2, "{two:#?}");
}

#[test]
fn a_policy_is_made_without_the_call() {
    assert!(error("#[retry(max_attempts = order)]").contains("an argument of one call"));
    assert!(error("#[retry(delay = pause(order))]").contains("an argument of one call"));
    assert!(errors(&on_pay("#[retry(delay = config::order::PAUSE)]")).is_empty());
    assert!(errors(&on_pay("#[timeout(limit_of(order))]")).is_empty());
}

#[test]
fn on_a_mistake_imports_for_attributes_stay_in_use() {
    let expanded = expand(&on_pay(
        r#"
        #[circuit_breaker(GATEWAY, on = Down | gateway::Lost(_), zzz = 1)]
        #[retry(max_attempts = 0, when = is_busy, on_retry = count, clone(order), repeatable)]
        #[validate(valid(order, key, LIMIT) => "must be valid", order > 0 => "must be positive")]
        #[cached(ttl = TTL, key = order.map(|inner| digest(inner)))]
    "#,
    ));
    for name in ["GATEWAY", "Down", "gateway", "is_busy", "count", "valid", "LIMIT", "TTL", "digest"] {
        assert!(expanded.contains(&format!("use {name} as _")), "{name}: {expanded}");
    }
    for name in ["order", "key", "inner", "clone"] {
        assert!(!expanded.contains(&format!("use {name} as _")), "{name}: {expanded}");
    }
}

/// The tokens with one of them, wherever it stands, taken away or doubled.
fn slips(tokens: &TokenStream) -> Vec<TokenStream> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut slips = Vec::new();
    for (index, tree) in trees.iter().enumerate() {
        let (before, after) = (&trees[..index], &trees[index + 1..]);
        let with = |middle: &[TokenTree]| [before, middle, after].concat().into_iter().collect::<TokenStream>();
        slips.push(with(&[]));
        slips.push(with(&[tree.clone(), tree.clone()]));
        if let TokenTree::Group(group) = tree {
            let inside = self::slips(&group.stream());
            let groups = inside.into_iter().map(|inside| proc_macro2::Group::new(group.delimiter(), inside));
            slips.extend(groups.map(|group| with(&[group.into()])));
        }
    }
    slips
}

/// Half-written attributes are what an editor shows us most of the time.
#[test]
fn no_slip_of_one_token_is_a_panic() {
    let written = [
        (
            Attribute::Idempotent,
            r#"name = "n", key = key, payload(order, a.b), store = app.records, in_flight = wait = "2s", claim = claim"#,
        ),
        (
            Attribute::Retry,
            r#"max_attempts = 3, delays = ["1ms", X], backoff = 2.0, jitter = none, on = E::A(_) | B if x > 1, repeatable, clone(order), crate = ::a::b"#,
        ),
        (Attribute::CircuitBreaker, "self.breaker, when = |e| e.is_down()"),
        (Attribute::RateLimit, r#"rate = "100/1m", burst = 10, max_wait = WAIT"#),
        (Attribute::Cached, r#"ttl = "5m", key = (order, key.len()), except(store)"#),
        (Attribute::Validate, r#"order > 0 => "must be positive", key, &key.inner"#),
        (Attribute::Bulkhead, r#"max_concurrent = 10, max_wait = "1s""#),
        (Attribute::Fallback, r#"stale(&error, &order).await, error = error, on = E::A(_) | B if x > 1, clone(order)"#),
        (Attribute::Timeout, r#""2s""#),
        (Attribute::Logged, "args(order, key.len()), ret, level = debug"),
    ];
    for (attribute, args) in written {
        let item: TokenStream = on_pay("").parse().unwrap();
        for args in slips(&args.parse().unwrap()) {
            let expanded = crate::stack::expand(attribute, args.clone(), item.clone());
            assert!(syn::parse2::<syn::File>(expanded).is_ok(), "#[{}({args})]", attribute.name());
        }
    }
}

/// The same of the function itself.
#[test]
fn no_slip_in_the_item_is_a_panic() {
    let item = r#"
        /// Pays.
        #[timed(__other = 1)]
        pub(crate) async fn pay<'a, T: Into<u64> + 'a>(&self, (order, _): (T, u8), mut key: &'a str) -> Result<u8, E> where T: Send { body }
    "#;
    for item in slips(&item.parse().unwrap()) {
        crate::stack::expand(Attribute::Retry, TokenStream::new(), item);
    }
}
