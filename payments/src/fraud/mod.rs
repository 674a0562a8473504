//! Rules that look at a payment before it is made.
//!
//! An [engine](FraudEngine) asks its rules in their order. Each says what it thinks of the payment:
//! approve, review, challenge, block, or nothing, because it lacks an attribute. The first that blocks
//! ends it, the severest word decides, scores add up, and from a threshold on a person looks. Every word
//! is kept on the [`Assessment`].
//!
//! | rule | looks at | says |
//! |---|---|---|
//! | [`Blocklist`] | address, card, IP address, countries | block |
//! | [`CardChecks`] | what the issuer said of address (AVS) and code (CVV) | block |
//! | [`Velocity`] | how many payments there were, for a user, a card, an IP address .. | block |
//! | [`CountryMismatch`] | two countries that should be one | challenge |
//! | [`HighAmount`] | the amount, over a threshold of its currency | challenge |
//! | a closure, or your own [`Rule`] | what you know | what you say |
//!
//! What each says can be changed. Rules are pure: what has to be counted is counted before they are
//! asked, in one step for all of them, in this process ([`MemoryVelocity`]) or on a server that several
//! share (`steadfast_redis::Redis`).
//!
//! # A checkout
//!
//! It is screened before the gateway is called. [`idempotent`](macro@steadfast::idempotent) stands
//! around it, so a request that is sent again is answered from its record: it is neither assessed nor
//! counted.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use std::time::Duration;
//!
//! use steadfast::idempotent;
//! use steadfast::idempotent::{IdempotencyKey, MemoryStore};
//! use steadfast_payments::error::ChallengeUrl;
//! use steadfast_payments::fraud::{
//!     Admitted, Blocklist, Facts, FraudEngine, HighAmount, MemoryVelocity, Velocity, WhenDown,
//! };
//! use steadfast_payments::{Currency, Money, PaymentError};
//!
//! #[derive(Clone)]
//! struct App {
//!     fraud: FraudEngine<MemoryVelocity>,
//!     challenge: ChallengeUrl,
//!     records: MemoryStore,
//!     gateway_calls: Arc<AtomicU32>,
//! }
//!
//! #[idempotent(name = "docs.fraud.checkout", key = key, payload = amount, store = app.records)]
//! async fn checkout(app: App, user: &'static str, amount: Money, key: IdempotencyKey) -> Result<String, PaymentError> {
//!     let facts = Facts::new(&key).user(user).amount(amount);
//!     let admitted = app.fraud.assess(&facts).await?.admit(|_| Ok(app.challenge.clone()))?;
//!     app.gateway_calls.fetch_add(1, Ordering::Relaxed); // not before
//!     Ok(match admitted {
//!         Admitted::Approved => "paid".to_owned(),
//!         Admitted::ToReview => "paid, to be reviewed".to_owned(),
//!     })
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let counts = MemoryVelocity::default();
//! let fraud = FraudEngine::builder("checkout", counts.clone())
//!     .rule("blocklist", Blocklist::new().emails(["eve@mailbox.example"])?)
//!     .rule("user_hourly", Velocity::per_user(2, Duration::from_secs(3600), WhenDown::Refuse)?)
//!     .rule("high_amount", HighAmount::over([Money::new(2_000_00, Currency::EUR)])?)
//!     .build()?;
//! let app = App {
//!     fraud,
//!     challenge: "https://shop.example/3ds".parse()?,
//!     records: MemoryStore::default(),
//!     gateway_calls: Arc::default(),
//! };
//! let (price, key) = (Money::new(19_90, Currency::EUR), IdempotencyKey::new);
//!
//! // One request that arrives four times is one payment, counted once.
//! for _ in 0..4 {
//!     assert_eq!(checkout(app.clone(), "u_42", price, key("order-17")?).await?, "paid");
//! }
//! assert_eq!((counts.len(), app.gateway_calls.load(Ordering::Relaxed)), (1, 1));
//!
//! // The second is fine, the third within the hour is not, and is not when it is sent again.
//! checkout(app.clone(), "u_42", price, key("order-18")?).await?;
//! for _ in 0..2 {
//!     let blocked = checkout(app.clone(), "u_42", price, key("order-19")?).await.unwrap_err();
//!     assert!(matches!(blocked, PaymentError::FraudBlocked { rule } if rule == "user_hourly"));
//! }
//! assert_eq!((counts.len(), app.gateway_calls.load(Ordering::Relaxed)), (3, 2));
//!
//! // Much money: the customer has to prove who they are.
//! let much = Money::new(2_000_01, Currency::EUR);
//! let challenged = checkout(app.clone(), "u_43", much, key("order-20")?).await.unwrap_err();
//! assert!(matches!(challenged, PaymentError::AuthenticationRequired { .. }));
//! # Ok(())
//! # }
//! ```
//!
//! What is counted is attempts: order 19 counts though it was blocked, so whoever tries cards is not let
//! through because all of them were refused. [`Facts::new`] takes what a payment is counted as. With the
//! idempotency key each try of a customer counts; with the order's number only each order does.
//!
//! # A challenge
//!
//! It is a definite answer, which is kept and replayed. The payment goes on under a new key once the
//! customer has proved who they are; then say so, and no rule asks again. What they say is kept all the
//! same, and their scores count.
//!
//! ```
//! use steadfast_payments::fraud::{Country, CountryMismatch, Decision, Facts, FraudEngine, MemoryVelocity};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = FraudEngine::builder("checkout", MemoryVelocity::default())
//!     .rule("country", CountryMismatch::card_and_billing())
//!     .build()?;
//! let facts = Facts::new("order-17").card_country(Country::new("US")?).billing_country(Country::new("DE")?);
//!
//! let assessment = engine.assess(&facts).await?;
//! let why = assessment.challenged_by().map(|verdict| verdict.reason().as_str());
//! assert_eq!((assessment.decision(), why), (Decision::Challenge, Some("country_mismatch")));
//!
//! let assessment = engine.assess(&facts.authenticated()).await?;
//! assert_eq!((assessment.decision(), assessment.score()), (Decision::Approve, 40));
//! assert!(assessment.is_authenticated());
//! # Ok(())
//! # }
//! ```
//!
//! # Rules in shadow
//!
//! A new rule is tried out on real payments before it decides: it is always evaluated, also after a block,
//! and what it says is kept and counted. It decides nothing, its score does not count, and it ends nothing.
//!
//! ```
//! use steadfast_payments::fraud::{Case, Decision, Facts, FraudEngine, MemoryVelocity, Opinion, Said};
//! use steadfast_payments::fraud::Blocklist;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = FraudEngine::builder("checkout", MemoryVelocity::default())
//!     .rule("blocklist", Blocklist::new().emails(["eve@mailbox.example"])?)
//!     .shadow("no_user", |case: &Case<'_>| match case.facts.user {
//!         None => Opinion::block(100, "guest"),
//!         Some(_) => Opinion::approve("known"),
//!     })
//!     .build()?;
//! let assessment = engine.assess(&Facts::new("order-17").email("ada@mailbox.example")).await?;
//! assert_eq!(assessment.decision(), Decision::Approve);
//! let tried = &assessment.verdicts()[1];
//! assert!(tried.is_shadow());
//! assert_eq!(tried.said(), Said::Block);
//! # Ok(())
//! # }
//! ```
//!
//! # What it tells
//!
//! | counter | labels | event, its level |
//! |---|---|---|
//! | `steadfast_fraud_assessments_total` | `name` (the engine), `decision` | `payment assessed`, info, with the score, and the rule and the reason of a block or a challenge; warn when it was `refused` |
//! | `steadfast_fraud_verdicts_total` | `name`, `rule`, `said`, `shadow` | |
//!
//! Nothing of the payment is in them: names and reasons are [texts of the program](Code). An error of
//! whoever counts is in the event, as `counts_error`.

mod admit;
mod assessment;
mod checks;
mod code;
mod country;
mod decision;
mod engine;
mod error;
mod facts;
mod observe;
mod opinion;
mod rule;
mod rules;
mod velocity;

#[cfg(test)]
mod tests;

pub use admit::Admitted;
pub use assessment::{Assessment, Said, Verdict};
pub use checks::{AvsResult, CvvResult};
pub use code::Code;
pub use country::Country;
pub use engine::{FraudEngine, FraudEngineBuilder};
pub use error::{FraudError, Unassessed};
pub use facts::Facts;
pub use opinion::{Decision, Opinion};
pub use rule::{Case, Count, CountedBy, Rule};
pub use rules::{Blocklist, CardChecks, CountryMismatch, HighAmount, Velocity, WhenDown};
pub use velocity::{MOST_COUNTED, MemoryVelocity, PaymentId, VelocityCounts, VelocityKey};
