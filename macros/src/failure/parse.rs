//! Reading `#[failure(..)]`.

use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, Member, Path, Token};

use super::{Case, CaseKind, Failures};
use crate::errors::{Errors, list};
use crate::suggest;

const KINDS: [&str; 4] = ["transient", "terminal", "unknown", "transparent"];
const CHOOSE: &str = "`transient` (nothing happened, trying again may work), `terminal` (a definite answer), `unknown` (it may have happened), `transparent` (the error inside says it) or `with = path`";

/// What other libraries call a kind of ours.
const FOREIGN: [(&str, &str); 8] = [
    ("retryable", "transient"),
    ("retriable", "transient"),
    ("temporary", "transient"),
    ("permanent", "terminal"),
    ("fatal", "terminal"),
    ("final", "terminal"),
    ("ambiguous", "unknown"),
    ("from", "transparent"),
];

pub(super) fn failures<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<Failures<'a>> {
    let whole = words(&input.attrs, errors);
    let krate = whole.iter().find_map(|word| match word {
        Word::Crate(path) => Some(path.clone()),
        _ => None,
    });
    let krate = krate.unwrap_or_else(|| syn::parse_quote!(::steadfast));
    let cases = match &input.data {
        Data::Enum(data) => {
            for word in whole.iter().filter(|word| !matches!(word, Word::Crate(_))) {
                errors.at(
                    word.tokens(),
                    "a kind for a whole enum: a variant added later would have it too, whatever it means",
                    "write `#[failure(..)]` on each variant",
                );
            }
            data.variants
                .iter()
                .filter_map(|variant| {
                    case(&variant.ident, Some(&variant.ident), &variant.fields, &words(&variant.attrs, errors), errors)
                })
                .collect()
        }
        Data::Struct(data) => case(&input.ident, None, &data.fields, &whole, errors).into_iter().collect(),
        Data::Union(data) => {
            errors.at(
                data.union_token,
                "a union does not know which of its fields holds, so it cannot say what failed",
                "derive `Failure` on an enum or a struct",
            );
            return None;
        }
    };
    Some(Failures { input, krate, cases })
}

fn case<'a>(
    at: &Ident,
    variant: Option<&'a Ident>,
    fields: &'a Fields,
    words: &[Word],
    errors: &mut Errors,
) -> Option<Case<'a>> {
    let mut kinds = words.iter().filter(|word| matches!(word, Word::Kind(_) | Word::With(..)));
    let Some(first) = kinds.next() else {
        // A word that is wrong is reported where it stands.
        if words.iter().all(|word| !matches!(word, Word::Wrong)) {
            errors.at(
                at,
                format!("`{at}` does not say what is known of a call that ends with it, so nobody could tell whether to try again"),
                format!("write `#[failure(..)]` with {CHOOSE}"),
            );
        }
        return None;
    };
    if let Some(second) = kinds.next() {
        errors.at(
            second.tokens(),
            format!("`{at}` has two kinds, and a layer could follow one only"),
            "keep one of them; where it depends on the value, write `with = path`",
        );
    }
    let kind = match first {
        Word::Kind(word) if word == "transient" => CaseKind::Transient,
        Word::Kind(word) if word == "terminal" => CaseKind::Terminal,
        Word::Kind(word) if word == "unknown" => CaseKind::Unknown,
        Word::Kind(word) => CaseKind::Transparent(only_field(word, fields, errors)?),
        Word::With(_, path) => CaseKind::With(path.clone()),
        _ => return None,
    };
    Some(Case { variant, fields, kind, retry_after: retry_after(words, fields, errors) })
}

fn only_field(word: &Ident, fields: &Fields, errors: &mut Errors) -> Option<Member> {
    let mut members = fields.members();
    match (members.next(), members.next()) {
        (Some(only), None) => Some(only),
        _ => {
            errors.at(
                word,
                "`transparent` asks the error inside, so there must be exactly one field",
                "leave one field, or name the kind",
            );
            None
        }
    }
}

