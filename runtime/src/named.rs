//! What an attribute is given as its policy: the policy, or a pointer to one.
//!
//! A reference to the policy would take every pointer that there is, but what is something else would
//! then be told in the compiler's own words, which do not know what to write instead.

/// A trait of what may be named where a policy is expected, by which the expansion reaches the policy. The
/// attributes above it say what is wrong with anything else.
macro_rules! named {
    ($(#[$told:meta])* $names:ident, <$($generic:ident),*> $policy:ty $(where $($bound:tt)+)?) => {
        $(#[$told])*
        pub trait $names {
            type Policy;
            fn named(&self) -> &Self::Policy;
        }

        #[diagnostic::do_not_recommend]
        impl<$($generic),*> $names for $policy $(where $($bound)+)? {
            type Policy = Self;

            #[inline(always)] // It is nothing.
            fn named(&self) -> &Self {
                self
            }
        }

        $crate::named::pointers!($names: [N] &N, [N] &mut N, [N] ::std::boxed::Box<N>, [N] ::std::rc::Rc<N>);
        $crate::named::pointers!($names: [N] ::std::sync::Arc<N>, [N, F: FnOnce() -> N] ::std::sync::LazyLock<N, F>);
    };
}
pub(crate) use named;

macro_rules! pointers {
    ($names:ident: $([N $(, $made:ident: $by:path)?] $pointer:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<N: $names $(, $made: $by)?> $names for $pointer {
            type Policy = N::Policy;

            #[inline(always)] // It is what the pointer points to.
            fn named(&self) -> &Self::Policy {
                (**self).named()
            }
        }
    )*};
}
pub(crate) use pointers;
