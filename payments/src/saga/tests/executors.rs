//! Who runs a saga, until when, and what happens when that goes wrong.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use steadfast::idempotent::{Held, StoreError, Token};
use steadfast::{Failure, Kind};
use tokio::time::{advance, sleep, timeout};

use super::support::{Answer, App, Done, Downstream, Fault, LEASE, checkout};
use crate::saga::{
    Claimed, Decided, DefinitionError, MemorySagaLog, NewClaim, NewEntry, Saga, SagaError, SagaId, SagaLog, SagaRecord,
    Step, Which,
};

fn world() -> (App, MemorySagaLog, Arc<Downstream>) {
    let downstream = Arc::new(Downstream::default());
    (App::new(&downstream), MemorySagaLog::default(), downstream)
}

/// One step, of which a test says how it goes.
#[derive(Clone, Default)]
struct Slow {
    runs: Arc<AtomicU32>,
    most: Arc<AtomicU32>,
    ended: Arc<AtomicU32>,
    takes: Duration,
    panics: Arc<AtomicBool>,
}

async fn work(slow: Slow, state: u32, step: Step) -> Result<u32, Fault> {
    let running = slow.runs.fetch_add(1, Ordering::SeqCst) + 1 - slow.ended.load(Ordering::SeqCst);
    slow.most.fetch_max(running, Ordering::SeqCst);
    sleep(slow.takes).await;
    slow.ended.fetch_add(1, Ordering::SeqCst);
    assert!(!(slow.panics.load(Ordering::SeqCst) && step.id().id() == "7"), "as the test wants it");
    Ok(state + 1)
}

fn slow() -> Saga<Slow, u32, Fault, Decided> {
    Saga::new("slow", 1).pivot("first", work).forward("second", work).lease(LEASE)
}

fn is_static<T: Send + 'static>(future: T) -> T {
    future
}

