//! `#[derive(Failure)]`: every variant says its kind, and terminal ones are recorded.

#![allow(dead_code, reason = "of many fields only the type or the place matters")]

use std::error::Error;
use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use steadfast::{Failure, Kind, Layer, Reason, Rejection, ReplayFailure};

const SECOND: Duration = Duration::from_secs(1);

/// A terminal failure there and back.
#[track_caller]
fn replayed<E: ReplayFailure>(error: &E) -> E {
    E::from_record(&error.to_record().expect("terminal").unwrap()).unwrap()
}

mod kinds {
    use super::*;

    /// What is inside an unknown or transient variant is nobody's business.
    struct NotEvenSend(*const u8);

    #[derive(Failure)]
    enum Every {
        #[failure(transient)]
        Io(io::Error),
        #[failure(unknown)]
        Lost { socket: NotEvenSend },
        #[failure(terminal)]
        Declined,
        #[failure(transparent)]
        Inner(Inner),
        #[failure(transparent)]
        Refused { rejection: Rejection },
        #[failure(with = Self::by_status)]
        Http { status: u16 },
    }

    #[derive(Debug, Failure)]
    enum Inner {
        #[failure(unknown)]
        Gone,
        #[failure(transient, retry_after = 0)]
        Busy(Duration),
    }

    impl Every {
        fn by_status(&self) -> Kind {
            match self {
                Self::Http { status: 503 } => Kind::Transient,
                Self::Http { status: 504 } => Kind::Unknown,
                _ => Kind::Terminal,
            }
        }
    }

    #[test]
    fn each_variant_has_its_own() {
        let refused = |reason| Every::Refused { rejection: Rejection::new(Layer::RateLimit, "test", reason) };
        for (error, kind) in [
            (Every::Io(io::ErrorKind::ConnectionReset.into()), Kind::Transient),
            (Every::Lost { socket: NotEvenSend(std::ptr::null()) }, Kind::Unknown),
            (Every::Declined, Kind::Terminal),
            (Every::Inner(Inner::Gone), Kind::Unknown),
            (Every::Inner(Inner::Busy(SECOND)), Kind::Transient),
            (refused(Reason::MissingKey), Kind::Refused),
            (refused(Reason::TimedOut { after: SECOND }), Kind::Unknown),
            (Every::Http { status: 503 }, Kind::Transient),
            (Every::Http { status: 504 }, Kind::Unknown),
            (Every::Http { status: 404 }, Kind::Terminal),
        ] {
            assert_eq!(error.kind(), kind);
        }
    }

    #[test]
    fn only_terminal_ones_have_a_record() {
        assert!(Terminal::Other { socket: io::ErrorKind::Other.into() }.to_record().is_none());
        assert!(Terminal::Unit.to_record().is_some());
    }

    #[derive(Debug, Failure)]
    enum Terminal {
        #[failure(terminal)]
        Unit,
        #[failure(transient)]
        Other { socket: io::Error },
    }

    #[test]
    fn a_struct_is_one_case() {
        #[derive(Debug, PartialEq, Failure)]
        #[failure(terminal)]
        struct Declined {
            code: u16,
        }
        #[derive(Failure)]
        #[failure(transient, retry_after = 1)]
        struct Busy(&'static str, Duration);

        assert_eq!(replayed(&Declined { code: 51 }), Declined { code: 51 });
        assert_eq!((Busy("", SECOND).kind(), Busy("", SECOND).retry_after()), (Kind::Transient, Some(SECOND)));
    }

    #[test]
    fn an_enum_of_nothing_compiles() {
        #[derive(Debug, Failure)]
        enum Never {}
        assert!(Never::from_record(b"{}").is_err());
    }
}

mod waits {
    use super::*;

    #[derive(Failure)]
    enum Busy {
        #[failure(transient, retry_after = after)]
        Plain { after: Duration },
        #[failure(transient, retry_after = 1)]
        Optional(u16, Option<Duration>),
        #[failure(transient)]
        Silent { after: Duration },
        #[failure(transparent)]
        Inner(Rejection),
        #[failure(transparent)]
        Deeper(Box<Busy>),
    }

