//! An error enum as a user has it.

use std::time::Duration;

use steadfast::{Failure, Reason, Rejection};

/// One variant for each kind, and one for refusals.
#[derive(Clone, Debug, Failure)]
pub enum PayError {
    /// Nothing happened.
    #[failure(transient)]
    Down,
    /// Nothing happened, and the other side says when to come back.
    #[failure(transient, retry_after = after)]
    Busy { after: Duration },
    /// A definite answer.
    #[failure(terminal)]
    Declined { code: String },
    /// It may have happened.
    #[failure(unknown)]
    Lost,
    #[failure(transparent)]
    Refused(Rejection),
}

impl PayError {
    pub fn declined(code: &str) -> Self {
        Self::Declined { code: code.to_owned() }
    }

    pub fn is_down(&self) -> bool {
        matches!(self, Self::Down)
    }
}

impl From<Rejection> for PayError {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

/// A result in one word, for assertions.
pub trait Code {
    /// The refusal, where it is one.
    fn rejection(&self) -> Option<&Rejection>;

    /// `ok`, the failure's name, or the refusal's code.
    fn code(&self) -> &'static str;

    /// How long the refusal says to wait.
    fn wait(&self) -> Option<Duration> {
        self.rejection().and_then(Rejection::retry_after)
    }

    /// Why it was refused.
    fn reason(&self) -> &Reason {
        self.rejection().map(Rejection::reason).unwrap_or_else(|| panic!("not refused: {}", self.code()))
    }
}

impl<T> Code for Result<T, PayError> {
    fn rejection(&self) -> Option<&Rejection> {
        match self {
            Err(PayError::Refused(rejection)) => Some(rejection),
            _ => None,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Ok(_) => "ok",
            Err(PayError::Down) => "down",
            Err(PayError::Busy { .. }) => "busy",
            Err(PayError::Declined { .. }) => "declined",
            Err(PayError::Lost) => "lost",
            Err(PayError::Refused(rejection)) => rejection.code(),
        }
    }
}

impl<T> Code for Result<T, Rejection> {
    fn rejection(&self) -> Option<&Rejection> {
        self.as_ref().err()
    }

    fn code(&self) -> &'static str {
        self.as_ref().err().map_or("ok", Rejection::code)
    }
}
