//! How a function runs its body: awaited, on its thread, or inside what another attribute has
//! already made of an `async fn`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Pat, Signature, Type};

/// How a function runs its body.
pub(crate) enum Shape {
    Async,
    Sync,
    Rewritten(Box<Rewritten>),
}

/// An `async fn` that another attribute has rewritten before ours could see it. The user's body is
/// still there as one group, inside some others.
pub(crate) struct Rewritten {
    /// The groups around the body, outermost first.
    frames: Vec<Frame>,
    pub(crate) body: Group,
    /// What `#[async_trait]` says of the method; nothing where it is a runtime's entry.
    pub(crate) method: Option<Method>,
}

/// A method as `#[async_trait]` leaves it.
pub(crate) struct Method {
    /// The type of the body's value, `()` left out.
    pub(crate) returns: Option<Type>,
    /// What binds the arguments in front of the body.
    pub(crate) bound: Vec<Pat>,
}

/// What tells tokio's entry from one that somebody has written.
const TOKIO: &str = "Failed building the Runtime";

/// A group without the one that matters inside it.
struct Frame {
    before: TokenStream,
    group: Group,
    after: TokenStream,
}

impl Shape {
    pub(crate) fn of(sig: &Signature, body: &Group) -> Self {
        if sig.asyncness.is_some() {
            return Self::Async;
        }
        let rewritten = Rewritten::by_async_trait(sig, body).or_else(|| Rewritten::by_a_runtime(body));
        rewritten.map_or(Self::Sync, |rewritten| Self::Rewritten(Box::new(rewritten)))
    }
}

/// Whether `#[async_trait]` has made the method.
pub(crate) fn is_of_async_trait(sig: &Signature) -> bool {
    sig.generics.lifetimes().any(|lifetime| lifetime.lifetime.ident == "async_trait")
}

impl Rewritten {
    /// `Box::pin(async move { .. let __ret: T = { BODY }; __ret })`, where `let _: () = { BODY };`
    /// ends a method that returns nothing.
    fn by_async_trait(sig: &Signature, body: &Group) -> Option<Self> {
        if !is_of_async_trait(sig) {
            return None;
        }
        let (boxed, call) = Frame::last(body, Delimiter::Parenthesis)?;
        let (moved, block) = Frame::last(&call, Delimiter::Brace)?;
        let trees: Vec<TokenTree> = block.stream().into_iter().collect();
        let at = trees.windows(2).rposition(|pair| is_block(&pair[0]) && is_punct(&pair[1], ';'))?;
        let (prologue, ty) = declared(&trees[..at])?;
        let returns: Type = syn::parse2(ty).ok()?;
        let unit = matches!(&returns, Type::Tuple(tuple) if tuple.elems.is_empty());
        let method = Method { returns: (!unit).then_some(returns), bound: patterns(prologue)? };
        let (frame, body) = Frame::around(&block, &trees, at)?;
        Some(Self { frames: vec![boxed, moved, frame], body, method: Some(method) })
    }

    /// `let body = async { BODY }; .. { return .. .expect("Failed building the Runtime").block_on(body); }`,
    /// as `#[tokio::main]` and `#[tokio::test]` write it.
    fn by_a_runtime(body: &Group) -> Option<Self> {
        let trees: Vec<TokenTree> = body.stream().into_iter().collect();
        let begins = ["let", "body", "=", "async"].iter().zip(&trees).all(|(word, tree)| tree.to_string() == *word);
        let ends = trees.last().is_some_and(|tree| is_block(tree) && tree.to_string().contains(TOKIO));
        if !(begins && ends && trees.get(4).is_some_and(is_block)) {
            return None;
        }
        let (frame, body) = Frame::around(body, &trees, 4)?;
        Some(Self { frames: vec![frame], body, method: None })
    }

    /// The function's body, with another one in the place of the user's.
    pub(crate) fn with(&self, body: Group, edit: impl Fn(TokenStream) -> TokenStream) -> Group {
        self.frames.iter().rev().fold(body, |inside, frame| frame.with(inside, &edit))
    }
}

impl Frame {
    /// The last tree of a group, where it is a group of that kind.
    fn last(group: &Group, delimiter: Delimiter) -> Option<(Self, Group)> {
        let trees: Vec<TokenTree> = group.stream().into_iter().collect();
        let at = trees.len().checked_sub(1)?;
        Self::around(group, &trees, at).filter(|(_, inner)| inner.delimiter() == delimiter)
    }

