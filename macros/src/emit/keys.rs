//! The type of what is kept of a key, where the signature shows it. The function's own policy is then a
//! `static` of that type; any other is found by its type at each call.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, FnArg, Pat, PatType, Type};

use crate::item::Function;

/// Types that own what they are. Any other name may be a parameter of the `impl` around the function, which
/// no `static` can name and no attribute sees.
const OWNED: [&str; 15] =
    ["String", "bool", "char", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize"];

/// The owned form of a key of parameters.
pub(super) fn owned(function: &Function, key: &Expr) -> Option<TokenStream> {
    match key {
        Expr::Tuple(tuple) => {
            let parts: Option<Vec<_>> = tuple.elems.iter().map(|part| owned_part(function, part)).collect();
            parts.map(|parts| quote!((#(#parts,)*)))
        }
        lone => owned_part(function, lone),
    }
}

fn owned_part(function: &Function, part: &Expr) -> Option<TokenStream> {
    let Expr::Path(path) = part else { return None };
    let name = path.path.get_ident()?;
    let of_name = |typed: &&PatType| matches!(&*typed.pat, Pat::Ident(bound) if bound.ident == *name);
    let mut typed = function.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    match &*typed.find(of_name)?.ty {
        Type::Reference(reference) if is_one_of(&reference.elem, &["str", "String"]) => {
            let to = &reference.elem;
            Some(quote!(<#to as ::std::borrow::ToOwned>::Owned))
        }
        owned if is_one_of(owned, &OWNED) => Some(quote!(#owned)),
        _ => None,
    }
}

fn is_one_of(ty: &Type, names: &[&str]) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.get_ident().is_some_and(|ident| names.iter().any(|name| ident == name))
}
