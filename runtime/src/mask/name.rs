//! Names that say that their value is secret.

/// Whether a value of this name must not be shown, whatever it holds.
///
/// Case, underscores, dashes, dots and spaces make no difference: `card_number`, `cardNumber` and
/// `Card-Number` are one name. Sensitive are names that hold
///
/// - a card number, a verification code, a track, a password or a secret: `pan`, `card_number`,
///   `cvv`, `cvc2`, `security_code`, `verification_value`, `cid`, `pin`, `track1`, `track_data`,
///   `client_secret`, `password`;
/// - or end as the header does: `authorization`, `proxy-authorization`.
///
/// A `token` is not: payment tokens stand for cards so that they can be shown, and people look
/// for them in logs. An `authorization_id` is a reference as well.
///
/// ```
/// use steadfast::mask::is_sensitive_name;
///
/// assert!(is_sensitive_name("cardNumber"));
/// assert!(is_sensitive_name("CVV2"));
/// assert!(is_sensitive_name("customer.card_pin"));
/// assert!(!is_sensitive_name("spanner"));
/// assert!(!is_sensitive_name("payment_token"));
/// ```
pub fn is_sensitive_name(name: &str) -> bool {
    let name = name.as_bytes();
    (0..name.len()).any(|at| is_secret_at(name, at))
}

/// Whether a secret's name begins here. Asked by the first letter, because a name is asked about for
/// every field of every event.
fn is_secret_at(name: &[u8], at: usize) -> bool {
    let part = |secrets: &[&str]| secrets.iter().any(|secret| end_of(name, at, secret).is_some());
    let word = |words: &[&str]| is_begin(name, at) && words.iter().any(|word| is_word(name, at, word));
    match name.get(at).map(u8::to_ascii_lowercase) {
        // As a part: never inside a harmless word. As a word: inside many (`company`, `decide`).
        Some(b'a') => is_begin(name, at) && end_of(name, at, "authorization") == Some(name.len()),
        Some(b'c') => part(&["cardnumber", "cardno", "cvv", "cvc"]) || word(&["cid", "csc", "cvn", "cav2"]),
        Some(b'p') => part(&["password", "passwd", "passphrase"]) || word(&["pan", "pans", "pin", "pwd"]),
        Some(b's') => part(&["securitycode", "secret"]),
        Some(b't') => part(&["track1", "track2", "trackdata"]),
        Some(b'v') => part(&["verificationcode", "verificationvalue"]),
        _ => false,
    }
}

/// Where `wanted` ends, when it stands at `at` with or without separators inside.
fn end_of(name: &[u8], at: usize, wanted: &str) -> Option<usize> {
    let mut at = at;
    for (index, letter) in wanted.bytes().enumerate() {
        while index > 0 && name.get(at).copied().is_some_and(is_separator) {
            at += 1;
        }
        if name.get(at)?.to_ascii_lowercase() != letter {
            return None;
        }
        at += 1;
    }
    Some(at)
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b'.' | b' ')
}

/// Whether the word that begins here is this one.
fn is_word(name: &[u8], at: usize, word: &str) -> bool {
    let end = at + word.len();
    name.get(at..end).is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes())) && is_begin(name, end)
}

/// Whether a word begins at `at`, or the name ends there: after what is no letter, or at the hump
/// of a camel-cased name.
fn is_begin(name: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|before| name.get(before)) else { return true };
    let Some(here) = name.get(at) else { return true };
    let next_is_lower = name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    !is_letter(*before)
        || !is_letter(*here)
        || (here.is_ascii_uppercase() && (before.is_ascii_lowercase() || next_is_lower))
}

/// Of any alphabet: the bytes past ASCII are parts of letters as a rule.
const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::is_sensitive_name;

    #[test]
    fn names_of_secrets_in_any_writing() {
        let names = [
            "pan",
            "PAN",
            "card_pan",
            "cardPan",
            "cardPAN",
            "PANNumber",
            "card_number",
            "cardNumber",
            "CARD-NUMBER",
            "cardnumber",
            "request.card.number",
            "cvv",
            "CVV2",
            "cvvCode",
            "cvc",
            "card_cvc2",
            "cid",
            "pin",
            "pinCode",
            "card_pin",
            "new-pin",
            "pin2",
            "track1",
            "Track_2",
            "trackData",
            "security_code",
            "cardSecurityCode",
            "verification_value",
            "cardVerificationCode",
            "cvn2",
            "CAV2",
            "password",
            "user_password_hash",
            "passphrase",
            "secret",
            "clientSecret",
            "webhook_secrets",
            "Authorization",
            "proxy-authorization",
        ];
        for name in names {
            assert!(is_sensitive_name(name), "{name}");
        }
    }

    #[test]
    fn names_of_what_people_look_for() {
        let names = [
            "",
            "company",
            "span",
            "panel",
            "spinning",
            "pinned",
            "shipping",
            "decide",
            "incident",
            "lucid",
            "token",
            "payment_token",
            "amount",
            "order_id",
            "cardholder",
            "card_brand",
            "card",
            "number",
            "last4",
            "authorization_id",
            "authorizationCode",
            "tracking_number",
            "track",
            "verification",
            "verified",
            "caveat",
            "é_pané",
        ];
        for name in names {
            assert!(!is_sensitive_name(name), "{name}");
        }
    }
}
