//! Settings from outside the program, by the policies' names.

mod apply;
mod configuration;
mod errors;
#[cfg(test)]
mod tests;

pub use apply::configure;
pub use configuration::Configuration;
pub use errors::{ConfigureErrors, SectionError};
