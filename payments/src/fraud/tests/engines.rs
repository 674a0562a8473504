//! Engines: what they count, keep, tell and refuse.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast::idempotent::StoreError;
use steadfast::{Failure, Kind};

use crate::PaymentError;
use crate::fraud::*;

const HOUR: Duration = Duration::from_secs(3600);

/// Notes what it is asked, and cannot say, or says too little.
#[derive(Clone, Default)]
struct Scripted {
    asked: Arc<Mutex<Vec<usize>>>,
    answer: Option<Vec<u32>>,
}

impl VelocityCounts for Scripted {
    async fn count(&self, _: PaymentId, keys: &[VelocityKey]) -> Result<Vec<u32>, StoreError> {
        self.asked.lock().unwrap().push(keys.len());
        self.answer.clone().ok_or_else(|| StoreError::new(std::io::Error::other("down")))
    }
}

fn per_user(max: u32, when_down: WhenDown) -> Velocity {
    Velocity::per_user(max, HOUR, when_down).unwrap()
}

fn per_card(max: u32, when_down: WhenDown) -> Velocity {
    Velocity::per_card(max, HOUR, when_down).unwrap()
}

fn said(assessment: &Assessment) -> Vec<Said> {
    assessment.verdicts().iter().map(Verdict::said).collect()
}

fn url(_: &Verdict) -> Result<crate::error::ChallengeUrl, PaymentError> {
    Ok("https://shop.example/3ds".parse().unwrap())
}

#[tokio::test]
async fn one_question_for_all_rules_that_count() {
    let counts = Scripted { answer: Some(vec![1, 9]), ..Scripted::default() };
    let engine = FraudEngine::builder("checkout", counts.clone())
        .rule("user", per_user(5, WhenDown::Refuse))
        .rule("email", Velocity::per_email(5, HOUR, WhenDown::Refuse).unwrap())
        .rule("card", per_card(5, WhenDown::Refuse))
        .build()
        .unwrap();
    let assessment = engine.assess(&Facts::new("order-17").user("u_42").card("tok_1")).await.unwrap();
    assert_eq!(said(&assessment), [Said::Approve, Said::NoOpinion, Said::Block]);
    let nothing = engine.assess(&Facts::new("order-18")).await.unwrap();
    assert_eq!(said(&nothing), [Said::NoOpinion; 3]);
    assert_eq!(*counts.asked.lock().unwrap(), [2], "what is not counted is not asked for");
}

#[tokio::test]
async fn an_attempt_counts_though_it_is_blocked_before() {
    let counts = MemoryVelocity::default();
    let engine = FraudEngine::builder("checkout", counts.clone())
        .rule("blocklist", Blocklist::new().emails(["eve@mailbox.example"]).unwrap())
        .rule("card", per_card(2, WhenDown::Refuse))
        .build()
        .unwrap();
    for n in 0..2 {
        let facts = Facts::new(format!("order-{n}")).card("tok_1").email("eve@mailbox.example");
        let assessment = engine.assess(&facts).await.unwrap();
        assert_eq!(said(&assessment), [Said::Block, Said::NotEvaluated]);
    }
    let third = engine.assess(&Facts::new("order-2").card("tok_1").email("ada@mailbox.example")).await.unwrap();
    assert_eq!(said(&third), [Said::Approve, Said::Block]);
    assert_eq!(counts.len(), 3);
}

#[tokio::test]
async fn engines_and_rules_of_other_names_count_for_themselves() {
    let counts = MemoryVelocity::default();
    let build = |engine, rule| {
        FraudEngine::builder(engine, counts.clone()).rule(rule, per_user(1, WhenDown::Refuse)).build().unwrap()
    };
    for engine in [build("checkout", "user"), build("refunds", "user"), build("checkout", "account")] {
        let first = engine.assess(&Facts::new("order-1").user("u_42")).await.unwrap();
        assert_eq!(first.decision(), Decision::Approve);
        let second = engine.assess(&Facts::new("order-2").user("u_42")).await.unwrap();
        assert_eq!(second.decision(), Decision::Block);
    }
}

