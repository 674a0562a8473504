//! Whether a signature is right.

use hmac::KeyInit as _;
use hmac::block_api::HmacCore;
use hmac::digest::InvalidLength;
use hmac::digest::block_api::{Buffer, FixedOutputCore as _, UpdateCore as _};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::error::Flaw;
use super::setup::MAX_SECRETS;

/// A list of signatures is for the time in which a secret is replaced. More than this is somebody who
/// wants us to work.
pub(super) const MAX_SIGNATURES: usize = 8;

/// How many signatures of a list could be read so far.
#[derive(Default)]
pub(super) struct Count(usize);

impl Count {
    /// One more: which one it is, below [`MAX_SIGNATURES`].
    pub(super) const fn add(&mut self) -> Result<usize, Flaw> {
        let index = self.0;
        self.0 += 1;
        if index < MAX_SIGNATURES { Ok(index) } else { Err(Flaw::TooManySignatures { limit: MAX_SIGNATURES }) }
    }

    /// At the end of the list.
    pub(super) const fn some(&self) -> Result<(), Flaw> {
        if self.0 == 0 { Err(Flaw::NoSignature) } else { Ok(()) }
    }
}

/// The parts of a list.
pub(super) fn tokens(list: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memchr_iter(separator, list).chain([list.len()]);
    ends.scan(0, |start, end| list.get(std::mem::replace(start, end + 1)..end))
}

/// HMAC-SHA256 under one secret, whose state is made once and wiped when it goes. It is the core of
/// [`hmac::Hmac`] without that one's buffer, which is empty here, and would be copied for each signature.
pub(super) struct Mac(HmacCore<Sha256>);

impl Mac {
    pub(super) fn new(secret: &[u8]) -> Result<Self, InvalidLength> {
        HmacCore::new_from_slice(secret).map(Self)
    }

    /// The signature of these parts, one after the other.
    pub(super) fn sign<const P: usize>(&self, parts: [&[u8]; P]) -> [u8; 32] {
        let mut mac = self.0.clone();
        let mut rest = Buffer::<HmacCore<Sha256>>::default();
        parts.iter().for_each(|part| rest.digest_blocks(part, |blocks| mac.update_blocks(blocks)));
        let mut signature = [0; 32];
        mac.finalize_fixed_core(&mut rest, (&mut signature).into());
        signature
    }
}

/// The right signature under each secret.
pub(super) struct Right<const N: usize> {
    each: [[u8; N]; MAX_SECRETS],
    count: usize,
}

impl<const N: usize> Right<N> {
    pub(super) fn of(macs: &[Mac], sign: impl Fn(&Mac) -> [u8; N]) -> Self {
        let mut each = [[0; N]; MAX_SECRETS];
        each.iter_mut().zip(macs).for_each(|(right, mac)| *right = sign(mac));
        Self { each, count: macs.len() }
    }

    /// Whether a signature is one of them. It is compared with all, each in constant time: how long it takes does
    /// not tell which one fits, or how nearly.
    pub(super) fn has(&self, signature: &[u8; N]) -> bool {
        let each = self.each.iter().take(self.count).map(|right| same(right, signature));
        each.reduce(|one, other| one | other).is_some_and(bool::from)
    }
}

/// Whether all bytes are the same, eight at a time. Of what differs nothing is known but that it does.
fn same<const N: usize>(one: &[u8; N], other: &[u8; N]) -> Choice {
    const { assert!(N.is_multiple_of(8), "no byte is left over") };
    let differ = |(one, other): (&[u8; 8], &[u8; 8])| u64::from_ne_bytes(*one) ^ u64::from_ne_bytes(*other);
    let pairs = one.as_chunks().0.iter().zip(other.as_chunks().0);
    pairs.fold(0, |all, pair| all | differ(pair)).ct_eq(&0)
}
