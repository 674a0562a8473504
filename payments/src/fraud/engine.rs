//! Asks who counts, once, and then the rules.

use std::fmt;
use std::sync::Arc;

use steadfast::clock;
use steadfast::idempotent::StoreError;

use super::assessment::whole_millis;
use super::decision::{Judgement, Named, judge, verdicts};
use super::observe;
use super::{Assessment, Code, Count, Facts, FraudError, PaymentId, Rule, Unassessed, VelocityCounts, VelocityKey};

/// From this score on a payment is at least reviewed, unless the engine says otherwise.
const REVIEW_THRESHOLD: u32 = 50;

/// Rules in their order, and who counts for them.
///
/// Cheap to clone; the clones are one engine. It never changes: for a new blocklist build a new one,
/// and put it in the old one's place.
///
/// ```
/// use std::time::Duration;
/// use steadfast_payments::fraud::{Blocklist, Decision, Facts, FraudEngine, MemoryVelocity, Velocity, WhenDown};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = FraudEngine::builder("checkout", MemoryVelocity::default())
///     .rule("blocklist", Blocklist::new().emails(["eve@mailbox.example"])?)
///     .rule("user_hourly", Velocity::per_user(1, Duration::from_secs(3600), WhenDown::Review)?.then(Decision::Review, 60))
///     .review_threshold(60)
///     .build()?;
///
/// let first = engine.assess(&Facts::new("order-17").user("u_42")).await?;
/// assert_eq!(first.decision(), Decision::Approve);
/// let again = engine.assess(&Facts::new("order-17").user("u_42")).await?;
/// assert_eq!(again.decision(), Decision::Approve, "the same payment is counted once");
/// let second = engine.assess(&Facts::new("order-18").user("u_42")).await?;
/// assert_eq!((second.decision(), second.score()), (Decision::Review, 60));
/// assert_eq!((second.engine().as_str(), second.review_threshold()), ("checkout", 60));
/// assert!(second.at() <= std::time::SystemTime::now());
/// assert_eq!(second.verdicts().len(), 2);
/// # Ok(())
/// # }
/// ```
pub struct FraudEngine<V, X = ()> {
    counts: V,
    rules: Arc<Rules<X>>,
}

struct Rules<X> {
    name: Code,
    review_threshold: u32,
    rules: Vec<Named<X>>,
}

/// Makes an engine of rules.
///
/// See [`FraudEngine`] for an example.
pub struct FraudEngineBuilder<V, X = ()> {
    counts: V,
    rules: Rules<X>,
}

