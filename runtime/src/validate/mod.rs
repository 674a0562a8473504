//! Checks on a call's arguments, before anything below them runs.
//!
//! All violations are told together, each with its path and its rule. Values are never told: a
//! value that breaks a rule may be a card number in the wrong field.
//!
//! A type that knows its own rules implements [`Validate`]. With the feature `garde`, a type that
//! implements `garde::Validate<Context = ()>` will do as it is. With the feature `axum`, an
//! `axum::Json<T>` has the rules of its `T`.
//!
//! ```
//! use steadfast::validate::{Rules, Validate};
//!
//! struct Card { number: String }
//! struct Order { amount: i64, card: Card, items: Vec<Item> }
//! struct Item { quantity: u32 }
//!
//! impl Validate for Card {
//!     fn validate(&self, rules: &mut Rules) {
//!         rules.check("number", !self.number.is_empty(), "must not be empty");
//!     }
//! }
//!
//! impl Validate for Item {
//!     fn validate(&self, rules: &mut Rules) {
//!         rules.check("quantity", self.quantity > 0, "must be positive");
//!     }
//! }
//!
//! impl Validate for Order {
//!     fn validate(&self, rules: &mut Rules) {
//!         rules.check("amount", self.amount > 0, "must be positive");
//!         rules.nested("card", &self.card);
//!         rules.nested("items", &self.items);
//!     }
//! }
//!
//! let order = Order {
//!     amount: -1,
//!     card: Card { number: String::new() },
//!     items: vec![Item { quantity: 1 }, Item { quantity: 0 }],
//! };
//! let mut rules = Rules::new("charge");
//! order.validate(&mut rules);
//! assert_eq!(
//!     rules.violations().unwrap().to_string(),
//!     "amount: must be positive; card.number: must not be empty; items[1].quantity: must be positive",
//! );
//! ```

#[doc(hidden)]
pub mod rt;
mod rules;
#[cfg(test)]
mod tests;
mod types;
mod violations;

pub use rules::Rules;
pub use types::Validate;
pub use violations::{Violation, Violations};
