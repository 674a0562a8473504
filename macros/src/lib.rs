//! The attributes of [steadfast](https://docs.rs/steadfast). Use them through that crate, whose
//! pages document each of them.
//!
//! One stack is expanded in one go, by its outermost attribute:
//!
//! 1. `item`, `shape` and `stack` take the function apart and gather the attributes of the family.
//! 2. `settings` reads what stands in each attribute; `model` turns it into layers in which a
//!    wrong one cannot be expressed; `place` and `check` hold the stack against the function and
//!    the `rules`.
//! 3. `emit` writes the function, and cannot fail.

mod attribute;
mod check;
mod duration;
mod emit;
mod ends;
mod errors;
mod failure;
mod item;
mod model;
mod place;
mod rules;
mod settings;
mod shape;
mod source;
mod stack;
mod suggest;

#[cfg(test)]
mod tests;

use attribute::Attribute;
use proc_macro::TokenStream;

macro_rules! family {
    ($($name:ident => $attribute:ident),* $(,)?) => {$(
        // Documented where users meet it: on the re-export in `steadfast`.
        #[allow(missing_docs)]
        #[proc_macro_attribute]
        pub fn $name(args: TokenStream, item: TokenStream) -> TokenStream {
            stack::expand(Attribute::$attribute, args.into(), item.into()).into()
        }
    )*};
}

family! {
    idempotent => Idempotent,
    retry => Retry,
    circuit_breaker => CircuitBreaker,
    rate_limit => RateLimit,
    bulkhead => Bulkhead,
    fallback => Fallback,
    cached => Cached,
    validate => Validate,
    timeout => Timeout,
    timed => Timed,
    logged => Logged,
}

// Documented on the re-export in `steadfast`.
#[allow(missing_docs)]
#[proc_macro_derive(Failure, attributes(failure))]
pub fn derive_failure(item: TokenStream) -> TokenStream {
    failure::derive(item.into()).into()
}
