//! What became of a payment's assessment, and every word that led to it.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{Code, Decision};

/// What a rule said, as it is kept.
///
/// ```
/// use steadfast_payments::fraud::Said;
///
/// assert_eq!(Said::NotEvaluated.as_str(), "not_evaluated");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Said {
    /// It was not asked: a rule before it has ended the assessment.
    NotEvaluated,
    /// It lacked an attribute.
    NoOpinion,
    /// It found nothing, or a risk that decides nothing by itself.
    Approve,
    /// A person should look at the payment.
    Review,
    /// The customer should prove who they are.
    Challenge,
    /// The payment should not be made.
    Block,
    /// It could not say, and without it the payment must not go on.
    Refuse,
}

impl Said {
    /// In lower case, as audits and metrics have it.
    ///
    /// See [`Said`] for an example.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotEvaluated => "not_evaluated",
            Self::NoOpinion => "no_opinion",
            Self::Approve => "approve",
            Self::Review => "review",
            Self::Challenge => "challenge",
            Self::Block => "block",
            Self::Refuse => "refuse",
        }
    }

    /// The decision, if it is one.
    pub(super) const fn decision(self) -> Option<Decision> {
        match self {
            Self::Approve => Some(Decision::Approve),
            Self::Review => Some(Decision::Review),
            Self::Challenge => Some(Decision::Challenge),
            Self::Block => Some(Decision::Block),
            Self::NotEvaluated | Self::NoOpinion | Self::Refuse => None,
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What one rule said of a payment.
///
/// It holds the program's own words only: the rule's name and a reason.
///
/// See [`Assessment`] for an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub(super) rule: Code,
    pub(super) shadow: bool,
    pub(super) said: Said,
    pub(super) score: u32,
    pub(super) reason: Code,
}

impl Verdict {
    /// The rule's name.
    ///
    /// See [`Assessment`] for an example.
    pub fn rule(&self) -> &Code {
        &self.rule
    }

    /// Whether the rule is only tried out: then it decides nothing, and its score does not count.
    ///
    /// See the [module](super#rules-in-shadow) for an example.
    pub fn is_shadow(&self) -> bool {
        self.shadow
    }

    /// What it said.
    ///
    /// See [`Assessment`] for an example.
    pub fn said(&self) -> Said {
        self.said
    }

    /// The risk that it sees. 0 without an opinion.
    ///
    /// See [`Assessment`] for an example.
    pub fn score(&self) -> u32 {
        self.score
    }

    /// Why it said so.
    ///
    /// See [`Assessment`] for an example.
    pub fn reason(&self) -> &Code {
        &self.reason
    }
}

/// What is to become of a payment, and what every rule said of it.
///
/// It serializes for an audit, and shows itself as a table. Both hold the program's own words only,
/// nothing of the payment: keep it beside your payment's number.
///
/// ```
/// use std::time::Duration;
/// use steadfast_payments::fraud::{AvsResult, CardChecks, CvvResult, Decision, Facts, FraudEngine, MemoryVelocity};
/// use steadfast_payments::fraud::{Said, Velocity, WhenDown};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = FraudEngine::builder("checkout", MemoryVelocity::default())
///     .rule("card_checks", CardChecks::new())
///     .rule("user_hourly", Velocity::per_user(5, Duration::from_secs(3600), WhenDown::Review)?)
///     .build()?;
/// let facts = Facts::new("order-17").user("u_42").avs(AvsResult::Match).cvv(CvvResult::Mismatch);
/// let assessment = engine.assess(&facts).await?;
///
/// assert_eq!(assessment.decision(), Decision::Block);
/// let blocked = assessment.blocked_by().ok_or("a block has a rule")?;
/// assert_eq!((blocked.rule().as_str(), blocked.reason().as_str()), ("card_checks", "cvv_mismatch"));
/// assert_eq!((blocked.said(), blocked.score()), (Said::Block, 100));
/// assert_eq!(
///     assessment.to_string(),
///     "\
/// checkout: block, score 100, review from 50
/// rule         said           score  reason
/// card_checks  block            100  cvv_mismatch
/// user_hourly  not_evaluated      0  ended_before
/// "
/// );
/// let audit = serde_json::to_value(&assessment)?;
/// assert_eq!(audit["verdicts"][0]["reason"], "cvv_mismatch");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "an assessment stops nothing by itself: act on its decision, such as by `admit`"]
pub struct Assessment {
    pub(super) engine: Code,
    #[serde(rename = "at_ms", with = "millis")]
    pub(super) at: SystemTime,
    pub(super) decision: Decision,
    pub(super) score: u32,
    pub(super) review_threshold: u32,
    pub(super) authenticated: bool,
    pub(super) verdicts: Vec<Verdict>,
}

impl Assessment {
    /// The engine's name.
    ///
    /// See [`Engine`](super::FraudEngine) for an example.
    pub fn engine(&self) -> &Code {
        &self.engine
    }

    /// When it was made, in whole milliseconds.
    ///
    /// See [`Engine`](super::FraudEngine) for an example.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// What is to become of the payment.
    ///
    /// See [`Assessment`] for an example.
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// The scores of all rules that were evaluated and are not in shadow, together.
    ///
    /// See [`Engine`](super::FraudEngine) for an example.
    pub fn score(&self) -> u32 {
        self.score
    }

    /// The score from which on a payment was at least reviewed.
    ///
    /// See [`Engine`](super::FraudEngine) for an example.
    pub fn review_threshold(&self) -> u32 {
        self.review_threshold
    }

    /// Whether the customer had proved who they are, so that a challenge was met.
    ///
    /// See the [module](super#a-challenge) for an example.
    pub fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// What every rule said, in their order; those that were not asked, too.
    ///
    /// See [`Engine`](super::FraudEngine) for an example.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// The verdict that blocked the payment.
    ///
    /// See [`Assessment`] for an example.
    pub fn blocked_by(&self) -> Option<&Verdict> {
        self.decided_by(Decision::Block)
    }

    /// The first verdict for which the customer has to prove who they are, when that is the decision.
    ///
    /// See the [module](super#a-challenge) for an example.
    pub fn challenged_by(&self) -> Option<&Verdict> {
        self.decided_by(Decision::Challenge)
    }

    fn decided_by(&self, decision: Decision) -> Option<&Verdict> {
        let decides = |verdict: &&Verdict| !verdict.shadow && verdict.said.decision() == Some(decision);
        self.verdicts.iter().find(decides).filter(|_| self.decision == decision)
    }
}

/// A table: what was decided, and a line for each rule.
impl fmt::Display for Assessment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, decision, score, review_threshold, .. } = self;
        let authenticated = if self.authenticated { ", customer authenticated" } else { "" };
        writeln!(f, "{engine}: {decision}, score {score}, review from {review_threshold}{authenticated}")?;
        let lengths = self.verdicts.iter().map(|verdict| verdict.rule.as_str().chars().count());
        let rule = lengths.max().unwrap_or_default().max("rule".len());
        writeln!(f, "{:<rule$}  {:<13}  {:>5}  reason", "rule", "said", "score")?;
        for verdict in &self.verdicts {
            let shadow = if verdict.shadow { " (shadow)" } else { "" };
            writeln!(
                f,
                "{:<rule$}  {:<13}  {:>5}  {}{shadow}",
                verdict.rule, verdict.said, verdict.score, verdict.reason
            )?;
        }
        Ok(())
    }
}

/// The time in whole milliseconds, as an audit keeps it.
pub(super) fn whole_millis(time: SystemTime) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis::of(time))).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Milliseconds since 1970; what lies before is 1970.
mod millis {
    use std::time::{Duration, SystemTime};

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn of(time: SystemTime) -> u64 {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(of(*time))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let since = Duration::from_millis(u64::deserialize(deserializer)?);
        SystemTime::UNIX_EPOCH.checked_add(since).ok_or_else(|| de::Error::custom("no such time"))
    }
}
