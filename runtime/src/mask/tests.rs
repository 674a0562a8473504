use std::borrow::Cow;

use super::{MASKED, mask, masked};

mod corpus;
mod properties;

#[track_caller]
fn masks(text: &str, expected: &str) {
    let once = mask(text).into_owned();
    assert_eq!(once, expected);
    assert_eq!(mask(&once), once, "masked twice");
}

#[track_caller]
fn stays(text: &str) {
    assert!(matches!(mask(text), Cow::Borrowed(_)), "{text:?} became {:?}", mask(text));
}

mod card_numbers {
    use super::*;

    #[test]
    fn in_one_run() {
        masks("4111111111111111", "************1111");
        masks("pay with 378282246310005, please", "pay with ***********0005, please");
        masks("\"4222222222222\"", "\"*********2222\"");
        masks("卡号4111111111111111号", "卡号************1111号");
        masks("order_5555555555554444", "order_************4444");
        masks("ends 4111111111111111.", "ends ************1111.");
        masks("**4111111111111111**", "**************1111**");
    }

    #[test]
    fn in_the_groups_of_cards() {
        masks("4111 1111 1111 1111", "************1111");
        masks("4111-1111-1111-1111", "************1111");
        masks("4111.1111.1111.1111", "************1111");
        masks("4111 1111-1111.1111", "************1111");
        masks("3782 822463 10005", "***********0005");
        masks("3056-930902-5904", "**********5904");
        masks("4222 2222 2222 2", "*********2222");
        masks("620550 0000000000004", "***************0004");
        masks("41111111 11111111", "************1111");
    }

    #[test]
    fn among_other_numbers() {
        masks("1 4111 1111 1111 1111 12/29", "1 ************1111 12/29");
        masks("12-4111111111111111", "12-************1111");
        masks("4111111111111111*5105 1051 0510 5100", "************1111*************5100");
        masks("4111111111111111 5555555555554444", "************1111 ************4444");
    }

    #[test]
    fn behind_an_escaped_line_break() {
        let text = format!("{:?}", "card:\n4111111111111111\n\t5555 5555 5555 4444");
        masks(&text, r#""card:\n************1111\n\t************4444""#);
    }

    #[test]
    fn a_masked_number_lends_its_last_digits_to_nobody() {
        // The last four would begin a card number with the groups that follow.
        masks("4242 4242 4242 4242 4242 4242 4242", "************4242 4242 4242 4242");
        masks("pin 4111 1111 1111 1111", "pin ************1111");
    }

    #[test]
    fn what_stands_around_a_number_says_that_it_is_another() {
        for text in [
            "order-12345678-1234-5678-4111-111111111111",
            "phone=+4222222222222",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-4111111111111111-01",
            "to DE89 4111 1111 1111 1111 11 today",
        ] {
            stays(text);
        }
        masks("card+4222222222222", "card+*********2222");
        masks("+4111111111111111", "+************1111");
        masks("00-4111111111111111-01", "00-************1111-01");
        // The check digits are not right.
        masks("DE87 4111 1111 1111 1111 11", "DE87 ************1111 11");
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "4111111111111112",
            "41111111111111111",
            "a4111111111111111",
            "4111111111111111b",
            "4111  1111  1111  1111",
            "4111,1111,1111,1111",
            "490154203237518",
            "0.4111111111111111",
            "4111111111111111.00",
            "41111111.11111111",
            "12345678-1234-5678-4111-111111111111",
            "018f4b1e-5018-4000-8000-501800000009",
            "2026-11-21T10:30:45.123456789Z",
            "20261121103045123",
            "1795257045123456789",
            "ORD-20261121-000042",
            "192.168.100.200",
            "+49 170 1234567",
            "EUR 1234567.89",
        ] {
            stays(text);
        }
    }
}

mod tracks {
    use super::*;

    #[test]
    fn with_their_sentinels() {
        masks("read %B4111111111111111^DOE/JANE MS^29121010000012300?!", "read [masked]!");
        masks("read ;4111111111111111=29121010000012345678?!", "read [masked]!");
        masks("%B4111111111111111^DOE/J^2912101?;4111111111111111=2912101?", "[masked][masked]");
        // Between sentinels it is a track, whoever issued it.
        masks(";1234567890123456=2912101?", "[masked]");
    }

    #[test]
    fn without_them() {
        masks("B4111111111111111^DOE/JANE^2912101000", "[masked]");
        masks("track=4111111111111111=2912101123", "track=[masked]");
        masks("4111111111111111D29121011234567F", "[masked]");
        masks("4111 1111 1111 1111=2912101123 rest", "[masked] rest");
    }