    fn around(group: &Group, trees: &[TokenTree], at: usize) -> Option<(Self, Group)> {
        let TokenTree::Group(inner) = trees.get(at)? else { return None };
        let before = trees[..at].iter().cloned().collect();
        let after = trees[at + 1..].iter().cloned().collect();
        Some((Self { before, group: group.clone(), after }, inner.clone()))
    }

    fn with(&self, inside: Group, edit: impl Fn(TokenStream) -> TokenStream) -> Group {
        let before = edit(self.before.clone()).into_iter();
        let inside = [TokenTree::Group(inside)];
        let stream = before.chain(inside).chain(self.after.clone()).collect();
        let mut group = Group::new(self.group.delimiter(), stream);
        group.set_span(self.group.span());
        group
    }
}

/// What stands in front of the body taken apart at `let __ret: T =`: the prologue, and the type.
fn declared(trees: &[TokenTree]) -> Option<(TokenStream, TokenStream)> {
    let (equals, before) = trees.split_last()?;
    let at = before.windows(3).rposition(|three| {
        let named = matches!(&three[1], TokenTree::Ident(name) if name == "__ret" || name == "_");
        matches!(&three[0], TokenTree::Ident(word) if word == "let") && named && is_punct(&three[2], ':')
    })?;
    let of = |trees: &[TokenTree]| trees.iter().cloned().collect();
    is_punct(equals, '=').then(|| (of(&before[..at]), of(&before[at + 3..])))
}

/// The patterns that the prologue binds, without those that nobody has named.
fn patterns(prologue: TokenStream) -> Option<Vec<Pat>> {
    let statements = syn::parse::Parser::parse2(syn::Block::parse_within, prologue).ok()?;
    let patterns = statements.into_iter().filter_map(|statement| match statement {
        syn::Stmt::Local(local) => Some(local.pat),
        _ => None,
    });
    Some(patterns.filter(|pattern| !is_unnamed(pattern)).collect())
}

fn is_unnamed(pattern: &Pat) -> bool {
    matches!(pattern, Pat::Ident(name) if name.ident == "__self" || name.ident.to_string().starts_with("__arg"))
}

fn is_block(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn is_punct(tree: &TokenTree, what: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == what)
}

/// Stands for the user's body while its surroundings are rewritten.
const BODY: &str = "__steadfast_body";

/// The word that [`rewrite_self`] puts the user's body for.
pub(crate) fn body_word() -> Ident {
    Ident::new(BODY, Span::mixed_site())
}

/// The stack around a method's body: what the settings call `self` is `__self` there, as in the
/// body, which is put in as it is.
pub(crate) fn rewrite_self(stack: TokenStream, body: &TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    let mut trees = stack.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Ident(word) if word == BODY => out.extend(body.clone()),
            // `self::CALLS` is a path.
            TokenTree::Ident(word) if word == "self" && !trees.peek().is_some_and(|next| is_punct(next, ':')) => {
                out.extend([TokenTree::Ident(Ident::new("__self", word.span()))]);
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), rewrite_self(group.stream(), body));
                inner.set_span(group.span());
                out.extend([TokenTree::Group(inner)]);
            }
            other => out.extend([other]),
        }
    }
    out
}

/// A type that is a future itself.
pub(crate) fn is_future(ty: &Type) -> bool {
    struct Futures(bool);
    impl<'ast> Visit<'ast> for Futures {
        fn visit_trait_bound(&mut self, bound: &'ast syn::TraitBound) {
            self.0 |= bound.path.segments.last().is_some_and(|last| last.ident == "Future");
        }
    }
    match ty {
        Type::ImplTrait(_) | Type::TraitObject(_) => {
            let mut futures = Futures(false);
            futures.visit_type(ty);
            futures.0
        }
        Type::Path(path) => path.path.segments.last().is_some_and(|last| match last.ident.to_string().as_str() {
            "BoxFuture" | "LocalBoxFuture" => true,
            "Pin" | "Box" => pointee(last).is_some_and(is_future),
            _ => false,
        }),
        Type::Paren(inner) => is_future(&inner.elem),
        Type::Group(inner) => is_future(&inner.elem),
        _ => false,
    }
}

fn pointee(segment: &syn::PathSegment) -> Option<&Type> {
    let syn::PathArguments::AngleBracketed(args) = &segment.arguments else { return None };
    args.args.iter().find_map(|arg| match arg {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
