//! The books: what is held, taken and given back, and what each key was answered.

use std::collections::BTreeMap;

use super::super::{Authorization, Authorize, Capture, Captured, Refund, Refunded, Void, Voided};
use crate::gateway::{ChargeId, Effect, LookUp};
use crate::{Currency, Money, PaymentError};

/// The longest key, in bytes.
const LONGEST_KEY: usize = 255;

/// A charge in the books. All amounts are in one currency.
///
/// See [`FakeGateway`](super::FakeGateway) for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChargeRecord {
    /// Its id.
    pub charge: ChargeId,
    /// What it is for, as the authorization said.
    pub reference: String,
    /// What was held at first.
    pub authorized: Money,
    /// What was taken of it, by all captures.
    pub captured: Money,
    /// What was given back of that, by all refunds.
    pub refunded: Money,
    /// Whether what was held was let go of.
    pub voided: bool,
}

/// Sums over charges of one currency, in its minor units.
///
/// See [`FakeGateway::totals`](super::FakeGateway::totals).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// What was held at first.
    pub authorized: i128,
    /// What was taken.
    pub captured: i128,
    /// What was given back.
    pub refunded: i128,
    /// What was let go of.
    pub voided: i128,
}

impl Totals {
    pub(super) fn of(charges: &[ChargeRecord], currency: Currency) -> Self {
        let mut totals = Self::default();
        for charge in charges.iter().filter(|charge| charge.authorized.currency() == currency) {
            let authorized = i128::from(charge.authorized.minor());
            totals.authorized += authorized;
            totals.captured += i128::from(charge.captured.minor());
            totals.refunded += i128::from(charge.refunded.minor());
            totals.voided += if charge.voided { authorized } else { 0 };
        }
        totals
    }
}

/// A call that moves money.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Request {
    Authorize(Authorize),
    Capture(Capture),
    Void(Void),
    Refund(Refund),
}

#[derive(Default)]
pub(super) struct Ledger {
    charges: Vec<ChargeRecord>,
    refunds: u64,
    keys: BTreeMap<String, Heard>,
    forgets_keys: bool,
}

/// What arrived under a key.
struct Heard {
    request: Request,
    /// `None` while it is begun and not done.
    answer: Option<Result<Effect, PaymentError>>,
}

impl Ledger {
    pub(super) fn charges(&self) -> &[ChargeRecord] {
        &self.charges
    }

    pub(super) fn forget_keys(&mut self) {
        self.forgets_keys = true;
        self.keys.clear();
    }

    /// Does what is asked, once for each key.
    pub(super) fn carry_out(&mut self, key: &str, request: Request) -> Result<Effect, PaymentError> {
        self.answer(key, request, Self::act)
    }

    /// Does nothing, and says why; once for each key.
    pub(super) fn refuse(&mut self, key: &str, request: Request, why: PaymentError) -> Result<Effect, PaymentError> {
        self.answer(key, request, |_, _| Err(why))
    }

    /// Notes that it arrived.
    pub(super) fn begin(&mut self, key: &str, request: Request) {
        if check(key).is_ok() && !self.forgets_keys {
            self.keys.entry(key.to_owned()).or_insert(Heard { request, answer: None });
        }
    }

    /// Carries out what is begun, in the order of the keys.
    pub(super) fn finish_begun(&mut self) {
        let begun = self.keys.iter().filter(|(_, heard)| heard.answer.is_none());
        let begun: Vec<_> = begun.map(|(key, heard)| (key.clone(), heard.request.clone())).collect();
        for (key, request) in begun {
            // Its answer is kept under its key: nobody waits for it here.
            let _ = self.carry_out(&key, request);
        }
    }

    /// Forgets what is begun.
    pub(super) fn drop_begun(&mut self) {
        self.keys.retain(|_, heard| heard.answer.is_some());
    }

    pub(super) fn look_up(&self, key: &str) -> LookUp {
        match self.keys.get(key).map(|heard| &heard.answer) {
            None => LookUp::Unheard,
            Some(None) => LookUp::Pending,
            Some(Some(Ok(effect))) => LookUp::Done(effect.clone()),
            Some(Some(Err(error))) => LookUp::Failed(error.clone()),
        }
    }

