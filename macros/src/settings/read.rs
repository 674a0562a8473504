//! Reading one value, in the form its setting has, and saying what is wrong with it.

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Ident, Lit, Pat, Path, Token, parenthesized};

use super::{Choice, Nested, Number, Time, Value};
use crate::attribute::{Form, Setting};
use crate::errors::list;
use crate::{duration, suggest};

pub(super) fn value(input: ParseStream, setting: &Setting, key: &Ident) -> syn::Result<Value> {
    match setting.form {
        Form::List => return read_list(input, setting, key),
        Form::Flag => return read_flag(input, setting, key),
        Form::FlagOrName if !input.peek(Token![=]) => return Ok(Value::Flag),
        Form::ExprOrList if input.peek(syn::token::Paren) => return read_list(input, setting, key),
        _ => {}
    }
    if !input.peek(Token![=]) {
        return Err(syn::Error::new_spanned(key, format!("`{key}` needs a value\nhelp: write `{}`", setting.example)));
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new_spanned(key, format!("`{key}` needs a value\nhelp: write `{}`", setting.example)));
    }
    match setting.form {
        Form::Duration => Ok(Value::Time(time(input.parse()?, setting)?)),
        Form::Count => count(input.parse()?, setting),
        Form::Factor => factor(input.parse()?, setting),
        Form::Share => share(input.parse()?, setting),
        Form::Window => window(input.parse()?, setting),
        Form::Rate => rate(input.parse()?, setting),
        Form::Text => text(input.parse()?, setting),
        Form::Expr | Form::ExprOrList => Ok(Value::Expr(input.parse()?)),
        Form::Path => Ok(Value::Path(wanted(
            input.call(Path::parse_mod_style),
            setting,
            "the path of a function: the policy is made when the program is compiled",
        )?)),
        Form::Binding => {
            let who = if setting.name == "error" { "what stands in" } else { "the body" };
            Ok(Value::Name(wanted(input.parse(), setting, &format!("a name for {who} to use"))?))
        }
        Form::FlagOrName => Ok(Value::Name(wanted(input.parse(), setting, "the name of a claim, or no value")?)),
        Form::Pattern => pattern(input),
        Form::Durations => times(input, setting),
        Form::Choice(words) => choice(input, words, setting),
        Form::List | Form::Flag => Err(input.error("a list or a flag was read above")),
    }
}

fn wanted<T>(read: syn::Result<T>, setting: &Setting, what: &str) -> syn::Result<T> {
    read.map_err(|error| wrong(error.span(), setting, &format!("takes {what}")))
}

/// The value does not fit the setting.
fn wrong_at(tokens: impl ToTokens, setting: &Setting, what: &str) -> syn::Error {
    syn::Error::new_spanned(tokens, format!("`{}` {what}\nhelp: write `{}`", setting.name, setting.example))
}

/// The value does not fit the setting.
fn wrong(span: Span, setting: &Setting, what: &str) -> syn::Error {
    syn::Error::new(span, format!("`{}` {what}\nhelp: write `{}`", setting.name, setting.example))
}

fn read_list(input: ParseStream, setting: &Setting, key: &Ident) -> syn::Result<Value> {
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new_spanned(key, format!("`{key}` takes a list\nhelp: write `{}`", setting.example)));
    }
    let inside;
    parenthesized!(inside in input);
    let items: Punctuated<Expr, Token![,]> = inside.parse_terminated(Expr::parse, Token![,])?;
    if items.is_empty() {
        return Err(syn::Error::new_spanned(key, format!("`{key}` names nothing\nhelp: write `{}`", setting.example)));
    }
    Ok(Value::List(items.into_iter().collect()))
}

fn read_flag(input: ParseStream, setting: &Setting, key: &Ident) -> syn::Result<Value> {
    if input.peek(Token![,]) || input.is_empty() {
        return Ok(Value::Flag);
    }
    Err(syn::Error::new_spanned(
        key,
        format!("`{}` is a flag and takes no value\nhelp: write `{0}` alone, or leave it out", setting.name),
    ))
}

