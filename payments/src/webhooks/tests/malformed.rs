//! Each thing that is wrong has its own words, and echoes nothing.

use super::*;

const NOW: u64 = 1_700_000_000;

/// The right headers of a delivery, with one of them written otherwise.
fn standard(name: &str, value: &str) -> (String, &'static str, u16) {
    let mut headers = StandardSigner::new([SECRET]).unwrap().sign("evt_17", at(NOW), "{}").unwrap();
    headers.iter_mut().filter(|(key, _)| *key == name).for_each(|(_, written)| *written = value.to_owned());
    told(Verifier::standard([SECRET]).unwrap().verify(&headers, "{}", at(NOW)))
}

fn stripe(header: &str, body: &str) -> (String, &'static str, u16) {
    told(Verifier::stripe([STRIPE]).unwrap().verify(&[("stripe-signature", header)], body, at(NOW)))
}

#[test]
fn a_timestamp_is_plain_digits() {
    let digits = "the header `webhook-timestamp` is not a whole number of seconds in plain digits";
    for value in ["+1700000000", "-1", " 1700000000", "1700000000 ", "1700000000.0", "0x10", "1e9", "١٧", "1_0"] {
        assert_eq!(standard("webhook-timestamp", value), (digits.to_owned(), "webhook_malformed", 400), "{value}");
    }
    let begins = "the header `webhook-timestamp` begins with a zero";
    assert_eq!(standard("webhook-timestamp", "01700000000").0, begins);
    let long = "the header `webhook-timestamp` has more than 11 digits: it counts seconds, not milliseconds";
    assert_eq!(standard("webhook-timestamp", "1700000000000").0, long);
    assert_eq!(standard("webhook-timestamp", "99999999999999999999999").0, long);
    assert_eq!(standard("webhook-timestamp", "").0, "the header `webhook-timestamp` is empty");
    assert_eq!(standard("webhook-timestamp", &"1".repeat(65)).2, 431);
}

#[test]
fn an_id_does_not_make_the_signed_text_ambiguous() {
    for value in ["evt_17.1", ".", "evt_17.1700000000"] {
        let words = "the header `webhook-id` has a dot in it, so that what was signed is ambiguous";
        assert_eq!(standard("webhook-id", value).0, words);
    }
    for value in ["evt 17", "evt\t17", "évt", "evt\u{7f}"] {
        assert_eq!(
            standard("webhook-id", value).0,
            "the header `webhook-id` has a character that is not visible ASCII"
        );
    }
    assert_eq!(standard("webhook-id", "").0, "the header `webhook-id` is empty");
    assert_eq!(standard("webhook-id", &"e".repeat(255)).1, "webhook_signature_invalid");
    let long = standard("webhook-id", &"e".repeat(256));
    assert_eq!(long, ("the header `webhook-id` is longer than 255".to_owned(), "webhook_malformed", 431));
}

/// The dot is what an attacker would move: `a.1` at 2 and `a` at `1.2` sign the same bytes.
#[test]
fn moving_the_dot_does_not_pass() {
    let signer = StandardSigner::new([SECRET]).unwrap();
    assert!(signer.sign("evt.1", at(NOW), "{}").is_err());
    let headers = signer.sign("evt", at(NOW), "1700000000.{}").unwrap();
    let moved = [("webhook-id", format!("evt.{NOW}")), headers[1].clone(), headers[2].clone()];
    let answer = Verifier::standard([SECRET]).unwrap().verify(&moved, "{}", at(NOW));
    assert_eq!(told(answer).1, "webhook_malformed");
}

#[test]
fn a_header_is_there_once() {
    let headers = StandardSigner::new([SECRET]).unwrap().sign("evt_17", at(NOW), "{}").unwrap();
    let verifier = Verifier::standard([SECRET]).unwrap();
    for index in 0..3 {
        let mut less = headers.to_vec();
        let (name, value) = less.remove(index);
        assert_eq!(told(verifier.verify(&less, "{}", at(NOW))).0, format!("the header `{name}` is missing"));
        let mut more = headers.to_vec();
        more.push((name, value));
        let words = format!("the header `{name}` is there more than once");
        assert_eq!(told(verifier.verify(&more, "{}", at(NOW))).0, words);
    }
}

#[test]
fn what_is_no_signature_is_passed_over() {
    let [id, timestamp, (name, right)] = StandardSigner::new([SECRET]).unwrap().sign("evt_17", at(NOW), "{}").unwrap();
    let verifier = Verifier::standard([SECRET]).unwrap();
    let verify = |list: String| verifier.verify(&[id.clone(), timestamp.clone(), (name, list)], "{}", at(NOW));
    for junk in ["", "v1", "v1,", "v1,AAAA", "v1,***", "v2,AAAA", "v1a,AAAA", ",", "v1 ,", "\u{fc}", "v1,AA=="] {
        assert!(verify(format!("{junk} {right} {junk}")).is_ok(), "{junk}");
        let words = "the header `webhook-signature` has no signature that can be read under the secrets that are set";
        assert!(junk.is_empty() || told(verify(junk.to_owned())).0 == words, "{junk}");
    }
    // Without its padding, with another alphabet, or with bits that mean nothing it is none.
    assert_eq!(told(verify(right.trim_end_matches('=').to_owned())).1, "webhook_malformed");
    assert_eq!(told(verify(right.to_uppercase())).1, "webhook_malformed");
}

