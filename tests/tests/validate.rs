//! `#[validate]`: everything that is wrong with the arguments, before anything runs.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Json;
use steadfast::validate::{Rules, Validate};
use steadfast::{Layer, Reason, validate};
use steadfast_tests::{ChargeRequest, Code, PayError};

/// The violations of a refused call.
fn violations<T>(result: &Result<T, PayError>) -> Vec<(&str, &str)> {
    let Reason::Invalid(violations) = result.reason() else { panic!("{}", result.code()) };
    violations.iter().map(|violation| (violation.path(), violation.message())).collect()
}

mod predicates {
    use super::*;

    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[validate(
        request.amount > 0 => "must be positive",
        request.amount <= limit => "must not be above the limit",
        !request.order.is_empty() => "must not be empty",
        currency.len() == 3 && currency.chars().all(|c| c.is_ascii_uppercase()) => "must be three capital letters",
    )]
    async fn charge(request: ChargeRequest, limit: u64, currency: &str) -> Result<u64, PayError> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(request.amount)
    }

    #[tokio::test]
    async fn all_violations_come_at_once_in_their_order_and_nothing_runs() {
        let request = ChargeRequest { order: String::new(), amount: 0 };
        let refused = charge(request, 10, "euro").await;
        assert_eq!(
            violations(&refused),
            [
                ("request.amount", "must be positive"),
                ("request.order", "must not be empty"),
                ("currency", "must be three capital letters"),
            ]
        );
        let rejection = refused.rejection().unwrap();
        assert_eq!((rejection.layer(), rejection.name(), rejection.status()), (Layer::Validate, "charge", 422));
        assert_eq!(RUNS.load(Ordering::SeqCst), 0);

        assert_eq!(charge(ChargeRequest::of(10), 10, "EUR").await.unwrap(), 10);
        assert_eq!(violations(&charge(ChargeRequest::of(11), 10, "EUR").await).len(), 1);
        assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn no_value_is_echoed() {
        #[validate(card.len() < 5 => "must be a token")]
        async fn charge(card: String) -> Result<(), PayError> {
            Ok(())
        }
        let refused = charge("4111111111111111".to_owned()).await.unwrap_err();
        let shown = format!("{refused:?} {refused:#?}");
        assert!(!shown.contains("4111"), "{shown}");
        let PayError::Refused(rejection) = refused else { panic!() };
        assert!(!rejection.to_string().contains("4111"), "{rejection}");
    }

    #[tokio::test]
    async fn a_rule_may_ask_self_and_anything_else() {
        struct Account {
            balance: u64,
        }
        impl Account {
            fn covers(&self, amount: u64) -> bool {
                self.balance >= amount
            }
            #[validate(self.covers(amount) => "must be covered", amount.is_multiple_of(5) => "must be in fives")]
            async fn pay(&self, amount: u64) -> Result<u64, PayError> {
                Ok(amount)
            }
        }
        let account = Account { balance: 100 };
        assert_eq!(account.pay(95).await.unwrap(), 95);
        let refused = account.pay(101).await;
        assert_eq!(violations(&refused), [("self", "must be covered"), ("amount", "must be in fives")]);
    }

    #[tokio::test]
    async fn the_body_may_consume_what_was_checked() {
        #[validate(!name.is_empty() => "must not be empty")]
        async fn greet(name: String) -> Result<String, PayError> {
            Ok(name)
        }
        assert_eq!(greet("Ada".to_owned()).await.unwrap(), "Ada");
    }
}

mod values_that_validate_themselves {
    use super::*;

    struct Order {
        items: Vec<Item>,
        note: Option<Item>,
    }
    struct Item(u32);

    impl Validate for Item {
        fn validate(&self, rules: &mut Rules) {
            rules.check("quantity", self.0 > 0, "must be positive");
        }
    }
    impl Validate for Order {
        fn validate(&self, rules: &mut Rules) {
            rules.check("items", !self.items.is_empty(), "must not be empty");
            rules.nested("items", &self.items);
            rules.nested("note", &self.note);
        }
    }

    #[tokio::test]
    async fn by_our_own_trait_with_their_paths() {
        #[validate(order, limit > 0 => "must be positive")]
        async fn place(order: Order, limit: u64) -> Result<usize, PayError> {
            Ok(order.items.len())
        }
        let order = Order { items: vec![Item(1), Item(0)], note: Some(Item(0)) };
        assert_eq!(
            violations(&place(order, 0).await),
            [
                ("order.items[1].quantity", "must be positive"),
                ("order.note.quantity", "must be positive"),
                ("limit", "must be positive"),
            ]
        );
        let order = Order { items: vec![Item(1)], note: None };
        assert_eq!(place(order, 1).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn behind_a_reference_a_field_or_an_extractor() {
        struct Envelope {
            order: Order,
        }
        #[validate(envelope.order)]
        async fn by_field(envelope: &Envelope) -> Result<usize, PayError> {
            Ok(envelope.order.items.len())
        }
        #[validate(items)]
        async fn by_slice(items: &[Item]) -> Result<usize, PayError> {
            Ok(items.len())
        }
        #[validate(item)]
        async fn by_json(item: Json<Item>) -> Result<u32, PayError> {
            Ok(item.0.0)
        }
        let envelope = Envelope { order: Order { items: vec![], note: None } };
        assert_eq!(violations(&by_field(&envelope).await), [("envelope.order.items", "must not be empty")]);
        assert_eq!(violations(&by_slice(&[Item(0)]).await), [("items[0].quantity", "must be positive")]);
        assert_eq!(violations(&by_json(Json(Item(0))).await), [("item.quantity", "must be positive")]);
        assert_eq!(by_json(Json(Item(3))).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn by_garde() {
        #[derive(garde::Validate)]
        struct Card {
            #[garde(length(min = 12))]
            number: String,
            #[garde(dive)]
            owner: Owner,
        }
        #[derive(garde::Validate)]
        struct Owner {
            #[garde(length(min = 1), ascii)]
            name: String,
        }
        #[validate(card, amount > 0 => "must be positive")]
        async fn charge(card: Card, amount: u64) -> Result<usize, PayError> {
            Ok(card.number.len() + card.owner.name.len())
        }
        let card =
            |number: &str, name: &str| Card { number: number.to_owned(), owner: Owner { name: name.to_owned() } };
        let refused = charge(card("4111", ""), 0).await;
        let paths: Vec<_> = violations(&refused).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["card.number", "card.owner.name", "amount"]);
        assert!(!format!("{:?}", refused.unwrap_err()).contains("4111"));
        assert_eq!(charge(card("411111111111", "Ada"), 1).await.unwrap(), 15);
    }
}
