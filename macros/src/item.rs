//! The function an attribute stands on, taken apart only as far as needed.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::visit::Visit;
use syn::{Attribute, FnArg, Ident, Pat, ReturnType, Signature, Type, Visibility};

use crate::shape::{Method, Shape};

/// A function. Its body is kept as one group of tokens: it need not parse, so an editor keeps
/// working while somebody types in it.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    /// All between the function's braces, and they.
    pub(crate) whole: Group,
    pub(crate) shape: Shape,
}

/// What stands under the attributes.
pub(crate) enum Item {
    Function(Box<Function>),
    /// Something else; `what` names it.
    Other {
        attrs: Vec<Attribute>,
        rest: TokenStream,
        what: &'static str,
    },
}

impl Item {
    pub(crate) fn parse(tokens: TokenStream) -> Self {
        let split = |input: ParseStream| {
            let attrs = Attribute::parse_outer(input)?;
            Ok((attrs, input.parse::<TokenStream>()?))
        };
        match split.parse2(tokens.clone()) {
            Ok((attrs, rest)) => Self::classify(attrs, rest),
            Err(_) => Self::Other { attrs: Vec::new(), rest: tokens, what: "this item" },
        }
    }

    fn classify(attrs: Vec<Attribute>, rest: TokenStream) -> Self {
        match syn::parse2::<Bare>(rest.clone()) {
            Ok(Bare { vis, sig, body: Some(whole) }) => {
                let shape = Shape::of(&sig, &whole);
                Self::Function(Box::new(Function { attrs, vis, sig, whole, shape }))
            }
            Ok(Bare { body: None, .. }) => Self::Other { attrs, rest, what: "a function without a body" },
            Err(_) => {
                let what = name_of(&rest);
                Self::Other { attrs, rest, what }
            }
        }
    }
}

/// A function without its attributes.
struct Bare {
    vis: Visibility,
    sig: Signature,
    body: Option<Group>,
}

impl Parse for Bare {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let vis = input.parse()?;
        let sig = input.parse()?;
        let body = match input.parse::<TokenTree>()? {
            TokenTree::Group(group) => Some(group),
            _ => None,
        };
        Ok(Self { vis, sig, body })
    }
}

/// What a thing that is not a function is, by its keyword.
fn name_of(tokens: &TokenStream) -> &'static str {
    const KINDS: [(&str, &str); 9] = [
        ("struct", "a struct"),
        ("enum", "an enum"),
        ("impl", "an impl block"),
        ("trait", "a trait"),
        ("mod", "a module"),
        ("static", "a static"),
        ("type", "a type alias"),
        ("use", "an import"),
        ("let", "a statement"),
    ];
    let words = tokens.clone().into_iter().filter_map(|tree| match tree {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    });
    let found = words.into_iter().find_map(|word| KINDS.iter().find(|(keyword, _)| *keyword == word));
    found.map_or("this item", |(_, what)| what)
}

/// A parameter, `self` included.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    pub(crate) mutable: bool,
}

impl Function {
    /// Every name the parameters bind, patterns taken apart; `self` is not one of them.
    pub(crate) fn parameters(&self) -> Vec<Parameter> {
        let mut names = Names(Vec::new());
        let method = self.method();
        for input in &self.sig.inputs {
            match input {
                // `#[async_trait]` binds what is no reference inside, and only there as it was written.
                FnArg::Typed(typed) if method.is_none() || matches!(*typed.ty, Type::Reference(_)) => {
                    names.visit_pat(&typed.pat);
                }
                _ => {}
            }
        }
        method.iter().for_each(|method| method.bound.iter().for_each(|pattern| names.visit_pat(pattern)));
        names.0
    }

    /// The user's body.
    pub(crate) fn body(&self) -> &Group {
        match &self.shape {
            Shape::Rewritten(rewritten) => &rewritten.body,
            Shape::Async | Shape::Sync => &self.whole,
        }
    }

