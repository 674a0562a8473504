//! `#[derive(Failure)]`: every variant says its kind, and terminal ones can be recorded.

mod emit;
mod parse;

use proc_macro2::TokenStream;
use syn::{DeriveInput, Fields, Ident, Path};

use crate::errors::Errors;

/// An error type whose variants all have a kind.
pub(crate) struct Failures<'a> {
    input: &'a DeriveInput,
    krate: Path,
    cases: Vec<Case<'a>>,
}

/// A variant; for a struct, the struct itself.
pub(crate) struct Case<'a> {
    /// The variant's name; `None` for a struct.
    variant: Option<&'a Ident>,
    fields: &'a Fields,
    kind: CaseKind,
    retry_after: Option<syn::Member>,
}

pub(crate) enum CaseKind {
    Transient,
    Terminal,
    Unknown,
    /// The one field says it.
    Transparent(syn::Member),
    /// A function says it.
    With(Path),
}

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let failures = parse::failures(&input, &mut errors);
    match failures {
        Some(failures) if errors.is_empty() => emit::impls(&failures),
        _ => emit::placeholder(&input, &errors),
    }
}