    #[test]
    fn what_only_looks_like_one() {
        masks("4111111111111111=2912", "************1111=2912");
        stays("B1234^2");
        stays("id=1234567890123456=2912101");
        stays("%B4111111111111111");
    }

    /// Found by fuzzing.
    #[test]
    fn a_name_does_not_get_shorter_by_masking() {
        let track = "%B4111111111111111^DOE/;4111010012345345=2912145";
        masks(&track.repeat(2), "%B4111111111111111^DOE/[masked]%B4111111111111111^DOE/[masked]");
        let grouped = "%B4111111111111111^A 4111-1111-1111-1111 4111-1111-1111-1111^2912101?";
        masks(grouped, "%B4111111111111111^A ************1111 ************1111^2912101?");
    }

    #[test]
    fn the_number_after_a_track_is_read_alike_twice() {
        masks("4111111111111111=2912101.4242424242424242", "[masked].4242424242424242");
    }
}

mod codes {
    use super::*;

    #[test]
    fn after_their_names() {
        for (text, expected) in [
            ("cvv: 123", "cvv: [masked]"),
            ("CVV 1234", "CVV [masked]"),
            ("cvv2=123&x=1", "cvv2=[masked]&x=1"),
            (r#""cvc":"1234""#, r#""cvc":"[masked]""#),
            (r#"{\"cvc\": 123}"#, r#"{\"cvc\": [masked]}"#),
            ("security code 123", "security code [masked]"),
            ("securityCode: Some(\"123\")", "securityCode: Some(\"[masked]\")"),
            ("the CID is 1234.", "the CID is [masked]."),
            ("card_cvv_code: 123", "card_cvv_code: [masked]"),
            ("CVVCode=123", "CVVCode=[masked]"),
            ("Card { cardCvv: Some(\n        123,\n    ) }", "Card { cardCvv: Some(\n        [masked],\n    ) }"),
            ("Cvv(\"123\")", "Cvv(\"[masked]\")"),
            ("<cvv>123</cvv>", "<cvv>[masked]</cvv>"),
            ("(\"pin\", \"123456\")", "(\"pin\", \"[masked]\")"),
            ("PIN code was 1234", "PIN code was [masked]"),
            ("verification value: 123", "verification value: [masked]"),
        ] {
            masks(text, expected);
        }
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "cvv: 12",
            "cvv: 12345",
            "cvv: 123a",
            "cvv: None, amount: 123",
            "spin 1234",
            "pinned 1234",
            "pin 123",
            "pin 2026-11-21",
            "pin 1234.50",
            "code 123",
            "security 123",
            "cvv and then 123",
            "decide 1234",
        ] {
            stays(text);
        }
    }

    #[test]
    fn beside_a_card_number() {
        masks("4111111111111111 cvv 123", "************1111 cvv [masked]");
        masks("cvv 123 4111 1111 1111 1111", "cvv [masked] ************1111");
        masks("cvv: 123 1234", "cvv: [masked] 1234");
    }
}

#[test]
fn a_value_is_masked_as_a_whole() {
    #[derive(Debug)]
    #[allow(dead_code)]
    struct Card {
        number: &'static str,
        cvv: Option<u16>,
    }
    let card = Card { number: "4111111111111111", cvv: Some(123) };
    let value: &dyn std::fmt::Debug = &card;
    let text = format!("{:?} {:#?}", masked(value), masked(value));
    assert!(!text.contains("4111") && !text.contains("123,") && text.matches(MASKED).count() == 2, "{text}");
}

#[test]
fn a_value_that_cannot_be_printed_does_not_panic() {
    use std::fmt::Write;
    struct Broken;
    impl std::fmt::Display for Broken {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Err(std::fmt::Error)
        }
    }
    assert!(write!(String::new(), "{}", masked(&Broken)).is_err());
}

#[test]
fn a_hash_that_begins_with_digits_stays() {
    let bytes = [57u8, 66, 71, 121, 41, 65, 56, 145, 208, 0, 48, 16, 0, 0, 0, 0, 0, 0, 0, 0];
    let hash: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(crate::mask::mask(&hash), hash);
    let all: String = hash.clone() + &"00".repeat(12);
    assert_eq!(crate::mask::mask(&all), all);
    assert_eq!(crate::mask::mask(&format!("sha256:{all}")), format!("sha256:{all}"));
}
