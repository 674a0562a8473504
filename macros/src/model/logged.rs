//! `#[logged]`.

use quote::{format_ident, quote};
use syn::Expr;

use super::{Steps, refuse_constant};
use crate::errors::Errors;
use crate::item::Function;
use crate::settings::Settings;

pub(crate) struct Logged {
    pub(crate) args: Vec<Expr>,
    pub(crate) ret: bool,
    pub(crate) steps: Steps,
}

impl Logged {
    pub(super) fn parse(settings: &Settings, function: &Function, errors: &mut Errors) -> Self {
        let args = settings.list("args");
        for arg in &args {
            refuse_constant("args", arg, function, "so there is nothing of the call to log", errors);
        }
        let mut steps = Steps::default();
        if let Some(level) = settings.choice("level") {
            let level = format_ident!("{}", level.word.to_uppercase());
            steps.add_inside("level", quote!(Level::#level));
        }
        Self { args, ret: settings.has("ret"), steps }
    }
}