/// What a literal is, where something else was wanted.
fn kind_of(literal: &Lit) -> &'static str {
    match literal {
        Lit::Str(_) => "text",
        Lit::Int(_) => "a whole number",
        Lit::Float(_) => "a fraction",
        Lit::Bool(_) => "a truth value",
        Lit::Char(_) => "a character",
        _ => "this",
    }
}

fn literal(expr: &Expr) -> Option<&Lit> {
    match expr {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        Expr::Group(group) => literal(&group.expr),
        Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}

fn is_negative(expr: &Expr) -> bool {
    matches!(expr, Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)))
}

/// Reads a duration: a literal with a unit, or an expression.
pub(crate) fn time(expr: Expr, setting: &Setting) -> syn::Result<Time> {
    let name = setting.name;
    match literal(&expr) {
        Some(Lit::Str(text)) => match duration::parse(&text.value()) {
            Ok(duration) => Ok(Time::Literal(duration, text.span())),
            Err(flaw) => Err(syn::Error::new(
                text.span(),
                format!("`{name}`: \"{}\" {}\nhelp: {}", text.value(), flaw.what, flaw.help),
            )),
        },
        Some(Lit::Int(number)) => {
            let digits = number.base10_digits();
            Err(syn::Error::new(
                number.span(),
                format!(
                    "`{name}` needs a unit: {digits} could be seconds or milliseconds\nhelp: write `\"{digits}s\"` or `\"{digits}ms\"`"
                ),
            ))
        }
        Some(other) => {
            Err(wrong(other.span(), setting, &format!("takes a duration with a unit, not {}", kind_of(other))))
        }
        None if is_negative(&expr) => {
            Err(wrong_at(&expr, setting, "takes a duration with a unit, and time does not run backwards"))
        }
        None => Ok(Time::Expr(Box::new(expr))),
    }
}

fn count(expr: Expr, setting: &Setting) -> syn::Result<Value> {
    match literal(&expr) {
        Some(Lit::Int(number)) => {
            let value = number.base10_parse::<u32>();
            let value = value.map_err(|_| wrong(number.span(), setting, "takes a whole number of 32 bits at most"))?;
            if value == 0 {
                return Err(wrong(number.span(), setting, zero(setting.name)));
            }
            Ok(Value::Number(Number::Literal(u64::from(value))))
        }
        Some(other) => Err(wrong(other.span(), setting, &format!("takes a whole number, not {}", kind_of(other)))),
        None if is_negative(&expr) => Err(wrong_at(expr, setting, "takes a whole number of at least one")),
        None => Ok(Value::Number(Number::Expr(Box::new(expr)))),
    }
}

/// What zero would mean.
fn zero(name: &str) -> &'static str {
    match name {
        "max_attempts" => "counts the first call too, so zero would never call the function",
        "max_calls" | "burst" => "of zero would refuse every call",
        "failure_threshold" => "of zero would never let a call through",
        "half_open_max_calls" => "of zero would keep the circuit open for ever",
        "success_threshold" => "of zero would close the circuit before any call went well",
        "max_concurrent" => "of zero would never let a call run",
        "max_entries" => "of zero would keep nothing",
        "minimum_calls" => "of zero would know a rate before there was a call",
        "window" => "of zero calls would never know a rate",
        "max_keys" => "of zero would have room for no key",
        _ => "must be at least one",
    }
}

fn factor(expr: Expr, setting: &Setting) -> syn::Result<Value> {
    let value: f64 = match literal(&expr) {
        Some(Lit::Float(number)) => number.base10_parse()?,
        Some(Lit::Int(number)) => number.base10_parse()?,
        Some(other) => return Err(wrong(other.span(), setting, &format!("takes a number, not {}", kind_of(other)))),
        None => return Err(wrong_at(expr, setting, "takes a number of at least 1, written out")),
    };
    if !(1.0..=1000.0).contains(&value) {
        return Err(wrong(
            expr.span(),
            setting,
            "is out of range: below 1 every pause would be shorter than the one before, above 1000 the cap is all there is",
        ));
    }
    Ok(Value::Factor(Box::new(float(expr, value))))
}