#[tokio::test]
async fn counts_that_cannot_be_had() {
    let down = |build: fn(FraudEngineBuilder<Scripted>) -> FraudEngineBuilder<Scripted>| {
        build(FraudEngine::builder("checkout", Scripted::default())).build().unwrap()
    };
    let facts = Facts::new("order-17").user("u_42").email("eve@mailbox.example");

    let refuses = down(|engine| {
        engine.rule("user", per_user(5, WhenDown::Refuse)).rule("amount", |_: &Case<'_>| Opinion::approve("any"))
    });
    let unassessed = refuses.assess(&facts).await.unwrap_err();
    assert_eq!(unassessed.engine(), &"checkout");
    assert_eq!(unassessed.verdicts().iter().map(Verdict::said).collect::<Vec<_>>(), [Said::Refuse, Said::NotEvaluated]);
    assert!(std::error::Error::source(&unassessed).is_some());
    let error = PaymentError::from(unassessed);
    assert_eq!((error.kind(), error.code(), error.http_status()), (Kind::Refused, "shared_state_unavailable", 503));

    // One that blocks before needs no counts.
    let blocks = down(|engine| {
        let blocklist = Blocklist::new().emails(["eve@mailbox.example"]).unwrap();
        engine.rule("blocklist", blocklist).rule("user", per_user(5, WhenDown::Refuse))
    });
    assert_eq!(blocks.assess(&facts).await.unwrap().decision(), Decision::Block);

    // What is tried out refuses nothing.
    let shadow = down(|engine| {
        engine.shadow("user", per_user(5, WhenDown::Refuse)).rule("none", per_user(5, WhenDown::NoOpinion))
    });
    assert_eq!(said(&shadow.assess(&facts).await.unwrap()), [Said::NoOpinion; 2]);

    let reviews = down(|engine| engine.rule("user", per_user(5, WhenDown::Review)));
    assert_eq!(reviews.assess(&facts).await.unwrap().admit(url).unwrap(), Admitted::ToReview);
}

#[tokio::test]
async fn an_answer_that_is_too_short_is_none() {
    let counts = Scripted { answer: Some(vec![1]), ..Scripted::default() };
    let engine = FraudEngine::builder("checkout", counts)
        .rule("user", per_user(5, WhenDown::Refuse))
        .rule("card", per_card(5, WhenDown::Review))
        .build()
        .unwrap();
    let assessment = engine.assess(&Facts::new("order-17").user("u_42").card("tok_1")).await.unwrap();
    assert_eq!(said(&assessment), [Said::Approve, Said::Review]);
}

/// All payments without a name would count as one.
#[tokio::test]
async fn a_payment_without_a_name_is_not_counted() {
    let counts = Scripted { answer: Some(vec![1]), ..Scripted::default() };
    let engine = FraudEngine::builder("checkout", counts.clone())
        .rule("user", per_user(5, WhenDown::Review))
        .rule("card", per_card(5, WhenDown::Review))
        .build()
        .unwrap();
    for nameless in ["", " "] {
        let assessment = engine.assess(&Facts::new(nameless).user("u_42")).await.unwrap();
        assert_eq!(said(&assessment), [Said::Review, Said::NoOpinion]);
    }
    assert!(counts.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn each_decision_as_a_result() {
    let engine = |opinion: Opinion| {
        let rule = move |_: &Case<'_>| opinion.clone();
        FraudEngine::builder("checkout", MemoryVelocity::default()).rule("rule", rule).build().unwrap()
    };
    let admit = async |opinion, facts: Facts| engine(opinion).assess(&facts).await.unwrap().admit(url);
    let facts = || Facts::new("order-17");
    assert_eq!(admit(Opinion::risk(49, "risk"), facts()).await.unwrap(), Admitted::Approved);
    assert_eq!(admit(Opinion::risk(50, "risk"), facts()).await.unwrap(), Admitted::ToReview);
    assert_eq!(admit(Opinion::review(0, "odd"), facts()).await.unwrap(), Admitted::ToReview);
    assert_eq!(admit(Opinion::none("missing"), facts()).await.unwrap(), Admitted::Approved);

    let blocked = admit(Opinion::block(100, "listed"), facts().authenticated()).await.unwrap_err();
    assert!(matches!(&blocked, PaymentError::FraudBlocked { rule } if rule == "rule"));
    assert_eq!(blocked.kind(), Kind::Terminal);
    let challenged = admit(Opinion::challenge(10, "abroad"), facts()).await.unwrap_err();
    let PaymentError::AuthenticationRequired { challenge } = challenged else { panic!("{challenged}") };
    assert_eq!(challenge.as_str(), "https://shop.example/3ds");
    assert_eq!(admit(Opinion::challenge(10, "abroad"), facts().authenticated()).await.unwrap(), Admitted::Approved);
    assert_eq!(admit(Opinion::challenge(50, "abroad"), facts().authenticated()).await.unwrap(), Admitted::ToReview);
}

#[tokio::test]
async fn an_audit_reads_back_and_holds_no_payment() {
    let engine = FraudEngine::builder("checkout", MemoryVelocity::default())
        .rule("user", per_user(5, WhenDown::Refuse))
        .shadow("tried", |_: &Case<'_>| Opinion::block(7, "always"))
        .build()
        .unwrap();
    let facts = Facts::new("order-17").user("u_42").email("ada@mailbox.example").card("4111111111111111");
    let assessment = engine.assess(&facts).await.unwrap();
    let audit = serde_json::to_string(&assessment).unwrap();
    assert_eq!(serde_json::from_str::<Assessment>(&audit).unwrap(), assessment);
    let shown = format!("{audit} {assessment} {assessment:?} {engine:?}");
    for secret in ["order-17", "u_42", "ada", "4111111"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let mut audit: serde_json::Value = serde_json::from_str(&audit).unwrap();
    audit.as_object_mut().unwrap().remove("at_ms").unwrap();
    let verdict = |rule, shadow, said, score, reason| serde_json::json!({"rule": rule, "shadow": shadow, "said": said, "score": score, "reason": reason});
    let expected = serde_json::json!({
        "engine": "checkout", "decision": "approve", "score": 0, "review_threshold": 50, "authenticated": false,
        "verdicts": [verdict("user", false, "approve", 0, "few_enough"), verdict("tried", true, "block", 7, "always")],
    });
    assert_eq!(audit, expected);
    assert_eq!(
        assessment.to_string(),
        "checkout: approve, score 0, review from 50\n\
         rule   said           score  reason\n\
         user   approve            0  few_enough\n\
         tried  block              7  always (shadow)\n"
    );
}

#[test]
fn engines_that_cannot_be_right() {
    let approve = |_: &Case<'_>| Opinion::approve("any");
    let engine = |name| FraudEngine::builder(name, MemoryVelocity::default());
    let wrong = |builder: FraudEngineBuilder<MemoryVelocity>| builder.build().unwrap_err().to_string();
    assert!(wrong(engine("")).starts_with("`name` of an engine"));
    assert!(wrong(engine("checkout")).starts_with("`rules` must not be none"));
    assert!(wrong(engine("checkout").rule("a", approve).review_threshold(0)).starts_with("`review_threshold` must"));
    assert!(wrong(engine("checkout").rule("a", approve).shadow("", approve)).starts_with("entry 1 of `rules`"));
    assert!(wrong(engine("checkout").rule("a", approve).shadow("a", approve)).starts_with("two rules are called `a`"));
    assert!(engine("checkout").rule("a", approve).review_threshold(1).build().is_ok());
}

/// The event and the counters, each once.
#[test]
fn what_it_tells() {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};
    let recorder = DebuggingRecorder::new();
    let snapshots = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let engine = FraudEngine::builder("checkout", MemoryVelocity::default())
            .rule("listed", |_: &Case<'_>| Opinion::block(100, "always"))
            .shadow("tried", |_: &Case<'_>| Opinion::review(7, "always"))
            .build()
            .unwrap();
        let _ = runtime.block_on(engine.assess(&Facts::new("order-17"))).unwrap();
    });
    let told = snapshots.snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
        let key = key.key();
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let DebugValue::Counter(count) = value else { panic!("{value:?}") };
        format!("{} {} {count}", key.name(), labels.join(" "))
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    assert_eq!(
        told,
        [
            "steadfast_fraud_assessments_total name=checkout decision=block 1",
            "steadfast_fraud_verdicts_total name=checkout rule=listed said=block shadow=false 1",
            "steadfast_fraud_verdicts_total name=checkout rule=tried said=review shadow=true 1",
        ]
    );
}

/// Notes every event that passes, with its fields.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<String>>>);

struct Fields(String);

impl tracing::field::Visit for Fields {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!(" {field}={value:?}"));
    }
}

impl tracing::Subscriber for Listener {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("steadfast_payments")
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields(event.metadata().level().to_string());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn an_assessment_is_one_event() {
    let listener = Listener::default();
    let events = listener.0.clone();
    tracing::subscriber::with_default(listener, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let engine = FraudEngine::builder("checkout", Scripted::default())
            .rule("listed", |case: &Case<'_>| match case.facts.email {
                Some(_) => Opinion::block(100, "always"),
                None => Opinion::none("email_missing"),
            })
            .rule("user", per_user(5, WhenDown::Refuse))
            .build()
            .unwrap();
        let assess = |facts| runtime.block_on(engine.assess(&facts));
        assert!(assess(Facts::new("order-17")).is_ok());
        assert!(assess(Facts::new("order-18").email("ada@mailbox.example")).is_ok());
        assert!(assess(Facts::new("order-19").user("u_42")).is_err());
    });
    let events = events.lock().unwrap();
    let begin = |n: usize, text: &str| assert!(events[n].starts_with(text), "{}", events[n]);
    assert_eq!(events.len(), 3, "{events:?}");
    begin(0, "INFO message=payment assessed engine=checkout decision=approve score=0");
    begin(1, "INFO message=payment assessed engine=checkout decision=block score=100 rule=listed reason=always");
    begin(2, "WARN message=payment assessed engine=checkout decision=\"refused\" rule=user reason=counts_unavailable");
    let all = events.concat();
    assert!(!["order", "ada", "u_42"].iter().any(|secret| all.contains(secret)), "{all}");
}

#[test]
fn an_assessment_can_be_spawned() {
    fn is_send<T: Send>(_: T) {}
    let engine = FraudEngine::builder("checkout", MemoryVelocity::default())
        .rule("any", |_: &Case<'_, Vec<u8>>| Opinion::approve("any"))
        .build()
        .unwrap();
    let facts = Facts::new("order-17").own(vec![1_u8]);
    is_send(engine.assess(&facts));
}
