//! What a secret must be, how one is replaced, and that none is seen.

use super::super::{SecretFlaw, SetupError};
use super::*;

fn refused(answer: Result<impl Sized, SetupError>) -> String {
    answer.err().expect("it is refused").to_string()
}

#[test]
fn an_empty_or_short_secret_is_refused() {
    assert_eq!(Verifier::standard([""; 0]).unwrap_err(), SetupError::NoSecret);
    assert_eq!(Verifier::stripe([""; 0]).unwrap_err(), SetupError::NoSecret);
    let short = |bytes| SetupError::Secret { nth: 1, flaw: SecretFlaw::Short { bytes, at_least: 24 } };
    assert_eq!(Verifier::standard(["whsec_"]).unwrap_err(), short(0));
    assert_eq!(Verifier::standard(["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]).unwrap_err(), short(23));
    assert!(Verifier::standard(["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]).is_ok());
    assert_eq!(Verifier::stripe(["whsec_"]).unwrap_err(), short(0));
    assert_eq!(Verifier::stripe(["whsec_aaaaaaaaaaaaaaaaaaaaaaa"]).unwrap_err(), short(23));
    let long = format!("whsec_{}==", "A".repeat(86));
    assert!(Verifier::standard([long]).is_ok());
    let longer = format!("whsec_{}", "A".repeat(88));
    assert_eq!(refused(Verifier::standard([longer])), "secret 1 has more than 64 bytes");
}

#[test]
fn a_secret_of_another_kind_is_refused() {
    let prefix = "secret 2 begins with none of `whsec_`, `whpk_`";
    assert_eq!(refused(Verifier::standard([SECRET, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])), prefix);
    assert_eq!(refused(Verifier::standard(["whsec_not base64"])), "secret 1 is not padded base64 after its prefix");
    assert!(refused(Verifier::standard([PRIVATE])).contains("verify with the public one"));
    let public = StandardSigner::new([PRIVATE]).unwrap().public_keys();
    assert!(refused(StandardSigner::new(&public)).contains("sign with the private one"));
    assert!(Verifier::standard(&public).is_ok());
    let key = "secret 1 is no ed25519 key of 32 bytes, or one that anybody can sign for";
    assert_eq!(refused(Verifier::standard(["whpk_AAAA"])), key);
    // The neutral element: every signature of a certain form is right under it.
    assert_eq!(refused(Verifier::standard(["whpk_AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="])), key);
    assert_eq!(refused(StandardSigner::new(["whsk_AAAA"])), key);
    assert!(refused(Verifier::stripe(["sk_live_aaaaaaaaaaaaaaaaaaaaaaaa"])).contains("not an API key"));
    assert!(refused(Verifier::stripe([format!("{STRIPE}\n")])).contains("a space or another character"));
    assert_eq!(
        refused(Verifier::stripe([STRIPE; 5])),
        "there are more than 4 secrets; take out those that are not in use"
    );
}

#[test]
fn a_key_pair_is_a_private_key_if_it_is_one() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let seed = STANDARD.decode(PRIVATE.trim_start_matches("whsk_")).unwrap();
    let signer = StandardSigner::new([PRIVATE]).unwrap();
    let public = STANDARD.decode(signer.public_keys()[0].trim_start_matches("whpk_")).unwrap();
    let pair = |public: &[u8]| StandardSigner::new([format!("whsk_{}", STANDARD.encode([&seed, public].concat()))]);
    assert_eq!(pair(&public).unwrap().public_keys(), signer.public_keys());
    assert!(pair(&[7; 32]).is_err());
}

#[test]
fn a_secret_is_replaced_without_losing_a_delivery() {
    let now = at(1_700_000_000);
    let by = |secrets: &[&str]| StandardSigner::new(secrets).unwrap().sign("evt_17", now, "{}").unwrap();
    let accepts = |secrets: &[&str], headers: &[(&str, String)]| {
        Verifier::standard(secrets).unwrap().verify(headers, "{}", now).is_ok()
    };
    let public = &StandardSigner::new([PRIVATE]).unwrap().public_keys()[0];
    // The receiver is first, then the sender, then the sender has ended it.
    assert!(accepts(&[SECRET, OTHER], &by(&[OTHER])));
    assert!(accepts(&[SECRET, OTHER], &by(&[SECRET])));
    assert!(accepts(&[SECRET], &by(&[SECRET, OTHER])));
    assert!(accepts(&[OTHER], &by(&[SECRET, OTHER])));
    // From one scheme to the other.
    assert!(accepts(&[OTHER, public], &by(&[PRIVATE])));
    assert!(accepts(&[public], &by(&[SECRET, PRIVATE])));
    assert!(!accepts(&[public], &by(&[SECRET])));
    assert!(!accepts(&[SECRET], &by(&[OTHER])));

    let headers = StripeSigner::new([OTHER, STRIPE]).unwrap().sign(now, r#"{"id": "e"}"#).unwrap();
    for secrets in [&[OTHER][..], &[STRIPE], &[SECRET, STRIPE]] {
        assert!(Verifier::stripe(secrets).unwrap().verify(&headers, r#"{"id": "e"}"#, now).is_ok());
    }
}

#[test]
fn nothing_prints_a_secret_an_id_or_a_body() {
    let now = at(1_700_000_000);
    let verifier = Verifier::standard([SECRET]).unwrap();
    let signer = StandardSigner::new([SECRET, PRIVATE]).unwrap();
    let headers = signer.sign("evt_secret", now, "a body").unwrap();
    let printed = format!(
        "{verifier:?} {signer:?} {:?} {:?} {:?}",
        verifier.verify(&headers, "a body", now).unwrap(),
        Verifier::stripe([STRIPE]).unwrap(),
        StripeSigner::new([STRIPE]).unwrap(),
    );
    let expected = "Verifier { scheme: \"Standard\", secrets: 1, tolerance: 300s, max_body: 1048576 } \
        StandardSigner { secrets: 2, .. } Delivery { at: ";
    assert!(printed.starts_with(expected), "{printed}");
    for hidden in ["AAEC", "VEVT", "5WbX", "evt_secret", "a body"] {
        assert!(!printed.contains(hidden), "{printed}");
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let verifier = || Verifier::standard([SECRET]).unwrap();
    let tolerance = |tolerance| verifier().with_tolerance(tolerance).map(|_| ());
    assert!(tolerance(Duration::from_secs(1)).is_ok() && tolerance(Duration::from_secs(86_400)).is_ok());
    for is in [Duration::ZERO, Duration::from_millis(999), Duration::from_millis(86_400_001), Duration::MAX] {
        assert_eq!(tolerance(is), Err(SetupError::Tolerance { is }));
    }
    assert_eq!(verifier().with_max_body(0).unwrap_err(), SetupError::MaxBody);
}
