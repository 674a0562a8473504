//! Everything of one call before it runs. What is wrong with it is told when it runs.

use std::borrow::Cow;

use serde::Serialize;

use super::choices::MissingKey;
use super::claim::{Claim, Of};
use super::fingerprint::Fingerprint;
use super::json::{Mark, Mode, Writer};
use super::key::{AsKey, KeyError, KeyPart};
use super::policy::Idempotency;
use super::record::{RecordId, Token};
use crate::{Layer, Reason, RecordError, Rejection, registry};

/// A key's text, or a scope's.
pub fn key<K: AsKey + ?Sized>(key: &K) -> Option<Cow<'_, str>> {
    key.as_key()
}

/// What can be part of a payload. Every serde type is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a payload",
    label = "serde cannot write this",
    note = "a key that comes again must come with the same payload, so serde has to write it: `#[derive(serde::Serialize)]`",
    note = "or name the fields that matter: `payload(request.amount, request.currency)`"
)]
pub trait Comparable: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> Comparable for T {}

/// What the call's payload is recognised by.
pub struct Payload(Written);

enum Written {
    None,
    Whole(Result<Fingerprint, RecordError>),
    /// In a box, so that a payload of one value does not make room for it.
    Fields(Result<Box<(Writer, Mark)>, RecordError>),
}

impl Payload {
    /// The function takes no payload into account.
    pub fn none() -> Self {
        Self(Written::None)
    }

    /// One value is the payload.
    pub fn of<T: Comparable + ?Sized>(value: &T) -> Self {
        Self(Written::Whole(Fingerprint::of(value)))
    }

    /// Some fields are the payload: an object of them by path.
    pub fn fields() -> Self {
        let mut writer = Writer::new(Mode::Canonical);
        let mark = writer.open();
        Self(Written::Fields(mark.map(|mark| Box::new((writer, mark))).map_err(RecordError::from)))
    }

    /// One field more.
    #[must_use]
    pub fn with<T: Comparable + ?Sized>(self, path: &str, value: &T) -> Self {
        let Written::Fields(Ok(mut fields)) = self.0 else {
            return self;
        };
        let (writer, mark) = &mut *fields;
        let written = writer.entry(mark, path, value);
        Self(Written::Fields(written.map(|()| fields).map_err(RecordError::from)))
    }

    fn fingerprint(self) -> Result<Option<Fingerprint>, RecordError> {
        match self.0 {
            Written::None => Ok(None),
            Written::Whole(fingerprint) => fingerprint.map(Some),
            Written::Fields(fields) => {
                let (mut writer, mark) = *fields?;
                writer.close(&mark)?;
                Ok(Some(Fingerprint::of_canonical(&writer.into_bytes())))
            }
        }
    }
}

/// Everything of one call.
pub struct Call {
    policy: &'static Idempotency,
    id: Result<RecordId, NoId>,
    fingerprint: Result<Option<Fingerprint>, RecordError>,
    /// The handle, where the body has one.
    claim: Option<Claim>,
}

/// A call without an identity, and what it has instead, for its downstream key.
struct NoId {
    why: NoIdWhy,
    alone: Token,
}

enum NoIdWhy {
    MissingKey,
    Invalid(KeyError),
}

impl From<NoIdWhy> for NoId {
    fn from(why: NoIdWhy) -> Self {
        Self { why, alone: Token::random() }
    }
}

impl From<KeyError> for NoId {
    fn from(error: KeyError) -> Self {
        NoIdWhy::Invalid(error).into()
    }
}

impl Call {
    /// A call of the policy's function.
    pub fn new(policy: &'static Idempotency, key: Option<Cow<'_, str>>, payload: Payload) -> Self {
        let id = match key {
            None => Err(NoIdWhy::MissingKey.into()),
            Some(key) => RecordId::new(policy.name(), None, &key).map_err(NoId::from),
        };
        Self { policy, id, fingerprint: payload.fingerprint(), claim: None }
    }

    /// The call within its scope.
    #[must_use]
    pub fn scoped(mut self, scope: Option<Cow<'_, str>>) -> Self {
        self.id = self.id.and_then(|id| {
            let scope = scope.ok_or_else(|| KeyError::missing(KeyPart::Scope))?;
            Ok(RecordId::new(self.policy.name(), Some(&scope), id.key())?)
        });
        self
    }

    /// The handle for the body.
    pub fn claim(&mut self) -> Claim {
        let of = match &self.id {
            Ok(id) => Of::Key(id.clone()),
            Err(none) => Of::Call(none.alone),
        };
        self.claim.insert(Claim::new(self.policy, of)).clone()
    }

    /// The handle that the body has.
    pub(super) fn claimed_as(&self) -> Option<&Claim> {
        self.claim.as_ref()
    }

    /// The record's identity, where the call has one.
    pub(super) fn id(&self) -> Option<&RecordId> {
        self.id.as_ref().ok()
    }

    pub(super) const fn policy(&self) -> &'static Idempotency {
        self.policy
    }

    /// What a record is looked for by, where the call may be answered from one.
    pub(super) fn wanted(&self) -> Option<(&RecordId, &Option<Fingerprint>)> {
        let (Ok(id), Ok(fingerprint)) = (&self.id, &self.fingerprint) else { return None };
        (!self.is_ambiguous()).then_some((id, fingerprint))
    }

    /// Whether its records cannot be told from another function's.
    fn is_ambiguous(&self) -> bool {
        registry::duplicate_names().contains_key(self.policy.name())
    }

    /// What to claim; `None` for a call that runs without a key.
    pub(super) fn checked(self) -> Result<Option<(RecordId, Option<Fingerprint>)>, Reason> {
        if self.is_ambiguous() {
            return Err(Reason::DuplicateName);
        }
        let id = match self.id {
            Ok(id) => id,
            Err(NoId { why: NoIdWhy::Invalid(error), .. }) => return Err(Reason::InvalidKey(error)),
            Err(NoId { why: NoIdWhy::MissingKey, .. }) => {
                return match self.policy.terms().missing_key {
                    MissingKey::Run => Ok(None),
                    MissingKey::Refuse => Err(Reason::MissingKey),
                };
            }
        };
        let fingerprint = self.fingerprint.map_err(Reason::InvalidPayload)?;
        Ok(Some((id, fingerprint)))
    }
}

pub(super) fn refusal(policy: &Idempotency, reason: Reason) -> Rejection {
    Rejection::new(Layer::Idempotent, policy.name(), reason)
}

pub(super) fn unavailable(policy: &Idempotency, error: super::StoreError) -> Rejection {
    let reason = if error.is_full() { Reason::StoreFull } else { Reason::StoreUnavailable(error.into_cause()) };
    refusal(policy, reason)
}
