//! Random sequences of calls, landings, drops and panics on one key, against a plain model.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::{Answer, Fault, Reply, aloft, ask, cache};
use crate::__rt::Refusal;
use crate::Kind;

const DOWN: Fault = Fault(Kind::Transient);

#[derive(Clone, Copy, Debug)]
enum Event {
    Call,
    /// The running call ends.
    Succeed,
    Fail,
    /// The nth live call is dropped.
    Drop(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => Just(Event::Call),
        1 => Just(Event::Succeed),
        2 => Just(Event::Fail),
        2 => (0_usize..8).prop_map(Event::Drop),
    ];
    prop::collection::vec(event, 1..40)
}

/// Whether a body runs, and how it is told to end.
type Control = Arc<Mutex<(bool, Option<Answer>)>>;

struct Body(Control);

impl Future for Body {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
        let mut control = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        control.0 = true;
        control.1.take().map_or(Poll::Pending, Poll::Ready)
    }
}

struct Call {
    control: Control,
    future: Pin<Box<dyn Future<Output = Reply>>>,
}

impl Call {
    fn runs(&self) -> bool {
        self.control.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn poll(&mut self) -> Poll<Answer> {
        let mut cx = Context::from_waker(Waker::noop());
        self.future.as_mut().poll(&mut cx).map(|reply| match reply {
            Ok(answer) => answer,
            Err(refusal) => panic!("{:?}", refusal.rejection()),
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn one_key_behaves_as_a_queue(events in events()) {
        let cache = cache();
        // Live calls in the order they came; the first of them runs.
        let mut live: VecDeque<Call> = VecDeque::new();
        let mut kept = None;
        let serial = AtomicU32::new(0);
        for event in events {
            match event {
                Event::Call => {
                    let control = Control::default();
                    let body = Body(control.clone());
                    let future = Box::pin(ask!(cache, ("k"), Answer, body));
                    let mut call = Call { control, future };
                    match (call.poll(), &kept) {
                        (Poll::Ready(answer), Some(value)) => prop_assert_eq!(answer, Ok(*value)),
                        (Poll::Pending, None) => live.push_back(call),
                        (poll, kept) => prop_assert!(false, "{poll:?} where {kept:?} is kept"),
                    }
                }
                Event::Succeed | Event::Fail => {
                    let Some(mut leader) = live.pop_front() else { continue };
                    let answer = match event {
                        Event::Succeed => Ok(serial.fetch_add(1, Ordering::Relaxed)),
                        _ => Err(DOWN),
                    };
                    leader.control.lock().unwrap().1 = Some(answer.clone());
                    prop_assert_eq!(leader.poll(), Poll::Ready(answer.clone()));
                    for mut follower in live.drain(..) {
                        prop_assert!(!follower.runs());
                        prop_assert_eq!(follower.poll(), Poll::Ready(answer.clone()));
                    }
                    kept = answer.ok();
                }
                Event::Drop(place) => {
                    if place < live.len() {
                        live.remove(place);
                    }
                }
            }
            for call in &mut live {
                prop_assert!(call.poll().is_pending());
            }
            let running = live.iter().filter(|call| call.runs()).count();
            prop_assert_eq!(running, live.len().min(1));
            prop_assert!(live.front().is_none_or(Call::runs), "not the one who came first");
            prop_assert_eq!(aloft(cache), live.len().min(1));
        }
        live.clear();
        prop_assert_eq!(aloft(cache), 0);
    }
}

/// Many threads, many keys, failures and drops: nobody hangs, nothing is left behind, and every
/// answer is one that was given.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_between_threads() {
    let cache = cache();
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..2_000_u32 {
        calls.spawn(async move {
            let key = format!("{}", number % 7);
            let inner = async {
                tokio::task::yield_now().await;
                if number % 3 == 0 { Err(DOWN) } else { Ok(number) }
            };
            let call = ask!(cache, (key), Answer, inner);
            if number % 5 == 0 {
                tokio::select! {
                    biased;
                    answer = call => Some(answer.unwrap()),
                    () = tokio::task::yield_now() => None,
                }
            } else {
                Some(call.await.unwrap())
            }
        });
    }
    for answer in calls.join_all().await.into_iter().flatten() {
        assert!(answer.is_err() || answer.is_ok_and(|number| number % 3 != 0));
    }
    assert_eq!(aloft(cache), 0);
}
