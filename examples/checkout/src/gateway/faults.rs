//! What goes wrong, decided by the seed, the order and the attempt: the same run fails the same way.

use std::time::Duration;

use steadfast_payments::gateway::Authorize;

#[derive(Clone, Copy, Debug)]
pub(super) struct Seed(u64);

/// How one attempt goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) fate: Fate,
    /// The way to the gateway.
    pub(super) travel: Duration,
    /// From the charge to the answer.
    pub(super) work: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Charged,
    Declined,
    /// Nothing happened: connection refused.
    Unreachable,
    /// It arrived, is not decided, and nobody says so.
    Stuck,
    /// The money was taken, and nobody says so.
    AnswerLost,
}

impl Seed {
    pub(super) const fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// `losing` while answers get lost.
    pub(super) fn plan(self, request: &Authorize, attempt: u32, losing: bool) -> Plan {
        let order = Dice::new(self.0).with(request.reference.as_bytes());
        let mut dice = order.with(&attempt.to_le_bytes());
        Plan {
            fate: fate(request.card.as_str(), attempt, losing, order, &mut dice),
            travel: dice.millis(10, 25),
            work: work(&mut dice),
        }
    }
}

/// As with a gateway's test mode, some cards are known for what they do. Any other card is lucky
/// or not, at its first attempt.
fn fate(card: &str, attempt: u32, losing: bool, mut order: Dice, dice: &mut Dice) -> Fate {
    match card {
        "tok_declined" => Fate::Declined,
        "tok_flaky" if attempt <= 2 => Fate::Unreachable,
        "tok_silent" if order.percent() < 50 => Fate::AnswerLost,
        "tok_silent" => Fate::Stuck,
        _ if attempt > 1 => Fate::Charged,
        _ => match dice.percent() {
            0..6 if losing => Fate::AnswerLost,
            6..13 => Fate::Unreachable,
            _ => Fate::Charged,
        },
    }
}

fn work(dice: &mut Dice) -> Duration {
    if dice.percent() < 8 { dice.millis(400, 900) } else { dice.millis(60, 160) }
}

/// Numbers that follow from what went in, on every machine: FNV-1a in, splitmix64 out.
#[derive(Clone, Copy, Debug)]
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(0xcbf2_9ce4_8422_2325).with(&seed.to_le_bytes())
    }

    fn with(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |state, byte| (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    fn percent(&mut self) -> u64 {
        self.next() % 100
    }

    fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.next() % (to - from))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use steadfast_payments::{Currency, Money};

    use super::*;

    fn request(order: usize, card: &str) -> Authorize {
        let (card, amount) = (card.parse().unwrap(), Money::new(1, Currency::EUR));
        Authorize { card, amount, reference: format!("o-{order}") }
    }

    fn count(fate: Fate, card: &str) -> usize {
        (0..1000).filter(|order| Seed::of(1).plan(&request(*order, card), 1, true).fate == fate).count()
    }

    #[test]
    fn the_same_attempt_goes_the_same_way() {
        let request = request(7, "tok_visa");
        assert_eq!(Seed::of(3).plan(&request, 1, true), Seed::of(3).plan(&request, 1, true));
    }

    #[test]
    fn another_seed_is_another_run() {
        let fates =
            |seed| (0..100).map(|order| Seed::of(seed).plan(&request(order, "tok_visa"), 1, true).fate).collect();
        let (one, two): (Vec<_>, Vec<_>) = (fates(1), fates(2));
        assert_ne!(one, two);
    }

    #[test]
    fn most_attempts_succeed_and_some_fail_in_each_way() {
        let lost = count(Fate::AnswerLost, "tok_visa");
        let unreachable = count(Fate::Unreachable, "tok_visa");
        assert!((40..=80).contains(&lost), "{lost} of 1000 answers are lost");
        assert!((40..=100).contains(&unreachable), "{unreachable} of 1000 are unreachable");
        assert_eq!(count(Fate::Charged, "tok_visa"), 1000 - lost - unreachable);
    }

    #[test]
    fn cards_do_what_they_are_known_for() {
        assert_eq!(count(Fate::Declined, "tok_declined"), 1000);
        assert_eq!(count(Fate::Unreachable, "tok_flaky"), 1000);
        assert_eq!(Seed::of(1).plan(&request(1, "tok_flaky"), 3, true).fate, Fate::Charged);
        assert!(count(Fate::AnswerLost, "tok_silent") > 300);
        assert!(count(Fate::Stuck, "tok_silent") > 300);
    }

    #[test]
    fn a_silent_card_stays_as_it_is() {
        for order in 0..100 {
            let [first, second] =
                [1, 2].map(|attempt| Seed::of(1).plan(&request(order, "tok_silent"), attempt, true).fate);
            assert_eq!(first, second);
        }
    }
}
