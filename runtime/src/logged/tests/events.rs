//! One event for each call, however it ends.

use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::*;
use crate::registry::Describe;

/// The only line there is.
fn only(mut lines: Vec<Line>) -> Line {
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

#[test]
fn a_success_is_one_event_at_info() {
    static POLICY: Logged = Logged::new("charge", "shop::success", "shop.rs", 7, &[]);
    let line = only(heard(&Listener::of("shop::success"), &POLICY, Ok(Ok(5))));
    assert_eq!((line.target, line.level, line.file), ("shop::success", Level::INFO, Some("shop.rs")));
    assert_eq!(line.get("message"), Some("call"));
    assert_eq!(line.get("function"), Some("charge"));
    assert_eq!(line.get("outcome"), Some("success"));
    assert!(line.get("elapsed_ms").is_some());
    assert_eq!(line.fields.len(), 4, "nothing that was not asked for: {line:?}");
}

#[test]
fn a_failure_is_one_event_by_its_kind() {
    static POLICY: Logged = Logged::new("charge", "shop::failure", "shop.rs", 7, &[]);
    for (kind, level) in [
        (Kind::Transient, Level::WARN),
        (Kind::Terminal, Level::WARN),
        (Kind::Refused, Level::WARN),
        (Kind::Unknown, Level::ERROR),
    ] {
        let result = Ok(Err(Declined(kind, "card 4111 1111 1111 1111, cvv: 123, declined")));
        let line = only(heard(&Listener::of("shop::failure"), &POLICY, result));
        assert_eq!(line.level, level);
        assert_eq!(line.get("outcome"), Some(kind.as_str()));
        assert_eq!(line.get("error"), Some("card ************1111, cvv: [masked], declined"));
        assert_eq!(line.get("refused_by"), None);
    }
}

#[test]
fn a_refusal_says_by_whom() {
    static POLICY: Logged = Logged::new("charge", "shop::refusal", "shop.rs", 7, &[]);
    let refusal = |reason| Err(Rejection::new(Layer::RateLimit, "gateway", reason));
    let line = only(heard(&Listener::of("shop::refusal"), &POLICY, refusal(Reason::MissingKey)));
    assert_eq!((line.level, line.get("outcome")), (Level::WARN, Some("refused")));
    assert_eq!(line.get("refused_by"), Some("rate_limit gateway"));
    assert_eq!(line.get("error"), Some("rate_limit `gateway`: the call carries no idempotency key"));

    let late = refusal(Reason::TimedOut { after: Duration::from_secs(2) });
    let line = only(heard(&Listener::of("shop::refusal"), &POLICY, late));
    assert_eq!((line.level, line.get("outcome")), (Level::ERROR, Some("unknown")));

    let store = Reason::StoreUnavailable(Arc::from(Box::from("row 4111111111111111")));
    let line = only(heard(&Listener::of("shop::refusal"), &POLICY, refusal(store)));
    assert!(line.get("error").unwrap().ends_with("row ************1111"), "{line:?}");
}

#[test]
fn a_dropped_call_is_one_event_with_its_arguments() {
    static POLICY: Logged = Logged::new("charge", "shop::dropped", "shop.rs", 7, &["order"]);
    let listener = Listener::of("shop::dropped");
    subscriber::with_default(listener.clone(), || {
        let captured = Captured::new(&POLICY, |c| c.add("order", rt::show!(&"A-17")));
        run(logged(&POLICY, captured, outcome, error_of, pending::<Result<Charge, Infallible>>()));
    });
    let line = only(listener.lines());
    assert_eq!((line.level, line.get("outcome")), (Level::ERROR, Some("cancelled")));
    assert_eq!(line.get("order"), Some("A-17"));
}

#[test]
fn a_call_that_was_never_polled_is_no_event() {
    static POLICY: Logged = Logged::new("charge", "shop::unpolled", "shop.rs", 7, &[]);
    let listener = Listener::of("shop::unpolled");
    subscriber::with_default(listener.clone(), || {
        let captured = Captured::new(&POLICY, nothing);
        drop(logged(&POLICY, captured, outcome, error_of, pending::<Result<Charge, Infallible>>()));
    });
    assert!(listener.lines().is_empty());
}

#[test]
fn a_panic_is_one_event_and_goes_on() {
    static POLICY: Logged = Logged::new("charge", "shop::panic", "shop.rs", 7, &[]);
    let listener = Listener::of("shop::panic");
    let caught = catch_unwind(AssertUnwindSafe(|| {
        subscriber::with_default(listener.clone(), || {
            let captured = Captured::new(&POLICY, nothing);
            let body = async { if true { panic!("boom") } else { Ok::<Charge, Infallible>(Ok(5)) } };
            run(logged(&POLICY, captured, outcome, error_of, body));
        });
    }));
    assert!(caught.is_err());
    let line = only(listener.lines());
    assert_eq!((line.level, line.get("outcome")), (Level::ERROR, Some("panicked")));
}

#[tokio::test(start_paused = true)]
async fn the_time_runs_from_the_first_poll_in_milliseconds() {
    static POLICY: Logged = Logged::new("charge", "shop::time", "shop.rs", 7, &[]);
    let listener = Listener::of("shop::time");
    let _default = subscriber::set_default(listener.clone());
    let body = async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Ok::<Charge, Infallible>(Ok(5))
    };
    let call = logged(&POLICY, Captured::new(&POLICY, nothing), outcome, error_of, body);
    tokio::time::sleep(Duration::from_secs(60)).await;
    call.await.unwrap().unwrap();
    let elapsed: f64 = only(listener.lines()).get("elapsed_ms").unwrap().parse().unwrap();
    assert!((1500.0..1510.0).contains(&elapsed), "{elapsed}");
}

