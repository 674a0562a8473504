//! Writing `impl Failure` and `impl ReplayFailure`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, Member, Path, Type};

use super::{Case, CaseKind, Failures};
use crate::ends::Ends;
use crate::errors::Errors;

pub(super) fn impls(failures: &Failures<'_>) -> TokenStream {
    let failure = failure(failures);
    let replay = replay(failures);
    quote!(#failure #replay)
}

/// On a mistake the traits are still there, so that nothing else is reported missing.
pub(super) fn placeholder(input: &syn::DeriveInput, errors: &Errors) -> TokenStream {
    let errors = errors.to_compile_errors();
    let ident = &input.ident;
    let (generics, types, clause) = input.generics.split_for_impl();
    quote! {
        impl #generics ::steadfast::Failure for #ident #types #clause {
            fn kind(&self) -> ::steadfast::Kind { ::steadfast::__rt::absent() }
        }
        impl #generics ::steadfast::ReplayFailure for #ident #types #clause {
            fn to_record(&self) -> ::core::option::Option<::core::result::Result<::std::vec::Vec<u8>, ::steadfast::RecordError>> {
                ::steadfast::__rt::absent()
            }
            fn from_record(_: &[u8]) -> ::core::result::Result<Self, ::steadfast::RecordError> {
                ::steadfast::__rt::absent()
            }
        }
        #errors
    }
}

fn failure(failures: &Failures<'_>) -> TokenStream {
    let Failures { input, krate, cases } = failures;
    let ident = &input.ident;
    let (generics, types, clause) = input.generics.split_for_impl();
    let kinds = cases.iter().map(|case| case.kind_arm(krate));
    let kind = matched(cases, quote!(#(#kinds)*));
    let retry_after = cases.iter().any(Case::knows_when).then(|| {
        let arms = cases.iter().filter(|case| case.knows_when()).map(|case| case.retry_after_arm(krate));
        quote! {
            fn retry_after(&self) -> ::core::option::Option<::core::time::Duration> {
                match self {
                    #(#arms)*
                    #[allow(unreachable_patterns)]
                    _ => ::core::option::Option::None,
                }
            }
        }
    });
    quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #generics #krate::Failure for #ident #types #clause {
            fn kind(&self) -> #krate::Kind {
                #kind
            }
            #retry_after
        }
    }
}

/// The record of the terminal failures. Its bounds on their fields hold or not for each type by
/// itself, so that only those who replay an error need serde on it.
fn replay(failures: &Failures<'_>) -> TokenStream {
    let Failures { input, krate, cases } = failures;
    let ident = &input.ident;
    let (generics, types, clause) = input.generics.split_for_impl();
    let given = clause.map(|clause| clause.predicates.to_token_stream());
    let comma =
        clause.filter(|clause| !clause.predicates.is_empty() && !clause.predicates.trailing_punct()).map(|_| quote!(,));
    let bounds = cases.iter().flat_map(|case| case.bounds(krate));
    let recorded: Vec<&Case<'_>> = cases.iter().filter(|case| case.is_recorded()).collect();
    let records = recorded.iter().map(|case| case.record_arm(krate));
    let readers = recorded.iter().map(|case| case.read_arm());
    quote! {
        impl #generics #krate::ReplayFailure for #ident #types where #given #comma #(#bounds,)* {
            fn to_record(&self) -> ::core::option::Option<::core::result::Result<::std::vec::Vec<u8>, #krate::RecordError>> {
                #krate::__rt::record(self, |__failure| match __failure {
                    #(#records)*
                    #[allow(unreachable_patterns)]
                    _ => #krate::__rt::not_recorded(),
                })
            }
            fn from_record(__bytes: &[u8]) -> ::core::result::Result<Self, #krate::RecordError> {
                #[allow(unused_mut)]
                let mut __record = #krate::Record::parse(__bytes)?;
                match __record.variant() {
                    #(#readers)*
                    _ => ::core::result::Result::Err(__record.unheard_of()),
                }
            }
        }
    }
}

