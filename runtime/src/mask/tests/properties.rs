//! What holds of any text.

use proptest::prelude::*;

use super::stays;
use crate::mask::{MASKED, mask, text::work};

#[test]
fn the_work_grows_with_the_text_and_no_faster() {
    let hostile = [
        "4",
        "4 ",
        "41",
        "4000 ",
        "4000-",
        "4000.",
        "411111111111111",
        "4111111111111111.",
        "4111111111111111=",
        "B4111111111111111^",
        "%B4111111111111111^a ",
        ";4111111111111111=",
        "cvv ",
        "cvv 1",
        "code 123 ",
        "no ",
        "pin-1234-",
        "a",
        "a1",
        "-",
        "0a-",
        "********4000 ",
        "4111-1111-1111-1111-",
        "\\n4",
        "4111 1111 1111 1111 ",
        "DE89 4111 1111 1111 1111 ",
        "4111111111111111-",
        "cvv 123 ",
    ];
    for piece in hostile {
        let small = reads(piece, 10_000);
        let large = reads(piece, 100_000);
        assert!(large <= small * 11 + 1000, "{piece:?}: {small} reads, then {large}");
        assert!(large <= 100_000 * 40, "{piece:?}: {large} reads for 100,000 bytes");
    }
}

fn reads(piece: &str, length: usize) -> usize {
    let text = piece.repeat(length / piece.len());
    work::take();
    let _ = mask(&text);
    work::take()
}

/// A valid card number of a known issuer.
fn card_number() -> impl Strategy<Value = String> {
    let issuers = [
        ("4", 16),
        ("4", 13),
        ("4", 19),
        ("51", 16),
        ("55", 16),
        ("2221", 16),
        ("2720", 16),
        ("34", 15),
        ("37", 15),
        ("6011", 16),
        ("65", 19),
        ("3528", 16),
        ("3589", 17),
        ("36", 14),
        ("305", 14),
        ("62", 18),
        ("6759", 12),
        ("5018", 13),
        ("6304", 15),
    ];
    (prop::sample::select(issuers.to_vec()), prop::collection::vec(0u8..10, 19)).prop_map(
        |((prefix, length), digits)| {
            let mut number = prefix.to_owned();
            number.extend(digits.iter().map(|d| char::from(b'0' + d)));
            number.truncate(length - 1);
            let sum: u32 = number.bytes().rev().enumerate().map(|(i, b)| doubled(i, u32::from(b - b'0'))).sum();
            number.push(char::from_digit((10 - sum % 10) % 10, 10).unwrap());
            number
        },
    )
}

fn doubled(index: usize, digit: u32) -> u32 {
    let twice = if index.is_multiple_of(2) { digit * 2 } else { digit };
    twice / 10 + twice % 10
}