#[test]
fn a_list_of_signatures_is_bounded() {
    let wrong = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    let list = |count: usize| vec![wrong; count].join(" ");
    assert_eq!(standard("webhook-signature", &list(8)).1, "webhook_signature_invalid");
    assert_eq!(standard("webhook-signature", &list(9)).0, "the header `webhook-signature` has more than 8 signatures");
    assert_eq!(standard("webhook-signature", &" ".repeat(4097)).2, 431);
    // What is no base64 is no signature, and one that this verifier has no key for costs nothing: neither counts.
    let words = standard("webhook-signature", &[wrong.replace('5', "-").as_str(); 9].join(" ")).0;
    assert!(words.contains("no signature that can be read"), "{words}");
    let asymmetric = format!("v1a,{}==", "A".repeat(86));
    let words = standard("webhook-signature", &[asymmetric.as_str(); 9].join(" ")).0;
    assert!(words.contains("no signature that can be read"), "{words}");

    let hex = format!(",v1={}", "0".repeat(64));
    assert_eq!(stripe(&format!("t=1{}", hex.repeat(8)), "{}").1, "webhook_signature_invalid");
    let words = "the header `stripe-signature` has more than 8 signatures";
    assert_eq!(stripe(&format!("t=1{}", hex.repeat(9)), "{}").0, words);
}

#[test]
fn stripes_header_is_read_strictly() {
    let v1 = "v1=0000000000000000000000000000000000000000000000000000000000000000";
    let stripe = |header: &str| stripe(header, "{}").0;
    assert_eq!(stripe(v1), "`t` of the header `stripe-signature` is missing");
    assert_eq!(stripe(&format!("t=1,t=1,{v1}")), "`t` of the header `stripe-signature` is there more than once");
    assert_eq!(stripe(&format!("t=,{v1}")), "`t` of the header `stripe-signature` is empty");
    for timestamp in ["+1", " 1", "1 ", "1.0", "-0", "now", "1=1"] {
        let words = "`t` of the header `stripe-signature` is not a whole number of seconds in plain digits";
        assert_eq!(stripe(&format!("t={timestamp},{v1}")), words);
    }
    for none in ["v1=", "v1=00", "v1", " v1=0", "v0=00", "V1=00", ""] {
        let words = "the header `stripe-signature` has no signature that can be read under the secrets that are set";
        assert_eq!(stripe(&format!("t=1,{none}")), words);
        assert_eq!(stripe(&format!("t=1,{}", v1.replace('0', "G"))), words);
        assert_eq!(stripe(&format!("t=1,{v1}0")), words);
    }
}

#[test]
fn an_event_of_stripe_has_an_id() {
    let signer = StripeSigner::new([STRIPE]).unwrap();
    let verifier = Verifier::stripe([STRIPE]).unwrap();
    let verify = |body: &str| {
        let header = signer.sign(at(NOW), body).unwrap();
        verifier.verify(&header, body.to_owned(), at(NOW)).map(|delivery| delivery.id().to_owned())
    };
    assert_eq!(verify(r#"{"data": {"id": "ch_1"}, "x": [{"id": 1}], "i\u0064": "evt.17"}"#).unwrap(), "evt.17");
    assert_eq!(verify("{\r\n\t\"id\":\n\"evt_17\"}").unwrap(), "evt_17");
    assert!(verify("{\u{c}\"id\": \"evt_17\"}").is_err());
    assert_eq!(verify(r#"{"id": "evt_\u0031\u0037"}"#).unwrap(), "evt_17");
    assert_eq!(verify(r#"{"id": "evt_17", and what is behind it is not read"#).unwrap(), "evt_17");
    let not = "the body is not a JSON object with the text `id` in it";
    for body in ["", "[]", "evt_17", r#"{"id": 17}"#, r#"{"id": null}"#, r#"{"id"}"#, "{", r#"{"a": 1,}"#, "\u{0}"] {
        assert_eq!(told(verify(body)).0, not, "{body}");
    }
    assert_eq!(told(verify(r#"{"data": {"id": "ch_1"}}"#)).0, "`id` in the body is missing");
    assert_eq!(told(verify(r#"{"id": ""}"#)).0, "`id` in the body is empty");
    assert_eq!(told(verify(r#"{"id": "evt 17"}"#)).0, "`id` in the body has a character that is not visible ASCII");
    let long = format!(r#"{{"id": "{}"}}"#, "e".repeat(256));
    assert_eq!(told(verify(&long)).0, "`id` in the body is longer than 255");
    let deep = "[".repeat(100_000);
    assert_eq!(told(verify(&format!(r#"{{"a": {deep}"#))).0, not);
}

#[test]
fn a_body_is_bounded() {
    let verifier = Verifier::standard([SECRET]).unwrap().with_max_body(4).unwrap();
    let signer = StandardSigner::new([SECRET]).unwrap();
    let verify = |body: &'static str| {
        let headers = signer.sign("evt_17", at(NOW), body).unwrap();
        verifier.verify(&headers, body, at(NOW))
    };
    assert!(verify("1234").is_ok());
    assert_eq!(told(verify("12345")), ("the body is longer than 4".to_owned(), "webhook_malformed", 413));
}
