//! `#[validate]`: `predicate => "message"`, and parameters that validate themselves.

use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::visit::Visit;
use syn::{Expr, LitStr, Token};

use super::refuse_constant;
use crate::errors::Errors;
use crate::item::Function;
use crate::settings;
use crate::stack::Written;

pub(crate) struct Validate {
    pub(crate) rules: Vec<Rule>,
}

pub(crate) enum Rule {
    /// What must be true, of what, and what is said when it is not.
    Predicate { path: String, holds: Expr, message: LitStr },
    /// A value that knows its own rules.
    Own { path: String, value: Expr },
}

impl Validate {
    pub(crate) fn parse(written: &Written, function: &Function, errors: &mut Errors) -> Option<Self> {
        let mut rules = Vec::new();
        let read = |input: ParseStream| {
            while !input.is_empty() {
                if settings::peeks_crate(input) {
                    settings::read_crate(input)?;
                } else if let Some(rule) = rule(input, function, errors)? {
                    rules.push(rule);
                }
                if !input.is_empty() {
                    comma(input)?;
                }
            }
            Ok(())
        };
        if let Err(error) = read.parse2(written.args.clone()) {
            errors.push(error);
            return None;
        }
        if rules.is_empty() && written.args.is_empty() {
            errors.at(
                &written.place,
                "`#[validate]` has no rules",
                "write `amount > 0 => \"must be positive\"`, or name a parameter that validates itself",
            );
        }
        Some(Self { rules })
    }
}

impl Validate {
    /// Shows the expressions of all rules.
    pub(crate) fn visit<'ast>(&'ast self, visitor: &mut impl Visit<'ast>) {
        for rule in &self.rules {
            match rule {
                Rule::Predicate { holds, .. } => visitor.visit_expr(holds),
                Rule::Own { value, .. } => visitor.visit_expr(value),
            }
        }
    }
}

fn comma(input: ParseStream) -> syn::Result<()> {
    if input.peek(Token![,]) {
        return input.parse::<Token![,]>().map(|_| ());
    }
    Err(syn::Error::new(input.span(), "a comma is missing before this\nhelp: separate rules with commas"))
}

fn rule(input: ParseStream, function: &Function, errors: &mut Errors) -> syn::Result<Option<Rule>> {
    let expr: Expr = input.parse()?;
    if let Expr::Assign(setting) = &expr {
        errors.at(
            &expr,
            format!("`{}` would be a setting, and `#[validate]` takes rules", setting.left.to_token_stream()),
            "write `amount > 0 => \"must be positive\"`, or name a parameter that validates itself",
        );
        return Ok(None);
    }
    refuse_constant("validate", &expr, function, "so it checks nothing of the call", errors);
    let path = subject(&expr, function);
    if input.parse::<Option<Token![=>]>>()?.is_some() {
        let message = message(input)?;
        return Ok(Some(Rule::Predicate { path, holds: expr, message }));
    }
    if is_place(&expr) {
        return Ok(Some(Rule::Own { path, value: expr }));
    }
    errors.at(
        &expr,
        "this rule does not say what is wrong when it does not hold",
        format!("write `{} => \"must be ..\"`", expr.to_token_stream()),
    );
    Ok(None)
}

fn message(input: ParseStream) -> syn::Result<LitStr> {
    let expr: Expr = input.parse()?;
    match &expr {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) if text.value().trim().is_empty() => {
            let what = "this message is empty, so nobody would learn what is wrong";
            Err(syn::Error::new(text.span(), format!("{what}\nhelp: write `=> \"must be positive\"`")))
        }
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Ok(text.clone()),
        _ => Err(syn::Error::new_spanned(
            &expr,
            "a rule's message is text in quotes, so that it never echoes a value\nhelp: write `=> \"must be positive\"`",
        )),
    }
}

/// A parameter or a field of one.
fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Reference(reference) => is_place(&reference.expr),
        _ => false,
    }
}

/// What a rule is about: the first place of a parameter in it, as it is written.
fn subject(expr: &Expr, function: &Function) -> String {
    struct First<'a>(&'a Function, Option<String>);
    impl<'ast> syn::visit::Visit<'ast> for First<'_> {
        fn visit_expr(&mut self, expr: &'ast Expr) {
            if self.1.is_none() && is_place(expr) && self.0.mentions_parameter(expr) {
                let text = expr.to_token_stream().to_string();
                self.1 = Some(text.replace([' ', '&'], ""));
            }
            if self.1.is_none() {
                syn::visit::visit_expr(self, expr);
            }
        }
    }
    let mut first = First(function, None);
    syn::visit::Visit::visit_expr(&mut first, expr);
    first.1.unwrap_or_else(|| expr.to_token_stream().to_string())
}