    #[test]
    fn come_from_a_field_or_from_the_error_inside() {
        let limited = Rejection::new(Layer::RateLimit, "test", Reason::Limited { retry_after: SECOND });
        for (error, wait) in [
            (Busy::Plain { after: SECOND }, Some(SECOND)),
            (Busy::Optional(429, Some(SECOND)), Some(SECOND)),
            (Busy::Optional(429, None), None),
            (Busy::Silent { after: SECOND }, None),
            (Busy::Inner(limited), Some(SECOND)),
            (Busy::Deeper(Box::new(Busy::Plain { after: SECOND })), Some(SECOND)),
        ] {
            assert_eq!(error.retry_after(), wait);
        }
        let Busy::Optional(status, _) = Busy::Optional(429, None) else { panic!() };
        assert_eq!(status, 429);
        let Busy::Silent { after } = (Busy::Silent { after: SECOND }) else { panic!() };
        assert_eq!(after, SECOND);
    }
}

mod records {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Failure)]
    enum Rich {
        #[failure(terminal)]
        Unit,
        #[failure(terminal)]
        Tuple(u64, Option<String>, Vec<f64>),
        #[failure(terminal)]
        Named { code: Code, r#type: String },
        #[failure(transparent)]
        Nested(Inner),
        #[failure(with = kind_of_with)]
        With(u8),
    }

    #[derive(Clone, Debug, PartialEq, Failure)]
    enum Inner {
        #[failure(terminal)]
        No { reason: String },
        #[failure(transient)]
        Later,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Code {
        NoFunds,
        Other(i64),
    }

    fn kind_of_with(error: &Rich) -> Kind {
        match error {
            Rich::With(0) => Kind::Transient,
            _ => Kind::Terminal,
        }
    }

    #[test]
    fn give_back_the_same_value() {
        for error in [
            Rich::Unit,
            Rich::Tuple(u64::MAX, None, vec![0.1, -0.0, 1e300]),
            Rich::Tuple(0, Some("é\u{0}\"".to_owned()), vec![]),
            Rich::Named { code: Code::Other(i64::MIN), r#type: "t".to_owned() },
            Rich::Named { code: Code::NoFunds, r#type: String::new() },
            Rich::Nested(Inner::No { reason: "closed".to_owned() }),
            Rich::With(7),
        ] {
            assert_eq!(replayed(&error), error);
        }
    }

    #[test]
    fn are_none_where_the_error_inside_or_its_function_says_otherwise() {
        assert!(Rich::Nested(Inner::Later).to_record().is_none());
        assert!(Rich::With(0).to_record().is_none());
    }

    #[test]
    fn a_value_that_json_cannot_say_is_an_error() {
        assert!(Rich::Tuple(0, None, vec![f64::NAN]).to_record().unwrap().is_err());
    }

    #[test]
    fn of_another_version_are_errors_and_never_values() {
        #[derive(Debug, Failure)]
        enum Renamed {
            #[failure(terminal)]
            Unit2,
        }
        #[derive(Debug, PartialEq, Failure)]
        enum Grown {
            #[failure(terminal)]
            Named { code: Code, r#type: String, since: Option<u64> },
        }
        #[derive(Debug, Failure)]
        enum Shrunk {
            #[failure(terminal)]
            Tuple(String),
        }
        let record = |error: Rich| error.to_record().unwrap().unwrap();
        assert!(Renamed::from_record(&record(Rich::Unit)).is_err());
        assert!(Renamed::Unit2.to_record().is_some());
        assert!(Shrunk::from_record(&record(Rich::Tuple(1, None, vec![]))).is_err());
        let named = Rich::Named { code: Code::NoFunds, r#type: "t".to_owned() };
        let grown = Grown::Named { code: Code::NoFunds, r#type: "t".to_owned(), since: None };
        assert_eq!(Grown::from_record(&record(named)).unwrap(), grown);
        for garbage in [&b""[..], b"null", b"{}", b"{\"variant\":\"Unit\"", &[0xff, 0xfe]] {
            assert!(Rich::from_record(garbage).is_err());
        }
    }

    #[test]
    fn an_error_of_reading_does_not_echo_the_record() {
        let error = Rich::from_record(b"{\"variant\":\"Tuple\",\"fields\":{\"0\":\"marker-1\"}}").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("marker-1"));
    }
}

mod shapes {
    use super::*;

    #[derive(Debug, Failure)]
    enum Generic<T, E: Error>
    where
        T: Clone,
    {
        #[failure(terminal)]
        Declined(T),
        #[failure(unknown)]
        Lost(E),
    }

    #[test]
    fn generic_errors_have_kinds_whatever_is_inside_and_records_where_it_can_be_stored() {
        let lost: Generic<(), io::Error> = Generic::Lost(io::ErrorKind::TimedOut.into());
        assert_eq!(lost.kind(), Kind::Unknown);
        let declined: Generic<u32, io::Error> = Generic::Declined(51);
        assert!(matches!(replayed(&declined), Generic::Declined(51)));

        #[derive(Clone)]
        struct NotStorable;
        let unstored: Generic<NotStorable, io::Error> = Generic::Declined(NotStorable);
        assert_eq!(unstored.kind(), Kind::Terminal);
    }

    #[test]
    fn it_stands_beside_thiserror() {
        #[derive(Debug, thiserror::Error, Failure)]
        enum PaymentError {
            #[error("declined: {0}")]
            #[failure(terminal)]
            Declined(String),
            #[error("network")]
            #[failure(transient)]
            Network(#[from] io::Error),
            #[error(transparent)]
            #[failure(transparent)]
            Refused(#[from] Rejection),
        }
        let error = PaymentError::from(io::Error::from(io::ErrorKind::ConnectionReset));
        assert_eq!(error.kind(), Kind::Transient);
        assert!(error.source().is_some());
        let error = PaymentError::from(Rejection::new(Layer::Idempotent, "test", Reason::Conflict));
        assert_eq!((error.kind(), error.to_string().contains("another payload")), (Kind::Refused, true));
        assert_eq!(replayed(&PaymentError::Declined("51".to_owned())).to_string(), "declined: 51");
    }

    #[test]
    fn by_hand_it_needs_only_the_kind() {
        struct Status(u16);
        impl Failure for Status {
            fn kind(&self) -> Kind {
                if self.0 < 500 { Kind::Terminal } else { Kind::Transient }
            }
        }
        assert_eq!((Status(404).kind(), Status(503).kind()), (Kind::Terminal, Kind::Transient));
        let borrowed: &dyn Failure = &Status(503);
        assert_eq!(borrowed.kind(), Kind::Transient);
        assert_eq!(Box::new(Status(404)).retry_after(), None);
    }
}