fn matched(cases: &[Case<'_>], arms: TokenStream) -> TokenStream {
    if cases.is_empty() { quote!(match *self {}) } else { quote!(match self { #arms }) }
}

impl Case<'_> {
    /// `Self::Variant`, or `Self` for a struct.
    fn path(&self) -> TokenStream {
        match self.variant {
            Some(variant) => quote!(Self::#variant),
            None => quote!(Self),
        }
    }

    /// The name in a record.
    fn name(&self) -> String {
        self.variant.map_or_else(String::new, Ident::to_string)
    }

    fn kind_arm(&self, krate: &Path) -> TokenStream {
        let path = self.path();
        match &self.kind {
            CaseKind::Transient => quote!(#path { .. } => #krate::Kind::Transient,),
            CaseKind::Terminal => quote!(#path { .. } => #krate::Kind::Terminal,),
            CaseKind::Unknown => quote!(#path { .. } => #krate::Kind::Unknown,),
            CaseKind::Transparent(field) => self.asked(krate, field, quote!(kind)),
            CaseKind::With(with) => {
                let failure = Ends::of(with).name("__failure");
                let asked = quote_spanned!(failure.span()=> (#failure));
                quote!(#path { .. } => { let #failure = self; #with #asked })
            }
        }
    }

    /// What the error inside says: an error at its type where it says nothing.
    fn asked(&self, krate: &Path, field: &Member, what: TokenStream) -> TokenStream {
        let path = self.path();
        let ty = self.fields.iter().next().map(|field| &field.ty);
        quote!(#path { #field: __inner } => <#ty as #krate::Failure>::#what(__inner),)
    }

    fn knows_when(&self) -> bool {
        self.retry_after.is_some() || matches!(self.kind, CaseKind::Transparent(_))
    }

    fn retry_after_arm(&self, krate: &Path) -> TokenStream {
        let path = self.path();
        match (&self.retry_after, &self.kind) {
            (Some(field), _) => {
                let krate = Ends::of(field).path(krate);
                let span = Ends::of(field).last;
                let after = quote_spanned!(span=> #krate::__rt::RetryAfter::retry_after(__after));
                quote_spanned!(span=> #path { #field: __after, .. } => #after,)
            }
            (None, CaseKind::Transparent(field)) => self.asked(krate, field, quote!(retry_after)),
            (None, _) => TokenStream::new(),
        }
    }

    /// Whether a failure of this case can be terminal.
    fn is_recorded(&self) -> bool {
        matches!(self.kind, CaseKind::Terminal | CaseKind::Transparent(_) | CaseKind::With(_))
    }

    fn is_nested(&self) -> bool {
        matches!(self.kind, CaseKind::Transparent(_))
    }

    /// `for<'a>` keeps the compiler from refusing a bound that does not hold for a type that
    /// nobody replays.
    fn bounds(&self, krate: &Path) -> Vec<TokenStream> {
        if !self.is_recorded() {
            return Vec::new();
        }
        let bound = |ty: &Type| {
            let ends = Ends::of(ty);
            let krate = ends.path(krate);
            let bound = if self.is_nested() { quote!(ReplayFailure) } else { quote!(__rt::Storable) };
            let bound = ends.path(bound);
            quote!(for<'__steadfast> #ty: #krate::#bound)
        };
        self.fields.iter().map(|field| bound(&field.ty)).collect()
    }

    fn members(&self) -> impl Iterator<Item = (Member, String, Ident)> {
        self.fields.members().map(|member| {
            let name = member.to_token_stream().to_string();
            let bound = format_ident!("__{}", name.trim_start_matches("r#"), span = Span::mixed_site());
            (member, name, bound)
        })
    }

    fn record_arm(&self, krate: &Path) -> TokenStream {
        let (path, name) = (self.path(), self.name());
        let fields = self.members().map(|(member, _, bound)| quote!(#member: #bound));
        let add = if self.is_nested() { quote!(nested) } else { quote!(with) };
        let steps = self.members().map(|(_, name, bound)| quote!(.and_then(|__record| __record.#add(#name, #bound))));
        quote!(#path { #(#fields),* } => ::core::result::Result::Ok(#krate::Record::new(#name))#(#steps)*,)
    }

    fn read_arm(&self) -> TokenStream {
        let (path, name) = (self.path(), self.name());
        let take = if self.is_nested() { quote!(take_nested) } else { quote!(take) };
        let fields = self.members().map(|(member, name, _)| quote!(#member: __record.#take(#name)?));
        quote!(#name => ::core::result::Result::Ok(#path { #(#fields),* }),)
    }
}
