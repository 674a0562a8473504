//! Holds a stack against the kind of function it stands on: what needs to await cannot stand on a
//! function that cannot, and a function that only makes a future would be guarded too early.

use quote::ToTokens;

use crate::attribute::Attribute;
use crate::errors::Errors;
use crate::item::{Function, any_ident};
use crate::settings::Settings;
use crate::shape;
use crate::stack::Written;

/// What a thread cannot do while it runs a function.
const NEVER: [(Attribute, &str); 2] = [
    (Attribute::Timeout, "nothing could end it before it returns"),
    (Attribute::Idempotent, "its store is asked over a wire, and its lease renewed while the work runs"),
];

/// Settings that make a call wait for others, with the word that does where not all of them do.
const WAITING: [(&str, Option<&str>, &str); 3] = [
    ("max_wait", None, "a call that waits in line would hold its thread"),
    ("refresh", Some("spawn"), "a task could not await the refresh"),
    ("tier", None, "a second tier is asked over a wire"),
];

/// The function itself, and what a sync one cannot have.
pub(crate) fn check(me: Attribute, written: &[Written], function: &Function, errors: &mut Errors) {
    if !function.is_sync() {
        return;
    }
    let (sig, name) = (&function.sig, me.name());
    if shape::is_of_async_trait(sig) {
        errors.at(
            sig.fn_token,
            format!(
                "`#[{name}]` does not find the body of `{}` in what the attributes above it have made of the method",
                sig.ident
            ),
            format!("put `#[{name}]` above the others, or on an `async fn` that the method calls"),
        );
    } else if let Some(ty) = function.returns().filter(|ty| shape::is_future(ty)) {
        errors.at(
            ty,
            format!(
                "`{}` is not async but returns a future, so `#[{name}]` would guard only the making of it",
                sig.ident
            ),
            "make it an `async fn`, which may stand for it in an impl too; or guard an `async fn` that it calls",
        );
    } else if sig.constness.is_none() && sig.abi.is_none() {
        let cure = cure(function);
        written.iter().for_each(|written| waiting(written, &cure, errors));
    }
}

/// An `async fn` that another attribute has given a runtime looks like one that never was.
fn cure(function: &Function) -> String {
    let runs = any_ident(function.body().stream(), &|ident| ident == "block_on");
    let rewritten = if runs { "; where it is one already, move the attribute that runs it below this one" } else { "" };
    format!("make it an `async fn`{rewritten}")
}

fn waiting(written: &Written, cure: &str, errors: &mut Errors) {
    let name = written.attribute.name();
    if let Some((_, why)) = NEVER.iter().find(|(attribute, _)| *attribute == written.attribute) {
        errors.at(&written.place, format!("`#[{name}]` on a function that is not async: {why}"), cure);
        return;
    }
    // The rules of a validation are no settings.
    if written.attribute == Attribute::Validate {
        return;
    }
    let settings = Settings::parse(written, &mut Errors::default());
    for (setting, word, why) in WAITING {
        let tokens = settings.tokens(setting);
        let meant = word.is_none_or(|word| any_ident(tokens.to_token_stream(), &|ident| ident == word));
        if settings.has(setting) && meant {
            errors.at(
                tokens,
                format!("`{setting}` on a function that is not async: {why}"),
                format!("leave it out, or {cure}"),
            );
        }
    }
}