/// Text made of the pieces that rules look at, so that rules meet.
fn adversarial() -> impl Strategy<Value = String> {
    let pieces = [
        "4111111111111111",
        "4242424242424242",
        "4242",
        "4111",
        "1111",
        "0000",
        "12",
        "123",
        "1",
        "378282246310005",
        " ",
        "-",
        ".",
        "=",
        ";",
        "^",
        "?",
        "%B",
        "B",
        "D",
        "*",
        "********",
        "cvv",
        "pin",
        "code",
        "security",
        ": ",
        "\"",
        "[masked]",
        "a",
        "_",
        "\\n",
        "\n",
        "2912101",
        "550e8400-e29b-41d4-a716-446655440000",
        "é",
        "is",
        "/",
        "41111111",
        "12345678-1234-5678-4111-111111111111",
        ", ",
        "+",
        "4222222222222",
        "DE89 3704 0044 0532 0130 00",
        "GB55",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-4111111111111111-01",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..24).prop_map(|pieces| pieces.concat())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn masking_twice_changes_nothing(text in adversarial()) {
        let once = mask(&text).into_owned();
        prop_assert_eq!(mask(&once), once.as_str());
    }

    #[test]
    fn any_text_masks_to_a_text_of_bounded_length(text in "\\PC*") {
        let once = mask(&text).into_owned();
        prop_assert!(once.len() <= text.len() * MASKED.len());
        prop_assert_eq!(mask(&once), once.as_str());
    }

    #[test]
    fn every_card_number_is_masked(number in card_number(), prefix in "[ ,:;\"'(=]?[a-z é]{0,9}[ :=\"'(]", suffix in "[ ,;\"')!]?") {
        let text = format!("{prefix}{number}{suffix}");
        let shown = mask(&text);
        prop_assert!(!shown.contains(&number), "{shown}");
        let kept = shown.bytes().filter(u8::is_ascii_digit).count();
        prop_assert_eq!(kept, 4, "{}", shown);
        prop_assert!(shown.contains(&number[number.len() - 4..]), "{}", shown);
    }

    #[test]
    fn every_grouped_card_number_is_masked(number in card_number(), separators in prop::collection::vec(prop::sample::select(vec![' ', '-', '.']), 5)) {
        let mut text = String::from("card ");
        for (index, group) in number.as_bytes().chunks(4).enumerate() {
            if index > 0 {
                text.push(separators[index]);
            }
            text.push_str(std::str::from_utf8(group).unwrap());
        }
        text.push_str(" declined");
        let shown = mask(&text);
        prop_assert_eq!(shown.bytes().filter(u8::is_ascii_digit).count(), 4, "{} from {}", shown, text);
    }

    #[test]
    fn uuids_stay(bytes in any::<[u8; 16]>(), digits in prop::collection::vec(0u8..10, 32)) {
        for hex in [hex(&bytes), digits.iter().map(|d| char::from(b'0' + d)).collect()] {
            let uuid = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
            stays(&format!("payment {uuid} accepted"));
            stays(&format!("/payments/{uuid}/refund"));
        }
    }

    #[test]
    fn hashes_stay(bytes in any::<[u8; 32]>()) {
        let hash = hex(&bytes);
        stays(&hash);
        stays(&format!("sha256:{hash}"));
        stays(&hash[..40]);
    }

    #[test]
    fn times_stay(seconds in 946_684_800u64..1_999_999_999, nanos in 0u32..1_000_000_000, y in 2000u32..2040, mo in 1u32..13, d in 1u32..29, h in 0u32..24, mi in 0u32..60, s in 0u32..60) {
        stays(&format!("{seconds}"));
        stays(&format!("{seconds}.{nanos:09}"));
        stays(&format!("at={seconds}{:03}", nanos / 1_000_000));
        stays(&format!("{y}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{nanos:09}Z"));
        stays(&format!("{y}-{mo:02}-{d:02} {h:02}:{mi:02}:{s:02},{:03} INFO", nanos / 1_000_000));
        stays(&format!("{y}{mo:02}{d:02}-{h:02}{mi:02}{s:02}"));
        stays(&format!("{d:02}/{mo:02}/{y}"));
    }

    #[test]
    fn amounts_stay(amount in -1e11f64..1e11, minor in 0u64..100_000_000_000) {
        stays(&format!("{amount}"));
        stays(&format!("amount: {}.{:02} EUR", minor / 100, minor % 100));
        stays(&format!("amount_minor={minor}"));
    }

    #[test]
    fn order_ids_stay(day in 20_200_101u32..20_400_101, number in 0u32..1_000_000, letters in "[A-Z]{2,4}") {
        stays(&format!("{letters}-{day}-{number:06}"));
        stays(&format!("{letters}{day}{number:06}"));
        stays(&format!("order {number}"));
    }

    #[test]
    fn imeis_stay(tac in prop::sample::select(vec!["01", "35", "44", "45", "49", "86", "91", "99"]), digits in prop::collection::vec(0u8..10, 12)) {
        let mut imei = tac.to_owned();
        imei.extend(digits.iter().map(|d| char::from(b'0' + d)));
        let sum: u32 = imei.bytes().rev().enumerate().map(|(i, b)| doubled(i, u32::from(b - b'0'))).sum();
        imei.push(char::from_digit((10 - sum % 10) % 10, 10).unwrap());
        stays(&format!("imei {imei}"));
    }
}
