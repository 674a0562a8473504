//! Who may not pay here.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use steadfast::mask::mask;

use super::Found;
use crate::fraud::facts::plain_email;
use crate::fraud::{Case, Code, Country, Decision, Facts, FraudError, Opinion, Rule};

/// Blocks payments of addresses, cards, IP addresses and countries that are listed. Score 100.
///
/// Addresses of people are compared without regard to case and surrounding space, an IPv4 address in
/// IPv6 clothes (`::ffff:203.0.113.7`) is the IPv4 address, and a listed country is that of the card, of
/// the bill or of the IP address. Cards are listed by the token or fingerprint that
/// [`Facts::card`](crate::fraud::Facts::card) has.
///
/// | it says | when |
/// |---|---|
/// | block: `email_blocked`, `card_blocked`, `ip_blocked`, `country_blocked` | that is listed, the first in this order |
/// | approve: `not_listed` | nothing that is known is listed |
/// | no opinion: `attributes_missing` | none of what the lists are about is known |
///
/// No entry is ever shown: not in its `Debug`, not in an error, not in a verdict.
///
/// ```
/// use std::time::SystemTime;
/// use steadfast_payments::fraud::{Blocklist, Case, Count, Country, Facts, Opinion, Rule};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let blocklist = Blocklist::new()
///     .emails(["eve@mailbox.example"])?
///     .cards(["tok_stolen"])?
///     .ips(["203.0.113.7".parse()?])
///     .countries([Country::new("KP")?]);
///
/// let of = |facts: Facts| blocklist.opinion(&Case::new(&facts, Count::NotAsked, SystemTime::UNIX_EPOCH));
/// assert_eq!(of(Facts::new("1").email(" Eve@Mailbox.Example")), Opinion::block(100, "email_blocked"));
/// assert_eq!(of(Facts::new("2").email("ada@mailbox.example")), Opinion::approve("not_listed"));
/// assert_eq!(of(Facts::new("3").user("u_42")), Opinion::none("attributes_missing"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Blocklist {
    emails: HashSet<String>,
    cards: HashSet<String>,
    ips: HashSet<IpAddr>,
    countries: HashSet<Country>,
    found: Found,
}

impl Default for Blocklist {
    fn default() -> Self {
        Self::new()
    }
}

impl Blocklist {
    /// Lists that are empty.
    ///
    /// See [`Blocklist`] for an example.
    pub fn new() -> Self {
        Self {
            emails: HashSet::new(),
            cards: HashSet::new(),
            ips: HashSet::new(),
            countries: HashSet::new(),
            found: Found::new(Decision::Block, 100),
        }
    }

    /// With more addresses of people.
    ///
    /// # Errors
    /// When one has no `@`: it would block nobody. The error says which, by its place.
    ///
    /// See [`Blocklist`] for an example.
    pub fn emails<E: AsRef<str>>(mut self, emails: impl IntoIterator<Item = E>) -> Result<Self, FraudError> {
        for (index, email) in emails.into_iter().enumerate() {
            let email = plain_email(email.as_ref());
            if !email.contains('@') {
                let reason = "has no `@`: no address is equal to it, so it would block nobody";
                return Err(FraudError::Entry { list: "emails", index, reason });
            }
            self.emails.insert(email);
        }
        Ok(self)
    }

    /// With more cards, by token or fingerprint.
    ///
    /// # Errors
    /// When one is empty, or is a card's number, which must not be kept. The error says which, by its
    /// place.
    ///
    /// ```
    /// use steadfast_payments::fraud::Blocklist;
    ///
    /// let error = Blocklist::new().cards(["tok_1", "4111 1111 1111 1111"]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "entry 1 of `cards` is a card's number, which must not be kept: list its token or fingerprint"
    /// );
    /// ```
    pub fn cards<C: AsRef<str>>(mut self, tokens: impl IntoIterator<Item = C>) -> Result<Self, FraudError> {
        for (index, token) in tokens.into_iter().enumerate() {
            let token = token.as_ref();
            let wrong = |reason| Err(FraudError::Entry { list: "cards", index, reason });
            if token.is_empty() {
                return wrong("is empty: no card is equal to it, so it would block none");
            }
            if matches!(mask(token), Cow::Owned(_)) {
                return wrong("is a card's number, which must not be kept: list its token or fingerprint");
            }
            self.cards.insert(token.to_owned());
        }
        Ok(self)
    }

    /// With more IP addresses.
    ///
    /// See [`Blocklist`] for an example.
    pub fn ips(mut self, ips: impl IntoIterator<Item = IpAddr>) -> Self {
        self.ips.extend(ips.into_iter().map(|ip| ip.to_canonical()));
        self
    }

    /// With more countries.
    ///
    /// See [`Blocklist`] for an example.
    pub fn countries(mut self, countries: impl IntoIterator<Item = Country>) -> Self {
        self.countries.extend(countries);
        self
    }

    /// What it says when something is listed, in place of a block with score 100.
    ///
    /// ```
    /// use steadfast_payments::fraud::{Blocklist, Decision};
    ///
    /// let watched = Blocklist::new().emails(["eve@mailbox.example"])?.then(Decision::Review, 60);
    /// # let _ = watched;
    /// # Ok::<(), steadfast_payments::fraud::FraudError>(())
    /// ```
    pub fn then(mut self, decision: Decision, score: u32) -> Self {
        self.found = Found::new(decision, score);
        self
    }
}

/// Whether it is listed, if it is known and there is a list of its kind.
fn is_in<T>(list: usize, known: Option<T>, listed: impl FnOnce(T) -> bool) -> Option<bool> {
    known.filter(|_| list > 0).map(listed)
}

impl Blocklist {
    fn email<X>(&self, facts: &Facts<X>) -> Option<bool> {
        is_in(self.emails.len(), facts.email.as_deref(), |email| self.emails.contains(&plain_email(email)))
    }

    fn card<X>(&self, facts: &Facts<X>) -> Option<bool> {
        is_in(self.cards.len(), facts.card.as_ref(), |card| self.cards.contains(card))
    }

    fn ip<X>(&self, facts: &Facts<X>) -> Option<bool> {
        is_in(self.ips.len(), facts.ip, |ip| self.ips.contains(&ip.to_canonical()))
    }

    fn country<X>(&self, facts: &Facts<X>) -> Option<bool> {
        let known = [facts.card_country, facts.billing_country, facts.ip_country];
        let mut known = known.iter().flatten().peekable();
        let any = known.peek().is_some().then_some(known);
        is_in(self.countries.len(), any, |mut known| known.any(|country| self.countries.contains(country)))
    }
}

impl<X> Rule<X> for Blocklist {
    fn opinion(&self, case: &Case<'_, X>) -> Opinion {
        let looked = [
            (self.email(case.facts), Code::new("email_blocked")),
            (self.card(case.facts), Code::new("card_blocked")),
            (self.ip(case.facts), Code::new("ip_blocked")),
            (self.country(case.facts), Code::new("country_blocked")),
        ];
        if looked.iter().all(|(listed, _)| listed.is_none()) {
            return Opinion::none("attributes_missing");
        }
        let listed = looked.into_iter().find(|(listed, _)| *listed == Some(true));
        listed.map_or_else(|| Opinion::approve("not_listed"), |(_, why)| self.found.because(why))
    }
}

/// Only how many of each.
impl fmt::Debug for Blocklist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Blocklist");
        shown.field("emails", &self.emails.len()).field("cards", &self.cards.len());
        shown.field("ips", &self.ips.len()).field("countries", &self.countries.len());
        shown.field("then", &self.found.decision).field("score", &self.found.score).finish()
    }
}
