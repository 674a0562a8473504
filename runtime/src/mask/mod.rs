//! Masking: card data never reaches a log.
//!
//! [`mask`] finds in any text what card data looks like, and what must never be written down:
//!
//! | what | how it is found | what is left |
//! |---|---|---|
//! | card numbers | the issuer's range and its lengths, the check digit, in one run or in groups as cards print them, between single spaces, dashes or dots | `************1111` |
//! | tracks 1 and 2 | their layout | `[masked]` |
//! | CVV, CVC, CID, PIN | digits after the word: `cvv: 123`, `"cvc":"1234"`, `security code 123`, `Pin("1234")` | `[masked]` |
//!
//! Digits inside a longer word of letters and digits are left alone, and so are UUIDs, amounts,
//! times, IMEIs, hashes, the span's id in a `traceparent`, account numbers (IBAN) in the groups that
//! they are printed in, and phone numbers of thirteen digits behind a plus. A number that happens to be a valid card number of a known issuer is
//! masked, whatever it was meant to be. Only ASCII digits are looked at. Card numbers are not
//! looked for behind a decimal point (`0.4111111111111111`).
//!
//! It takes linear time on any input, allocates only when there is something to mask, and masking
//! twice changes nothing.
//!
//! Values whose *name* says that they are secret ([`is_sensitive_name`]) are for the caller to
//! replace by [`MASKED`] wholly, as [`#[logged]`](macro@crate::logged) does: a password looks like
//! nothing in particular.

use std::borrow::Cow;

mod candidates;
mod code;
mod find;
mod issuer;
mod masked;
mod name;
mod not_a_card;
#[cfg(test)]
mod tests;
mod text;
mod track;

pub use masked::{Masked, masked};
pub use name::is_sensitive_name;

use find::{Find, Found};
use text::Text;

/// What stands in place of a value that is masked wholly.
///
/// ```
/// assert_eq!(steadfast::mask::mask("cvv: 123"), format!("cvv: {}", steadfast::mask::MASKED));
/// ```
pub const MASKED: &str = "[masked]";

/// The text with its card data masked; the text itself when there is none.
///
/// ```
/// use std::borrow::Cow;
/// use steadfast::mask::mask;
///
/// assert_eq!(mask("card 4111-1111-1111-1111 declined"), "card ************1111 declined");
/// assert_eq!(mask(r#"{"cvc":"1234"}"#), r#"{"cvc":"[masked]"}"#);
/// assert!(matches!(mask("order 20261121-000042 took 1250 ms"), Cow::Borrowed(_)));
/// ```
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for Found { start, end, what } in Find::new(Text::new(text)) {
        out.push_str(text.get(copied..start).unwrap_or_default());
        what.write(&mut out);
        copied = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}
