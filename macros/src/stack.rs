//! Gathering the stack: the outermost attribute takes all its siblings and expands them at once.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute as Attr, Ident, Meta, Path};

use crate::attribute::Attribute;
use crate::errors::Errors;
use crate::item::{Function, Item};
use crate::{check, emit, model, place, source};

/// The argument of a sibling that the outermost attribute has dealt with.
const DONE: &str = "__steadfast_done";
/// How the mark on a composed function begins.
const MARK: &str = "steadfast stack: ";

/// An attribute of the family as it stands on the function.
pub(crate) struct Written {
    pub(crate) attribute: Attribute,
    /// From `#` to `]`.
    pub(crate) place: TokenStream,
    pub(crate) args: TokenStream,
}

/// Expands one attribute of the family.
pub(crate) fn expand(me: Attribute, args: TokenStream, item: TokenStream) -> TokenStream {
    if let Some(done) = done(&args) {
        return handed_over(me, &done, item);
    }
    match Item::parse(item) {
        Item::Function(function) => on_function(me, args, *function),
        Item::Other { attrs, rest, what } => on_other(me, &attrs, &rest, what),
    }
}

/// The sibling's turn: the stack is composed already, so the function passes through. What the
/// outermost took for `retry` must be `retry`, though, and not another one imported by that name.
fn handed_over(me: Attribute, done: &str, item: TokenStream) -> TokenStream {
    if done == me.name() {
        return item;
    }
    let mut errors = Errors::default();
    errors.at_span(
        Span::call_site(),
        format!("this is `{}` under the name `{done}`, so the stack was composed with the wrong layer", me.name()),
        format!("import it under its own name: `use steadfast::{}`", me.name()),
    );
    let errors = errors.to_compile_errors();
    quote!(#errors #item)
}

fn on_function(me: Attribute, args: TokenStream, function: Function) -> TokenStream {
    let mut errors = Errors::default();
    if let Some(mark) = function.attrs.iter().find_map(mark) {
        return unrecognised(me, args, &function, &mark);
    }
    let krate = krate(&args, &mut errors);
    let written = gather(me, args, &function, &krate, &mut errors);
    let layers = model::layers(&written, &function, &mut errors);
    place::check(me, &written, &function, &mut errors);
    check::function(me, &function, &layers, &mut errors);
    check::stack(&layers, &function, &mut errors);
    if errors.is_empty() {
        let attrs = attributes(&function, &krate, &written, "");
        return emit::function(&attrs, &function, &layers, &krate);
    }
    let attrs = attributes(&function, &krate, &written, "not composed: ");
    let bound = emit::first_in_body(&written, &function, &krate);
    let function = function.untouched(&attrs, &bound);
    let errors = errors.to_compile_errors();
    quote!(#function #errors)
}

/// An attribute on something that is not a function, with its siblings kept quiet.
fn on_other(me: Attribute, attrs: &[Attr], rest: &TokenStream, what: &str) -> TokenStream {
    let mut errors = Errors::default();
    errors.at_span(
        Span::call_site(),
        format!("`#[{}]` stands on {what}, but it guards the calls of a function", me.name()),
        "put it on a function with a body",
    );
    let krate = default_krate();
    let attrs = attrs.iter().map(|attr| hand_over(attr, &krate));
    let errors = errors.to_compile_errors();
    quote!(#(#attrs)* #rest #errors)
}

/// An attribute that meets a function that is composed already: the outermost did not know it.
fn unrecognised(me: Attribute, args: TokenStream, function: &Function, mark: &str) -> TokenStream {
    let mut errors = Errors::default();
    errors.at_span(
        Span::call_site(),
        format!(
            "this is `{}` under another name, so the stack above it ({mark}) was composed without it and it would take the wrong place",
            me.name()
        ),
        format!("write it as `#[{0}]` or `#[steadfast::{0}]`", me.name()),
    );
    let attrs = &function.attrs;
    let written = [Written { attribute: me, place: call_site(), args }];
    let bound = emit::first_in_body(&written, function, &default_krate());
    let function = function.untouched(&quote!(#(#attrs)*), &bound);
    let errors = errors.to_compile_errors();
    quote!(#function #errors)
}

/// The crate's path: `::steadfast`, unless the stack says `crate = path`.
fn krate(args: &TokenStream, errors: &mut Errors) -> Path {
    match crate::settings::crate_path(args) {
        None => default_krate(),
        Some(Ok(path)) => path,
        Some(Err(error)) => {
            errors.push(error);
            default_krate()
        }
    }
}

fn default_krate() -> Path {
    syn::parse_quote!(::steadfast)
}

/// All attributes of the family on this function, outermost first.
fn gather(me: Attribute, args: TokenStream, function: &Function, krate: &Path, errors: &mut Errors) -> Vec<Written> {
    let mut written = vec![Written { attribute: me, place: call_site(), args }];
    let mut foreign: Vec<&Attr> = Vec::new();
    for attr in &function.attrs {
        if let Some(attribute) = recognise(attr, krate) {
            report_between(&mut foreign, &written, attribute, errors);
            if let Some(args) = args_of(attr, attribute, errors) {
                refuse_crate(&args, me, errors);
                written.push(Written { attribute, place: attr.to_token_stream(), args });
            }
        } else if attr.path().is_ident("cfg_attr") {
            report_conditional(attr, errors);
        } else if !is_inert(attr) {
            foreign.push(attr);
        }
    }
    written
}

/// The outermost attribute expands the stack, and only its path is used.
fn refuse_crate(args: &TokenStream, me: Attribute, errors: &mut Errors) {
    if let Some(Ok(path)) = crate::settings::crate_path(args) {
        let text = source::text(&path);
        errors.at(
            path,
            "`crate` stands below the outermost attribute, where nobody would follow it",
            format!("move it to the top: `#[{}(.., crate = {text})]`", me.name()),
        );
    }
}

/// One token that covers the whole of the attribute being expanded.
fn call_site() -> TokenStream {
    quote_spanned!(Span::call_site()=> _)
}

/// A sibling: an attribute by one of our names, alone or behind the crate's.
fn recognise(attr: &Attr, krate: &Path) -> Option<Attribute> {
    let segments = &attr.path().segments;
    let attribute = Attribute::by_name(&segments.last()?.ident.to_string())?;
    let first = &segments.first()?.ident;
    let ours = segments.len() == 1
        || first == "steadfast"
        || krate
            .segments
            .last()
            .is_some_and(|facade| segments.iter().rev().nth(1).is_some_and(|s| s.ident == facade.ident));
    ours.then_some(attribute)
}

fn args_of(attr: &Attr, attribute: Attribute, errors: &mut Errors) -> Option<TokenStream> {
    match &attr.meta {
        Meta::Path(_) => Some(TokenStream::new()),
        Meta::List(list) => Some(list.tokens.clone()),
        Meta::NameValue(_) => {
            let name = attribute.name();
            errors.at(
                attr,
                format!("`#[{name} = ..]` is not a form of this attribute, which takes what it needs in parentheses"),
                format!("write `#[{name}(..)]`"),
            );
            None
        }
    }
}

/// A macro of somebody else's between two of ours would see a function it was not written for.
fn report_between(foreign: &mut Vec<&Attr>, written: &[Written], below: Attribute, errors: &mut Errors) {
    for attr in foreign.drain(..) {
        let name = source::text(attr.path());
        let above = written.last().map_or("", |w| w.attribute.name());
        errors.at(
            attr,
            format!(
                "`#[{name}]` stands between `#[{above}]` and `#[{}]`: the stack is composed as one, so it could not run between them",
                below.name()
            ),
            format!("move `#[{name}]` above the whole stack or below it"),
        );
    }
}

fn report_conditional(attr: &Attr, errors: &mut Errors) {
    let named =
        crate::item::any_ident(attr.meta.to_token_stream(), &|ident| Attribute::by_name(&ident.to_string()).is_some());
    if named {
        errors.at(
            attr,
            "this `cfg_attr` is not yet decided where the stack is composed, so its layer would be left out",
            "put the condition on the whole function: `#[cfg(..)]` on two versions of it",
        );
    }
}

/// Attributes that are not macros, so that their place among ours means nothing.
fn is_inert(attr: &Attr) -> bool {
    const INERT: [&str; 22] = [
        "doc",
        "allow",
        "warn",
        "deny",
        "forbid",
        "expect",
        "inline",
        "cold",
        "must_use",
        "deprecated",
        "track_caller",
        "cfg",
        "cfg_attr",
        "target_feature",
        "no_mangle",
        "automatically_derived",
        "ignore",
        "should_panic",
        "coverage",
        "export_name",
        "link_section",
        "unsafe",
    ];
    const TOOLS: [&str; 4] = ["rustfmt", "clippy", "diagnostic", "rust_analyzer"];
    let path = attr.path();
    let first = path.segments.first().map(|segment| segment.ident.to_string()).unwrap_or_default();
    if path.segments.len() == 1 { INERT.contains(&first.as_str()) } else { TOOLS.contains(&first.as_str()) }
}

/// The function's attributes with our siblings handed over, and the mark that says what was
/// composed.
fn attributes(function: &Function, krate: &Path, written: &[Written], state: &str) -> TokenStream {
    let names: Vec<&str> = written.iter().map(|w| w.attribute.name()).collect();
    let reason = format!("{MARK}{state}{}", names.join(" > "));
    // On a mistake the body may not use what only the attributes use.
    let quiet = if state.is_empty() { quote!() } else { quote!(unused_variables, unused_mut,) };
    let attrs = function.attrs.iter().map(|attr| hand_over(attr, krate));
    quote!(#(#attrs)* #[allow(single_use_lifetimes, #quiet reason = #reason)])
}

/// A sibling is not taken away but told that it is dealt with: its import stays in use, an editor
/// still finds it, and it can say when it is not what it was taken for.
fn hand_over(attr: &Attr, krate: &Path) -> TokenStream {
    let Some(attribute) = recognise(attr, krate) else {
        return attr.to_token_stream();
    };
    let mut attr = attr.clone();
    let path = attr.path().clone();
    let done = Ident::new(DONE, Span::call_site());
    let name = attribute.name();
    let tokens = quote!(#done = #name);
    attr.meta = Meta::List(syn::MetaList { path, delimiter: syn::MacroDelimiter::Paren(Default::default()), tokens });
    attr.to_token_stream()
}

/// The name a sibling was taken for, when it was dealt with.
fn done(args: &TokenStream) -> Option<String> {
    let parse = |input: ParseStream| {
        let ident: Ident = input.parse()?;
        if ident != DONE {
            return Err(input.error("not handed over"));
        }
        input.parse::<syn::Token![=]>()?;
        Ok(input.parse::<syn::LitStr>()?.value())
    };
    parse.parse2(args.clone()).ok()
}

/// The stack named in the mark of a composed function.
fn mark(attr: &Attr) -> Option<String> {
    if !attr.path().is_ident("allow") {
        return None;
    }
    let text = attr.meta.to_token_stream().to_string();
    let (_, rest) = text.split_once(MARK)?;
    Some(rest.split('"').next()?.to_owned())
}
