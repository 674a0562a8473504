//! What a rule says of a payment.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Code;

/// What is to become of a payment, mildest first.
///
/// ```
/// use steadfast_payments::fraud::Decision;
///
/// assert!(Decision::Approve < Decision::Review && Decision::Challenge < Decision::Block);
/// assert_eq!(Decision::Challenge.as_str(), "challenge");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "who acts on a decision must know all of them")]
pub enum Decision {
    /// It may be made.
    Approve,
    /// It may be made, and a person looks at it.
    Review,
    /// It may be made once the customer has proved who they are: strong customer authentication,
    /// 3-D Secure.
    Challenge,
    /// It may not be made.
    Block,
}

impl Decision {
    /// The decision in lower case, as audits and metrics have it.
    ///
    /// See [`Decision`] for an example.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Review => "review",
            Self::Challenge => "challenge",
            Self::Block => "block",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a [`Rule`](super::Rule) says of a payment: nothing, or a decision with a risk score, and in
/// both cases why.
///
/// The scores of all rules are added up; from the engine's review threshold on a payment is at least
/// reviewed.
///
/// ```
/// use steadfast_payments::fraud::{Case, Opinion};
///
/// fn disposable_address(case: &Case<'_>) -> Opinion {
///     match case.facts.email.as_deref() {
///         None => Opinion::none("email_missing"),
///         Some(email) if email.ends_with("@mailbox.example") => Opinion::review(30, "disposable_address"),
///         Some(_) => Opinion::approve("lasting_address"),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    pub(super) says: Says,
    pub(super) score: u32,
    pub(super) reason: Code,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Nothing,
    Decides(Decision),
    /// It cannot say, and without it the payment must not go on.
    Refuses,
}

impl Opinion {
    /// None: an attribute is missing that the rule would need.
    ///
    /// See [`Opinion`] for an example.
    pub fn none(why: impl Into<Code>) -> Self {
        Self { says: Says::Nothing, score: 0, reason: why.into() }
    }

    /// It looked, and found nothing.
    ///
    /// See [`Opinion`] for an example.
    pub fn approve(why: impl Into<Code>) -> Self {
        Self::new(Decision::Approve, 0, why)
    }

    /// A risk that decides nothing by itself, only together with others.
    ///
    /// ```
    /// use steadfast_payments::fraud::Opinion;
    ///
    /// let opinion = Opinion::risk(20, "account_is_new");
    /// # let _ = opinion;
    /// ```
    pub fn risk(score: u32, why: impl Into<Code>) -> Self {
        Self::new(Decision::Approve, score, why)
    }

    /// A person should look at it.
    ///
    /// See [`Opinion`] for an example.
    pub fn review(score: u32, why: impl Into<Code>) -> Self {
        Self::new(Decision::Review, score, why)
    }

    /// The customer should prove who they are.
    ///
    /// ```
    /// use steadfast_payments::fraud::Opinion;
    ///
    /// let opinion = Opinion::challenge(40, "first_payment_abroad");
    /// # let _ = opinion;
    /// ```
    pub fn challenge(score: u32, why: impl Into<Code>) -> Self {
        Self::new(Decision::Challenge, score, why)
    }

    /// It should not be made.
    ///
    /// ```
    /// use steadfast_payments::fraud::Opinion;
    ///
    /// let opinion = Opinion::block(100, "account_is_closed");
    /// # let _ = opinion;
    /// ```
    pub fn block(score: u32, why: impl Into<Code>) -> Self {
        Self::new(Decision::Block, score, why)
    }

    /// Any decision.
    ///
    /// ```
    /// use steadfast_payments::fraud::{Decision, Opinion};
    ///
    /// assert_eq!(Opinion::new(Decision::Block, 100, "closed"), Opinion::block(100, "closed"));
    /// ```
    pub fn new(decision: Decision, score: u32, why: impl Into<Code>) -> Self {
        Self { says: Says::Decides(decision), score, reason: why.into() }
    }

    /// The rule cannot say, because what was counted cannot be had, and the payment must not go on
    /// without it: the assessment ends with an error that may be tried again. Neither an approval nor
    /// a block, which would be recorded as fraud. In shadow it is [no opinion](Self::none).
    ///
    /// ```
    /// use steadfast_payments::fraud::{Case, Count, Opinion};
    ///
    /// fn at_most_three(case: &Case<'_>) -> Opinion {
    ///     match case.count {
    ///         Count::NotAsked => Opinion::none("user_missing"),
    ///         Count::Unavailable => Opinion::refuse("counts_unavailable"),
    ///         Count::Counted(payments) if payments > 3 => Opinion::block(100, "more_than_three"),
    ///         Count::Counted(_) => Opinion::approve("few"),
    ///     }
    /// }
    /// ```
    pub fn refuse(why: impl Into<Code>) -> Self {
        Self { says: Says::Refuses, score: 0, reason: why.into() }
    }
}