#[test]
fn the_result_is_shown_where_it_is_asked_for() {
    static POLICY: Logged = Logged::new("charge", "shop::ret", "shop.rs", 7, &[]);
    let listener = Listener::of("shop::ret");
    subscriber::with_default(listener.clone(), || {
        let captured = Captured::new(&POLICY, nothing);
        let body = ready(Ok::<_, Infallible>(Ok::<_, Declined>("pan=4111111111111111")));
        run(logged(&POLICY, captured, |r| rt::outcome!(r), |r| rt::shown_result!(r), body));
    });
    let line = only(listener.lines());
    assert_eq!(line.get("ret"), Some("pan=************1111"));
    assert_eq!(line.get("error"), None);
}

#[test]
fn arguments_are_masked_and_sensitive_names_hide_their_values() {
    static POLICY: Logged =
        Logged::new("charge", "shop::args", "shop.rs", 7, &["request", "card.cvv", "password", "error"]);
    #[derive(Debug)]
    #[allow(dead_code)]
    struct Request {
        number: &'static str,
        cvc: u16,
    }
    let listener = Listener::of("shop::args");
    subscriber::with_default(listener.clone(), || {
        let captured = Captured::new(&POLICY, |c| {
            c.add("request", rt::show!(&Request { number: "4111-1111-1111-1111", cvc: 123 }));
            c.add("card.cvv", rt::show!(&987));
            c.add("password", rt::show!(&"hunter2"));
            c.add("error", rt::show!(&"an argument's name"));
            c.add("stranger", rt::show!(&"not named"));
        });
        let body = ready(Ok::<Charge, Infallible>(Err(Declined(Kind::Terminal, "declined"))));
        run(logged(&POLICY, captured, outcome, error_of, body));
    });
    let line = only(listener.lines());
    assert_eq!(line.get("request"), Some(r#"Request { number: "************1111", cvc: [masked] }"#));
    assert_eq!(line.get("card.cvv"), Some("[masked]"));
    assert_eq!(line.get("password"), Some("[masked]"));
    assert_eq!(line.get("arg.error"), Some("an argument's name"));
    assert_eq!(line.get("error"), Some("declined"));
    assert!(!format!("{line:?}").contains("not named"));
}

#[test]
fn as_many_names_as_fields_fit() {
    static NAMES: [&str; 25] = [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v",
        "w", "x", "y",
    ];
    static POLICY: Logged = Logged::new("charge", "shop::many", "shop.rs", 7, &NAMES);
    let listener = Listener::of("shop::many");
    subscriber::with_default(listener.clone(), || {
        let captured = Captured::new(&POLICY, |c| NAMES.into_iter().for_each(|n| c.add(n, rt::show!(&n))));
        run(logged(&POLICY, captured, outcome, error_of, ready(Ok::<Charge, Infallible>(Ok(5)))));
    });
    let line = only(listener.lines());
    assert!(NAMES.into_iter().all(|name| line.get(name) == Some(name)), "{line:?}");
    assert_eq!(Logged::try_new("f", "m", "f.rs", 1, &["too"; 26]).unwrap_err().setting(), "args");
}

#[test]
fn the_registry_reads_names_and_level() {
    static POLICY: Logged = Logged::new("charge", "m", "shop.rs", 7, &["order", "amount"]).level(Level::DEBUG);
    let settings = POLICY.settings();
    assert_eq!(settings["args"], "order, amount");
    assert_eq!(settings["level"], "debug");
}
