//! What a function whose stack is wrong needs so that only its mistakes are reported.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use syn::visit::Visit;
use syn::{Expr, Ident, Path};

use crate::attribute::Attribute;
use crate::errors::Errors;
use crate::item::{Function, starts_upper};
use crate::model::Validate;
use crate::settings::Settings;
use crate::stack::Written;

/// Stands first in the body: it still finds the names that the attributes bind, and what was
/// imported for the attributes is still in use.
pub(crate) fn first_in_body(written: &[Written], function: &Function, krate: &Path) -> TokenStream {
    let mut names = Names::default();
    let mut bound = TokenStream::new();
    for written in written {
        if written.attribute == Attribute::Validate {
            let rules = Validate::parse(written, function, &mut Errors::default());
            rules.iter().for_each(|validate| validate.visit(&mut names));
            continue;
        }
        let settings = Settings::parse(written, &mut Errors::default());
        settings.visit(&mut names);
        names.used.extend(settings.path("on_retry").and_then(|path| Some(path.segments.first()?.ident.clone())));
        names.used.extend(settings.expr("when").as_ref().and_then(function_name));
        if written.attribute == Attribute::Fallback {
            names.used.extend(settings.leading.as_ref().and_then(function_name));
            names.bound.extend(settings.name("error"));
        }
        bound.extend(bindings(written.attribute, &settings, krate));
    }
    let used = names.outside(function);
    quote!(#(#[allow(unused_imports)] use #used as _;)* #bound)
}

fn bindings(attribute: Attribute, settings: &Settings, krate: &Path) -> TokenStream {
    let all = match attribute {
        Attribute::Idempotent => vec![("claim", quote!(#krate::idempotent::Claim))],
        Attribute::Retry => vec![("attempt", quote!(u32)), ("deadline", quote!(#krate::retry::Deadline))],
        _ => Vec::new(),
    };
    let named = all.into_iter().filter_map(|(setting, ty)| Some((settings.name(setting)?, ty)));
    named.map(|(name, ty)| quote!(let #name: #ty = #krate::__rt::absent();)).collect()
}

fn function_name(expr: &Expr) -> Option<Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident().cloned(),
        _ => None,
    }
}

/// The names of functions, constants, types and modules, and those that patterns bind. A name that
/// stands alone in lower case is a variable.
#[derive(Default)]
struct Names {
    used: BTreeSet<Ident>,
    bound: BTreeSet<Ident>,
}

impl Names {
    /// Those that stand for something outside of the function.
    fn outside(self, function: &Function) -> Vec<Ident> {
        const OURS: [&str; 5] = ["self", "Self", "crate", "super", "none"];
        let parameters = function.parameters();
        let generics: Vec<&Ident> = function.sig.generics.type_params().map(|param| &param.ident).collect();
        let own = |name: &Ident| {
            OURS.iter().any(|ours| name == ours)
                || parameters.iter().any(|parameter| parameter.name == *name)
                || generics.contains(&name)
                || self.bound.contains(name)
        };
        self.used.iter().filter(|name| !own(name)).cloned().collect()
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_path(&mut self, path: &'ast Path) {
        let variable = |name: &Ident| !starts_upper(name) && path.segments.len() == 1;
        let first = path.segments.first().filter(|first| path.leading_colon.is_none() && !variable(&first.ident));
        self.used.extend(first.map(|first| first.ident.clone()));
        syn::visit::visit_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        self.used.extend(function_name(&call.func));
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
        let names = if starts_upper(&pat.ident) { &mut self.used } else { &mut self.bound };
        names.insert(pat.ident.clone());
        syn::visit::visit_pat_ident(self, pat);
    }

    /// A macro's name is no path, and its tokens are its own.
    fn visit_macro(&mut self, _: &'ast syn::Macro) {}
}
