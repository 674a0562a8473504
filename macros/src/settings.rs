//! Reading what stands in an attribute: `name = value`, flags, lists, and one leading value.

use std::time::Duration;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Expr, ExprLit, Ident, Lit, Pat, Path, Token, parenthesized};

use crate::attribute::{Attribute, Form, Of, Setting};
use crate::errors::{Errors, list};
use crate::item::Function;
use crate::stack::Written;
use crate::{duration, suggest};

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
    pub(crate) value: Option<Time>,
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
    fn visit<'ast>(&'ast self, visitor: &mut impl Visit<'ast>) {
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

struct Entry {
    name: &'static str,
    /// From the name to the end of the value.
    tokens: TokenStream,
    value: Value,
}

/// The settings of one attribute.
pub(crate) struct Settings {
    pub(crate) attribute: Attribute,
    /// The whole attribute.
    pub(crate) place: TokenStream,
    pub(crate) leading: Option<Expr>,
    entries: Vec<Entry>,
    /// Settings that were named but could not be read: reported already, and not missing.
    broken: Vec<String>,
    /// How many were refused without it being clear which setting was meant.
    strange: usize,
}

impl Settings {
    /// Reads an attribute. What is wrong goes to `errors`, the rest is kept.
    pub(crate) fn parse(written: &Written, errors: &mut Errors) -> Self {
        let mut settings = Self {
            attribute: written.attribute,
            place: written.place.clone(),
            leading: None,
            entries: Vec::new(),
            broken: Vec::new(),
            strange: 0,
        };
        let read = |input: ParseStream| {
            settings.read_all(input, errors);
            Ok(())
        };
        if let Err(error) = read.parse2(written.args.clone()) {
            errors.push(error);
        }
        settings.refuse_both(errors);
        settings
    }

    fn read_all(&mut self, input: ParseStream, errors: &mut Errors) {
        let mut first = true;
        while !input.is_empty() {
            match self.read(input, first, errors) {
                Ok(()) => self.refuse_missing_comma(input, errors),
                Err(error) => errors.push(error),
            }
            skip_to_comma(input);
            first = false;
        }
    }

    fn read(&mut self, input: ParseStream, first: bool, errors: &mut Errors) -> syn::Result<()> {
        if peeks_crate(input) {
            return read_crate(input).map(|_| ());
        }
        if input.peek(Ident::peek_any) && (input.peek2(Token![=]) && !input.peek2(Token![==])) {
            return self.read_setting(input, errors);
        }
        let word: Option<Ident> = input.fork().call(Ident::parse_any).ok();
        let alone = word.filter(|word| self.stands_alone(input, word));
        match alone {
            Some(_) => self.read_setting(input, errors),
            None if first && self.may_lead(input) => {
                self.leading = Some(input.parse()?);
                Ok(())
            }
            None => {
                self.refuse_positional(input, errors);
                Ok(())
            }
        }
    }

    /// What follows a setting without a comma would go unseen.
    fn refuse_missing_comma(&mut self, input: ParseStream, errors: &mut Errors) {
        if !input.is_empty() && !input.peek(Token![,]) {
            errors.at_span(input.span(), "a comma is missing before this", "separate settings with commas");
            self.strange += 1;
        }
    }

    /// Whether what comes can be the leading value: a duration, or a policy, which is no literal.
    fn may_lead(&self, input: ParseStream) -> bool {
        let policy = self.attribute != Attribute::Timeout;
        self.attribute.leading().is_some() && !(policy && input.peek(Lit))
    }

    /// Whether what comes is a flag or a list of ours, or looks like a slip of one.
    fn stands_alone(&self, input: ParseStream, word: &Ident) -> bool {
        let known = self.attribute.setting(&word.to_string()).is_some();
        let ends = input.peek2(Token![,]) || input.peek2(syn::token::Paren) || input.peek2(syn::parse::End);
        ends && (known || self.attribute.leading().is_none())
    }

    fn read_setting(&mut self, input: ParseStream, errors: &mut Errors) -> syn::Result<()> {
        let start = input.cursor();
        let key = input.call(Ident::parse_any)?;
        let Some(setting) = self.attribute.setting(&key.to_string()) else {
            self.refuse_unknown(&key, errors);
            upto_comma(input);
            return Ok(());
        };
        let value = read_value(input, setting, &key).inspect_err(|_| self.broken.push(key.to_string()))?;
        let tokens = between(start, input.cursor());
        if self.entries.iter().any(|entry| entry.name == setting.name) {
            errors.at(&key, format!("`{key}` is set twice, and only one of the two could hold"), "keep one of them");
            return Ok(());
        }
        self.entries.push(Entry { name: setting.name, tokens, value });
        Ok(())
    }

