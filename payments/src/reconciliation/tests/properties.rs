use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::*;
use super::model::{Counts, model};
use super::support::{any_pair, now, plan};
use crate::money::Currency;

fn counts(report: &Report) -> Counts {
    let rows = |class, side| report.totals(class, side).rows();
    let all = Class::ALL.into_iter().filter(|class| report.count(*class) > 0);
    all.map(|class| (class, (report.count(class), rows(class, Side::Internal), rows(class, Side::Gateway)))).collect()
}

fn written(internal: &[Row], gateway: &[Row]) -> (Report, Vec<u8>) {
    let mut bytes = Vec::new();
    let plan = plan().max_group(6);
    let report = plan.compare(now(), internal.to_vec(), gateway.to_vec(), &mut JsonSink::new(&mut bytes)).unwrap();
    bytes.extend(serde_json::to_vec(&report).unwrap());
    bytes.extend(report.to_string().into_bytes());
    report.write_csv(&mut bytes).unwrap();
    (report, bytes)
}

/// The rows of each reference in another order.
fn shuffled(rows: &[Row], order: &[u16]) -> Vec<Row> {
    let mut keyed: Vec<_> = rows.iter().cloned().zip(order.iter().copied().cycle()).collect();
    keyed.sort_by(|(one, one_key), (other, other_key)| {
        one.reference().cmp(other.reference()).then(one_key.cmp(other_key))
    });
    keyed.into_iter().map(|(row, _)| row).collect()
}

/// The other side's class of the same rows, where the sides have names of their own.
fn mirrored(class: Class) -> Class {
    match class {
        Class::MissingInternal => Class::MissingGateway,
        Class::MissingGateway | Class::Pending => Class::MissingInternal,
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_merge_decides_as_the_model((internal, gateway) in any_pair(), max_group in 1_usize..7) {
        let plan = plan().max_group(max_group);
        let report = plan.compare(now(), internal.clone(), gateway.clone(), &mut Discard).unwrap();
        prop_assert_eq!(counts(&report), model(&internal, &gateway, max_group));
    }

    #[test]
    fn no_row_and_no_cent_is_lost((internal, gateway) in any_pair(), max_group in 1_usize..7) {
        let plan = plan().max_group(max_group);
        let report = plan.compare(now(), internal.clone(), gateway.clone(), &mut Discard).unwrap();
        for (side, rows) in [(Side::Internal, &internal), (Side::Gateway, &gateway)] {
            let total = |class| report.totals(class, side);
            prop_assert_eq!(Class::ALL.into_iter().map(|class| total(class).rows()).sum::<u64>(), rows.len() as u64);
            prop_assert_eq!(report.input(side).rows(), rows.len() as u64);
            for currency in [Currency::EUR, Currency::JPY] {
                let amounts = rows.iter().map(Row::amount).filter(|amount| amount.currency() == currency);
                let sum: i128 = amounts.map(|amount| i128::from(amount.minor())).sum();
                prop_assert_eq!(Class::ALL.into_iter().map(|class| total(class).sum(currency)).sum::<i128>(), sum);
                prop_assert_eq!(report.input(side).sum(currency), sum);
            }
        }
    }

    #[test]
    fn a_second_run_gives_the_same_bytes((internal, gateway) in any_pair()) {
        prop_assert_eq!(written(&internal, &gateway).1, written(&internal, &gateway).1);
    }

    #[test]
    fn the_order_of_a_references_rows_decides_nothing(
        (internal, gateway) in any_pair(),
        order in proptest::collection::vec(any::<u16>(), 1..20),
    ) {
        let other = written(&shuffled(&internal, &order), &shuffled(&gateway, &order)).0;
        prop_assert_eq!(written(&internal, &gateway).0, other);
    }

    #[test]
    fn sides_are_treated_alike((internal, gateway) in any_pair()) {
        let count = |report: Report| {
            let mut counts = BTreeMap::new();
            for class in Class::ALL {
                *counts.entry(class).or_insert(0) += report.count(class);
            }
            counts
        };
        let there = count(plan().compare(now(), internal.clone(), gateway.clone(), &mut Discard).unwrap());
        let back = count(plan().compare(now(), gateway, internal, &mut Discard).unwrap());
        for class in Class::ALL {
            if mirrored(class) == class {
                prop_assert_eq!(there[&class], back[&class]);
            }
        }
        let missing = |counts: &BTreeMap<Class, u64>| {
            [Class::Pending, Class::MissingInternal, Class::MissingGateway].map(|class| counts[&class]).iter().sum::<u64>()
        };
        prop_assert_eq!(missing(&there), missing(&back));
        prop_assert_eq!(there[&Class::MissingInternal], back[&Class::Pending] + back[&Class::MissingGateway]);
    }

    #[test]
    fn a_row_out_of_order_is_an_error_and_never_an_answer((internal, gateway) in any_pair(), at in any::<prop::sample::Index>()) {
        let mut turned = internal.clone();
        prop_assume!(turned.len() > 1);
        let at = at.index(turned.len() - 1);
        turned.swap(at, at + 1);
        let answer = plan().compare(now(), turned.clone(), gateway.clone(), &mut Discard);
        if turned[at].reference() == turned[at + 1].reference() {
            prop_assert!(answer.is_ok());
        } else {
            let unsorted = (1..turned.len()).find(|n| turned[*n].reference() < turned[n - 1].reference()).unwrap();
            match answer {
                Err(ReconcileError::Unsorted(Unsorted { side: Side::Internal, row })) => {
                    prop_assert_eq!(row, unsorted as u64 + 1);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn streams_are_merged_as_iterators_are((internal, gateway) in any_pair()) {
        let mut bytes = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let report = runtime.block_on(async {
            let (internal, gateway) = (stream(internal.clone()), stream(gateway.clone()));
            let plan = plan().max_group(6);
            plan.compare_streams(now(), internal, gateway, &mut JsonSink::new(&mut bytes)).await.unwrap()
        });
        let (same, same_bytes) = written(&internal, &gateway);
        prop_assert!(same_bytes.starts_with(&bytes));
        prop_assert_eq!(report, same);
    }
}
