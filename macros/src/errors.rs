//! Everything that is wrong with a stack, reported together.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Collects mistakes. Each has its token, what is wrong and why, and what to write instead.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// A mistake at the given tokens.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, what: impl AsRef<str>, help: impl AsRef<str>) {
        self.push(syn::Error::new_spanned(tokens, text(what.as_ref(), help.as_ref())));
    }

    /// A mistake at the given place.
    pub(crate) fn at_span(&mut self, span: Span, what: impl AsRef<str>, help: impl AsRef<str>) {
        self.push(syn::Error::new(span, text(what.as_ref(), help.as_ref())));
    }

    /// A mistake somebody else found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// All mistakes as `compile_error!`s; nothing when there are none.
    pub(crate) fn to_compile_errors(&self) -> TokenStream {
        self.0.as_ref().map(syn::Error::to_compile_error).unwrap_or_default()
    }
}

/// rustc aligns a second line under the message, where it reads as a help.
fn text(what: &str, help: &str) -> String {
    if help.is_empty() { what.to_owned() } else { format!("{what}\nhelp: {help}") }
}

/// `a`, `b` and `c`, each in backticks.
pub(crate) fn list(names: &[&str], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}
