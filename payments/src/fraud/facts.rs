//! What is known of a payment.

use std::fmt;
use std::net::IpAddr;

use super::{AvsResult, Country, CvvResult};
use crate::Money;

/// What is known of a payment when it is assessed. What is not known is left out: a rule that would
/// need it has no opinion.
///
/// `X` is for what only your own rules know.
///
/// ```
/// use steadfast_payments::fraud::{AvsResult, Country, CvvResult, Facts};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let facts = Facts::new("order-17")
///     .user("u_42")
///     .email("Ada@Example.com")
///     .card("tok_9f3a")
///     .ip("203.0.113.7".parse()?)
///     .avs(AvsResult::Match)
///     .cvv(CvvResult::Match)
///     .card_country(Country::new("US")?)
///     .billing_country(Country::new("US")?);
/// assert!(!format!("{facts:?}").contains("Ada"));
///
/// struct Device {
///     age_days: u32,
/// }
/// let facts = facts.own(Device { age_days: 3 });
/// assert_eq!(facts.own.age_days, 3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Facts<X = ()> {
    /// What the payment is counted as, once.
    pub payment: String,
    /// Who pays.
    pub user: Option<String>,
    /// Their address, as it was given.
    pub email: Option<String>,
    /// A token or a fingerprint of the card, never its number.
    pub card: Option<String>,
    /// Where the payment came from.
    pub ip: Option<IpAddr>,
    /// How much.
    pub amount: Option<Money>,
    /// What the issuer said of the address.
    pub avs: Option<AvsResult>,
    /// What the issuer said of the code.
    pub cvv: Option<CvvResult>,
    /// Where the card was issued.
    pub card_country: Option<Country>,
    /// Where the bill goes.
    pub billing_country: Option<Country>,
    /// Where the payment came from, by its address.
    pub ip_country: Option<Country>,
    /// Whether the customer has proved who they are: then a challenge is met.
    pub authenticated: bool,
    /// What only your own rules know.
    pub own: X,
}

impl Facts {
    /// Nothing but what the payment is counted as: once, however often it is assessed.
    ///
    /// That is its idempotency key, or the order's number where one order is one payment. It must tell
    /// payments apart as their records do: where records have a `scope`, a key stands for another payment
    /// in each, and `claim.downstream_key()` for one. Where the customer chooses the key, assess inside
    /// `#[idempotent]`, which answers another card under the same key as it answered the first: without
    /// it, whoever tries card after card under one key is counted once. With an empty text a payment cannot be counted once,
    /// so rules that count have [no counts](super::WhenDown).
    ///
    /// See [`Facts`] for an example.
    pub fn new(payment: impl AsRef<str>) -> Self {
        Self {
            payment: payment.as_ref().to_owned(),
            user: None,
            email: None,
            card: None,
            ip: None,
            amount: None,
            avs: None,
            cvv: None,
            card_country: None,
            billing_country: None,
            ip_country: None,
            authenticated: false,
            own: (),
        }
    }
}

impl<X> Facts<X> {
    /// With the account that pays.
    ///
    /// See [`Facts`] for an example.
    pub fn user(self, user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..self }
    }

    /// With the customer's address. Rules compare it without regard to case and surrounding space.
    ///
    /// See [`Facts`] for an example.
    pub fn email(self, email: impl Into<String>) -> Self {
        Self { email: Some(email.into()), ..self }
    }

    /// With a token or fingerprint of the card, the same for every payment with it. Never a card's
    /// number.
    ///
    /// See [`Facts`] for an example.
    pub fn card(self, token: impl Into<String>) -> Self {
        Self { card: Some(token.into()), ..self }
    }

    /// With the address that the payment came from: the customer's, not a proxy's.
    ///
    /// See [`Facts`] for an example.
    pub fn ip(self, ip: IpAddr) -> Self {
        Self { ip: Some(ip), ..self }
    }

    /// With the amount.
    ///
    /// See [`HighAmount`](super::HighAmount) for an example.
    pub fn amount(self, amount: Money) -> Self {
        Self { amount: Some(amount), ..self }
    }

    /// With what the issuer said of the billing address.
    ///
    /// See [`Facts`] for an example.
    pub fn avs(self, result: AvsResult) -> Self {
        Self { avs: Some(result), ..self }
    }

    /// With what the issuer said of the card's code.
    ///
    /// See [`Facts`] for an example.
    pub fn cvv(self, result: CvvResult) -> Self {
        Self { cvv: Some(result), ..self }
    }

    /// With the country that the card was issued in.
    ///
    /// See [`Facts`] for an example.
    pub fn card_country(self, country: Country) -> Self {
        Self { card_country: Some(country), ..self }
    }

    /// With the country of the billing address.
    ///
    /// See [`Facts`] for an example.
    pub fn billing_country(self, country: Country) -> Self {
        Self { billing_country: Some(country), ..self }
    }

    /// With the country that the payment came from.
    ///
    /// See [`CountryMismatch`](super::CountryMismatch) for an example.
    pub fn ip_country(self, country: Country) -> Self {
        Self { ip_country: Some(country), ..self }
    }

    /// The customer has proved who they are. What a rule says is kept as it is, but a challenge is
    /// met, and does not ask again.
    ///
    /// See the [module](super#a-challenge) for an example.
    pub fn authenticated(self) -> Self {
        Self { authenticated: true, ..self }
    }

    /// With what only your own rules know, in place of what was there.
    ///
    /// See [`Facts`] for an example.
    pub fn own<Y>(self, own: Y) -> Facts<Y> {
        Facts {
            payment: self.payment,
            user: self.user,
            email: self.email,
            card: self.card,
            ip: self.ip,
            amount: self.amount,
            avs: self.avs,
            cvv: self.cvv,
            card_country: self.card_country,
            billing_country: self.billing_country,
            ip_country: self.ip_country,
            authenticated: self.authenticated,
            own,
        }
    }
}

/// An address as it is compared: `Ada@Example.com ` is `ada@example.com`.
pub(super) fn plain_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Only which attributes are known, not their values: they are a person's.
impl<X> fmt::Debug for Facts<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = [
            ("user", self.user.is_some()),
            ("email", self.email.is_some()),
            ("card", self.card.is_some()),
            ("ip", self.ip.is_some()),
            ("amount", self.amount.is_some()),
            ("avs", self.avs.is_some()),
            ("cvv", self.cvv.is_some()),
            ("card_country", self.card_country.is_some()),
            ("billing_country", self.billing_country.is_some()),
            ("ip_country", self.ip_country.is_some()),
        ];
        let known: Vec<_> = known.into_iter().filter_map(|(name, known)| known.then_some(name)).collect();
        f.debug_struct("Facts")
            .field("known", &known)
            .field("authenticated", &self.authenticated)
            .finish_non_exhaustive()
    }
}