    /// What `#[async_trait]` has made of it, if it has.
    pub(crate) fn method(&self) -> Option<&Method> {
        match &self.shape {
            Shape::Rewritten(rewritten) => rewritten.method.as_ref(),
            Shape::Async | Shape::Sync => None,
        }
    }

    pub(crate) fn is_sync(&self) -> bool {
        matches!(self.shape, Shape::Sync)
    }

    pub(crate) fn receiver(&self) -> Option<&syn::Receiver> {
        self.sig.receiver()
    }

    /// Whether the tokens mention a parameter or `self`.
    pub(crate) fn mentions_parameter(&self, tokens: impl ToTokens) -> bool {
        let parameters = self.parameters();
        any_ident(tokens.to_token_stream(), &|ident| {
            (ident == "self" && self.receiver().is_some()) || parameters.iter().any(|p| ident == &p.name)
        })
    }

    /// Whether an expression uses a parameter or `self` as a value.
    pub(crate) fn uses_parameter(&self, expr: &syn::Expr) -> bool {
        struct Uses<'a>(&'a [Parameter], bool);
        impl<'ast> Visit<'ast> for Uses<'_> {
            fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
                let name = path.path.get_ident();
                self.1 |= name.is_some_and(|name| name == "self" || self.0.iter().any(|p| p.name == *name));
            }
        }
        let parameters = self.parameters();
        let mut uses = Uses(&parameters, false);
        uses.visit_expr(expr);
        uses.1
    }

    /// The names of the parameters, for messages.
    pub(crate) fn parameter_list(&self) -> String {
        let mut names: Vec<String> = self.receiver().map(|_| "self".to_owned()).into_iter().collect();
        names.extend(self.parameters().iter().map(|p| p.name.to_string()));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match names.len() {
            0 => "it has no parameters to name".to_owned(),
            1 => format!("its only parameter is {}", crate::errors::list(&names, "and")),
            _ => format!("name one: its parameters are {}", crate::errors::list(&names, "and")),
        }
    }

    /// The type the body returns, when it returns one.
    pub(crate) fn returns(&self) -> Option<&Type> {
        if let Some(method) = self.method() {
            return method.returns.as_ref();
        }
        match &self.sig.output {
            ReturnType::Type(_, ty) => Some(ty),
            ReturnType::Default => None,
        }
    }

    /// The return type where it can be written down again: not with `impl` in it.
    pub(crate) fn nameable_return(&self) -> Option<&Type> {
        self.returns().filter(|ty| !any_ident(ty.to_token_stream(), &|ident| ident == "impl"))
    }

    /// The function as its author wrote it, with the given attributes.
    pub(crate) fn untouched(&self, attrs: &TokenStream, first_in_body: &TokenStream) -> TokenStream {
        let Self { vis, sig, whole: body, .. } = self;
        if first_in_body.is_empty() {
            return quote!(#attrs #vis #sig #body);
        }
        let inside = body.stream();
        quote!(#attrs #vis #sig { #first_in_body #inside })
    }
}

/// Whether some identifier of the tokens, groups included, passes the test.
pub(crate) fn any_ident(tokens: TokenStream, test: &dyn Fn(&Ident) -> bool) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => test(&ident),
        TokenTree::Group(group) => any_ident(group.stream(), test),
        _ => false,
    })
}

struct Names(Vec<Parameter>);

impl<'ast> Visit<'ast> for Names {
    fn visit_pat(&mut self, pat: &'ast Pat) {
        // A path such as `None` parses as a name too; by custom it begins with a capital.
        if let Pat::Ident(name) = pat
            && !starts_upper(&name.ident)
        {
            self.0.push(Parameter { name: name.ident.clone(), mutable: name.mutability.is_some() });
        }
        syn::visit::visit_pat(self, pat);
    }
}

pub(crate) fn starts_upper(ident: &Ident) -> bool {
    ident.to_string().chars().next().is_some_and(char::is_uppercase)
}
