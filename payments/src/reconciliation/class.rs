//! What a reference's rows turn out to be.

/// What rows of one reference turn out to be. Each row ends in exactly one class.
///
/// | class | the rows |
/// |---|---|
/// | `Matched` | one and one, and they agree |
/// | `ManyToOne` | several and one, or several and several, whose sums agree: partial captures that settle together |
/// | `Pending` | one of ours that the gateway does not have, and need not have yet |
/// | `MissingInternal` | one of the gateway's that we do not have: mostly a webhook that was missed |
/// | `MissingGateway` | one of ours that the gateway should have by now, and has not |
/// | `CurrencyMismatch` | both have it, in different currencies |
/// | `AmountMismatch` | both have it, in one currency, with different sums |
/// | `StatusMismatch` | both have it, with one sum, and disagree on what became of it |
/// | `FeeMismatch` | they agree but for the fee, which both state |
/// | `Duplicate` | a further row of the same amount and status, on either side |
/// | `TooMany` | more rows of one reference than are kept: they were counted and summed, not compared |
///
/// ```
/// use steadfast_payments::reconciliation::Class;
///
/// assert_eq!(Class::MissingInternal.as_str(), "missing_internal");
/// assert!(Class::MissingInternal.is_discrepancy() && !Class::Pending.is_discrepancy());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// One and one, and they agree.
    Matched,
    /// Several rows settle as one, or as several others, with equal sums.
    ManyToOne,
    /// Ours, not at the gateway, and younger than the settlement lag.
    Pending,
    /// The gateway has it, we do not.
    MissingInternal,
    /// We have it, the gateway does not, and the settlement lag is over.
    MissingGateway,
    /// Different currencies.
    CurrencyMismatch,
    /// Different sums.
    AmountMismatch,
    /// Different ends.
    StatusMismatch,
    /// Different fees.
    FeeMismatch,
    /// Once more of the same.
    Duplicate,
    /// More rows of one reference than are kept.
    TooMany,
}

impl Class {
    /// All of them, in the order in which reports list them.
    ///
    /// See [`Class`] for an example.
    pub const ALL: [Self; 11] = [
        Self::Matched,
        Self::ManyToOne,
        Self::Pending,
        Self::MissingInternal,
        Self::MissingGateway,
        Self::CurrencyMismatch,
        Self::AmountMismatch,
        Self::StatusMismatch,
        Self::FeeMismatch,
        Self::Duplicate,
        Self::TooMany,
    ];

    /// In lower case, with underscores.
    ///
    /// See [`Class`] for an example.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::ManyToOne => "many_to_one",
            Self::Pending => "pending",
            Self::MissingInternal => "missing_internal",
            Self::MissingGateway => "missing_gateway",
            Self::CurrencyMismatch => "currency_mismatch",
            Self::AmountMismatch => "amount_mismatch",
            Self::StatusMismatch => "status_mismatch",
            Self::FeeMismatch => "fee_mismatch",
            Self::Duplicate => "duplicate",
            Self::TooMany => "too_many",
        }
    }

    /// Whether somebody should look at it: all but `Matched`, `ManyToOne` and `Pending`.
    ///
    /// See [`Class`] for an example.
    pub const fn is_discrepancy(self) -> bool {
        !matches!(self, Self::Matched | Self::ManyToOne | Self::Pending)
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }
}
