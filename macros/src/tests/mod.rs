//! Tests of the expansion as a whole: what a reviewer can read, and what the tables promise.

mod expansion;
mod mistakes;
mod placement;
mod tables;

use proc_macro2::TokenStream;

use crate::attribute::Attribute;

/// Expands a stack as rustc would: the first attribute is ours and outermost.
fn expand(source: &str) -> String {
    let mut file: syn::File = syn::parse_str(source).unwrap();
    let syn::Item::Fn(function) = &mut file.items[0] else { panic!("a function") };
    let outermost = function.attrs.remove(0);
    let attribute = Attribute::by_name(&outermost.path().get_ident().unwrap().to_string()).unwrap();
    let args = match &outermost.meta {
        syn::Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    let item = quote::quote!(#function);
    crate::stack::expand(attribute, args, item).to_string()
}

/// The expansion as rustfmt would print it.
fn pretty(source: &str) -> String {
    prettyplease::unparse(&syn::parse_str(&expand(source)).unwrap())
}

/// The messages of all compile errors in an expansion, each on its lines.
fn errors(source: &str) -> Vec<String> {
    let expanded = expand(source);
    let file: syn::File = syn::parse_str(&expanded).unwrap();
    file.items
        .iter()
        .filter_map(|item| match item {
            syn::Item::Macro(call) if call.mac.path.segments.last().unwrap().ident == "compile_error" => {
                Some(call.mac.parse_body::<syn::LitStr>().unwrap().value())
            }
            _ => None,
        })
        .collect()
}
