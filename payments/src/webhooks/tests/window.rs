//! Not too old, not too new, to the nanosecond.

use super::*;

const SIGNED: u64 = 1_700_000_000;
const NANO: Duration = Duration::from_nanos(1);

#[test]
fn the_window_ends_where_the_tolerance_does() {
    let body = r#"{"id": "evt_17"}"#;
    let standard = StandardSigner::new([SECRET]).unwrap().sign("evt_17", at(SIGNED), body).unwrap();
    let stripe = StripeSigner::new([STRIPE]).unwrap().sign(at(SIGNED), body).unwrap();
    for seconds in [1, 300, 24 * 60 * 60] {
        let tolerance = Duration::from_secs(seconds);
        let by_standard = Verifier::standard([SECRET]).unwrap().with_tolerance(tolerance).unwrap();
        let by_stripe = Verifier::stripe([STRIPE]).unwrap().with_tolerance(tolerance).unwrap();
        let both = |now| {
            let answer = by_standard.verify(&standard, body, now).map(|_| ());
            let other = by_stripe.verify(&stripe, body, now).map(|_| ());
            assert_eq!(format!("{answer:?}"), format!("{other:?}"));
            answer
        };
        assert!(both(at(SIGNED) + tolerance).is_ok());
        assert!(both(at(SIGNED) - tolerance).is_ok());
        assert!(matches!(both(at(SIGNED) + tolerance + NANO), Err(WebhookError::TooOld { by: NANO })));
        assert!(matches!(both(at(SIGNED) - tolerance - NANO), Err(WebhookError::TooNew { by: NANO })));
    }
}

#[test]
fn a_time_outside_of_all_reason_does_not_panic() {
    let headers = StandardSigner::new([SECRET]).unwrap().sign("evt_17", at(99_999_999_999), "").unwrap();
    let verifier = Verifier::standard([SECRET]).unwrap();
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1 << 40);
    assert!(matches!(verifier.verify(&headers, "", before), Err(WebhookError::TooNew { .. })));
    let headers = StandardSigner::new([SECRET]).unwrap().sign("evt_17", at(0), "").unwrap();
    assert!(matches!(verifier.verify(&headers, "", at(1 << 40)), Err(WebhookError::TooOld { .. })));
    assert!(verifier.verify(&headers, "", at(300)).is_ok());
}

#[test]
fn a_forged_delivery_is_never_told_that_it_is_old() {
    let headers = StandardSigner::new([OTHER]).unwrap().sign("evt_17", at(1), "").unwrap();
    let answer = Verifier::standard([SECRET]).unwrap().verify(&headers, "", at(SIGNED));
    assert!(matches!(answer, Err(WebhookError::WrongSignature)));
}

#[test]
fn what_is_signed_is_the_second_in_which_a_time_lies() {
    let headers = StandardSigner::new([SECRET]).unwrap().sign("evt_17", at(SIGNED + 1) - NANO, "").unwrap();
    assert_eq!(headers[1].1, SIGNED.to_string());
    let signer = StandardSigner::new([SECRET]).unwrap();
    assert!(signer.sign("evt_17", at(0) - NANO, "").is_err());
    assert!(signer.sign("evt_17", at(100_000_000_000), "").is_err());
}
