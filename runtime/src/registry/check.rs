//! What a program asks before it starts: are the idempotent names told apart?

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use super::Describe;
use super::function::{Function, functions};

/// Whether the program may start: no two functions have one idempotent name.
///
/// Without this check the calls to such functions are refused one by one, because their keys would
/// meet each other's records. A program that asks here first does not start.
///
/// ```
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     steadfast::registry::check()?;
///     // open the store, serve ..
///     Ok(())
/// }
/// ```
///
/// # Errors
/// The names, each with the places of the functions that have it.
pub fn check() -> Result<(), DuplicateNames> {
    let names = duplicate_names();
    if names.is_empty() { Ok(()) } else { Err(DuplicateNames(names)) }
}

/// Functions that share an idempotent name.
///
/// ```standalone_crate
/// # use steadfast::Rejection;
/// # use steadfast::idempotent::MemoryStore;
/// mod cards {
///     # use super::*;
///     #[steadfast::idempotent(name = "charge", key = key, payload = none, store = records)]
///     pub async fn charge(records: MemoryStore, key: String) -> Result<(), Rejection> {
///         Ok(())
///     }
/// }
/// mod wallets {
///     # use super::*;
///     #[steadfast::idempotent(name = "charge", key = key, payload = none, store = records)]
///     pub async fn charge(records: MemoryStore, key: String) -> Result<(), Rejection> {
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let duplicates = steadfast::registry::check().unwrap_err();
/// assert!(duplicates.to_string().starts_with("the idempotent name `charge` belongs to "));
///
/// // A program that did not ask:
/// let refused = cards::charge(MemoryStore::default(), "order-17".into()).await.unwrap_err();
/// assert_eq!(refused.code(), "duplicate_name");
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DuplicateNames(&'static BTreeMap<&'static str, Vec<String>>);

impl fmt::Display for DuplicateNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, places)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}the idempotent name `{name}` belongs to {}", places.join(" and "))?;
        }
        Ok(())
    }
}

impl std::error::Error for DuplicateNames {}

/// Names of `idempotent` that more than one function has, with the places of those functions.
///
/// ```
/// assert!(steadfast::registry::duplicate_names().is_empty());
/// ```
pub fn duplicate_names() -> &'static BTreeMap<&'static str, Vec<String>> {
    static DUPLICATES: OnceLock<BTreeMap<&'static str, Vec<String>>> = OnceLock::new();
    DUPLICATES.get_or_init(|| {
        let mut places: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for function in functions() {
            for name in function.idempotent_names() {
                places.entry(name).or_default().push(function.place());
            }
        }
        places.retain(|_, places| places.len() > 1);
        places
    })
}

impl Function {
    fn idempotent_names(&self) -> impl Iterator<Item = &'static str> {
        self.layers.iter().filter_map(|entry| entry.policy.get().and_then(Describe::idempotent_name))
    }
}