/// A part of one. Who writes 50 means a hundredth part.
fn share(expr: Expr, setting: &Setting) -> syn::Result<Value> {
    let value: f64 = match literal(&expr) {
        Some(Lit::Float(number)) => number.base10_parse()?,
        Some(Lit::Int(number)) => number.base10_parse()?,
        Some(Lit::Str(text)) if text.value().trim_end().ends_with('%') => {
            let percent = text.value().trim().trim_end_matches('%').trim_end().parse().unwrap_or(50.0);
            return Err(percentage(text.span(), setting, percent));
        }
        Some(other) => {
            return Err(wrong(
                other.span(),
                setting,
                &format!("takes a number above 0, 1 at most, not {}", kind_of(other)),
            ));
        }
        None => return Err(wrong_at(expr, setting, "takes a number above 0, 1 at most, written out")),
    };
    match value {
        _ if value > 0.0 && value <= 1.0 => Ok(Value::Factor(Box::new(float(expr, value)))),
        _ if value <= 0.0 => Err(wrong(expr.span(), setting, "of zero is reached before anything has gone wrong")),
        _ => Err(percentage(expr.span(), setting, value)),
    }
}

fn percentage(span: Span, setting: &Setting, percent: f64) -> syn::Error {
    let name = setting.name;
    let (percent, share) = if percent > 0.0 && percent <= 100.0 { (percent, percent / 100.0) } else { (50.0, 0.5) };
    let what = format!("`{name}` is a part of 1, not of a hundred: {percent} % is {share}");
    syn::Error::new(span, format!("{what}\nhelp: write `{name} = {share}`"))
}

/// A time, or a number of calls.
fn window(expr: Expr, setting: &Setting) -> syn::Result<Value> {
    const MOST: u32 = 1_000_000;
    match literal(&expr) {
        Some(Lit::Int(_)) => {
            let span = expr.span();
            let value = count(expr, setting)?;
            match &value {
                Value::Number(Number::Literal(calls)) if *calls > u64::from(MOST) => {
                    Err(wrong(span, setting, "keeps every call that it counts, and a million at most"))
                }
                _ => Ok(value),
            }
        }
        Some(other) if !matches!(other, Lit::Str(_)) => {
            let what = format!("takes a duration with a unit or a whole number of calls, not {}", kind_of(other));
            Err(wrong(other.span(), setting, &what))
        }
        _ => Ok(Value::Time(time(expr, setting)?)),
    }
}