    fn refuse_unknown(&mut self, key: &Ident, errors: &mut Errors) {
        let of = self.attribute.name();
        let names: Vec<&str> = self.attribute.setting_names().collect();
        let known = match names.is_empty() {
            true => format!("write {}", self.attribute.alone()),
            false => format!("its settings are {}", list(&names, "and")),
        };
        let meant = suggest::setting(self.attribute, &key.to_string());
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`? {known}"),
            None => known,
        };
        errors.at(key, format!("`#[{of}]` has no setting `{key}`"), help);
        match meant {
            Some(meant) => self.broken.push(meant.to_owned()),
            None => self.strange += 1,
        }
    }

    fn refuse_positional(&mut self, input: ParseStream, errors: &mut Errors) {
        let of = self.attribute.name();
        let what = match (self.attribute.leading(), self.attribute.settings()) {
            (Some(leading), _) => {
                format!("a value without a name, where `#[{of}]` takes one only: {leading}, in the first place")
            }
            (None, []) => format!("`#[{of}]` takes no values"),
            (None, _) => format!("a value without a name: `#[{of}]` takes settings by name"),
        };
        let literal = input.peek(Lit);
        let tokens = upto_comma(input);
        let help = match (self.attribute.settings().first(), self.attribute.leading()) {
            (None, _) => format!("write {}", self.attribute.alone()),
            (Some(_), Some(_)) if !literal => format!("put it first: `#[{of}({tokens}, ..)]`"),
            (Some(setting), _) => format!("write `{}`", setting.example),
        };
        errors.at(tokens, what, help);
        self.strange += 1;
    }

    /// A shared policy has its settings where it is made.
    fn refuse_both(&mut self, errors: &mut Errors) {
        let Some(shared) = &self.leading else { return };
        let shared = shared.to_token_stream().to_string().replace(' ', "");
        for entry in &self.entries {
            if self.attribute.setting(entry.name).is_some_and(|setting| setting.of == Of::Policy) {
                errors.at(
                    &entry.tokens,
                    format!("`{}` is a setting of the shared policy `{shared}`, and every function that shares it must see the same", entry.name),
                    format!("set it where `{shared}` is made, or leave `{shared}` out here"),
                );
            }
        }
    }

    /// A policy is made once, so a call's arguments cannot be in it.
    pub(crate) fn refuse_arguments(&self, function: &Function, errors: &mut Errors) {
        for entry in &self.entries {
            let of_policy = self.attribute.setting(entry.name).is_some_and(|setting| setting.of == Of::Policy);
            let (Value::Time(Time::Expr(expr)) | Value::Number(Number::Expr(expr))) = &entry.value else { continue };
            if of_policy && function.uses_parameter(expr) {
                errors.at(
                    expr,
                    format!(
                        "`{}` belongs to a policy that all calls share, so an argument of one call cannot set it",
                        entry.name
                    ),
                    "name a constant, or write the value out",
                );
            }
        }
    }

    /// Shows the expressions and patterns of all settings.
    pub(crate) fn visit<'ast>(&'ast self, visitor: &mut impl Visit<'ast>) {
        self.leading.iter().for_each(|leading| visitor.visit_expr(leading));
        self.entries.iter().for_each(|entry| entry.value.visit(visitor));
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The tokens of a setting, for messages; the whole attribute's where it is not there.
    pub(crate) fn tokens(&self, name: &str) -> TokenStream {
        self.entry(name).map_or_else(|| self.place.clone(), |entry| entry.tokens.clone())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// Whether the setting is there, even if it could not be read.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.has(name) || self.broken.iter().any(|broken| broken == name)
    }

