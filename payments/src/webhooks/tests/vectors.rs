//! Figures that others have computed.

use super::*;

/// Those of the libraries that the project Standard Webhooks publishes. The public key of the second is
/// computed with Python's `cryptography`.
#[test]
fn standard_webhooks_publishes_these() {
    let (id, when, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", at(1_614_265_330), r#"{"test": 2432232314}"#);
    let signatures = [
        (OTHER, OTHER, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        (
            PRIVATE,
            "whpk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g=",
            "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
        ),
    ];
    for (secret, verifies, signature) in signatures {
        let headers = StandardSigner::new([secret]).unwrap().sign(id, when, body).unwrap();
        assert_eq!(headers[2].1, signature);
        let verifier = Verifier::standard([verifies]).unwrap();
        assert_eq!(verifier.verify(&headers, body, when).unwrap().id(), id);
    }
}

/// Computed with Python's `hmac` over bytes that are no text:
/// `hmac.new(bytes(range(32)), b"evt_17.1700000000.\x00\xff{}\n", sha256)`.
#[test]
fn python_computes_the_same_over_raw_bytes() {
    let body: &[u8] = b"\x00\xff{}\n";
    let headers = StandardSigner::new([SECRET]).unwrap().sign("evt_17", at(1_700_000_000), body).unwrap();
    assert_eq!(headers[2].1, "v1,sCnCriVsITroqOwH3qNRUxg4xfyZg1pwDAHJnnMKhDk=");
    let verifier = Verifier::standard([SECRET]).unwrap();
    assert_eq!(verifier.verify(&headers, body, at(1_700_000_000)).unwrap().body(), body);
}

/// Computed with Python's `hmac`: the key is the secret's text with its prefix.
#[test]
fn python_computes_the_same_for_stripe() {
    let body = r#"{"id": "evt_17", "object": "event", "type": "charge.succeeded"}"#;
    let header = StripeSigner::new([STRIPE]).unwrap().sign(at(1_492_774_577), body).unwrap();
    let expected = "t=1492774577,v1=f8c44e9d5cccf92b5158047dcc5646f9fb3e194fcee86b423b836ab7a4c2e8fe";
    assert_eq!(header, [("stripe-signature", expected.to_owned())]);
    let delivery = Verifier::stripe([STRIPE]).unwrap().verify(&header, body, at(1_492_774_600)).unwrap();
    assert_eq!((delivery.id(), delivery.at()), ("evt_17", at(1_492_774_577)));
}

/// As Stripe's own documentation writes a header, with a `v0` beside it that means nothing.
#[test]
fn a_signature_of_another_version_is_passed_over() {
    let body = r#"{"id": "evt_17", "object": "event", "type": "charge.succeeded"}"#;
    let v1 = "v1=f8c44e9d5cccf92b5158047dcc5646f9fb3e194fcee86b423b836ab7a4c2e8fe";
    let v0 = "v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39";
    let verifier = Verifier::stripe([STRIPE]).unwrap();
    for header in [format!("t=1492774577,{v1},{v0}"), format!("{v0},{v1},t=1492774577")] {
        assert!(verifier.verify(&[("Stripe-Signature", header)], body, at(1_492_774_577)).is_ok());
    }
    let downgraded = format!("t=1492774577,{}", v1.replace("v1=", "v0="));
    let (words, ..) = told(verifier.verify(&[("Stripe-Signature", downgraded)], body, at(1_492_774_577)));
    assert!(words.contains("no signature that can be read"), "{words}");
}
