//! `#[fallback]`.

use syn::{Expr, ExprPath, Ident};

use super::{Classify, clones};
use crate::errors::Errors;
use crate::item::{Function, starts_upper};
use crate::settings::Settings;
use crate::source;

pub(crate) struct Fallback {
    pub(crate) answer: Answer,
    pub(crate) classify: Classify,
    /// Arguments of which the body gets a copy.
    pub(crate) clone: Vec<Ident>,
    /// Whether a record above keeps what stands in.
    pub(crate) stored: bool,
    pub(crate) stored_tokens: proc_macro2::TokenStream,
}

/// What stands in.
pub(crate) enum Answer {
    /// A value of the function's `Ok` type.
    Value(Box<Expr>),
    /// An async function of the error and the arguments.
    Function(Box<ExprPath>),
    /// An expression of the function's return type, and the name it has for the error.
    Expr(Box<Expr>, Option<Ident>),
}

impl Fallback {
    pub(super) fn parse(settings: &Settings, function: &Function, errors: &mut Errors) -> Option<Self> {
        let classify = Classify::of(settings, errors);
        let clone = clones(settings, function, errors);
        let answer = answer(settings, errors)?;
        Some(Self { answer, classify, clone, stored: settings.has("stored"), stored_tokens: settings.tokens("stored") })
    }
}

fn answer(settings: &Settings, errors: &mut Errors) -> Option<Answer> {
    match (&settings.leading, settings.expr("value")) {
        (Some(leading), Some(_)) => {
            errors.at(
                settings.tokens("value"),
                format!("`value` and `{}` both say what stands in", source::text(leading)),
                "keep one of them",
            );
            None
        }
        (Some(leading), None) => of_leading(leading, settings, errors),
        (None, Some(value)) => {
            refuse_error(settings, "a plain value does not see the error", errors);
            Some(Answer::Value(Box::new(value)))
        }
        (None, None) => {
            if !settings.mentions("value") && settings.lacks(1) {
                errors.at(
                    &settings.place,
                    "`#[fallback]` does not say what stands in for a call that failed",
                    "name an async function of the error and the arguments, `#[fallback(stale_rate)]`, or give a value, `#[fallback(value = Rate::ZERO)]`",
                );
            }
            None
        }
    }
}

fn of_leading(leading: &Expr, settings: &Settings, errors: &mut Errors) -> Option<Answer> {
    let text = source::text(leading);
    match leading {
        Expr::Path(path) if is_value(path) => {
            errors.at(
                leading,
                format!(
                    "`{text}` reads as a value, and the first place is for a function of the error and the arguments"
                ),
                format!("write `value = {text}`"),
            );
            None
        }
        Expr::Path(path) => {
            refuse_error(settings, "a function gets the error as its first argument", errors);
            Some(Answer::Function(Box::new(path.clone())))
        }
        Expr::Closure(closure) => {
            errors.at(
                closure,
                "a closure does not stand in by itself: nobody says what it is called with",
                "name an async function, or write what it does and name the error: `#[fallback(stale_rate(&error).await, error = error)]`",
            );
            None
        }
        other => Some(Answer::Expr(Box::new(other.clone()), settings.name("error"))),
    }
}

/// Constants, variants and types begin with a capital; functions do not.
fn is_value(path: &ExprPath) -> bool {
    path.path.segments.last().is_some_and(|last| starts_upper(&last.ident))
}

fn refuse_error(settings: &Settings, why: &str, errors: &mut Errors) {
    if let Some(name) = settings.name("error") {
        errors.at(
            settings.tokens("error"),
            format!("`error = {name}` binds the error for an expression, but {why}"),
            format!(
                "leave `error` out, or write the expression: `#[fallback(stale_rate(&{name}).await, error = {name})]`"
            ),
        );
    }
}
