//! Any steps in any order, beside the store in memory: the scripts decide as its code does.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use steadfast::idempotent::{
    Claimed, Held, MemoryStore, NewClaim, Outcome, Record, RecordId, Resolution, Seen, Store, StoreError, Stored, Token,
};

use crate::shared;

/// A step on one of a few keys, by one of a few owners.
#[derive(Clone, Copy, Debug)]
struct Step {
    what: What,
    key: u8,
    owner: u8,
    /// Of what the step says that it has seen: the present version, or one before.
    stale: bool,
    time: u8,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Claim,
    TakeOver,
    CompleteValue,
    CompleteTerminal,
    CompleteUnknown,
    Release,
    Extend,
    Happened,
    NeverHappened,
    Unknowns,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use What::*;
    let what = prop_oneof![
        4 => Just(Claim),
        2 => Just(TakeOver),
        1 => Just(CompleteValue),
        1 => Just(CompleteTerminal),
        1 => Just(CompleteUnknown),
        1 => Just(Release),
        1 => Just(Extend),
        1 => Just(Happened),
        1 => Just(NeverHappened),
        1 => Just(Unknowns),
    ];
    let step = (what, 0_u8..3, 0_u8..3, prop::bool::weighted(0.3), any::<u8>())
        .prop_map(|(what, key, owner, stale, time)| Step { what, key, owner, stale, time });
    proptest::collection::vec(step, 1..40)
}

/// What a step answered, without what is drawn anew each time.
#[derive(Debug, PartialEq)]
enum Answer {
    Won,
    Found(Shown),
    Held(Held),
    Unknowns(Vec<(RecordId, Shown)>),
}

/// A record. A resolved one has a token that is drawn.
#[derive(Debug, PartialEq)]
struct Shown(Record);

fn shown(record: Record) -> Shown {
    let token = if record.resolved.is_some() { Token::from_bytes([9; 16]) } else { record.token };
    Shown(Record { token, ..record })
}

/// All times lie ahead, so nothing expires by any clock.
fn time(step: Step) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(9_000_000_000) + Duration::from_nanos(step.time.into())
}

async fn take(store: &impl Store, run: &str, step: Step) -> Result<(Answer, Option<Shown>), StoreError> {
    let id = RecordId::new(run.to_owned(), None, &format!("key-{}", step.key)).unwrap();
    let token = Token::from_bytes([step.owner; 16]);
    let seen = store.get(&id).await?.map(|record| record.seen());
    let seen = seen.map(|seen| Seen { version: seen.version.wrapping_sub(step.stale.into()), ..seen });
    let expected = seen.unwrap_or(Seen { token, version: 0 });
    let known = |kind: fn(std::sync::Arc<[u8]>) -> Stored| Outcome::Known {
        stored: kind(vec![step.time; step.time.into()].into()),
        // The store in memory forgets what has expired when it is asked.
        expires_at: time(step) + Duration::from_secs(3600),
    };
    let claim =
        |take_over| NewClaim { token, take_over, ..NewClaim::new(id.clone(), time(step), Duration::from_nanos(100)) };
    let claimed = |claimed| match claimed {
        Claimed::Won => Answer::Won,
        Claimed::Found(record) => Answer::Found(shown(record)),
    };
    let answer = match step.what {
        What::Claim => claimed(store.claim(claim(None)).await?),
        What::TakeOver => claimed(store.claim(claim(seen)).await?),
        What::CompleteValue => Answer::Held(store.complete(&id, token, known(Stored::Value)).await?),
        What::CompleteTerminal => Answer::Held(store.complete(&id, token, known(Stored::Terminal)).await?),
        What::CompleteUnknown => Answer::Held(store.complete(&id, token, Outcome::Unknown).await?),
        What::Release => Answer::Held(store.release(&id, token).await?),
        What::Extend => Answer::Held(store.extend(&id, token, time(step)).await?),
        What::Happened => {
            let Outcome::Known { stored, expires_at } = known(Stored::Value) else { unreachable!() };
            let resolution = Resolution::Happened { stored, expires_at };
            Answer::Held(store.resolve(&id, expected, resolution, "it did").await?)
        }
        What::NeverHappened => {
            Answer::Held(store.resolve(&id, expected, Resolution::NeverHappened, "it did not").await?)
        }
        What::Unknowns => {
            let all = store.unknowns(time(step), None, usize::MAX).await?;
            let ours = all.into_iter().filter(|(id, _)| id.name() == run);
            let mut ours: Vec<_> = ours.map(|(id, record)| (id, shown(record))).collect();
            ours.sort_by(|(a, _), (b, _)| a.cmp(b));
            Answer::Unknowns(ours)
        }
    };
    Ok((answer, store.get(&id).await?.map(shown)))
}

#[test]
fn any_steps_end_as_they_do_in_memory() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let Some((_part, redis)) = runtime.block_on(shared("any steps")) else { return };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..Default::default()
    });
    let run_of = |token: Token| format!("{token:?}");
    let checked = runner.run(&steps(), |steps| {
        let (memory, run) = (MemoryStore::default(), run_of(Token::random()));
        for (number, step) in steps.into_iter().enumerate() {
            let [ours, expected] = runtime.block_on(async {
                [take(&redis, &run, step).await, take(&memory, &run, step).await].map(|taken| taken.unwrap())
            });
            prop_assert_eq!(ours, expected, "step {}: {:?}", number, step);
        }
        Ok(())
    });
    checked.unwrap();
}
