//! The core, which is told everything: against a plain model, with crashes wherever they can be; and with
//! stories that cannot be.

use std::collections::BTreeSet;
use std::time::SystemTime;

use proptest::prelude::*;
use serde_json::value::RawValue;
use steadfast::idempotent::Fingerprint;

use crate::saga::entry::{By, Event, Why};
use crate::saga::plan::{Plan, Planned, Role};
use crate::saga::story::{At, Next, Story};

fn plan(undoable: usize, pivot: bool, forward: usize) -> Plan {
    let step = |role| move |number: usize| Planned { name: format!("{role:?}-{number}"), role };
    let steps = (0..undoable)
        .map(step(Role::Undoable))
        .chain((0..usize::from(pivot)).map(step(Role::Pivot)))
        .chain((0..if pivot { forward } else { 0 }).map(step(Role::Forward)));
    Plan { version: 1, steps: steps.collect() }
}

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.into()).unwrap()
}

fn begun(plan: &Plan) -> Event {
    Event::Begun { plan: plan.clone(), fingerprint: Fingerprint::of(&0).unwrap(), input: raw("0") }
}

fn read(entries: &[Vec<u8>]) -> Result<Story, (usize, &'static str)> {
    Story::read(entries.iter().map(Vec::as_slice))
}

/// A step, or its undo.
type Doing = (usize, bool);

/// How the saga must end, by a loop that knows nothing of entries: the end, and what was done.
fn model(plan: &Plan, fails: &BTreeSet<Doing>) -> (String, Vec<Doing>) {
    let mut effects = Vec::new();
    for (step, planned) in plan.steps.iter().enumerate() {
        if !fails.contains(&(step, false)) {
            effects.push((step, false));
            continue;
        }
        if planned.role == Role::Forward {
            return (format!("stuck at {step}"), effects);
        }
        for back in (0..step).rev() {
            if fails.contains(&(back, true)) {
                return (format!("stuck undoing {back}"), effects);
            }
            effects.push((back, true));
        }
        return ("undone".into(), effects);
    }
    ("done".into(), effects)
}

/// What happens at a moment of the run.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Lives,
    DiesBefore,
    DiesAfter,
}

/// A log, an other side that does a thing once, and executors that die.
struct Run<'a> {
    fails: &'a BTreeSet<Doing>,
    fates: Vec<Fate>,
    entries: Vec<Vec<u8>>,
    effects: Vec<Doing>,
}

struct Died;

impl Run<'_> {
    fn fate(&mut self) -> Fate {
        self.fates.pop().unwrap_or(Fate::Lives)
    }

    fn write(&mut self, story: &mut Story, event: Event) -> Result<(), Died> {
        let entry = event.write(SystemTime::UNIX_EPOCH);
        story.tell(event).unwrap();
        let fate = self.fate();
        if !matches!(fate, Fate::DiesBefore) {
            self.entries.push(entry);
        }
        if matches!(fate, Fate::Lives) { Ok(()) } else { Err(Died) }
    }

    fn call(&mut self, doing: Doing) -> Result<bool, Died> {
        let fate = self.fate();
        let fails = self.fails.contains(&doing);
        if !matches!(fate, Fate::DiesBefore) && !fails && !self.effects.contains(&doing) {
            self.effects.push(doing);
        }
        if matches!(fate, Fate::Lives) { Ok(!fails) } else { Err(Died) }
    }

    fn executor(&mut self) -> Result<At, Died> {
        let mut story = read(&self.entries).unwrap();
        if !matches!(story.next(), Next::Rest) {
            self.write(&mut story, Event::Resumed)?;
        }
        loop {
            let event = match story.next() {
                Next::Rest => return Ok(story.at),
                Next::Write(event) => event,
                Next::Act { step, .. } => {
                    let name = story.name(step);
                    self.write(&mut story, Event::Started { step: name.clone() })?;
                    match self.call((step, false))? {
                        true => Event::Done { step: name, state: raw(&step.to_string()) },
                        false if story.role(step) == Role::Forward => {
                            Event::Stuck { step: name, why: Why::Terminal, error: None }
                        }
                        false => Event::Failed { step: name, why: Why::Terminal, error: None },
                    }
                }
                Next::Undo { step } => {
                    let name = story.name(step);
                    assert_eq!(story.after(step).get(), step.to_string(), "an undo gets what its action left");
                    self.write(&mut story, Event::UndoStarted { step: name.clone() })?;
                    match self.call((step, true))? {
                        true => Event::Undone { step: name },
                        false => Event::Stuck { step: name, why: Why::Terminal, error: None },
                    }
                }
            };
            self.write(&mut story, event)?;
        }
    }
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![3 => Just(Fate::Lives), 1 => Just(Fate::DiesBefore), 1 => Just(Fate::DiesAfter)];
    prop::collection::vec(fate, 0..60)
}