impl<V: VelocityCounts, X: 'static> FraudEngine<V, X> {
    /// Begins an engine without rules. `name` is what it is called in logs and metrics, and keeps its
    /// counts apart from those of others; `counts` counts for the rules that ask for it.
    ///
    /// See [`FraudEngine`] for an example.
    pub fn builder(name: &'static str, counts: V) -> FraudEngineBuilder<V, X> {
        let rules = Rules { name: Code::new(name), review_threshold: REVIEW_THRESHOLD, rules: Vec::new() };
        FraudEngineBuilder { counts, rules }
    }

    /// Assesses a payment: counts it once for all rules that ask for that, and then asks the rules in
    /// their order. The first that blocks ends it.
    ///
    /// A payment is counted as an attempt, whatever becomes of it: one that is blocked counts, so that
    /// whoever tries cards is not let through because all of them were refused. It is counted once for
    /// each rule, by [`Facts::payment`]: a retry or a repeated request of the same payment counts
    /// nothing. A future that is dropped may have counted it.
    ///
    /// It tells one event, `payment assessed`, and [counts](super#what-it-tells) the verdicts.
    ///
    /// # Errors
    /// When a rule needs counts that cannot be had, and is to [refuse](super::WhenDown::Refuse) then.
    /// Nothing is known against the payment: it may be tried again.
    ///
    /// See [`FraudEngine`] for an example.
    pub async fn assess(&self, facts: &Facts<X>) -> Result<Assessment, Unassessed> {
        let Rules { name, review_threshold, rules } = &*self.rules;
        let (counts, trouble) = self.count(facts).await;
        let at = whole_millis(clock::wall());
        let verdicts = verdicts(rules, facts, &counts, at);
        match judge(&verdicts, *review_threshold, facts.authenticated) {
            Judgement::Decided { decision, score } => {
                let assessment = Assessment {
                    engine: name.clone(),
                    at,
                    decision,
                    score,
                    review_threshold: *review_threshold,
                    authenticated: facts.authenticated,
                    verdicts,
                };
                observe::assessed(&assessment, trouble.as_ref());
                Ok(assessment)
            }
            Judgement::Refused(refuses) => {
                let refuses = refuses.clone();
                let unassessed = Unassessed::new(name.clone(), refuses, verdicts, trouble);
                observe::unassessed(&unassessed);
                Err(unassessed)
            }
        }
    }

    /// How many payments there were, for each rule, and why that cannot be said.
    async fn count(&self, facts: &Facts<X>) -> (Vec<Count>, Option<StoreError>) {
        let Rules { name, rules, .. } = &*self.rules;
        let by = |named: &Named<X>| named.rule.counts(facts).map(|by| VelocityKey::of(name, &named.name, &by));
        let asked: Vec<_> = rules.iter().map(by).collect();
        let keys: Vec<_> = asked.iter().flatten().cloned().collect();
        if keys.is_empty() {
            return (vec![Count::NotAsked; rules.len()], None);
        }
        if facts.payment.trim().is_empty() {
            let unknown = |key: &Option<_>| if key.is_some() { Count::Unavailable } else { Count::NotAsked };
            return (asked.iter().map(unknown).collect(), None);
        }
        let (counted, trouble) = match self.counts.count(PaymentId::of(&facts.payment), &keys).await {
            Ok(counted) => (counted, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let mut counted = counted.into_iter();
        let mut next = || counted.next().map_or(Count::Unavailable, Count::Counted);
        (asked.iter().map(|key| key.as_ref().map_or(Count::NotAsked, |_| next())).collect(), trouble)
    }

    /// The engine's name.
    ///
    /// See [`FraudEngine`] for an example.
    pub fn name(&self) -> &Code {
        &self.rules.name
    }
}

impl<V: VelocityCounts, X: 'static> FraudEngineBuilder<V, X> {
    /// With one more rule, after those before it. `name` is what verdicts call it; it is part of what is
    /// counted for it, so a rule of another name counts from nothing.
    ///
    /// See [`FraudEngine`] for an example.
    pub fn rule(self, name: &'static str, rule: impl Rule<X>) -> Self {
        self.named(name, false, rule)
    }

    /// With one more rule that is only tried out: it is always evaluated, also after a block, what it
    /// says is kept, and it decides nothing.
    ///
    /// See the [module](super#rules-in-shadow) for an example.
    pub fn shadow(self, name: &'static str, rule: impl Rule<X>) -> Self {
        self.named(name, true, rule)
    }

    fn named(mut self, name: &'static str, shadow: bool, rule: impl Rule<X>) -> Self {
        self.rules.rules.push(Named { name: Code::new(name), shadow, rule: Box::new(rule) });
        self
    }

    /// From which score on a payment is at least reviewed. Default 50.
    ///
    /// See [`FraudEngine`] for an example.
    pub fn review_threshold(mut self, score: u32) -> Self {
        self.rules.review_threshold = score;
        self
    }

    /// The engine.
    ///
    /// # Errors
    /// When the engine or a rule has an empty name, two rules have the same, there is no rule, or the
    /// review threshold is 0.
    ///
    /// ```
    /// use steadfast_payments::fraud::{CardChecks, FraudEngine, MemoryVelocity};
    ///
    /// let engine = FraudEngine::<_>::builder("checkout", MemoryVelocity::default())
    ///     .rule("card_checks", CardChecks::new())
    ///     .rule("card_checks", CardChecks::new());
    /// assert_eq!(
    ///     engine.build().unwrap_err().to_string(),
    ///     "two rules are called `card_checks`: their verdicts could not be told apart, so give one of them another name"
    /// );
    /// ```
    pub fn build(self) -> Result<FraudEngine<V, X>, FraudError> {
        self.rules.check()?;
        Ok(FraudEngine { counts: self.counts, rules: Arc::new(self.rules) })
    }
}

impl<X> Rules<X> {
    fn check(&self) -> Result<(), FraudError> {
        let wrong = |setting, reason| Err(FraudError::Setting { setting, reason });
        if self.name == "" {
            return wrong("name", "of an engine must not be empty: logs, metrics and counts go by it");
        }
        if self.rules.is_empty() {
            return wrong("rules", "must not be none: an engine without rules approves every payment");
        }
        if self.review_threshold == 0 {
            return wrong("review_threshold", "must be at least 1: with 0 every payment is reviewed");
        }
        for (index, Named { name, .. }) in self.rules.iter().enumerate() {
            if *name == "" {
                let reason = "has no name: verdicts and counts go by it";
                return Err(FraudError::Entry { list: "rules", index, reason });
            }
            if self.rules.iter().take(index).any(|before| before.name == *name) {
                return Err(FraudError::DuplicateRule(name.clone()));
            }
        }
        Ok(())
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, as_what: &str) -> fmt::Result {
        let names: Vec<_> = self.rules.iter().map(|named| &named.name).collect();
        let mut shown = f.debug_struct(as_what);
        shown.field("name", &self.name).field("review_threshold", &self.review_threshold);
        shown.field("rules", &names).finish_non_exhaustive()
    }
}

impl<V: Clone, X> Clone for FraudEngine<V, X> {
    fn clone(&self) -> Self {
        Self { counts: self.counts.clone(), rules: self.rules.clone() }
    }
}

/// Its settings, and the names of its rules.
impl<V, X> fmt::Debug for FraudEngine<V, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rules.show(f, "FraudEngine")
    }
}

/// Its settings, and the names of its rules.
impl<V, X> fmt::Debug for FraudEngineBuilder<V, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rules.show(f, "FraudEngineBuilder")
    }
}
