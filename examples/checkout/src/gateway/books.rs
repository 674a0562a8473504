//! The gateway's books.

use std::collections::HashMap;

use crate::charge::{Charge, ChargeRequest};

/// One line of the ledger: money that was taken for an order.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) order: String,
    pub(crate) charge: Charge,
}

#[derive(Debug, Default)]
pub(super) struct Books {
    ledger: Vec<Entry>,
    by_key: HashMap<String, Charge>,
    attempts: HashMap<String, u32>,
    declined: usize,
}

impl Books {
    /// Which attempt for the order this is; 1 is the first.
    pub(super) fn next_attempt(&mut self, order: &str) -> u32 {
        let attempts = self.attempts.entry(order.to_owned()).or_default();
        *attempts += 1;
        *attempts
    }

    /// Takes the money, unless it was taken under this key before.
    pub(super) fn charge(&mut self, request: &ChargeRequest, key: Option<&str>) -> Charge {
        if let Some(charge) = key.and_then(|key| self.by_key.get(key)) {
            return charge.clone();
        }
        let charge = Charge { id: format!("ch_{:04}", self.ledger.len() + 1), money: request.money() };
        self.ledger.push(Entry { order: request.order.clone(), charge: charge.clone() });
        if let Some(key) = key {
            self.by_key.insert(key.to_owned(), charge.clone());
        }
        charge
    }

    /// The number of a declined card's answer.
    pub(super) fn decline(&mut self) -> String {
        self.declined += 1;
        format!("de_{:04}", self.declined)
    }

    pub(super) fn ledger(&self) -> &[Entry] {
        &self.ledger
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn request(amount: i64) -> ChargeRequest {
        ChargeRequest { order: "o-1".to_owned(), amount, currency: Currency::Eur, card: "tok_visa".to_owned() }
    }

    #[test]
    fn a_key_is_charged_once() {
        let mut books = Books::default();
        let first = books.charge(&request(500), Some("k"));
        assert_eq!(books.charge(&request(500), Some("k")), first);
        assert_eq!(books.ledger().len(), 1);
    }

    #[test]
    fn another_key_and_no_key_are_charged_anew() {
        let mut books = Books::default();
        books.charge(&request(500), Some("k"));
        books.charge(&request(500), Some("l"));
        books.charge(&request(500), None);
        books.charge(&request(500), None);
        assert_eq!(books.ledger().len(), 4);
    }

    #[test]
    fn attempts_are_counted_for_each_order() {
        let mut books = Books::default();
        let attempts = ["o-1", "o-2", "o-1"].map(|order| books.next_attempt(order));
        assert_eq!(attempts, [1, 1, 2]);
    }
}
