//! A signature and its text.

/// 32 bytes of padded base64. What it reads is nobody's secret; a library's reader takes twice as long.
#[inline]
pub(super) fn from_base64(text: &[u8; 44]) -> Option<[u8; 32]> {
    let [digits @ .., b'='] = text else { return None };
    // Whole vectors, filled up with the digit for zero.
    let mut sixes = [b'A'; 48];
    sixes[..digits.len()].copy_from_slice(digits);
    sixes.iter_mut().for_each(|digit| *digit = six(*digit));
    let all = sixes.iter().fold(0, |all, six| all | six);

    let mut bytes = [0; 36];
    for (bytes, sixes) in bytes.as_chunks_mut().0.iter_mut().zip(sixes.as_chunks().0) {
        let [_, _, joined @ ..] = joined(u64::from_be_bytes(*sixes)).to_be_bytes();
        *bytes = joined;
    }
    // 43 digits have two bits more than 32 bytes: text in which they mean something is another's.
    let [bytes @ .., beyond, _, _, _] = bytes;
    (all < 64 && beyond == 0).then_some(bytes)
}

/// The six bits of a digit, or 64 if it is none.
#[inline(always)]
const fn six(digit: u8) -> u8 {
    match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => 64,
    }
}

/// Eight times six bits as 48: by pairs, by pairs of those, and once more.
const fn joined(sixes: u64) -> u64 {
    let bits = (sixes >> 2 & 0x0fc0_0fc0_0fc0_0fc0) | (sixes & 0x003f_003f_003f_003f);
    let bits = (bits >> 4 & 0x00ff_f000_00ff_f000) | (bits & 0x0fff_0000_0fff);
    (bits >> 8 & 0xffff_ff00_0000) | (bits & 0x00ff_ffff)
}

/// In lower case, as Stripe writes it: without a table or a branch, because a right signature is secret until
/// it was compared.
pub(super) fn hex(bytes: [u8; 32]) -> [u8; 64] {
    let digit = |nibble: u8| nibble + b'0' + u8::from(nibble > 9) * (b'a' - b'0' - 10);
    let mut digits = [0; 64];
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    digits
}
