//! `crate = path`, for crates that re-export steadfast.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Path, Token};

use super::tokens::skip_to_comma;

/// The path behind `crate =`, when the attribute has one.
pub(crate) fn crate_path(args: &TokenStream) -> Option<syn::Result<Path>> {
    let find = |input: ParseStream| {
        while !input.is_empty() {
            if peeks_crate(input) {
                let path = read_crate(input);
                skip_to_comma(input);
                input.parse::<TokenStream>()?;
                return Ok(Some(path));
            }
            skip_to_comma(input);
        }
        Ok(None)
    };
    find.parse2(args.clone()).ok().flatten()
}

/// Whether `crate = path` comes.
pub(crate) fn peeks_crate(input: ParseStream) -> bool {
    input.peek(Token![crate]) && input.peek2(Token![=])
}

pub(crate) fn read_crate(input: ParseStream) -> syn::Result<Path> {
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    input.call(Path::parse_mod_style).map_err(|error| {
        syn::Error::new(
            error.span(),
            "`crate` takes the path under which steadfast is reached\nhelp: write `crate = ::facade::steadfast`",
        )
    })
}
