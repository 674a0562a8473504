//! Each case: its code, kind and status; what is stored of it; what is told of it.

use std::time::Duration;

use steadfast::{Failure, Kind, Layer, Reason, Rejection, ReplayFailure};

use super::*;

fn refused(reason: Reason) -> PaymentError {
    Rejection::new(Layer::Idempotent, "charges.create", reason).into()
}

fn challenge() -> ChallengeUrl {
    "https://acs.example/3ds/7?session=s3cr3t".parse().unwrap()
}

/// One of each, with what the table of the module says of it.
fn table() -> Vec<(PaymentError, Kind, &'static str, u16)> {
    let second = Duration::from_secs(1);
    vec![
        (PaymentError::Network { detail: "refused".into() }, Kind::Transient, "network_error", 503),
        (PaymentError::GatewayTimeout { detail: "reset".into() }, Kind::Unknown, "gateway_timeout", 504),
        (PaymentError::RateLimited { retry_after: Some(second) }, Kind::Transient, "gateway_rate_limited", 503),
        (
            PaymentError::Declined { code: "do_not_honor".into(), reason: "no".into() },
            Kind::Terminal,
            "card_declined",
            402,
        ),
        (PaymentError::InsufficientFunds, Kind::Terminal, "insufficient_funds", 402),
        (PaymentError::FraudBlocked { rule: "blocklist".to_owned() }, Kind::Terminal, "fraud_blocked", 402),
        (
            PaymentError::AuthenticationRequired { challenge: challenge() },
            Kind::Terminal,
            "authentication_required",
            402,
        ),
        (
            PaymentError::InvalidRequest { field: "amount".into(), reason: "must be positive".into() },
            Kind::Terminal,
            "invalid_request",
            422,
        ),
        (
            PaymentError::SagaCompensation { saga: "checkout-7".to_owned(), step: "charge".to_owned() },
            Kind::Unknown,
            "saga_compensation_failed",
            500,
        ),
        (PaymentError::WebhookSignature, Kind::Terminal, "webhook_signature_invalid", 400),
        (PaymentError::WebhookReplay, Kind::Terminal, "webhook_replayed", 400),
        (refused(Reason::Conflict), Kind::Refused, "idempotency_conflict", 422),
        (refused(Reason::InFlight { retry_after: second }), Kind::Refused, "idempotency_in_flight", 409),
        (refused(Reason::MissingKey), Kind::Refused, "missing_key", 400),
        (refused(Reason::TimedOut { after: second }), Kind::Unknown, "timed_out", 504),
    ]
}

fn json(error: &PaymentError) -> String {
    serde_json::to_string(error).unwrap()
}

#[test]
fn each_case_is_what_the_table_says() {
    for (error, kind, code, status) in table() {
        assert_eq!((error.kind(), error.code(), error.http_status()), (kind, code, status), "{error:?}");
    }
}

#[test]
fn the_docs_have_a_row_for_each() {
    let docs = include_str!("mod.rs");
    for (error, kind, code, status) in table().into_iter().take(13) {
        let row = format!("{} | `{code}` | {status} |", kind.as_str());
        assert!(docs.lines().any(|line| line.ends_with(&row)), "no row for {error:?}: {row}");
    }
}

#[test]
fn only_the_gateway_and_refusals_say_how_long_to_wait() {
    for (error, ..) in table() {
        let waits = matches!(error.code(), "gateway_rate_limited" | "idempotency_in_flight");
        assert_eq!(error.retry_after(), waits.then_some(Duration::from_secs(1)), "{error:?}");
        // A retry of ours must not wait for a key in flight.
        let retried = error.code() == "gateway_rate_limited";
        assert_eq!(Failure::retry_after(&error), retried.then_some(Duration::from_secs(1)), "{error:?}");
    }
}

#[test]
fn terminal_cases_are_stored_and_come_back_as_they_were() {
    for (error, kind, ..) in table() {
        let record = error.to_record();
        assert_eq!(record.is_some(), kind == Kind::Terminal, "{error:?}");
        if let Some(record) = record {
            let again = PaymentError::from_record(&record.unwrap()).unwrap();
            assert_eq!(format!("{again:?}"), format!("{error:?}"));
            assert_eq!(json(&again), json(&error));
        }
    }
}

