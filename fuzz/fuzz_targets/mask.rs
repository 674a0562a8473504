//! The redactor.
#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use steadfast::mask::{MASKED, mask};

/// Long enough that work which grows with the square of the text runs into `-timeout`.
const LONG: usize = 64 * 1024;

fuzz_target!(|text: &str| {
    let once = mask(text);
    if let Cow::Owned(owned) = &once {
        assert_ne!(owned, text, "what is borrowed costs nothing");
    }
    assert_eq!(mask(&once), once, "masking twice changes nothing");

    // Three digits are the least that is masked, and become one word.
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    assert!(once.len() <= text.len() + digits / 3 * MASKED.len(), "it grows by what is masked");
    let left = once.bytes().filter(u8::is_ascii_digit).count();
    assert!(left <= digits, "no digit comes from nowhere");

    // Whatever stands before it. What stands there may itself end in the number, inside a longer word.
    let card = mask(&format!("{text}\n|4111111111111111|")).into_owned();
    assert!(card.ends_with("************1111|") || card.ends_with(MASKED), "a card number stays: {card}");

    if !text.is_empty() && text.len() % 16 == 0 {
        let long = text.repeat(LONG / text.len());
        let masked = mask(&long);
        assert_eq!(mask(&masked), masked);
    }
});
