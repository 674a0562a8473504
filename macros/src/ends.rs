//! Underlining the whole of what the user wrote. Spans cannot be joined on stable, but rustc
//! underlines an expression from its first token to its last: so ours carry the spans of these.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

/// The first and the last token of something the user wrote.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) first: Span,
    pub(crate) last: Span,
}

impl Ends {
    pub(crate) fn of(tokens: impl ToTokens) -> Self {
        // Located at what the user wrote, and ours all the same: lints do not take it for theirs.
        let ours = |span: Span| Span::mixed_site().located_at(span);
        let tokens: Vec<TokenTree> = tokens.into_token_stream().into_iter().collect();
        let first = tokens.first().map_or_else(Span::call_site, |tree| match tree {
            TokenTree::Group(group) => group.span_open(),
            other => other.span(),
        });
        let first = ours(first);
        let last = tokens.last().map_or_else(Span::call_site, |tree| match tree {
            TokenTree::Group(group) => group.span_close(),
            other => other.span(),
        });
        Self { first, last: ours(last) }
    }

    /// A path that is underlined as what the user wrote.
    pub(crate) fn path(self, path: impl ToTokens) -> TokenStream {
        let tokens = path.into_token_stream();
        let hygienic = tokens.clone().into_iter().any(|tree| tree.to_string() == "$crate");
        // A `$crate` means what it means by its span.
        if hygienic { tokens } else { self.respanned(tokens) }
    }

    /// A name of ours, to be borrowed.
    pub(crate) fn name(self, name: &str) -> Ident {
        Ident::new(name, self.last)
    }

    /// A borrow of a name of ours, underlined as what the user wrote.
    pub(crate) fn borrow(self, name: &str) -> TokenStream {
        let name = self.name(name);
        let and = quote_spanned!(self.first=> &);
        quote!(#and #name)
    }

    fn respanned(self, tokens: TokenStream) -> TokenStream {
        let mut span = self.first;
        tokens
            .into_iter()
            .map(|mut tree| {
                let leading = matches!(tree, TokenTree::Punct(_));
                if let TokenTree::Group(group) = &tree {
                    let inside = Self { first: self.last, last: self.last }.respanned(group.stream());
                    tree = Group::new(group.delimiter(), inside).into();
                }
                tree.set_span(span);
                if !leading {
                    span = self.last;
                }
                tree
            })
            .collect()
    }
}
