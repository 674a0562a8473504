use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::at;
use super::line::{Plain, Standing, ageings};
use crate::work::intake::{Entered, Intake, Stood};

const CAPACITY: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Enter { priority: i8, displace: bool },
    Stand { priority: i8 },
    Fill(usize),
    Leave(usize),
    Take,
    Remove(usize),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    let priority = -2_i8..3;
    prop_oneof![
        8 => (priority.clone(), any::<bool>()).prop_map(|(priority, displace)| Step::Enter { priority, displace }),
        8 => priority.prop_map(|priority| Step::Stand { priority }),
        6 => (0_usize..4).prop_map(Step::Fill),
        3 => (0_usize..8).prop_map(Step::Leave),
        8 => Just(Step::Take),
        3 => (0_usize..4).prop_map(Step::Remove),
        1 => Just(Step::Close),
    ]
}

/// The same with lists.
struct Model {
    queue: Plain,
    waiting: Plain,
    granted: BTreeSet<u64>,
    open: bool,
    ageing: Duration,
}

impl Model {
    fn room(&self) -> bool {
        self.queue.0.len() + self.granted.len() < CAPACITY
    }

    /// Whom free room goes to.
    fn grant(&mut self) -> Option<u64> {
        let first = self.waiting.first(self.ageing).filter(|_| self.open && self.room())?;
        self.waiting.remove(first.id);
        self.granted.insert(first.id);
        Some(first.id)
    }

    fn nth(&self, n: usize) -> Option<u64> {
        self.waiting.0.iter().map(|one| one.id).chain(self.granted.iter().copied()).nth(n)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn it_takes_in_and_lets_out_as_lists_do(
        ageing in ageings(),
        steps in proptest::collection::vec((step(), 0_u64..5), 1..80),
    ) {
        // A job is its own id's text; a waker is the id of who waits, told by the test.
        let mut intake: Intake<String, u64> = Intake::new(CAPACITY, ageing);
        let mut model =
            Model { queue: Plain::default(), waiting: Plain::default(), granted: BTreeSet::new(), open: true, ageing };
        let mut now = 0;
        for (step, passed) in steps {
            now += passed;
            let next = intake.next_id();
            match step {
                Step::Enter { priority, displace } => {
                    let entered = intake.enter(at(now), priority, displace, next.to_string());
                    let victim = model.queue.oldest_of_the_lowest().filter(|one| displace && one.priority <= priority);
                    match entered {
                        Entered::Closed(job) => prop_assert!(!model.open && job == next.to_string()),
                        Entered::Full(job) => {
                            prop_assert!(model.open && !model.room() && victim.is_none());
                            prop_assert_eq!(job, next.to_string());
                        }
                        Entered::In { id, displaced } => {
                            prop_assert!(model.open && id == next);
                            let victim = victim.filter(|_| !model.room());
                            prop_assert!(model.room() || victim.is_some());
                            let displaced = displaced.map(|entry| entry.value);
                            prop_assert_eq!(displaced, victim.map(|one| one.id.to_string()));
                            victim.map(|one| model.queue.remove(one.id));
                            model.queue.0.push(Standing { id, priority, since: now });
                        }
                    }
                }
                Step::Stand { priority } => match intake.stand(at(now), priority, next) {
                    Stood::Closed => prop_assert!(!model.open),
                    Stood::Granted(id) => {
                        prop_assert!(model.open && model.room() && id == next);
                        model.granted.insert(id);
                    }
                    Stood::Waiting(id) => {
                        prop_assert!(model.open && !model.room() && id == next);
                        model.waiting.0.push(Standing { id, priority, since: now });
                    }
                },
                Step::Fill(n) => {
                    let Some(id) = model.granted.iter().copied().nth(n) else { continue };
                    model.granted.remove(&id);
                    match intake.fill(at(now), 0, id, next.to_string()) {
                        Ok(id) => {
                            prop_assert!(model.open && id == next);
                            model.queue.0.push(Standing { id, priority: 0, since: now });
                        }
                        Err(job) => prop_assert!(!model.open && job == next.to_string()),
                    }
                }
                Step::Leave(n) => {
                    let Some(id) = model.nth(n) else { continue };
                    let woken = intake.leave(id);
                    let _ = model.waiting.remove(id) || model.granted.remove(&id);
                    prop_assert_eq!(woken, model.grant());
                }
                Step::Take => {
                    let expected = model.queue.first(ageing);
                    let taken = intake.take();
                    prop_assert_eq!(taken.as_ref().map(|(entry, _)| entry.id), expected.map(|one| one.id));
                    if let (Some((entry, woken)), Some(one)) = (taken, expected) {
                        prop_assert_eq!(entry.value, one.id.to_string());
                        model.queue.remove(one.id);
                        prop_assert_eq!(woken, model.grant());
                    }
                }
                Step::Remove(n) => {
                    let Some(one) = model.queue.0.get(n).copied() else { continue };
                    let (entry, woken) = intake.remove(one.id).unwrap();
                    prop_assert_eq!(entry.value, one.id.to_string());
                    model.queue.remove(one.id);
                    prop_assert_eq!(woken, model.grant());
                }
                Step::Close => {
                    let told: BTreeSet<_> = intake.close().into_iter().collect();
                    let waiting: BTreeSet<_> = model.waiting.0.drain(..).map(|one| one.id).collect();
                    prop_assert_eq!(told, waiting);
                    model.open = false;
                }
            }
            prop_assert_eq!(intake.queued(), model.queue.0.len());
            prop_assert_eq!(intake.waiting(), model.waiting.0.len());
            prop_assert!(intake.queued() + model.granted.len() <= CAPACITY);
            prop_assert!(intake.waiting() == 0 || !model.room(), "somebody waits beside free room");
        }
    }
}
