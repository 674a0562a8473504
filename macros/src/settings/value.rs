//! The values of settings, as they were written.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::visit::Visit;
use syn::{Expr, Ident, Pat, Path};

/// A duration as it was written.
#[derive(Clone)]
pub(crate) enum Time {
    Literal(Duration, Span),
    Expr(Box<Expr>),
}

/// A number as it was written.
#[derive(Clone)]
pub(crate) enum Number {
    Literal(u64),
    Expr(Box<Expr>),
}

/// A word out of a few, with its value if it takes one.
#[derive(Clone)]
pub(crate) struct Choice {
    pub(crate) word: String,
    pub(crate) value: Option<Nested>,
}

/// The value of a word.
#[derive(Clone)]
pub(crate) enum Nested {
    Time(Time),
    Path(Path),
}

/// A setting's value.
#[derive(Clone)]
pub(crate) enum Value {
    Time(Time),
    Number(Number),
    Factor(Box<Expr>),
    Rate { calls: u32, per: Duration },
    Text(String),
    Expr(Box<Expr>),
    Path(Path),
    Name(Ident),
    Pattern(Box<Pat>, Option<Box<Expr>>),
    List(Vec<Expr>),
    Times(Vec<Time>),
    Choice(Choice),
    Flag,
}

impl Value {
    pub(super) fn visit<'ast>(&'ast self, visitor: &mut impl Visit<'ast>) {
        match self {
            Self::Time(Time::Expr(expr)) | Self::Number(Number::Expr(expr)) | Self::Expr(expr) => {
                visitor.visit_expr(expr)
            }
            Self::Pattern(pattern, guard) => {
                visitor.visit_pat(pattern);
                guard.iter().for_each(|guard| visitor.visit_expr(guard));
            }
            Self::List(items) => items.iter().for_each(|item| visitor.visit_expr(item)),
            _ => {}
        }
    }
}

impl Time {
    pub(crate) fn literal(&self) -> Option<Duration> {
        match self {
            Self::Literal(duration, _) => Some(*duration),
            Self::Expr(_) => None,
        }
    }
}

impl ToTokens for Time {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Self::Literal(duration, _) => literal_time(*duration),
            Self::Expr(expr) => quote!(#expr),
        });
    }
}

/// A duration as an expression, in the largest unit that holds it.
pub(crate) fn literal_time(duration: Duration) -> TokenStream {
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let of = |unit: u64| proc_macro2::Literal::u64_unsuffixed(nanos / unit);
    if nanos % 1_000_000_000 == 0 {
        let n = of(1_000_000_000);
        quote!(::core::time::Duration::from_secs(#n))
    } else if nanos % 1_000_000 == 0 {
        let n = of(1_000_000);
        quote!(::core::time::Duration::from_millis(#n))
    } else {
        let n = of(1);
        quote!(::core::time::Duration::from_nanos(#n))
    }
}

impl ToTokens for Number {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(value) => tokens.extend([proc_macro2::Literal::u64_unsuffixed(*value)]),
            Self::Expr(expr) => expr.to_tokens(tokens),
        }
    }
}