    fn answer(
        &mut self,
        key: &str,
        request: Request,
        decide: impl FnOnce(&mut Self, &Request) -> Result<Effect, PaymentError>,
    ) -> Result<Effect, PaymentError> {
        check(key)?;
        match self.keys.get(key) {
            Some(heard) if heard.request != request => Err(invalid("key", "was used for another request")),
            Some(Heard { answer: Some(answer), .. }) => answer.clone(),
            _ => {
                let answer = decide(self, &request);
                if !self.forgets_keys {
                    self.keys.insert(key.to_owned(), Heard { request, answer: Some(answer.clone()) });
                }
                answer
            }
        }
    }

    fn act(&mut self, request: &Request) -> Result<Effect, PaymentError> {
        match request {
            Request::Authorize(authorize) => self.authorize(authorize).map(Effect::Authorized),
            Request::Capture(Capture { charge, amount }) => {
                self.charge(charge)?.capture(*amount)?;
                Ok(Captured { charge: charge.clone(), amount: *amount }.into())
            }
            Request::Void(Void { charge }) => {
                let amount = self.charge(charge)?.void()?;
                Ok(Voided { charge: charge.clone(), amount }.into())
            }
            Request::Refund(Refund { charge, amount }) => {
                self.charge(charge)?.refund(*amount)?;
                self.refunds = self.refunds.saturating_add(1);
                let refund = format!("re_{:04}", self.refunds).into();
                Ok(Refunded { refund, charge: charge.clone(), amount: *amount }.into())
            }
        }
    }

    fn authorize(&mut self, request: &Authorize) -> Result<Authorization, PaymentError> {
        let amount = positive(request.amount)?;
        let charge = ChargeId::from(format!("ch_{:04}", self.charges.len() + 1));
        let nothing = Money::zero(amount.currency());
        self.charges.push(ChargeRecord {
            charge: charge.clone(),
            reference: request.reference.clone(),
            authorized: amount,
            captured: nothing,
            refunded: nothing,
            voided: false,
        });
        Ok(Authorization { charge, amount })
    }

    /// The charge with this id, which has its place in the books in it.
    fn charge(&mut self, id: &ChargeId) -> Result<&mut ChargeRecord, PaymentError> {
        let place = id.as_str().strip_prefix("ch_").and_then(|place| place.parse::<usize>().ok());
        let record = place.and_then(|place| self.charges.get_mut(place.checked_sub(1)?));
        record.filter(|record| record.charge == *id).ok_or_else(|| invalid("charge", "is not known"))
    }
}

impl ChargeRecord {
    fn capture(&mut self, amount: Money) -> Result<(), PaymentError> {
        if self.voided {
            return Err(invalid("charge", "was voided"));
        }
        self.captured = within(self.captured, amount, self.authorized, "is more than what is held")?;
        Ok(())
    }

    /// How much is let go of.
    fn void(&mut self) -> Result<Money, PaymentError> {
        if self.voided {
            return Err(invalid("charge", "was voided"));
        }
        if self.captured.is_positive() {
            return Err(invalid("charge", "was captured: refund it"));
        }
        self.voided = true;
        Ok(self.authorized)
    }

    fn refund(&mut self, amount: Money) -> Result<(), PaymentError> {
        self.refunded = within(self.refunded, amount, self.captured, "is more than what was captured")?;
        Ok(())
    }
}

/// The sum of both amounts, unless it is more than the most.
fn within(so_far: Money, amount: Money, most: Money, otherwise: &'static str) -> Result<Money, PaymentError> {
    let amount = positive(amount)?;
    if amount.currency() != most.currency() {
        return Err(invalid("amount", "must be in the charge's currency"));
    }
    let sum = so_far.checked_add(amount).ok().filter(|sum| sum.minor() <= most.minor());
    sum.ok_or_else(|| invalid("amount", otherwise))
}

fn positive(amount: Money) -> Result<Money, PaymentError> {
    if amount.is_positive() { Ok(amount) } else { Err(invalid("amount", "must be positive")) }
}

fn check(key: &str) -> Result<(), PaymentError> {
    let fits = (1..=LONGEST_KEY).contains(&key.len());
    if fits { Ok(()) } else { Err(invalid("key", "must have 1 to 255 bytes")) }
}

fn invalid(field: &'static str, reason: &'static str) -> PaymentError {
    PaymentError::InvalidRequest { field: field.into(), reason: reason.into() }
}
