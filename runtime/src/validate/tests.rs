use proptest::prelude::*;

use super::{Rules, Validate};
use crate::{Failure, Kind, Layer, Reason};

struct Amount(i64);

impl Validate for Amount {
    fn validate(&self, rules: &mut Rules) {
        rules.check("", self.0 > 0, "must be positive");
    }
}

struct Card {
    number: &'static str,
}

impl Validate for Card {
    fn validate(&self, rules: &mut Rules) {
        rules.check("number", self.number.len() > 11, "must have 12 digits or more");
        rules.check("number", self.number.chars().all(|c| c.is_ascii_digit()), "must be digits");
    }
}

struct Order {
    amounts: Vec<Amount>,
    card: Option<Box<Card>>,
}

impl Validate for Order {
    fn validate(&self, rules: &mut Rules) {
        rules.check("amounts", !self.amounts.is_empty(), "must not be empty");
        rules.nested("amounts", &self.amounts);
        rules.nested("card", &self.card);
    }
}

const BAD_CARD: Card = Card { number: "4111-1111" };

fn told(rules: Rules) -> Option<String> {
    rules.violations().map(|violations| violations.to_string())
}

#[test]
fn nothing_is_allocated_while_every_rule_holds() {
    let order = Order { amounts: vec![Amount(1)], card: None };
    let mut rules = Rules::new("charge");
    rules.check("request.amount", true, "must be positive");
    rules.own("request", &order);
    assert_eq!(format!("{rules:?}"), r#"Rules { name: "charge", found: [] }"#);
    assert!(rules.refuse().is_none());
}

#[test]
fn all_violations_are_told_together_in_order() {
    let order = Order { amounts: vec![Amount(1), Amount(-7)], card: Some(Box::new(BAD_CARD)) };
    let mut rules = Rules::new("charge");
    rules.check("currency", false, "must have three letters");
    rules.own("request", &order);
    rules.check("key", false, "must not be empty");
    assert_eq!(
        told(rules).unwrap(),
        "currency: must have three letters; \
         request.amounts[1]: must be positive; \
         request.card.number: must have 12 digits or more; \
         request.card.number: must be digits; \
         key: must not be empty"
    );
}

#[test]
fn the_refusal_says_who_and_what_and_no_value() {
    let mut rules = Rules::new("charge");
    rules.own("card", &&BAD_CARD);
    let rejection = rules.refuse().unwrap();
    assert_eq!((rejection.layer(), rejection.name()), (Layer::Validate, "charge"));
    assert_eq!((rejection.code(), rejection.status()), ("invalid", 422));
    assert_eq!(Failure::kind(&rejection), Kind::Refused);
    for text in [rejection.to_string(), format!("{rejection:?}")] {
        assert!(text.contains("must be digits") && !text.contains("4111"), "{text}");
    }
    let Reason::Invalid(violations) = rejection.into_reason() else {
        panic!("another reason");
    };
    assert_eq!(
        serde_json::to_string(&violations).unwrap(),
        r#"[{"path":"card.number","message":"must have 12 digits or more"},{"path":"card.number","message":"must be digits"}]"#
    );
}

#[test]
fn lists_of_lists_have_both_indexes() {
    let mut rules = Rules::new("charge");
    rules.own("grid", &[vec![Amount(1)], vec![Amount(2), Amount(0)]]);
    assert_eq!(told(rules).unwrap(), "grid[1][1]: must be positive");
}

#[test]
fn a_rule_on_the_whole_has_the_parents_path_or_none() {
    let mut rules = Rules::new("charge");
    Amount(0).validate(&mut rules);
    rules.nested("", &Amount(0));
    rules.own("amount", &Amount(0));
    assert_eq!(told(rules).unwrap(), "must be positive; must be positive; amount: must be positive");
}

#[test]
fn generic_functions_validate_too() {
    fn both<T: Validate>(value: T) -> bool {
        let mut rules = Rules::new("generic");
        rules.own("value", &value);
        rules.refuse().is_none()
    }
    assert!(both(Amount(1)) && !both(Box::new(Amount(0))));
}

#[cfg(feature = "garde")]
mod by_garde {
    use garde::error::{Error, Path};
    use garde::{Report, Validate};

    use super::{Rules, told};

    struct Invoice {
        lines: Vec<u32>,
    }

    impl Validate for Invoice {
        type Context = ();

        fn validate_into(&self, (): &(), parent: &mut dyn FnMut() -> Path, report: &mut Report) {
            for (index, line) in self.lines.iter().enumerate() {
                if *line == 0 {
                    report.append(parent().join("lines").join(index), Error::new("is too low"));
                }
            }
        }
    }

    #[test]
    fn its_paths_and_messages_are_taken_over() {
        let mut rules = Rules::new("charge");
        rules.own("invoice", &Invoice { lines: vec![1, 0] });
        rules.own("other", &Invoice { lines: vec![] });
        assert_eq!(told(rules).unwrap(), "invoice.lines[1]: is too low");
    }

    #[cfg(feature = "axum")]
    #[test]
    fn an_extractor_is_looked_into() {
        let mut rules = Rules::new("charge");
        rules.own("invoice", &axum::Json(Invoice { lines: vec![0] }));
        rules.own("amount", &axum::Json(super::Amount(0)));
        assert_eq!(told(rules).unwrap(), "invoice.lines[0]: is too low; amount: must be positive");
    }
}

/// A value of any shape whose leaves may break their rule.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(bool),
    List(Vec<Tree>),
    Pair(Box<Tree>, Box<Tree>),
}

impl Validate for Tree {
    fn validate(&self, rules: &mut Rules) {
        match self {
            Self::Leaf(fine) => rules.check("leaf", *fine, "must be fine"),
            Self::List(items) => items.validate(rules),
            Self::Pair(left, right) => {
                rules.nested("left", left);
                rules.nested("right", right);
            }
        }
    }
}

impl Tree {
    /// The same from the root down, as one would write it without care for allocation.
    fn model(&self, path: &str, found: &mut Vec<String>) {
        let join = |step: &str| {
            if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") }
        };
        match self {
            Self::Leaf(true) => {}
            Self::Leaf(false) => found.push(format!("{}: must be fine", join("leaf"))),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.model(&format!("{path}[{index}]"), found);
                }
            }
            Self::Pair(left, right) => {
                left.model(&join("left"), found);
                right.model(&join("right"), found);
            }
        }
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    any::<bool>().prop_map(Tree::Leaf).prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::List),
            (inner.clone(), inner).prop_map(|(l, r)| Tree::Pair(Box::new(l), Box::new(r))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn paths_are_those_of_a_walk_from_the_root(tree in trees()) {
        let mut expected = Vec::new();
        tree.model("", &mut expected);
        let mut rules = Rules::new("tree");
        tree.validate(&mut rules);
        let found = rules.violations();
        let found: Vec<_> = found.iter().flatten().map(ToString::to_string).collect();
        prop_assert_eq!(found, expected);
    }
}
