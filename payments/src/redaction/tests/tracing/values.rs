//! One value at a time.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

use super::listeners::{Listener, Told};
use super::*;

fn events(say: impl FnOnce()) -> Vec<Told> {
    let listener = Listener::default();
    told(registry().with(listener.clone()), say);
    listener.told().into_iter().filter(|told| told.what == "event").collect()
}

#[test]
fn what_is_not_masked_keeps_its_type() {
    let told = events(|| {
        let u = u64::MAX;
        tracing::info!(u, i = -1, f = 0.5, b = true, s = "text", y = &b"\x00\xff"[..], d = ?Some(1), large = 1_u128 << 100);
    });
    let values: Vec<_> = told[0].values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let large = format!("debug {0} {0}", 1_u128 << 100);
    assert_eq!(
        values,
        [
            ("b", "bool true"),
            ("d", "debug Some(1) Some(1)"),
            ("f", "f64 0.5"),
            ("i", "i64 -1"),
            ("large", large.as_str()),
            ("s", "str text"),
            ("u", "u64 18446744073709551615"),
            ("y", "bytes [0, 255]"),
        ]
    );
}

#[test]
fn what_is_masked_is_a_text() {
    let told = events(|| tracing::info!(n = 4_111_111_111_111_111_u64, cvv = 1, e = declined().source().unwrap()));
    assert_eq!(told[0].values["n"], "str ************1111");
    assert_eq!(told[0].values["cvv"], "str [masked]");
    assert!(told[0].values["e"].starts_with("error cvv [masked] does not match"), "{:?}", told[0].values["e"]);
}

#[test]
fn a_value_is_printed_once() {
    /// As an iterator that prints what it yields: there is nothing left for a second time.
    struct Once(Cell<u32>);
    impl fmt::Display for Once {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            assert_eq!(self.0.get(), 1, "printed twice");
            f.write_str("4111111111111111")
        }
    }
    let listeners = [Listener::default(), Listener::default()];
    let subscriber = registry().with(listeners[0].clone()).with(listeners[1].clone());
    told(subscriber, || tracing::info!(once = %Once(Cell::new(0))));
    for listener in listeners {
        assert_clean(&format!("{:?}", listener.told()));
    }
}

#[test]
fn a_value_may_emit_events_of_its_own() {
    struct Talks;
    impl fmt::Debug for Talks {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            tracing::info!(number = "4111111111111111", "while printing");
            f.write_str("talks of 4111111111111111")
        }
    }
    let told = events(|| tracing::info!(first = "a", talks = ?Talks, last = "z"));
    let outer = told.last().unwrap();
    assert_eq!(outer.values["first"], "str a");
    assert_eq!(outer.values["last"], "str z");
    assert!(outer.values["talks"].starts_with("debug talks of ************1111"));
    assert_clean(&format!("{told:?}"));
}

#[test]
fn a_value_that_cannot_be_printed_harms_nothing() {
    struct Fails;
    impl fmt::Debug for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("4111111111111111")?;
            Err(fmt::Error)
        }
    }
    struct Panics;
    impl fmt::Debug for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in the middle");
        }
    }
    let told = events(|| {
        tracing::info!(fails = ?Fails, "kept");
        assert!(
            catch_unwind(AssertUnwindSafe(|| tracing::info!(before = "4111111111111111", panics = ?Panics))).is_err()
        );
        tracing::info!("and on it goes");
    });
    assert_eq!(told.len(), 2);
    assert_clean(&format!("{told:?}"));
}

#[test]
fn more_fields_than_most_events_have() {
    let told = events(|| {
        tracing::info!(
            a1 = 1,
            a2 = 2,
            a3 = 3,
            a4 = 4,
            a5 = 5,
            a6 = 6,
            a7 = 7,
            a8 = 8,
            a9 = 9,
            b1 = 1,
            b2 = 2,
            b3 = 3,
            b4 = 4,
            b5 = 5,
            b6 = 6,
            b7 = 7,
            b8 = 8,
            b9 = 9,
            c1 = 1,
            c2 = 2,
            c3 = 3,
            c4 = 4,
            c5 = 5,
            c6 = 6,
            c7 = 7,
            c8 = 8,
            c9 = 9,
            d1 = 1,
            d2 = 2,
            d3 = 3,
            d4 = 4,
            d5 = 5,
            d6 = "4111111111111111",
            cvv = 9876,
            "many"
        );
    });
    assert_eq!(told[0].values.len(), 35);
    assert_eq!(told[0].values["d6"], "str ************1111");
    assert_eq!(told[0].values["cvv"], "str [masked]");
}

#[test]
fn an_error_that_is_its_own_source_ends() {
    #[derive(Debug)]
    struct Endless;
    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("again")
        }
    }
    impl Error for Endless {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }
    let told = events(|| tracing::error!(error = &Endless as &(dyn Error + 'static)));
    assert_eq!(told[0].values["error"].matches(" < again").count(), 64);
}
