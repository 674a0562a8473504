//! Types that know their own rules.

use std::rc::Rc;
use std::sync::Arc;

use super::Rules;

/// A type that knows its own rules.
///
/// References, `Box`, `Rc` and `Arc` of such a type have its rules; so have lists, with the index
/// in the path, and `Option`, where `None` breaks no rule.
///
/// ```
/// use steadfast::validate::{Rules, Validate};
///
/// struct Transfer { from: u64, to: u64, amount: i64 }
///
/// impl Validate for Transfer {
///     fn validate(&self, rules: &mut Rules) {
///         rules.check("amount", self.amount > 0, "must be positive");
///         rules.check("", self.from != self.to, "must go to another account");
///     }
/// }
///
/// #[steadfast::validate(transfer)]
/// async fn send(transfer: Transfer) -> Result<(), steadfast::Rejection> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let refused = send(Transfer { from: 1, to: 1, amount: 0 }).await.unwrap_err();
/// assert!(refused.to_string().ends_with(
///     "invalid: transfer.amount: must be positive; transfer: must go to another account"
/// ));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not know how to validate itself",
    label = "this type has no rules of its own",
    note = "implement `steadfast::validate::Validate` for it, or derive `garde::Validate` (feature `garde`)",
    note = "or write a predicate on the attribute: `amount > 0 => \"must be positive\"`"
)]
pub trait Validate {
    /// Tells `rules` of every rule that is broken. The values themselves stay out of it.
    ///
    /// See [`Validate`] for an example, and [`Rules`] for what can be told.
    fn validate(&self, rules: &mut Rules);
}

macro_rules! through {
    ($($pointer:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Validate + ?Sized> Validate for $pointer {
            fn validate(&self, rules: &mut Rules) {
                (**self).validate(rules);
            }
        }
    )*};
}
through!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

#[diagnostic::do_not_recommend]
impl<T: Validate> Validate for Option<T> {
    fn validate(&self, rules: &mut Rules) {
        if let Some(value) = self {
            value.validate(rules);
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Validate> Validate for [T] {
    fn validate(&self, rules: &mut Rules) {
        for (index, item) in self.iter().enumerate() {
            rules.item(index, |rules| item.validate(rules));
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Validate, const N: usize> Validate for [T; N] {
    fn validate(&self, rules: &mut Rules) {
        self.as_slice().validate(rules);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Validate> Validate for Vec<T> {
    fn validate(&self, rules: &mut Rules) {
        self.as_slice().validate(rules);
    }
}

/// A type that validates itself, whoever's trait it does it by: the marker says whose, and is
/// inferred. With a marker the two blanket impls do not meet.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not know how to validate itself",
    label = "this type has no rules of its own",
    note = "implement `steadfast::validate::Validate` for it, or derive `garde::Validate` (feature `garde`)",
    note = "or write a predicate on the attribute: `amount > 0 => \"must be positive\"`"
)]
pub trait ValidateSelf<M> {
    fn validate_self(&self, rules: &mut Rules);
}

/// By our own trait.
#[doc(hidden)]
#[derive(Debug)]
pub struct Own;

/// By garde's.
#[cfg(feature = "garde")]
#[doc(hidden)]
#[derive(Debug)]
pub struct Garde;

/// By what an extractor holds.
#[doc(hidden)]
#[derive(Debug)]
pub struct Inside<M>(std::marker::PhantomData<M>);

#[diagnostic::do_not_recommend]
impl<T: Validate + ?Sized> ValidateSelf<Own> for T {
    fn validate_self(&self, rules: &mut Rules) {
        self.validate(rules);
    }
}

/// Paths and messages are taken over. The messages of garde's own rules do not show values; those
/// of `custom` functions are their author's.
#[cfg(feature = "garde")]
#[diagnostic::do_not_recommend]
impl<T: garde::Validate<Context = ()> + ?Sized> ValidateSelf<Garde> for T {
    fn validate_self(&self, rules: &mut Rules) {
        let mut report = garde::Report::new();
        self.validate_into(&(), &mut garde::Path::empty, &mut report);
        for (path, error) in report.iter() {
            rules.check(path.to_string(), false, error.message().to_owned());
        }
    }
}

#[cfg(feature = "axum")]
#[diagnostic::do_not_recommend]
impl<M, T: ValidateSelf<M>> ValidateSelf<Inside<M>> for axum::Json<T> {
    fn validate_self(&self, rules: &mut Rules) {
        self.0.validate_self(rules);
    }
}
