//! A process is killed at every moment of every path: before and after each entry, each claim and each call
//! downstream. Others go on with what it left, and may be killed too. Whatever happens, the saga comes
//! to the end it would have come to, with every effect counted once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use steadfast::Kind;
use tokio::runtime::Builder;
use tokio::time::advance;

use super::support::{Answer, App, Done, Downstream, Fault, Killer, Mortal, checkout};
use crate::saga::{MemorySagaLog, Resolution, SagaError, Status};

/// A path: what is in its way, how it ends, and what it leaves downstream.
#[derive(Clone, Debug)]
struct Path {
    answers: Vec<(&'static str, Vec<Answer>)>,
    /// What an operator says when it is stuck, after mending what was in its way.
    resolution: Option<Resolution<Done>>,
    end: End,
    effects: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Done,
    Undone(&'static str),
    Stuck(&'static str),
}

fn path(answers: &[(&'static str, Answer)], end: End, effects: &[&'static str]) -> Path {
    let answers = answers.iter().map(|(name, answer)| (*name, vec![*answer])).collect();
    Path { answers, resolution: None, end, effects: effects.to_vec() }
}

const NO: Answer = Answer::Not(Kind::Terminal);
const ALL: [&str; 4] = ["reserve", "discount", "charge", "ship"];

/// Every path there is.
fn paths() -> Vec<Path> {
    let undone = ["reserve", "undo reserve", "discount", "undo discount"];
    let mut paths = vec![
        path(&[], End::Done, &ALL),
        path(&[("reserve", NO)], End::Undone("reserve"), &[]),
        path(&[("discount", NO)], End::Undone("discount"), &["reserve", "undo reserve"]),
        path(&[("charge", NO)], End::Undone("charge"), &undone),
        path(&[("ship", NO)], End::Stuck("ship"), &["reserve", "discount", "charge"]),
        path(&[("charge", NO), ("undo discount", NO)], End::Stuck("discount"), &["reserve", "discount"]),
        path(&[("charge", NO), ("undo reserve", NO)], End::Stuck("reserve"), &["reserve", "discount", "undo discount"]),
        path(&[("charge", Answer::LostAfter)], End::Stuck("charge"), &["reserve", "discount", "charge"]),
        path(&[("reserve", Answer::LostAfter)], End::Stuck("reserve"), &["reserve"]),
    ];
    // Answers that are lost, and come with a later attempt.
    for name in ALL {
        paths.push(Path { answers: vec![(name, lost_once())], ..path(&[], End::Done, &ALL) });
    }
    let lost_undo = vec![("charge", vec![NO]), ("undo discount", lost_once())];
    paths.push(Path { answers: lost_undo, ..path(&[], End::Undone("charge"), &undone) });
    // What is stuck is resolved.
    let all = |except: &str| ALL.into_iter().filter(|name| *name != except).collect::<Vec<_>>();
    let state = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Done>();
    let resolved = |answers, resolution, end, effects: &[&'static str]| Path {
        resolution: Some(resolution),
        ..path(answers, end, effects)
    };
    paths.extend([
        resolved(&[("ship", NO)], Resolution::Again, End::Done, &ALL),
        resolved(&[("ship", NO)], Resolution::Done(state(&ALL)), End::Done, &all("ship")),
        resolved(&[("charge", NO), ("undo discount", NO)], Resolution::Again, End::Undone("charge"), &undone),
        resolved(
            &[("charge", NO), ("undo discount", NO)],
            Resolution::Undone,
            End::Undone("charge"),
            &["reserve", "undo reserve", "discount"],
        ),
        resolved(&[("charge", Answer::LostAfter)], Resolution::Again, End::Done, &ALL),
        resolved(&[("charge", Answer::LostAfter)], Resolution::Done(state(&ALL[..3])), End::Done, &ALL),
        resolved(
            &[("discount", Answer::LostAfter)],
            Resolution::Undone,
            End::Undone("discount"),
            &["reserve", "undo reserve", "discount"],
        ),
    ]);
    paths
}

/// The last answer of a script stays, so it ends with one that is in nobody's way.
fn lost_once() -> Vec<Answer> {
    vec![Answer::LostAfter, Answer::Replayed]
}

/// A world that outlives its processes.
struct World {
    path: Path,
    downstream: Arc<Downstream>,
    log: MemorySagaLog,
    keyed: bool,
    /// How far the clock is, so that each process finds the leases of those before it ended.
    hours: u64,
}

impl World {
    fn of(path: &Path, keyed: bool) -> Self {
        let downstream = Arc::new(Downstream::default());
        for (name, answers) in &path.answers {
            downstream.answers(name, answers);
        }
        Self { path: path.clone(), downstream, log: MemorySagaLog::default(), keyed, hours: 0 }
    }

    /// One process, from its start to its end or its death, with all it has spawned.
    fn process(&mut self, killer: Killer) -> Arc<Killer> {
        let killer = Arc::new(killer);
        self.hours += 1;
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            advance(Duration::from_secs(3600 * self.hours)).await;
            let lives = self.lives(killer.clone());
            tokio::select! {
                () = killer.dead.notified() => {}
                () = lives => {}
            }
        });
        killer
    }

    /// What a service does: it goes on with what it finds, its caller asks, an operator looks.
    async fn lives(&self, killer: Arc<Killer>) {
        let app = App { killer: killer.clone(), keyed: self.keyed, ..App::new(&self.downstream) };
        let (saga, log) = (checkout(), Mortal { log: self.log.clone(), killer });
        let resumed = saga.resume_all(&app, &log).await.unwrap();
        assert!(resumed.panicked.is_empty() && resumed.unlisted.is_none(), "{resumed:?}");
        let _ = saga.run(&app, &log, "order-17", Done::new()).await;
        let stuck = saga.stuck(&log, None, 10).await.unwrap();
        if let (Some(resolution), [id]) = (&self.path.resolution, &*stuck) {
            for (name, _) in &self.path.answers {
                // What turned the saga back stays as it was.
                if !matches!(self.path.end, End::Undone(step) if step == *name) || *name == "discount" {
                    self.downstream.mend(name);
                }
            }
            saga.resolve(&log, id.id(), resolution.clone(), "looked it up").await.unwrap();
            let _ = saga.resume_all(&app, &log).await.unwrap();
        }
    }

    /// How it ended, as the caller hears it who asks once more.
    fn end(&mut self) -> (End, BTreeMap<String, u32>) {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let app = App { keyed: self.keyed, ..App::new(&self.downstream) };
        let calls = self.downstream.calls.lock().unwrap().clone();
        let outcome = runtime.block_on(checkout().run(&app, &self.log, "order-17", Done::new()));
        assert_eq!(*self.downstream.calls.lock().unwrap(), calls, "a saga that rests calls nobody");
        let name = |step: String| ALL.into_iter().find(|name| *name == step).unwrap();
        let end = match outcome {
            Ok(state) => {
                assert_eq!(state, ALL);
                End::Done
            }
            Err(SagaError::Undone { step, error, .. }) => {
                assert!(error.is_none_or(|error| error == Fault(Kind::Terminal)));
                End::Undone(name(step))
            }
            Err(SagaError::Stuck { step, .. }) => End::Stuck(name(step)),
            Err(other) => panic!("{other:?}"),
        };
        let execution = runtime.block_on(checkout().execution(&self.log, "order-17")).unwrap().unwrap();
        let rests = match end {
            End::Stuck(_) => execution.status() == Status::Stuck,
            End::Done | End::Undone(_) => matches!(execution.status(), Status::Ended { .. }),
        };
        assert!(rests, "{execution}");
        (end, self.downstream.effects())
    }
}

fn expected(path: &Path) -> (End, BTreeMap<String, u32>) {
    (path.end.clone(), path.effects.iter().map(|name| ((*name).to_owned(), 1)).collect())
}

fn moments(path: &Path) -> u32 {
    World::of(path, true).process(Killer::default()).moments()
}

/// How many moments a path has, checked so that a path which is cut short is noticed.
#[test]
fn a_path_without_a_kill_ends_as_it_says() {
    for path in paths() {
        let mut world = World::of(&path, true);
        let moments = world.process(Killer::default()).moments();
        assert_eq!(world.end(), expected(&path), "{path:?}");
        // A claim, and the start of a step, its call and its end.
        assert!(moments >= 4, "{path:?}: {moments}");
    }
    // A claim, and three moments for each of four steps; `run` asks once, which is the claim.
    assert_eq!(moments(&paths()[0]), 13);
}

#[test]
fn killed_at_any_moment_it_comes_to_its_end_with_every_effect_once() {
    for path in paths() {
        for moment in 1..=moments(&path) {
            for done in [false, true] {
                let mut world = World::of(&path, true);
                world.process(Killer::at(moment, done));
                world.process(Killer::default());
                assert_eq!(world.end(), expected(&path), "killed at {moment}, done: {done}: {path:?}");
            }
        }
    }
}

#[test]
fn those_who_go_on_are_killed_as_well() {
    for path in paths() {
        for first in 1..=moments(&path) {
            // Who goes on has the rest of the moments, and some of his own.
            for second in 1..=6 {
                for done in [((first + second) % 2 == 0, false), ((first + second) % 2 == 1, true)] {
                    let mut world = World::of(&path, true);
                    world.process(Killer::at(first, done.0));
                    world.process(Killer::at(second, done.1));
                    world.process(Killer::default());
                    assert_eq!(world.end(), expected(&path), "killed at {first}, {second}, {done:?}: {path:?}");
                }
            }
        }
    }
}

/// The count can fail: where the steps make up a key for each call, a kill is seen downstream.
#[test]
fn without_the_keys_an_effect_is_counted_twice() {
    let path = &paths()[0];
    let twice = (1..=moments(path)).filter(|moment| {
        let mut world = World::of(path, false);
        world.process(Killer::at(*moment, true));
        world.process(Killer::default());
        world.end() != expected(path)
    });
    // After each of the four calls that was done and not recorded, and after each entry of which the next
    // executor knows that the step has started.
    assert!(twice.count() >= 4);
}

/// Killed while the card was charged; then the gateway is down. That it is down does not say that nothing was
/// charged: it is insisted on, and then stuck, and nothing is undone.
#[test]
fn after_a_crash_a_step_may_have_happened_whatever_does_nothing_later() {
    for kind in [Kind::Transient, Kind::Refused] {
        let effects = ["reserve", "discount", "charge"];
        let answers = vec![("charge", vec![Answer::Replayed, Answer::Not(kind)])];
        let path = Path { answers, ..path(&[], End::Stuck("charge"), &effects) };
        let mut world = World::of(&path, true);
        // A claim, three moments for each of the two steps before, and the start of this one.
        world.process(Killer::at(9, true));
        assert_eq!(world.downstream.calls("charge"), 1);
        world.process(Killer::default());
        assert_eq!(world.end(), expected(&path), "{kind:?}");
        assert_eq!(world.downstream.calls("charge"), 1 + 3, "three attempts that insist");
    }
}
