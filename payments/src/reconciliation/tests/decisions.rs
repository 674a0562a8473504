use std::time::Duration;

use super::super::*;
use super::support::*;
use crate::money::{Currency, Money};

#[test]
fn one_and_one_are_compared_part_by_part() {
    let ours = row("a", 500).with_fee(eur(10));
    let yen = Row::new("a", Money::new(500, Currency::JPY), Status::Refunded, day(1));
    for (theirs, class) in [
        (row("a", 500).with_fee(eur(10)), Class::Matched),
        (row("a", 500), Class::Matched), // a fee that only one side states is not compared
        (yen, Class::CurrencyMismatch),
        (ended("a", 501, Status::Refunded), Class::AmountMismatch),
        (ended("a", 500, Status::Failed).with_fee(eur(11)), Class::StatusMismatch),
        (row("a", 500).with_fee(eur(11)), Class::FeeMismatch),
        (row("a", 500).with_fee(Money::new(10, Currency::JPY)), Class::FeeMismatch),
    ] {
        assert_eq!(classes(std::slice::from_ref(&ours), &[theirs]), [(class, 1)]);
    }
}

#[test]
fn when_it_was_is_not_compared() {
    let late = Row::new("a", eur(500), Status::Captured, day(9));
    assert_eq!(classes(&[row("a", 500)], &[late]), [(Class::Matched, 1)]);
}

#[test]
fn what_the_gateway_lacks_is_pending_until_the_lag_is_over() {
    let at = |at| Row::new("a", eur(500), Status::Captured, at);
    for (time, class) in [
        (now() + DAY, Class::Pending), // a clock that is ahead
        (now(), Class::Pending),
        (now() - LAG + Duration::from_nanos(1), Class::Pending),
        (now() - LAG, Class::MissingGateway),
        (std::time::SystemTime::UNIX_EPOCH, Class::MissingGateway),
    ] {
        assert_eq!(classes(&[at(time)], &[]), [(class, 1)]);
        // What we lack, we should have: its webhook was missed.
        assert_eq!(classes(&[], &[at(time)]), [(Class::MissingInternal, 1)]);
    }
}

#[test]
fn partial_captures_that_settle_together_are_one_finding() {
    let (one, many) = ([row("a", 1000)], [row("a", 300), row("a", 700)]);
    assert_eq!(classes(&many, &one), [(Class::ManyToOne, 1)]);
    assert_eq!(classes(&one, &many), [(Class::ManyToOne, 1)]);
    // Two halves are not one half that is there twice.
    assert_eq!(classes(&[row("a", 500), row("a", 500)], &one), [(Class::ManyToOne, 1)]);
    // A capture, and what was given back of it.
    let net = [row("a", 1200), ended("a", -200, Status::Refunded)];
    assert_eq!(classes(&net, &one), [(Class::ManyToOne, 1)]);
}

#[test]
fn many_and_one_of_equal_sum_may_still_differ_in_end_or_fee() {
    let halves = [row("a", 500).with_fee(eur(5)), row("a", 500).with_fee(eur(6))];
    assert_eq!(classes(&halves, &[ended("a", 1000, Status::Failed)]), [(Class::StatusMismatch, 1)]);
    assert_eq!(classes(&halves, &[row("a", 1000).with_fee(eur(10))]), [(Class::FeeMismatch, 1)]);
    assert_eq!(classes(&halves, &[row("a", 1000).with_fee(eur(11))]), [(Class::ManyToOne, 1)]);
    assert_eq!(classes(&halves, &[row("a", 1000)]), [(Class::ManyToOne, 1)]);
}

/// Or a part that failed, or is only held, would pass for money that came.
#[test]
fn what_did_not_move_does_not_make_up_for_what_did() {
    let whole = [row("a", 1000)];
    for status in [Status::Failed, Status::Authorized, Status::Voided, Status::Pending, Status::Disputed] {
        let half = [row("a", 500), ended("a", 500, status)];
        assert_eq!(classes(&whole, &half), [(Class::StatusMismatch, 1)], "{status:?}");
        assert_eq!(classes(&half, &whole), [(Class::StatusMismatch, 1)], "{status:?}");
        let more = [row("a", 600), ended("a", 400, status)];
        assert_eq!(classes(&half, &more), [(Class::StatusMismatch, 1)], "{status:?}");
    }
}

#[test]
fn a_capture_and_its_refund_are_matched_each_with_its_own() {
    let both = [row("a", 1000), ended("a", -300, Status::Refunded)];
    assert_eq!(classes(&both, &both), [(Class::Matched, 2)]);
    let refunds = [row("a", 1000), ended("a", -100, Status::Refunded), ended("a", -200, Status::Refunded)];
    assert_eq!(classes(&refunds, &both), [(Class::Matched, 1), (Class::ManyToOne, 1)]);
    let less = [row("a", 1000), ended("a", -250, Status::Refunded)];
    assert_eq!(classes(&both, &less), [(Class::Matched, 1), (Class::AmountMismatch, 1)]);
    assert_eq!(classes(&both, &both[..1]), [(Class::Matched, 1), (Class::MissingGateway, 1)]);
}