fn told(at: &At) -> String {
    match at {
        At::Done => "done".into(),
        At::Undone => "undone".into(),
        At::Stuck { step, undo: false, .. } => format!("stuck at {step}"),
        At::Stuck { step, undo: true, .. } => format!("stuck undoing {step}"),
        other => format!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn whoever_dies_it_ends_as_the_model_says(
        undoable in 0_usize..4,
        pivot: bool,
        forward in 0_usize..3,
        fails in prop::collection::btree_set((0_usize..7, any::<bool>()), 0..3),
        fates in fates(),
    ) {
        let plan = plan(undoable.max(usize::from(!pivot)), pivot, forward);
        let entries = vec![begun(&plan).write(SystemTime::UNIX_EPOCH)];
        let mut run = Run { fails: &fails, fates, entries, effects: Vec::new() };
        let end = loop {
            if let Ok(end) = run.executor() {
                break end;
            }
        };
        let (expected, effects) = model(&plan, &fails);
        prop_assert_eq!(told(&end), expected);
        prop_assert_eq!(&run.effects, &effects);
        // Every beginning of a story is one: a crash may be anywhere.
        for length in 1..=run.entries.len() {
            prop_assert!(read(&run.entries[..length]).is_ok());
        }
    }

    #[test]
    fn without_an_entry_or_with_one_twice_it_is_impossible(
        undoable in 1_usize..4,
        pivot: bool,
        fails in prop::collection::btree_set((0_usize..5, any::<bool>()), 0..2),
    ) {
        let plan = plan(undoable, pivot, 1);
        let first = begun(&plan);
        let mut run = Run { fails: &fails, fates: Vec::new(), entries: vec![first.write(SystemTime::UNIX_EPOCH)], effects: Vec::new() };
        let _ = run.executor();
        for at in 0..run.entries.len() - 1 {
            let event = Event::read(&run.entries[at]).unwrap();
            let mut without = run.entries.clone();
            without.remove(at);
            prop_assert!(matches!(event, Event::Resumed) || read(&without).is_err(), "without {:?}", event);
            let mut twice = run.entries.clone();
            twice.insert(at, run.entries[at].clone());
            let may_be = matches!(event, Event::Resumed | Event::Started { .. } | Event::UndoStarted { .. });
            prop_assert_eq!(read(&twice).is_ok(), may_be, "twice {:?}", event);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_refused_and_not_quoted(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4)) {
        prop_assert!(read(&entries).is_err());
    }
}

/// A step that is done, one that failed, and what was undone of it, in all that can be wrong about it.
#[test]
fn stories_that_cannot_be() {
    let plan = plan(2, true, 1);
    let (a, b, pivot, forward) = ("Undoable-0", "Undoable-1", "Pivot-0", "Forward-0");
    let started = |step: &str| Event::Started { step: step.into() };
    let done = |step: &str| Event::Done { step: step.into(), state: raw("1") };
    let failed = |step: &str, why| Event::Failed { step: step.into(), why, error: None };
    let stuck = |step: &str| Event::Stuck { step: step.into(), why: Why::Unknown, error: None };
    let undo_started = |step: &str| Event::UndoStarted { step: step.into() };
    let undone = |step: &str| Event::Undone { step: step.into() };
    let resolved = |by| Event::Resolved { by, reason: "seen".into() };
    let all = || [a, b, pivot, forward].into_iter().flat_map(|step| [started(step), done(step)]);
    let back = || vec![started(a), done(a), started(b), failed(b, Why::Terminal)];

    let impossible: Vec<(Vec<Event>, usize, &str)> = vec![
        (vec![begun(&plan)], 1, "a saga begins once"),
        (vec![started(b)], 1, "another step was next, or none"),
        (vec![done(a)], 1, "a step ended that had not started"),
        (vec![started(a), done(b)], 2, "a step ended that had not started"),
        (vec![started(a), failed(a, Why::Unknown)], 2, "a step that may have happened does not turn a saga back"),
        (vec![undo_started(a)], 1, "another step was next, or none"),
        (vec![started(a), undone(a)], 2, "an undo ended that had not started"),
        (vec![stuck(a)], 1, "an undo ended that had not started"),
        (vec![resolved(By::Again)], 1, "only what is stuck is resolved"),
        (vec![started(a), stuck(a), started(a)], 3, "another step was next, or none"),
        (vec![started(a), stuck(a), Event::Resumed], 3, "nobody goes on with a saga that rests"),
        (all().chain([Event::Resumed]).collect(), 9, "nobody goes on with a saga that rests"),
        (all().chain([started(forward)]).collect(), 9, "another step was next, or none"),
        (
            all().take(7).chain([failed(forward, Why::Terminal)]).collect(),
            8,
            "what comes after the pivot does not turn a saga back",
        ),
        ([back(), vec![started(pivot)]].concat(), 5, "another step was next, or none"),
        ([back(), vec![undo_started(b)]].concat(), 5, "another step was next, or none"),
        ([back(), vec![undone(a)]].concat(), 5, "an undo ended that had not started"),
        ([back(), vec![undo_started(a), done(a)]].concat(), 6, "a step ended that had not started"),
        (
            [back(), vec![undo_started(a), stuck(a), resolved(By::Done { state: raw("1") })]].concat(),
            7,
            "the saga is going back, so a step whose undo failed is resolved as undone, or tried again",
        ),
        (
            all().take(7).chain([stuck(forward), resolved(By::Undone)]).collect(),
            9,
            "after the pivot a saga only goes forward, so the step is resolved as done, or tried again",
        ),
        (
            vec![started(a), stuck(a), resolved(By::Undone), done(a)],
            4,
            "an operator has said that the step is not done",
        ),
        (
            vec![started(a), stuck(a), resolved(By::Done { state: raw("1") }), failed(a, Why::Terminal)],
            4,
            "an operator has said that the step is done",
        ),
    ];
    for (events, entry, why) in impossible {
        let entries: Vec<Vec<u8>> =
            [begun(&plan)].iter().chain(&events).map(|event| event.write(SystemTime::UNIX_EPOCH)).collect();
        assert_eq!(read(&entries).map(|story| told(&story.at)), Err((entry, why)), "{events:?}");
    }
}

#[test]
fn what_is_no_entry_is_said_without_what_it_holds() {
    let mut entries = vec![begun(&plan(1, false, 0)).write(SystemTime::UNIX_EPOCH)];
    for (entry, why) in [
        ("4111111111111111", "it is no entry of a saga's log"),
        (r#"{"v":2,"at":0,"event":"whatever"}"#, "it was written by a later version of this library"),
        (r#"{"v":1,"at":0,"event":"whatever"}"#, "it is no entry that this library writes"),
        (
            r#"{"v":1,"at":0,"event":{"started":{"step":"a","pan":"4111111111111111"}}}"#,
            "it is no entry that this library writes",
        ),
    ] {
        entries.truncate(1);
        entries.push(entry.into());
        assert_eq!(read(&entries).map(|story| told(&story.at)), Err((1, why)));
    }
    assert_eq!(read(&[]).map(|_| ()), Err((0, "there is none, and a saga begins with one")));
    let resumed = [Event::Resumed.write(SystemTime::UNIX_EPOCH)];
    assert_eq!(read(&resumed).map(|_| ()), Err((0, "a saga's first entry says what began")));
}

#[test]
fn no_saga_has_such_steps() {
    let step = |name: &str, role| Planned { name: name.into(), role };
    let twice = vec![step("a", Role::Undoable), step("a", Role::Pivot)];
    let two_pivots = vec![step("a", Role::Pivot), step("b", Role::Pivot)];
    let undo_late = vec![step("a", Role::Pivot), step("b", Role::Undoable)];
    let no_pivot = vec![step("a", Role::Undoable), step("b", Role::Forward)];
    for steps in [vec![], twice, two_pivots, undo_late, no_pivot] {
        let entry = begun(&Plan { version: 1, steps }).write(SystemTime::UNIX_EPOCH);
        assert_eq!(read(&[entry]).map(|_| ()), Err((0, "no saga can have these steps")));
    }
}

/// What is in logs today must be read by every later version.
#[test]
fn the_form_of_entries() {
    let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_762_000_000_123);
    let plan = plan(1, true, 0);
    let fingerprint = Fingerprint::of(&0).unwrap();
    let cases = [
        (
            begun(&plan),
            format!(
                r#"{{"begun":{{"plan":{{"version":1,"steps":[{{"name":"Undoable-0","role":"undoable"}},{{"name":"Pivot-0","role":"pivot"}}]}},"fingerprint":"{fingerprint}","input":0}}}}"#
            ),
        ),
        (Event::Resumed, r#""resumed""#.into()),
        (Event::Started { step: "a".into() }, r#"{"started":{"step":"a"}}"#.into()),
        (
            Event::Done { step: "a".into(), state: raw(r#"{"n":1.10}"#) },
            r#"{"done":{"step":"a","state":{"n":1.10}}}"#.into(),
        ),
        (
            Event::Failed { step: "a".into(), why: Why::Refused, error: Some("x".into()) },
            r#"{"failed":{"step":"a","why":"refused","error":"x"}}"#.into(),
        ),
        (Event::UndoStarted { step: "a".into() }, r#"{"undo_started":{"step":"a"}}"#.into()),
        (Event::Undone { step: "a".into() }, r#"{"undone":{"step":"a"}}"#.into()),
        (
            Event::Stuck { step: "a".into(), why: Why::Unrecordable, error: None },
            r#"{"stuck":{"step":"a","why":"unrecordable","error":null}}"#.into(),
        ),
        (
            Event::Resolved { by: By::Done { state: raw("1") }, reason: "r".into() },
            r#"{"resolved":{"by":{"done":{"state":1}},"reason":"r"}}"#.into(),
        ),
        (Event::Resolved { by: By::Again, reason: "r".into() }, r#"{"resolved":{"by":"again","reason":"r"}}"#.into()),
    ];
    for (event, form) in cases {
        let written = format!(r#"{{"v":1,"at":1762000000123,"event":{form}}}"#);
        assert_eq!(String::from_utf8(event.write(at)).unwrap(), written);
        assert_eq!(Event::read(written.as_bytes()).unwrap().write(at), written.as_bytes());
    }
}
