//! Tokens and fingerprints as text, so that a person can read a record.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

pub(crate) fn write(bytes: &[u8]) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)]));
    bytes.iter().flat_map(digits).collect()
}

/// The bytes that were written so.
pub(crate) fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? << 4 | low?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_what_is_none_does_not() {
        assert_eq!(write(&[0, 0x1f, 0xff]), "001fff");
        assert_eq!(read("001fff"), Some([0, 0x1f, 0xff]));
        for wrong in ["", "001ff", "001fff0", "001fff00", "00 fff", "+01fff", "00ä1f"] {
            assert_eq!(read::<3>(wrong), None, "{wrong}");
        }
    }
}
