//! Which reply a call gets: the script's, chance's, or yes.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::Reply;
use super::ledger::Request;
use crate::gateway::CardToken;

#[derive(Default)]
pub(super) struct Script {
    by_call: HashMap<u64, Reply>,
    by_card: HashMap<CardToken, OfCard>,
    pub(super) chance: Option<Chance>,
}

/// What is said of a card.
#[derive(Default)]
struct OfCard {
    next: VecDeque<Reply>,
    always: Option<Reply>,
}

impl Script {
    pub(super) fn on_call(&mut self, number: u64, reply: Reply) {
        self.by_call.insert(number, reply);
    }

    pub(super) fn always(&mut self, card: CardToken, reply: Reply) {
        self.by_card.entry(card).or_default().always = Some(reply);
    }

    pub(super) fn next(&mut self, card: CardToken, replies: impl IntoIterator<Item = Reply>) {
        self.by_card.entry(card).or_default().next.extend(replies);
    }

    pub(super) fn reply(&mut self, call: u64, request: &Request) -> Reply {
        let by_call = self.by_call.remove(&call);
        let said = by_call.or_else(|| self.of_card(request));
        said.or_else(|| self.chance.as_mut()?.fault()).unwrap_or(Reply::Approve)
    }

    fn of_card(&mut self, request: &Request) -> Option<Reply> {
        let Request::Authorize(authorize) = request else { return None };
        let card = self.by_card.get_mut(&authorize.card)?;
        card.next.pop_front().or_else(|| card.always.clone())
    }
}

/// Faults by chance, the same ones for the same seed.
pub(super) struct Chance {
    dice: fastrand::Rng,
    one_in: u32,
}

/// How long a limit by chance lasts: short, so that a test which waits is quick.
const LIMITED: Duration = Duration::from_millis(10);

impl Chance {
    pub(super) fn new(seed: u64, one_in: u32) -> Self {
        Self { dice: fastrand::Rng::with_seed(seed), one_in }
    }

    fn fault(&mut self) -> Option<Reply> {
        if self.one_in == 0 || self.dice.u32(0..self.one_in) > 0 {
            return None;
        }
        let faults = [Reply::Unreachable, Reply::LoseAnswer, Reply::Break, Reply::RateLimited(LIMITED)];
        self.dice.choice(faults)
    }
}