/// A whole number is a fine factor; the runtime takes a fraction.
fn float(expr: Expr, value: f64) -> Expr {
    match literal(&expr) {
        Some(Lit::Int(_)) => {
            let whole = proc_macro2::Literal::f64_unsuffixed(value);
            syn::parse_quote!(#whole)
        }
        _ => expr,
    }
}

fn rate(expr: Expr, setting: &Setting) -> syn::Result<Value> {
    let Some(Lit::Str(text)) = literal(&expr) else {
        return Err(wrong_at(expr, setting, "takes calls and a time, as text"));
    };
    let value = text.value();
    let Some((calls, per)) = value.split_once('/') else {
        return Err(wrong(text.span(), setting, "is calls, a slash and a time"));
    };
    let calls: u32 = calls
        .trim()
        .parse()
        .map_err(|_| wrong(text.span(), setting, "needs a whole number of calls before the slash"))?;
    let per =
        duration::parse(per).map_err(|flaw| wrong(text.span(), setting, &format!("has a time that {}", flaw.what)))?;
    if calls == 0 || per.is_zero() {
        return Err(wrong(text.span(), setting, "of zero would refuse every call"));
    }
    Ok(Value::Rate { calls, per })
}

fn text(expr: Expr, setting: &Setting) -> syn::Result<Value> {
    match literal(&expr) {
        Some(Lit::Str(text)) if !text.value().trim().is_empty() => Ok(Value::Text(text.value())),
        Some(Lit::Str(text)) => Err(wrong(text.span(), setting, "is empty, and records are kept under it")),
        _ => Err(wrong_at(expr, setting, "takes text in quotes, because it outlives renames of the function")),
    }
}

fn pattern(input: ParseStream) -> syn::Result<Value> {
    let pattern = Pat::parse_multi_with_leading_vert(input)?;
    let guard = match input.parse::<Option<Token![if]>>()? {
        Some(_) => Some(Box::new(input.parse()?)),
        None => None,
    };
    Ok(Value::Pattern(Box::new(pattern), guard))
}

fn times(input: ParseStream, setting: &Setting) -> syn::Result<Value> {
    let expr: Expr = input.parse()?;
    let Expr::Array(array) = expr else {
        return Err(wrong_at(expr, setting, "takes a list of durations"));
    };
    if array.elems.is_empty() {
        return Err(wrong(array.span(), setting, "is empty"));
    }
    Ok(Value::Times(array.elems.into_iter().map(|elem| time(elem, setting)).collect::<syn::Result<_>>()?))
}

fn choice(input: ParseStream, words: &[&str], setting: &Setting) -> syn::Result<Value> {
    let quoted: Option<syn::LitStr> = input.fork().parse().ok();
    if let Some(quoted) = quoted {
        let word = quoted.value();
        let example = match words.contains(&word.as_str()) && !matches!(word.as_str(), "wait" | "recover") {
            true => format!("{} = {word}", setting.name),
            false => setting.example.to_owned(),
        };
        let text = format!("`{}` takes a word without quotes\nhelp: write `{example}`", setting.name);
        return Err(syn::Error::new(quoted.span(), text));
    }
    let word: Ident = wanted(input.call(Ident::parse_any), setting, &format!("one of {}", list(words, "or")))?;
    let name = word.to_string();
    if !words.contains(&name.as_str()) {
        let longer = || words.iter().copied().find(|word| name.starts_with(*word));
        let meant = suggest::nearest(&name, words.iter().copied())
            .or_else(longer)
            .map_or(String::new(), |meant| format!("did you mean `{meant}`? "));
        return Err(syn::Error::new(
            word.span(),
            format!("`{}` cannot be `{name}`\nhelp: {meant}it is one of {}", setting.name, list(words, "or")),
        ));
    }
    Ok(Value::Choice(Choice { value: nested(input, &word, setting)?, word: name }))
}

/// The value of a word that takes one.
fn nested(input: ParseStream, word: &Ident, setting: &Setting) -> syn::Result<Option<Nested>> {
    let given = input.parse::<Option<Token![=]>>()?.is_some();
    match word.to_string().as_str() {
        "wait" if given => Ok(Some(Nested::Time(time(input.parse()?, setting)?))),
        "recover" if given => {
            let path = input.call(Path::parse_mod_style);
            let what = "the path of a function that is asked what became of the call";
            Ok(Some(Nested::Path(wanted(path, setting, what)?)))
        }
        "wait" => Err(valueless(word, setting, "how long")),
        "recover" => Err(valueless(word, setting, "whom to ask")),
        name if given => Err(syn::Error::new(
            word.span(),
            format!("`{name}` takes no value\nhelp: write `{} = {name}`", setting.name),
        )),
        _ => Ok(None),
    }
}

fn valueless(word: &Ident, setting: &Setting, what: &str) -> syn::Error {
    let text = format!("`{} = {word}` needs to know {what}\nhelp: write `{}`", setting.name, setting.example);
    syn::Error::new(word.span(), text)
}
