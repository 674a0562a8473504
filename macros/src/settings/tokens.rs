//! Moving about in the tokens of an attribute.

use proc_macro2::{TokenStream, TokenTree};
use syn::Token;
use syn::parse::ParseStream;

/// Skips what is left of one setting, and the comma behind it.
pub(super) fn skip_to_comma(input: ParseStream) {
    let _ = upto_comma(input);
    let _ = input.parse::<Option<Token![,]>>();
}

/// The tokens up to the next comma.
pub(super) fn upto_comma(input: ParseStream) -> TokenStream {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        match input.parse::<TokenTree>() {
            Ok(tree) => tokens.extend([tree]),
            Err(_) => break,
        }
    }
    tokens
}

/// The tokens between two places of one stream.
pub(super) fn between(start: syn::buffer::Cursor<'_>, end: syn::buffer::Cursor<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    let mut at = start;
    while at != end {
        let Some((tree, next)) = at.token_tree() else { break };
        tokens.extend([tree]);
        at = next;
    }
    tokens
}