#[test]
fn the_same_once_more_is_a_duplicate_on_either_side() {
    let (one, two) = ([row("a", 500)], [row("a", 500), row("a", 500)]);
    assert_eq!(classes(&two, &one), [(Class::Matched, 1), (Class::Duplicate, 1)]);
    assert_eq!(classes(&one, &two), [(Class::Matched, 1), (Class::Duplicate, 1)]);
    assert_eq!(classes(&two, &two), [(Class::Matched, 2)]);
    assert_eq!(classes(&two, &[]), [(Class::MissingGateway, 1), (Class::Duplicate, 1)]);
    assert_eq!(classes(&[], &two), [(Class::MissingInternal, 1), (Class::Duplicate, 1)]);
    // Another fee or another time does not make another payment.
    let later = Row::new("a", eur(500), Status::Captured, day(9)).with_fee(eur(3));
    assert_eq!(classes(&[row("a", 500), later], &one), [(Class::Matched, 1), (Class::Duplicate, 1)]);
    // The copies aside, what is left is compared.
    assert_eq!(classes(&two, &[row("a", 490)]), [(Class::AmountMismatch, 1), (Class::Duplicate, 1)]);
}

#[test]
fn of_several_that_do_not_add_up_the_sums_are_compared() {
    assert_eq!(classes(&[row("a", 300), row("a", 700)], &[row("a", 900)]), [(Class::AmountMismatch, 1)]);
    let split = [row("a", 400), row("a", 600)];
    assert_eq!(classes(&[row("a", 300), row("a", 700)], &split), [(Class::ManyToOne, 1)]);
    let yen = Row::new("a", Money::new(700, Currency::JPY), Status::Captured, day(1));
    assert_eq!(classes(&[row("a", 300), yen], &[row("a", 1000)]), [(Class::CurrencyMismatch, 1)]);
}

#[test]
fn more_rows_of_one_reference_than_are_kept_are_counted_and_summed() {
    let many: Vec<Row> = (0..5000).map(|n| row("a", n)).collect();
    let mut told = Told::default();
    let report = plan().max_group(10).compare(now(), many, [row("a", 1), row("b", 2)], &mut told).unwrap();
    assert_eq!(told.0[0], (Class::TooMany, vec![1], vec![1]));
    assert_eq!((report.count(Class::TooMany), report.count(Class::MissingInternal)), (1, 1));
    let totals = report.totals(Class::TooMany, Side::Internal);
    assert_eq!((totals.rows(), totals.sum(Currency::EUR)), (5000, 4999 * 5000 / 2));
    assert_eq!(report.totals(Class::TooMany, Side::Gateway).sum(Currency::EUR), 1);
}

#[test]
fn sums_are_larger_than_amounts_can_be() {
    let rows: Vec<Row> = ["a", "b", "c"].map(|reference| row(reference, i64::MAX)).into();
    let report = plan().compare(now(), rows.clone(), rows, &mut Discard).unwrap();
    assert_eq!(report.input(Side::Internal).sum(Currency::EUR), 3 * i128::from(i64::MAX));
    assert!(report.to_string().contains("276701161105643274.21 EUR"));
    let most = [row("a", i64::MAX), row("a", i64::MAX), row("a", i64::MIN), row("a", i64::MIN)];
    assert_eq!(classes(&most, &[row("a", -2)]), [(Class::ManyToOne, 1)]);
}

#[test]
fn references_are_sorted_byte_by_byte() {
    let rows = ["10", "9", "B", "a", "é"].map(|reference| row(reference, 1));
    assert!(plan().compare(now(), rows.clone(), rows, &mut Discard).is_ok());
    let error = plan().compare(now(), [row("9", 1)], [row("9", 1), row("10", 1)], &mut Discard).unwrap_err();
    assert!(matches!(error, ReconcileError::Unsorted(Unsorted { side: Side::Gateway, row: 2 })));
}

#[test]
fn findings_come_in_the_order_of_their_references() {
    let internal = ["b", "c", "e"].map(|reference| row(reference, 1));
    let gateway = ["a", "c", "d", "f"].map(|reference| row(reference, 1));
    let mut told = Told::default();
    plan().compare(now(), internal, gateway, &mut told).unwrap();
    let found: Vec<_> = told.0.iter().map(|(class, ours, theirs)| (*class, ours.len(), theirs.len())).collect();
    let (ours, theirs) = ((Class::MissingGateway, 1, 0), (Class::MissingInternal, 0, 1));
    assert_eq!(found, [theirs, ours, theirs, ours, theirs]);
}

#[test]
fn a_feed_that_is_dropped_is_asked_for_again() {
    let mut merge = plan().merge(now());
    for _ in 0..3 {
        assert!(matches!(merge.step(), Step::Feed(feed) if feed.side() == Side::Internal));
    }
    for _ in 0..2 {
        let Step::Feed(feed) = merge.step() else { panic!("nothing is known yet") };
        feed.end();
    }
    assert!(matches!(merge.step(), Step::Done));
    assert!(matches!(merge.step(), Step::Done));
}

#[test]
fn neither_references_nor_amounts_are_in_debug() {
    let mut merge = plan().merge(now());
    if let Step::Feed(feed) = merge.step() {
        feed.row(row("secret-reference", 987_654)).unwrap();
    }
    let found = {
        let mut kept = None;
        let mut keep = |event: Event<'_>| {
            if let Event::Found(finding) = event {
                kept = Some(format!("{finding:?} {:?} {event:?}", finding.to_found()));
            }
            Ok(())
        };
        plan().compare(now(), [row("secret-reference", 987_654)], Vec::<Row>::new(), &mut keep).unwrap();
        kept.unwrap()
    };
    let shown = format!("{merge:?} {found} {:?}", row("secret-reference", 987_654));
    assert!(!shown.contains("secret") && !shown.contains("987654") && !shown.contains("9876"), "{shown}");
}
