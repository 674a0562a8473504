//! A right signature as text: without a table or a branch, because it is secret until it was compared.

/// With its padding.
pub(super) fn base64(bytes: [u8; 32]) -> [u8; 44] {
    let eight = |[a, b, c, d, e, f]: [u8; 6]| letters(sixes(u64::from_be_bytes([0, 0, a, b, c, d, e, f])));
    let mut digits = [0; 44];
    for (digits, six) in digits.as_chunks_mut().0.iter_mut().zip(bytes.as_chunks().0) {
        *digits = eight(*six).to_be_bytes();
    }
    let [.., y, z] = bytes;
    let [first, second, third, ..] = eight([y, z, 0, 0, 0, 0]).to_be_bytes();
    digits[40..].copy_from_slice(&[first, second, third, b'=']);
    digits
}

/// 48 bits, six to a byte: halved, each half halved, and those once more.
const fn sixes(bits: u64) -> u64 {
    let bits = (bits << 8 & 0x00ff_ffff_0000_0000) | (bits & 0x00ff_ffff);
    let bits = (bits << 4 & 0x0fff_0000_0fff_0000) | (bits & 0x0fff_0000_0fff);
    (bits << 2 & 0x3f00_3f00_3f00_3f00) | (bits & 0x003f_003f_003f_003f)
}

/// `A` to `Z`, `a` to `z`, `0` to `9`, `+`, `/`, for all eight bytes at once: none is ever less than
/// nothing or more than a byte, so they do not meet.
const fn letters(sixes: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // 1 in each byte that is no less than the bound.
    const fn from(sixes: u64, bound: u8) -> u64 {
        (sixes + (0x80 - bound) as u64 * EACH) >> 7 & EACH
    }
    let up = from(sixes, 26) * (b'a' - b'Z' - 1) as u64 + from(sixes, 63) * (b'/' - b'+' - 1) as u64;
    let down = from(sixes, 52) * (b'z' + 1 - b'0') as u64 + from(sixes, 62) * (b'9' + 1 - b'+') as u64;
    sixes + b'A' as u64 * EACH + up - down
}

/// In lower case, as Stripe writes it.
pub(super) fn hex(bytes: [u8; 32]) -> [u8; 64] {
    let digit = |nibble: u8| nibble + b'0' + u8::from(nibble > 9) * (b'a' - b'0' - 10);
    let mut digits = [0; 64];
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    digits
}
