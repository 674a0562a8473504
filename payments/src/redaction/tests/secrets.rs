//! What holds a card number or a code shows nothing of it.

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::redaction::{Cvv, CvvError, Pan, PanError};

#[test]
fn numbers_are_read_with_single_separators() {
    for text in
        ["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "3782 822463 10005", "6759649826438453"]
    {
        let pan: Pan = text.parse().unwrap();
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        assert!(pan.expose(|exposed| exposed == digits), "{text}");
    }
}

#[test]
fn what_is_no_number_is_refused_at_its_place() {
    let error = |text: &str| text.parse::<Pan>().unwrap_err();
    assert_eq!(error(""), PanError::Length { digits: 0 });
    assert_eq!(error("41111111111"), PanError::Length { digits: 11 });
    assert_eq!(error(&"4".repeat(5_000)), PanError::Length { digits: 5_000 });
    assert_eq!(error("4111  1111 1111 1111"), PanError::Character { at: 5 });
    assert_eq!(error(" 4111111111111111"), PanError::Character { at: 0 });
    assert_eq!(error("4111111111111111-"), PanError::Character { at: 16 });
    assert_eq!(error("4111é"), PanError::Character { at: 4 });
    assert_eq!(error("4111111111111121"), PanError::CheckDigit);
}

#[test]
fn codes_have_three_or_four_digits() {
    assert!("123".parse::<Cvv>().unwrap().expose(|digits| digits == "123"));
    assert!("0007".parse::<Cvv>().unwrap().expose(|digits| digits == "0007"));
    assert_eq!("12345".parse::<Cvv>().unwrap_err(), CvvError::Length { digits: 5 });
    assert_eq!("12a".parse::<Cvv>().unwrap_err(), CvvError::Character { at: 2 });
}

#[test]
fn a_request_is_read_into_them_and_shows_nothing() {
    #[derive(Debug, Deserialize)]
    struct NewCard {
        number: Pan,
        cvv: Cvv,
    }
    let body = r#"{"number":"4111 1111 1111 1111","cvv":"987"}"#;
    let card: NewCard = serde_json::from_str(body).unwrap();
    assert_eq!(format!("{card:?}"), "NewCard { number: Pan(************1111), cvv: Cvv(..) }");
    assert_eq!(card.number.last_four().len() + card.cvv.expose(str::len), 7);
}

#[test]
fn what_cannot_be_read_is_not_quoted() {
    fn error<T: DeserializeOwned>(json: &str) -> String {
        serde_json::from_str::<T>(json).err().unwrap().to_string()
    }
    for json in ["987", "-987", "987.5", "\"98 7\"", "[987]", "{\"a\":987}", "\"98765432\""] {
        let errors = [error::<Cvv>(json), error::<Pan>(json)];
        assert!(errors.iter().all(|error| !error.contains("98")), "{errors:?}");
    }
    assert!(error::<Cvv>("987").starts_with("this is no string: expected a verification code"));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_an_echo(text in "[0-9 -]{0,24}|\\PC{0,24}") {
        match text.parse::<Pan>() {
            Ok(pan) => {
                let shown = format!("{pan:?}");
                prop_assert_eq!(shown.bytes().filter(u8::is_ascii_digit).count(), 4);
                let end = format!("*{})", pan.last_four());
                prop_assert!(shown.ends_with(&end));
            }
            Err(PanError::CheckDigit) => prop_assert!(text.bytes().filter(u8::is_ascii_digit).count() >= 12),
            Err(_) => {}
        }
    }
}
