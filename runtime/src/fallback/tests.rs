use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::Fallback;
use super::rt::{first_failure, stand_in, stand_in_matched};
use crate::__rt::{own_word, refuse};
use crate::kinds::{Ending, Stand, TABLE};
use crate::{Failure, Kind, Layer, Reason, Rejection, Signal};

static FALLBACK: Fallback = Fallback::new("rates");

#[derive(Debug)]
enum Error {
    Own(Kind),
    Refused(Rejection),
}

impl Failure for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Own(kind) => *kind,
            Self::Refused(rejection) => Failure::kind(rejection),
        }
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

type Answer = Result<u8, Error>;

/// Whether something stands in.
fn stands_in(result: Result<Answer, Rejection>) -> bool {
    let Some(failure) = first_failure(&result, own_word) else { return false };
    stand_in(&FALLBACK, result, failure, refuse).is_ok()
}

fn refused(reason: Reason) -> Result<Answer, Rejection> {
    Err(Rejection::new(Layer::Idempotent, "rates", reason))
}

#[test]
fn stands_in_where_the_table_says() {
    for (kind, stand) in
        [(Kind::Transient, true), (Kind::Terminal, false), (Kind::Unknown, true), (Kind::Refused, true)]
    {
        assert_eq!(stands_in(Ok(Err(Error::Own(kind)))), stand, "{kind:?}");
    }
    assert!(!stands_in(Ok(Ok(1))));
    let wait = Duration::from_secs(1);
    assert!(stands_in(refused(Reason::Open { retry_after: None })));
    assert!(stands_in(refused(Reason::Limited { retry_after: wait })));
    assert!(stands_in(refused(Reason::Full { waited: wait })));
    assert!(stands_in(refused(Reason::TimedOut { after: wait })));
    for reason in [Reason::MissingKey, Reason::Conflict, Reason::InFlight { retry_after: wait }, Reason::StoreFull] {
        assert!(!stands_in(refused(reason)));
    }
    assert_eq!(TABLE.iter().filter(|row| row.stand == Stand::Aside).count(), 3);
    assert_eq!(Ending::Unrecorded.row().stand, Stand::Aside);
}

#[test]
fn a_pattern_looks_at_a_refusal_as_the_caller_would() {
    let conflict = |result: &Answer| {
        let error = result.as_ref().err()?;
        let matches = matches!(error, Error::Refused(refusal) if refusal.code() == "payload_conflict");
        Some(Signal::of(if matches { Kind::Transient } else { Kind::Terminal }))
    };
    let matched = |result: Result<Answer, Rejection>| {
        let failure = first_failure(&result, conflict).unwrap();
        stand_in_matched(&FALLBACK, result, failure, conflict, refuse)
    };
    assert!(matched(refused(Reason::Conflict)).is_ok());
    // What nothing stands in for is as it was, a refusal too.
    assert!(matches!(matched(refused(Reason::MissingKey)), Err(Err(_))));
    assert!(matches!(matched(Ok(Err(Error::Own(Kind::Transient)))), Err(Ok(Err(_)))));
}

fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn by_hand_the_stand_in_gets_the_error_and_its_failure_surfaces() {
    let call = |kind| async move { Err::<u8, _>(Error::Own(kind)) };
    let mut fails = Box::pin(FALLBACK.call(
        || call(Kind::Transient),
        |error: Error| async move {
            assert_eq!(error.kind(), Kind::Transient);
            Err(Error::Own(Kind::Terminal))
        },
    ));
    assert!(matches!(poll(&mut fails), Poll::Ready(Err(Error::Own(Kind::Terminal)))));
    assert!(poll(&mut fails).is_pending(), "it is over");
    let mut aside = Box::pin(FALLBACK.call(|| call(Kind::Terminal), |_| pending()));
    assert!(matches!(poll(&mut aside), Poll::Ready(Err(Error::Own(Kind::Terminal)))));
    let mut stands = Box::pin(FALLBACK.call(|| call(Kind::Unknown), |_| async { Ok(7) }));
    assert!(matches!(poll(&mut stands), Poll::Ready(Ok(7))));
}
