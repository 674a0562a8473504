use std::collections::BTreeMap;

use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use crate::work::seats::{Doing, Interrupt, Seats};

#[derive(Clone, Debug)]
enum Step {
    Resize(usize),
    /// A worker asks for work, and gets some.
    Ask(usize),
    End(usize),
    Cancel(usize),
    Stop,
    /// A worker is gone, without a word.
    Vanish(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (1_usize..6).prop_map(Step::Resize),
        6 => (0_usize..8).prop_map(Step::Ask),
        6 => (0_usize..8).prop_map(Step::End),
        2 => (0_usize..8).prop_map(Step::Cancel),
        1 => Just(Step::Stop),
        1 => (0_usize..8).prop_map(Step::Vanish),
    ]
}

struct Worker {
    token: CancellationToken,
    job: Option<u64>,
    interrupt: Option<Interrupt>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn who_is_here_does_what_a_plain_map_says(steps in proptest::collection::vec(step(), 1..60)) {
        let (mut seats, mut workers, mut wanted, mut jobs) = (Seats::default(), BTreeMap::new(), 0, 0);
        for step in steps {
            let nth = |workers: &BTreeMap<usize, Worker>, n: usize| workers.keys().copied().nth(n);
            match step {
                Step::Resize(to) => {
                    for (at, token) in seats.resize(to) {
                        let fresh = Worker { token, job: None, interrupt: None };
                        prop_assert!(workers.insert(at, fresh).is_none(), "two on one seat");
                    }
                    wanted = to;
                    prop_assert!(workers.len() >= wanted);
                    prop_assert_eq!(seats.workers(), wanted);
                }
                Step::Ask(n) => {
                    let Some(at) = nth(&workers, n).filter(|at| workers[at].job.is_none()) else { continue };
                    let leaves = workers.len() > wanted;
                    prop_assert_eq!(seats.leaves(at), leaves);
                    if leaves {
                        workers.remove(&at);
                    } else {
                        jobs += 1;
                        seats.begin(at, Doing::One(jobs));
                        workers.entry(at).and_modify(|worker| worker.job = Some(jobs));
                    }
                }
                Step::End(n) => {
                    let Some(at) = nth(&workers, n).filter(|at| workers[at].job.is_some()) else { continue };
                    let worker = workers.get_mut(&at).unwrap();
                    let ended = seats.end(at);
                    prop_assert_eq!(ended.as_ref().map(|(why, _)| *why), worker.interrupt.take());
                    prop_assert_eq!(worker.token.is_cancelled(), ended.is_some());
                    if let Some((_, fresh)) = ended {
                        prop_assert!(!fresh.is_cancelled());
                        worker.token = fresh;
                    }
                    worker.job = None;
                }
                Step::Cancel(n) => {
                    let Some(at) = nth(&workers, n) else { continue };
                    let worker = workers.get_mut(&at).unwrap();
                    let Some(job) = worker.job else { continue };
                    seats.cancel(job);
                    worker.interrupt.get_or_insert(Interrupt::Cancelled);
                }
                Step::Stop => {
                    let busy = workers.values_mut().filter(|worker| worker.job.is_some());
                    let busy = busy.map(|worker| worker.interrupt.get_or_insert(Interrupt::Stopped)).count();
                    prop_assert_eq!(seats.stop(), busy);
                }
                Step::Vanish(n) => {
                    // While some are too many nobody knows which: see `Resize`.
                    let Some(at) = nth(&workers, n).filter(|_| workers.len() == wanted) else { continue };
                    seats.free(at);
                    workers.remove(&at);
                    wanted = workers.len();
                }
            }
            prop_assert_eq!(seats.running(), workers.values().filter(|worker| worker.job.is_some()).count());
            prop_assert_eq!(seats.is_empty(), workers.is_empty());
            for worker in workers.values() {
                prop_assert_eq!(worker.token.is_cancelled(), worker.interrupt.is_some());
            }
        }
    }
}

#[test]
fn a_batch_counts_all_its_items_and_is_not_cancelled_for_one() {
    let mut seats = Seats::default();
    let (at, token) = seats.resize(1).pop().unwrap();
    seats.begin(at, Doing::Many(17));
    seats.cancel(17);
    assert!(!token.is_cancelled());
    assert_eq!((seats.running(), seats.stop()), (17, 17));
    assert!(token.is_cancelled());
}
