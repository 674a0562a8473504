//! What the issuer of a card said about the address and the code.

/// What the issuer said of the billing address (AVS).
///
/// ```
/// use steadfast_payments::fraud::AvsResult;
///
/// assert_eq!(AvsResult::from_code('Y'), Some(AvsResult::Match));
/// assert_eq!(AvsResult::from_code('z'), Some(AvsResult::Partial));
/// assert_eq!(AvsResult::from_code('N'), Some(AvsResult::Mismatch));
/// assert_eq!(AvsResult::from_code('U'), Some(AvsResult::NotChecked));
/// assert_eq!(AvsResult::from_code('?'), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every code of the card schemes is one of these")]
pub enum AvsResult {
    /// Street and postal code are those of the card.
    Match,
    /// One of the two is; the other is not, or was not looked at.
    Partial,
    /// Neither is.
    Mismatch,
    /// The issuer did not look: it takes no part, or could not be reached.
    NotChecked,
}

impl AvsResult {
    /// The result of a letter, as card schemes and gateways give it, in either case; `None` for one
    /// that is none of theirs.
    ///
    /// See [`AvsResult`] for an example.
    pub const fn from_code(code: char) -> Option<Self> {
        match code.to_ascii_uppercase() {
            'D' | 'F' | 'M' | 'X' | 'Y' => Some(Self::Match),
            'A' | 'B' | 'P' | 'W' | 'Z' => Some(Self::Partial),
            'N' => Some(Self::Mismatch),
            'C' | 'E' | 'G' | 'I' | 'R' | 'S' | 'U' => Some(Self::NotChecked),
            _ => None,
        }
    }
}

/// What the issuer said of the card's code (CVV, CVC, CID).
///
/// ```
/// use steadfast_payments::fraud::CvvResult;
///
/// assert_eq!(CvvResult::from_code('M'), Some(CvvResult::Match));
/// assert_eq!(CvvResult::from_code('n'), Some(CvvResult::Mismatch));
/// assert_eq!(CvvResult::from_code('P'), Some(CvvResult::NotChecked));
/// assert_eq!(CvvResult::from_code('?'), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every code of the card schemes is one of these")]
pub enum CvvResult {
    /// It is the card's.
    Match,
    /// It is not.
    Mismatch,
    /// The issuer did not look, or was given none.
    NotChecked,
}

impl CvvResult {
    /// The result of a letter, as card schemes and gateways give it, in either case; `None` for one
    /// that is none of theirs.
    ///
    /// See [`CvvResult`] for an example.
    pub const fn from_code(code: char) -> Option<Self> {
        match code.to_ascii_uppercase() {
            'M' => Some(Self::Match),
            'N' => Some(Self::Mismatch),
            'P' | 'S' | 'U' => Some(Self::NotChecked),
            _ => None,
        }
    }
}