#[test]
fn in_json_each_is_named_by_its_code_and_reads_as_it_was() {
    for (error, _, code, _) in table() {
        if matches!(error, PaymentError::Refused(_)) {
            assert!(serde_json::to_string(&error).is_err(), "{error:?}");
            continue;
        }
        let text = json(&error);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["error"], code);
        let again: PaymentError = serde_json::from_str(&text).unwrap();
        assert_eq!((format!("{again:?}"), json(&again)), (format!("{error:?}"), text));
    }
    assert!(serde_json::from_str::<PaymentError>(r#"{"error":"Refused"}"#).is_err());
}

#[test]
fn a_challenge_is_stored_whole_and_printed_by_its_host() {
    let error = PaymentError::AuthenticationRequired { challenge: challenge() };
    let again = PaymentError::from_record(&error.to_record().unwrap().unwrap()).unwrap();
    assert!(matches!(again, PaymentError::AuthenticationRequired { challenge: url } if url == challenge()));
    let printed = format!("{error} {error:?}");
    assert!(printed.contains("https://acs.example/..") && !printed.contains("s3cr3t"), "{printed}");
}

#[test]
fn a_challenge_is_a_plain_https_address() {
    let read = |url: &str| url.parse::<ChallengeUrl>().unwrap_err();
    for url in ["", "http://acs.example/", "HTTPS://acs.example/", "javascript:alert(1)", "//acs.example"] {
        assert_eq!(read(url), ChallengeUrlError::NotHttps, "{url}");
    }
    for url in ["https://", "https:///path", "https://?q", "https://:443/", "https://bank.example@evil.example/"] {
        assert_eq!(read(url), ChallengeUrlError::NoHost, "{url}");
    }
    assert_eq!(read("https://acs.example/a b"), ChallengeUrlError::Unescaped { at: 21 });
    assert_eq!(read("https://acs.example/\r\n"), ChallengeUrlError::Unescaped { at: 20 });
    assert_eq!(read("https://acs.example/\"x"), ChallengeUrlError::Unescaped { at: 20 });
    assert_eq!(read(&format!("https://acs.example/{}", "x".repeat(2048))), ChallengeUrlError::TooLong);
}

#[test]
fn no_error_repeats_card_data() {
    let said = "card 4111 1111 1111 1111 cvv 123 declined";
    let errors = [
        PaymentError::Network { detail: said.into() },
        PaymentError::GatewayTimeout { detail: said.into() },
        PaymentError::Declined { code: said.into(), reason: said.into() },
        PaymentError::InvalidRequest { field: said.into(), reason: said.into() },
        serde_json::from_value(serde_json::json!({ "error": "network_error", "detail": said })).unwrap(),
    ];
    for error in errors {
        let problem = serde_json::to_string(&error.problem()).unwrap();
        let all = format!("{error} {error:?} {} {problem}", json(&error));
        assert!(!all.contains("4111 1111") && !all.contains("123"), "{all}");
    }
}

#[test]
fn a_long_text_is_cut_between_letters_and_stays_masked() {
    let long = Detail::from("é".repeat(400));
    assert_eq!(long.as_str().len(), 500);
    // Cut where it would leave sixteen digits of a number that is no card's.
    let digits = format!("{}{}999999", "x ".repeat(242), "4111111111111111");
    let cut = Detail::from(digits);
    let again: Detail = serde_json::from_str(&serde_json::to_string(&cut).unwrap()).unwrap();
    assert_eq!(again, cut);
    assert!(cut.as_str().ends_with("************1111"), "{cut}");
}

#[test]
fn a_client_is_told_nothing_of_the_inside() {
    for (error, ..) in table() {
        let problem = error.problem();
        assert_eq!(problem.status(), error.http_status());
        let told = serde_json::to_string(&problem).unwrap();
        for inside in ["blocklist", "checkout-7", "do_not_honor", "reset", "fraud", "charges.create"] {
            assert!(!told.contains(inside), "{told}");
        }
        if !matches!(error, PaymentError::FraudBlocked { .. }) {
            assert_eq!(problem.code(), error.code());
        }
    }
}

#[test]
fn a_client_is_told_what_helps() {
    let told = |error: PaymentError| serde_json::to_value(error.problem()).unwrap();
    let invalid = told(PaymentError::InvalidRequest { field: "amount".into(), reason: "must be positive".into() });
    assert_eq!(invalid["violations"], serde_json::json!([{ "path": "amount", "message": "must be positive" }]));
    let limited = told(PaymentError::RateLimited { retry_after: Some(Duration::from_millis(1001)) });
    assert_eq!(limited["retry_after_seconds"], 2);
    let running = told(refused(Reason::InFlight { retry_after: Duration::from_secs(3) }));
    assert_eq!((&running["code"], &running["retry_after_seconds"]), (&"idempotency_in_flight".into(), &3.into()));
}

#[cfg(feature = "axum")]
#[test]
fn it_is_a_response() {
    use axum::response::IntoResponse;

    let response = PaymentError::RateLimited { retry_after: Some(Duration::from_secs(2)) }.into_response();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["retry-after"], "2");
}

#[test]
fn a_detail_is_read_as_it_was_written_and_is_never_long() {
    for tail in ["cvv: 12345", "4111 1111 1111 1111 1", "41111111111111110000", "pin 1234é"] {
        for before in 470..=500 {
            let detail = Detail::from(format!("{}{tail} and so on", ".".repeat(before)));
            assert!(detail.as_str().len() <= 500, "{before} {tail}");
            let json = serde_json::to_string(&detail).unwrap();
            assert_eq!(serde_json::from_str::<Detail>(&json).unwrap(), detail, "{before} {tail}");
        }
    }
    let long = serde_json::to_string(&"x".repeat(10_000)).unwrap();
    assert_eq!(serde_json::from_str::<Detail>(&long).unwrap().as_str().len(), 500);
}
