use super::{Event, Order, Proof};
use crate::gateway::{Charge, Entry};

const ORDER: Order = Order(1);

fn answer(order: Order, id: &str) -> Event {
    Event::Answer { order, id: id.into(), replayed: false }
}

/// What is said of one order, with these charges and these events.
fn wrong(order: Order, charges: &[&str], events: &[Event]) -> String {
    let entry = |id: &&str| Entry { order, charge: Charge { id: (*id).to_owned() } };
    let ledger: Vec<_> = charges.iter().map(entry).collect();
    Proof::of(&(order.0..order.0 + 1), &ledger, events).wrong.join("; ")
}

#[test]
fn one_charge_that_was_answered_is_right() {
    assert_eq!(wrong(ORDER, &["a"], &[answer(ORDER, "a"), Event::Recovered(ORDER), answer(ORDER, "a")]), "");
    assert_eq!(wrong(Order(3), &[], &[answer(Order(3), "declined")]), "");
    let opaque = Order(7);
    assert_eq!(wrong(opaque, &["a"], &[Event::Unknown(opaque), Event::Listed(opaque), answer(opaque, "a")]), "");
}

#[test]
fn each_wrong_end_is_found() {
    let (ok, opaque) = (answer(ORDER, "a"), Order(7));
    let cases: [(&str, Order, &[&str], &[Event]); 11] = [
        ("charged 2 times instead of 1", ORDER, &["a", "b"], std::slice::from_ref(&ok)),
        ("never charged", ORDER, &[], std::slice::from_ref(&ok)),
        ("charged 1 times instead of 0", Order(3), &["a"], &[answer(Order(3), "a")]),
        ("lost: never answered", ORDER, &["a"], &[Event::NoAnswer(ORDER)]),
        ("answered in 2 ways", ORDER, &["a"], &[ok.clone(), answer(ORDER, "b")]),
        ("which the ledger has not", ORDER, &["a"], &[answer(ORDER, "b")]),
        ("unknown: true, listed: false", opaque, &["a"], &[Event::Unknown(opaque), answer(opaque, "a")]),
        ("unknown: false, listed: true", opaque, &["a"], &[Event::Listed(opaque), answer(opaque, "a")]),
        (
            "though the gateway could be asked",
            ORDER,
            &["a"],
            &[Event::Unknown(ORDER), Event::Listed(ORDER), ok.clone()],
        ),
        (
            "after it was answered",
            opaque,
            &["a"],
            &[answer(opaque, "a"), Event::Unknown(opaque), Event::Listed(opaque)],
        ),
        ("after it was resolved", opaque, &["a"], &[answer(opaque, "a"), Event::StillListed(opaque)]),
    ];
    for (expected, order, charges, events) in cases {
        let wrong = wrong(order, charges, events);
        assert!(wrong.contains(expected), "{wrong} instead of {expected}");
    }
}