    /// Whether so many settings are missing for certain: one that nobody knows may be one of them.
    pub(crate) fn lacks(&self, missing: usize) -> bool {
        missing > self.strange
    }

    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.entry(name).map(|entry| &entry.value)
    }

    pub(crate) fn time(&self, name: &str) -> Option<Time> {
        match self.value(name) {
            Some(Value::Time(time)) => Some(time.clone()),
            _ => None,
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<Number> {
        match self.value(name) {
            Some(Value::Number(number)) => Some(number.clone()),
            _ => None,
        }
    }

    pub(crate) fn expr(&self, name: &str) -> Option<Expr> {
        match self.value(name) {
            Some(Value::Expr(expr)) => Some((**expr).clone()),
            _ => None,
        }
    }

    pub(crate) fn path(&self, name: &str) -> Option<Path> {
        match self.value(name) {
            Some(Value::Path(path)) => Some(path.clone()),
            _ => None,
        }
    }

    pub(crate) fn name(&self, name: &str) -> Option<Ident> {
        match self.value(name) {
            Some(Value::Name(ident)) => Some(ident.clone()),
            _ => None,
        }
    }

    pub(crate) fn list(&self, name: &str) -> Vec<Expr> {
        match self.value(name) {
            Some(Value::List(items)) => items.clone(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn choice(&self, name: &str) -> Option<Choice> {
        match self.value(name) {
            Some(Value::Choice(choice)) => Some(choice.clone()),
            _ => None,
        }
    }
}

/// The path behind `crate =`, when the attribute has one.
pub(crate) fn crate_path(args: &TokenStream) -> Option<syn::Result<Path>> {
    let find = |input: ParseStream| {
        while !input.is_empty() {
            if peeks_crate(input) {
                let path = read_crate(input);
                skip_to_comma(input);
                input.parse::<TokenStream>()?;
                return Ok(Some(path));
            }
            skip_to_comma(input);
        }
        Ok(None)
    };
    find.parse2(args.clone()).ok().flatten()
}

/// Whether `crate = path` comes.
pub(crate) fn peeks_crate(input: ParseStream) -> bool {
    input.peek(Token![crate]) && input.peek2(Token![=])
}

pub(crate) fn read_crate(input: ParseStream) -> syn::Result<Path> {
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    input.call(Path::parse_mod_style).map_err(|error| {
        syn::Error::new(
            error.span(),
            "`crate` takes the path under which steadfast is reached\nhelp: write `crate = ::facade::steadfast`",
        )
    })
}

fn read_value(input: ParseStream, setting: &Setting, key: &Ident) -> syn::Result<Value> {
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
        Form::Rate => rate(input.parse()?, setting),
        Form::Text => text(input.parse()?, setting),
        Form::Expr | Form::ExprOrList => Ok(Value::Expr(input.parse()?)),
        Form::Path => Ok(Value::Path(wanted(
            input.call(Path::parse_mod_style),
            setting,
            "the path of a function: the policy is made when the program is compiled",
        )?)),
        Form::Binding => Ok(Value::Name(wanted(input.parse(), setting, "a name for the body to use")?)),
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
        "max_entries" => "of zero would keep nothing",
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
        let example = match words.contains(&word.as_str()) && word != "wait" {
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
    let value = match input.parse::<Option<Token![=]>>()? {
        Some(_) => Some(time(input.parse()?, setting)?),
        None => None,
    };
    // Only waiting needs to be told how long.
    match (name.as_str(), value.is_some()) {
        ("wait", false) => Err(syn::Error::new(
            word.span(),
            format!("`{} = wait` needs to know how long\nhelp: write `{}`", setting.name, setting.example),
        )),
        ("wait", true) | (_, false) => Ok(Value::Choice(Choice { word: name, value })),
        (_, true) => Err(syn::Error::new(
            word.span(),
            format!("`{name}` takes no value\nhelp: write `{} = {name}`", setting.name),
        )),
    }
}

/// Skips what is left of one setting, and the comma behind it.
fn skip_to_comma(input: ParseStream) {
    let _ = upto_comma(input);
    let _ = input.parse::<Option<Token![,]>>();
}

/// The tokens up to the next comma.
fn upto_comma(input: ParseStream) -> TokenStream {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        match input.parse::<TokenTree>() {
            Ok(tree) => tokens.extend([tree]),
            Err(_) => break,
        }
    }
    tokens
}

/// The tokens between two places of one stream.
fn between(start: syn::buffer::Cursor<'_>, end: syn::buffer::Cursor<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    let mut at = start;
    while at != end {
        let Some((tree, next)) = at.token_tree() else { break };
        tokens.extend([tree]);
        at = next;
    }
    tokens
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