#[tokio::test(start_paused = true)]
async fn the_same_id_gives_the_same_outcome() {
    let (app, log, downstream) = world();
    for _ in 0..3 {
        let run = is_static(checkout().run(&app, &log, "order-17", Done::new()));
        assert_eq!(run.await.unwrap(), ["reserve", "discount", "charge", "ship"]);
    }
    assert_eq!(downstream.calls("charge"), 1);

    downstream.answers("charge", &[Answer::Not(Kind::Terminal)]);
    for _ in 0..3 {
        let outcome = checkout().run(&app, &log, "order-18", Done::new()).await;
        let Err(SagaError::Undone { step, error, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!((&*step, error), ("charge", Some(Fault(Kind::Terminal))));
    }
    assert_eq!(downstream.calls("charge"), 2);
}

#[tokio::test(start_paused = true)]
async fn another_input_is_a_conflict_also_while_it_runs() {
    let (log, app) = (MemorySagaLog::default(), Slow { takes: Duration::from_secs(1), ..Slow::default() });
    let saga = slow();
    let first = tokio::spawn(saga.run(&app, &log, "1", 5));
    sleep(Duration::from_millis(500)).await;
    assert!(matches!(saga.run(&app, &log, "1", 6).await, Err(SagaError::Conflict)));
    assert_eq!(first.await.unwrap().unwrap(), 7);
    assert!(matches!(saga.run(&app, &log, "1", 6).await, Err(SagaError::Conflict)));
}

/// The lease is renewed beside the work, so a step may take longer.
#[tokio::test(start_paused = true)]
async fn what_runs_elsewhere_is_refused_and_says_until_when() {
    let (log, app) = (MemorySagaLog::default(), Slow { takes: 5 * LEASE, ..Slow::default() });
    let first = tokio::spawn(slow().run(&app, &log, "1", 5));
    for _ in 0..9 {
        sleep(LEASE).await;
        let Err(SagaError::Running { until }) = slow().run(&app, &log, "1", 5).await else { panic!("it ran twice") };
        let left = until.duration_since(steadfast::clock::wall()).unwrap();
        assert!(left > LEASE / 2 && left <= LEASE, "{left:?}");
        assert!(slow().resume_all(&app, &log).await.unwrap().is_clean());
    }
    assert_eq!(first.await.unwrap().unwrap(), 7);
    assert_eq!(app.runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_hangs_up_does_not_stop_it() {
    let (log, app) = (MemorySagaLog::default(), Slow { takes: Duration::from_secs(5), ..Slow::default() });
    drop(slow().run(&app, &log, "0", 5));
    assert!(log.is_empty(), "what was never polled has not begun");

    timeout(Duration::from_secs(1), slow().run(&app, &log, "1", 5)).await.unwrap_err();
    assert!(matches!(slow().run(&app, &log, "1", 5).await, Err(SagaError::Running { .. })));
    assert_eq!(steadfast::drain(Duration::from_secs(60)).await, 0);
    assert_eq!(slow().run(&app, &log, "1", 5).await.unwrap(), 7);
    assert_eq!(app.runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn all_that_were_left_are_gone_on_with_so_many_at_once() {
    let (log, app) = (MemorySagaLog::default(), Slow { takes: Duration::from_millis(100), ..Slow::default() });
    // Begun, and left: by a lease that has ended, and under another version.
    for number in 0..250 {
        left(&slow(), &log, &number.to_string()).await;
    }
    let newer = Saga::new("slow", 2).pivot("first", work).forward("other", work);
    left(&newer, &log, "newer").await;
    app.panics.store(true, Ordering::SeqCst);

    let resumed = slow().resume_at_once(8).resume_all(&app, &log).await.unwrap();
    assert_eq!((resumed.done, resumed.undone, resumed.elsewhere), (249, 0, 0), "{resumed}");
    let [(id, SagaError::Changed { difference })] = &*resumed.failed else { panic!("{resumed:?}") };
    assert_eq!(
        (id.id(), &*difference.to_string()),
        ("newer", "version 2 is now 1; step 2 was other (only forward) and is now second (only forward)")
    );
    assert_eq!(resumed.panicked, [SagaId::new("slow", "7").unwrap()]);
    assert!(!resumed.is_clean());
    assert_eq!(app.most.load(Ordering::SeqCst), 8);

    // What panicked has a lease; when that has ended, it is found again.
    app.panics.store(false, Ordering::SeqCst);
    assert_eq!(slow().resume_all(&app, &log).await.unwrap().done, 0);
    advance(2 * LEASE).await;
    assert_eq!(slow().resume_all(&app, &log).await.unwrap().done, 1);
}

/// A saga that somebody began and left.
async fn left<L: SagaLog>(saga: &Saga<Slow, u32, Fault, Decided>, log: &L, id: &str) {
    let taken = Taken { log: log.clone() };
    let app = Slow::default();
    let outcome = timeout(Duration::from_millis(1), saga.run(&app, &taken, id, 0)).await.unwrap();
    assert!(matches!(outcome, Err(SagaError::Lost)), "{outcome:?}");
    assert_eq!(app.runs.load(Ordering::SeqCst), 0);
}

/// A log in which every saga is somebody else's as soon as it has begun, with a lease that has ended.
#[derive(Clone)]
struct Taken<L> {
    log: L,
}

impl<L: SagaLog> SagaLog for Taken<L> {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        self.log.claim(NewClaim { lease_until: SystemTime::UNIX_EPOCH, ..claim }).await
    }
    async fn append(&self, _: &SagaId, _: Token, _: NewEntry) -> Result<Held, StoreError> {
        Ok(Held::Lost)
    }
    async fn renew(&self, _: &SagaId, _: Token, _: SystemTime) -> Result<Held, StoreError> {
        Ok(Held::Lost)
    }
    async fn load(&self, id: &SagaId) -> Result<Option<SagaRecord>, StoreError> {
        self.log.load(id).await
    }
    async fn list(&self, s: &str, w: Which, a: Option<&SagaId>, l: usize) -> Result<Vec<SagaId>, StoreError> {
        self.log.list(s, w, a, l).await
    }
    async fn purge(&self, before: SystemTime, limit: usize) -> Result<usize, StoreError> {
        self.log.purge(before, limit).await
    }
}

/// What goes wrong with a log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Every other step is done, and its answer lost.
    LosesAnswers,
    /// It takes entries, and no renewal.
    NoRenewals,
    /// Nothing answers after the first claim.
    HangsAfterTheClaim,
    /// Nothing is done.
    Down,
    /// Nothing answers.
    Hangs,
    /// The first claim is done and has no answer, and it takes no renewal.
    HangsInTheFirst,
    /// It is full from that step on.
    FullFrom(u32),
    /// The first claim's answer is lost, and then it is full.
    FullAfterALostAnswer,
}

#[derive(Clone)]
struct Troubled {
    log: MemorySagaLog,
    trouble: Trouble,
    steps: Arc<AtomicU32>,
}

impl Troubled {
    fn new(log: &MemorySagaLog, trouble: Trouble) -> Self {
        Self { log: log.clone(), trouble, steps: Arc::default() }
    }

    async fn pass<T>(&self, what: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let step = self.steps.fetch_add(1, Ordering::SeqCst);
        match self.trouble {
            Trouble::LosesAnswers if step.is_multiple_of(2) => what.await.and(Err(StoreError::new("answer lost"))),
            Trouble::Down => Err(StoreError::new("down")),
            Trouble::Hangs => pending().await,
            Trouble::HangsAfterTheClaim if step > 0 => pending().await,
            Trouble::HangsInTheFirst if step == 0 => {
                what.await?;
                pending().await
            }
            Trouble::FullFrom(full) if step >= full => Err(StoreError::full()),
            Trouble::FullAfterALostAnswer => what.await.and(Err(match step {
                0 => StoreError::new("answer lost"),
                _ => StoreError::full(),
            })),
            _ => what.await,
        }
    }
}

impl SagaLog for Troubled {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        self.pass(self.log.claim(claim)).await
    }
    async fn append(&self, id: &SagaId, token: Token, entry: NewEntry) -> Result<Held, StoreError> {
        self.pass(self.log.append(id, token, entry)).await
    }
    async fn renew(&self, id: &SagaId, token: Token, until: SystemTime) -> Result<Held, StoreError> {
        match self.trouble {
            Trouble::NoRenewals | Trouble::HangsInTheFirst => Err(StoreError::new("no renewals")),
            _ => self.pass(self.log.renew(id, token, until)).await,
        }
    }
    async fn load(&self, id: &SagaId) -> Result<Option<SagaRecord>, StoreError> {
        self.pass(self.log.load(id)).await
    }
    async fn list(&self, s: &str, w: Which, a: Option<&SagaId>, l: usize) -> Result<Vec<SagaId>, StoreError> {
        self.pass(self.log.list(s, w, a, l)).await
    }
    async fn purge(&self, before: SystemTime, limit: usize) -> Result<usize, StoreError> {
        self.pass(self.log.purge(before, limit)).await
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_lost_are_asked_for_again() {
    let (app, log, downstream) = world();
    let troubled = Troubled::new(&log, Trouble::LosesAnswers);
    assert_eq!(checkout().run(&app, &troubled, "order-17", Done::new()).await.unwrap().len(), 4);
    assert!(downstream.effects().values().all(|effects| *effects == 1));
    let id = SagaId::new("checkout", "order-17").unwrap();
    assert_eq!(log.load(&id).await.unwrap().unwrap().entries.len(), 9, "no entry stands there twice");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_does_not_answer_lets_nothing_run() {
    for trouble in [Trouble::Down, Trouble::Hangs] {
        let (app, log, downstream) = world();
        let troubled = Troubled::new(&log, trouble);
        let outcome = timeout(LEASE, checkout().run(&app, &troubled, "order-17", Done::new())).await.unwrap();
        assert!(matches!(outcome, Err(SagaError::Log(_))), "{outcome:?}");
        assert!(downstream.effects().is_empty());
        let resumed = checkout().resume_all(&app, &Troubled::new(&log, Trouble::Down)).await.unwrap();
        assert!(resumed.unlisted.is_some() && !resumed.is_clean());
    }
    let (app, _, downstream) = world();
    let outcome = checkout().run(&app, &MemorySagaLog::new(0), "order-17", Done::new()).await;
    assert!(matches!(outcome, Err(SagaError::Log(error)) if error.is_full()));
    assert!(downstream.effects().is_empty());
}

#[tokio::test(start_paused = true)]
async fn before_started_is_durable_nothing_runs() {
    let (app, log, downstream) = world();
    let troubled = Troubled::new(&log, Trouble::HangsAfterTheClaim);
    let outcome = timeout(2 * LEASE, checkout().run(&app, &troubled, "order-17", Done::new())).await.unwrap();
    assert!(matches!(outcome, Err(SagaError::Log(_))), "{outcome:?}");
    assert_eq!(downstream.calls("reserve"), 0);
    // Its lease ends, and another one does it.
    advance(LEASE).await;
    assert_eq!(checkout().resume_all(&app, &log).await.unwrap().done, 1);
}

/// Its lease cannot be renewed: it stops in the middle of a step, and another executor has the saga.
#[tokio::test(start_paused = true)]
async fn who_cannot_renew_stops_when_the_lease_ends() {
    let (log, app) = (MemorySagaLog::default(), Slow { takes: 10 * LEASE, ..Slow::default() });
    let troubled = Troubled::new(&log, Trouble::NoRenewals);
    let start = tokio::time::Instant::now();
    let outcome = slow().run(&app, &troubled, "1", 5).await;
    assert!(matches!(outcome, Err(SagaError::Log(_))), "{outcome:?}");
    assert_eq!(start.elapsed().as_secs(), LEASE.as_secs());
    sleep(20 * LEASE).await;
    assert_eq!((app.runs.load(Ordering::SeqCst), app.ended.load(Ordering::SeqCst)), (1, 0), "the step was dropped");

    assert_eq!(slow().resume_all(&app, &log).await.unwrap().done, 1);
    assert_eq!(slow().run(&app, &log, "1", 5).await.unwrap(), 7);
}

/// The answer to its claim was lost, so it knows of its lease later than the log does: it ends with the log's.
#[tokio::test(start_paused = true)]
async fn a_lease_counts_from_the_claim_whose_answer_was_lost() {
    let (log, app) = (MemorySagaLog::default(), Slow { takes: 10 * LEASE, ..Slow::default() });
    let start = tokio::time::Instant::now();
    let outcome = slow().run(&app, &Troubled::new(&log, Trouble::HangsInTheFirst), "1", 5).await;
    assert!(matches!(outcome, Err(SagaError::Log(_))), "{outcome:?}");
    assert_eq!(app.runs.load(Ordering::SeqCst), 1);
    assert_eq!(start.elapsed().as_secs(), LEASE.as_secs());
}

/// "Refused" says that nothing ran, and whoever hears it may forget the payment.
#[tokio::test(start_paused = true)]
async fn a_log_that_is_full_refuses_only_what_has_not_begun() {
    for full in 0..9 {
        let (app, log, downstream) = world();
        let troubled = Troubled::new(&log, Trouble::FullFrom(full));
        let error = checkout().run(&app, &troubled, "order-17", Done::new()).await.unwrap_err();
        let kind = if full == 0 { Kind::Refused } else { Kind::Unknown };
        assert_eq!(error.kind(), kind, "full from step {full} on: {error}");
        assert!(downstream.effects().is_empty() || kind == Kind::Unknown);
    }
    let (app, log, _) = world();
    let troubled = Troubled::new(&log, Trouble::FullAfterALostAnswer);
    let error = checkout().run(&app, &troubled, "order-17", Done::new()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unknown, "{error}");
    // Begun by another one, who is gone.
    sleep(2 * LEASE).await;
    let troubled = Troubled::new(&log, Trouble::FullFrom(1));
    let error = checkout().run(&app, &troubled, "order-17", Done::new()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unknown, "{error}");
}

/// It stood still, and did not notice that its lease ended: what it writes then is refused, and it runs
/// nothing more.
#[tokio::test(start_paused = true)]
async fn a_late_owner_learns_that_it_lost() {
    let (log, app) = (MemorySagaLog::default(), Slow { takes: Duration::from_secs(10), ..Slow::default() });
    let late = tokio::spawn(slow().run(&app, &log, "1", 5));
    sleep(Duration::from_secs(1)).await;
    let id = SagaId::new("slow", "1").unwrap();
    let seen = log.load(&id).await.unwrap().unwrap().seen();
    let other = NewClaim {
        id: id.clone(),
        token: Token::random(),
        lease_until: steadfast::clock::wall(),
        entry: crate::saga::entry::Event::Resumed.write(steadfast::clock::wall()),
        take_over: Some(seen),
    };
    assert!(matches!(log.claim(other).await.unwrap(), Claimed::Won));
    assert!(matches!(late.await.unwrap(), Err(SagaError::Lost)));
    assert_eq!(app.runs.load(Ordering::SeqCst), 1);
    assert_eq!(log.load(&id).await.unwrap().unwrap().entries.len(), 3, "it wrote nothing more");
    assert_eq!(slow().run(&app, &log, "1", 5).await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_is_answered_under_every_version() {
    let (log, app) = (MemorySagaLog::default(), Slow::default());
    assert_eq!(slow().run(&app, &log, "1", 5).await.unwrap(), 7);
    let newer = Saga::new("slow", 2).pivot("other", work);
    assert_eq!(newer.run(&app, &log, "1", 5).await.unwrap(), 7);
}

/// The state of another type, as a deploy may leave it.
#[tokio::test(start_paused = true)]
async fn a_state_that_does_not_read_runs_nothing() {
    async fn no(_: Slow, _: Vec<String>, _: Step) -> Result<Vec<String>, Fault> {
        panic!("it must not run")
    }
    let (log, app) = (MemorySagaLog::default(), Slow::default());
    let other = Saga::new("slow", 1).pivot("first", no).forward("second", no);
    left(&slow(), &log, "1").await;
    let resumed = other.resume_all(&app, &log).await.unwrap();
    assert!(matches!(&*resumed.failed, [(_, SagaError::Unreadable { what: "state" })]), "{resumed:?}");
    // It stays as it was, for one that can read it.
    advance(2 * LEASE).await;
    assert_eq!(slow().resume_all(&app, &log).await.unwrap().done, 1);
    assert!(matches!(other.recovered(&app, &log, "1").await, Err(SagaError::Unreadable { .. })));
}

/// Done, and it cannot be said how: that is stuck, and not run again.
#[tokio::test(start_paused = true)]
async fn a_state_that_cannot_be_written_is_stuck() {
    async fn infinite(runs: Arc<AtomicU32>, _: f64, _: Step) -> Result<f64, Fault> {
        runs.fetch_add(1, Ordering::SeqCst);
        Ok(f64::INFINITY)
    }
    let (log, runs) = (MemorySagaLog::default(), Arc::new(AtomicU32::new(0)));
    let saga = Saga::new("infinite", 1).pivot("first", infinite);
    for _ in 0..2 {
        let outcome = saga.run(&runs, &log, "1", 1.5).await;
        assert!(matches!(outcome, Err(SagaError::Stuck { undoing: false, .. })), "{outcome:?}");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    let none = saga.run(&runs, &log, "2", f64::NAN).await;
    assert!(matches!(none, Err(SagaError::Unrecordable(_))), "{none:?}");
    assert_eq!(log.len(), 1);
}

/// A log that something else has written into.
#[tokio::test(start_paused = true)]
async fn an_impossible_log_is_refused_and_runs_nothing() {
    let (app, log, downstream) = world();
    let id = SagaId::new("checkout", "order-17").unwrap();
    let entry = br#"{"pan":"4111111111111111"}"#.to_vec();
    let token = Token::random();
    let claim = NewClaim { id, token, lease_until: SystemTime::UNIX_EPOCH, entry, take_over: None };
    assert!(matches!(log.claim(claim).await.unwrap(), Claimed::Won));
    let outcome = checkout().run(&app, &log, "order-17", Done::new()).await.unwrap_err();
    assert_eq!(
        outcome.to_string(),
        "the saga's log cannot be: entry 0: it is no entry of a saga's log; nothing more is run for it"
    );
    let resumed = checkout().resume_all(&app, &log).await.unwrap();
    assert!(matches!(&*resumed.failed, [(_, SagaError::Impossible(impossible))] if impossible.entry() == 0));
    assert!(downstream.calls.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_definition_that_is_none_runs_nothing() {
    let (log, app) = (MemorySagaLog::default(), Slow::default());
    let name = |step: &str| DefinitionError::Name { step: Some(step.into()) };
    let long = "n".repeat(256);
    let long: &'static str = long.leak();
    for (saga, flaw) in [
        (Saga::new("s", 1).pivot("a", work).forward("a", work), DefinitionError::Twice { step: "a".into() }),
        (Saga::new("s", 1).pivot("", work), name("")),
        (Saga::new("s", 1).pivot("a\n", work), name("a\n")),
        (Saga::new(long, 1).pivot("a", work), DefinitionError::Name { step: None }),
        (Saga::new("s", 1).pivot("a", work).lease(Duration::ZERO), DefinitionError::Lease),
    ] {
        assert_eq!(saga.check(), Err(flaw.clone()));
        assert!(matches!(saga.run(&app, &log, "1", 5).await, Err(SagaError::Definition(told)) if told == flaw));
        assert_eq!(saga.resume_all(&app, &log).await.map(|_| ()), Err(flaw.clone()));
        assert!(!flaw.to_string().is_empty());
    }
    let none: Saga<Slow, u32, Fault, _> = Saga::new("s", 1);
    assert_eq!(none.check(), Err(DefinitionError::NoSteps));
    assert!(matches!(slow().run(&app, &log, "", 5).await, Err(SagaError::Id(_))));
    assert!(log.is_empty());
    assert_eq!(app.runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_lease_of_any_length_overflows_nothing() {
    let (log, app) = (MemorySagaLog::default(), Slow::default());
    assert_eq!(slow().lease(Duration::MAX).run(&app, &log, "1", 5).await.unwrap(), 7);
}

/// No key and no state in what is printed.
#[tokio::test(start_paused = true)]
async fn nothing_that_is_the_users_is_printed() {
    async fn look(_: (), state: String, step: Step) -> Result<String, Fault> {
        assert!(!format!("{step:?}").contains(step.downstream_key()));
        Ok(state)
    }
    let (log, saga) = (MemorySagaLog::default(), Saga::new("look", 1).pivot("look", look));
    saga.run(&(), &log, "1", "4111111111111111".into()).await.unwrap();
    let record = log.load(&SagaId::new("look", "1").unwrap()).await.unwrap().unwrap();
    let entry = NewEntry { seq: 0, entry: record.entries[0].clone(), then: crate::saga::Then::GoesOn };
    let resolution = crate::saga::Resolution::Done("4111111111111111");
    assert_eq!(format!("{resolution:?}"), "Done(..)");
    for printed in [format!("{record:?}"), format!("{log:?}"), format!("{saga:?}"), format!("{entry:?}")] {
        // So long that it is in no time and in no token by chance.
        assert!(!printed.contains("41111111"), "{printed}");
    }
}
