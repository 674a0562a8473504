//! Reading what stands in an attribute: `name = value`, flags, lists, and one leading value.

mod krate;
mod read;
mod tokens;
mod value;

pub(crate) use krate::{crate_path, peeks_crate, read_crate};
pub(crate) use read::time;
pub(crate) use value::{Choice, Nested, Number, Time, Value, literal_time};

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::visit::Visit;
use syn::{Expr, Ident, Lit, Path, Token};

use crate::attribute::{Attribute, Of};
use crate::errors::{Errors, list};
use crate::item::Function;
use crate::stack::Written;
use crate::{source, suggest};
use tokens::{between, skip_to_comma, upto_comma};

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
        ends && (known || self.attribute.leading().is_none() || self.attribute.is_like_a_flag(word))
    }

    fn read_setting(&mut self, input: ParseStream, errors: &mut Errors) -> syn::Result<()> {
        let start = input.cursor();
        let key = input.call(Ident::parse_any)?;
        let Some(setting) = self.attribute.setting(&key.to_string()) else {
            self.refuse_unknown(&key, errors);
            upto_comma(input);
            return Ok(());
        };
        let value = read::value(input, setting, &key).inspect_err(|_| self.broken.push(key.to_string()))?;
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
        let shared = source::text(shared);
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
            // A tier belongs to the policy, but every call brings its own way to it.
            let of_policy = entry.name != "tier"
                && self.attribute.setting(entry.name).is_some_and(|setting| setting.of == Of::Policy);
            let (Value::Time(Time::Expr(expr)) | Value::Number(Number::Expr(expr)) | Value::Expr(expr)) = &entry.value
            else {
                continue;
            };
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