fn retry_after(words: &[Word], fields: &Fields, errors: &mut Errors) -> Option<Member> {
    let member = words.iter().find_map(|word| match word {
        Word::RetryAfter(_, member) => Some(member),
        _ => None,
    })?;
    if fields.members().any(|known| known == *member) {
        return Some(member.clone());
    }
    let names: Vec<String> = fields.members().map(|member| member.to_token_stream().to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let help = match names.len() {
        0 => "there are no fields".to_owned(),
        1 => format!("the only field is {}", list(&names, "and")),
        _ => format!("the fields are {}", list(&names, "and")),
    };
    errors.at(member, format!("`retry_after = {}` names no field", member.to_token_stream()), help);
    None
}

/// One word inside `#[failure(..)]`.
enum Word {
    Kind(Ident),
    With(Ident, Path),
    RetryAfter(Ident, Member),
    Crate(Path),
    /// Reported already.
    Wrong,
}

impl Word {
    fn tokens(&self) -> proc_macro2::TokenStream {
        match self {
            Self::Kind(word) | Self::With(word, _) | Self::RetryAfter(word, _) => word.to_token_stream(),
            Self::Crate(path) => path.to_token_stream(),
            Self::Wrong => proc_macro2::TokenStream::new(),
        }
    }
}

impl Parse for Word {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.parse::<Option<Token![crate]>>()?.is_some() {
            input.parse::<Token![=]>()?;
            return Ok(Self::Crate(input.call(Path::parse_mod_style)?));
        }
        let word: Ident = input.parse().map_err(|error| {
            syn::Error::new(error.span(), format!("a kind of failure is a word without quotes\nhelp: write {CHOOSE}"))
        })?;
        let name = word.to_string();
        match name.as_str() {
            "with" => {
                let path =
                    value(input, &word, "the path of a function of `&Self` that returns a `Kind`", "with = kind_of")?;
                Ok(Self::With(word, path))
            }
            "retry_after" => {
                let field = value(input, &word, "the name of a field", "retry_after = after")?;
                Ok(Self::RetryAfter(word, field))
            }
            _ if KINDS.contains(&name.as_str()) => Ok(Self::Kind(word)),
            _ => Err(unknown_word(&word, &name)),
        }
    }
}

/// What stands behind the `=` of a word.
fn value<T: Parse>(input: ParseStream, word: &Ident, takes: &str, example: &str) -> syn::Result<T> {
    let wrong = |span| syn::Error::new(span, format!("`{word}` takes {takes}\nhelp: write `{example}`"));
    if input.parse::<Option<Token![=]>>()?.is_none() {
        return Err(wrong(word.span()));
    }
    let span = input.span();
    input.parse().map_err(|_| wrong(span))
}

fn unknown_word(word: &Ident, name: &str) -> syn::Error {
    let foreign = FOREIGN.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours);
    let meant = foreign.or_else(|| suggest::nearest(name, KINDS.into_iter().chain(["with", "retry_after"])));
    let meant = meant.map_or(String::new(), |meant| format!("did you mean `{meant}`? "));
    syn::Error::new(word.span(), format!("`{name}` is not a kind of failure\nhelp: {meant}it is {CHOOSE}"))
}

fn words(attrs: &[Attribute], errors: &mut Errors) -> Vec<Word> {
    let mut all = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("failure")) {
        let list = matches!(&attr.meta, syn::Meta::List(list) if !list.tokens.is_empty());
        if !list {
            errors.at(attr, "this says no kind of failure", format!("write `#[failure(..)]` with {CHOOSE}"));
            all.push(Word::Wrong);
            continue;
        }
        match attr.parse_args_with(Punctuated::<Word, Token![,]>::parse_terminated) {
            Ok(words) => all.extend(words),
            Err(error) => {
                errors.push(error);
                all.push(Word::Wrong);
            }
        }
    }
    all
}
