//! What a step's functions return, said once more in words of their own for who gets it wrong.

use std::future::Future;

use super::step::Step;

/// That a function is an action of a saga: it takes the state and returns the next one, of the same type.
/// Every function that [`Saga::step`](super::Saga::step), [`pivot`](super::Saga::pivot) and
/// [`forward`](super::Saga::forward) take is one; there is nothing to implement.
#[diagnostic::on_unimplemented(
    message = "this action does not return `Result<{S}, {E}>`",
    label = "an action takes the saga's state and returns the next one, of the same type",
    note = "the first step says what the saga's state and its error are: let every later one take and return those"
)]
pub trait Acts<App, S, E> {}

#[diagnostic::do_not_recommend]
impl<F, Acting, App, S, E> Acts<App, S, E> for F
where
    F: Fn(App, S, Step) -> Acting,
    Acting: Future<Output = Result<S, E>>,
{
}

/// That a function undoes a step: it takes the state that the step's action returned, and returns none. Every
/// function that [`Saga::step`](super::Saga::step) takes for it is one; there is nothing to implement.
#[diagnostic::on_unimplemented(
    message = "this undo does not return `Result<(), {E}>`",
    label = "an undo takes the state that its action returned, and returns none",
    note = "what is undone next gets the state that its own action left"
)]
pub trait Undoes<App, S, E> {}

#[diagnostic::do_not_recommend]
impl<F, Undoing, App, S, E> Undoes<App, S, E> for F
where
    F: Fn(App, S, Step) -> Undoing,
    Undoing: Future<Output = Result<(), E>>,
{
}
