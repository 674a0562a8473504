//! Its books against a plain model.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// A call of the property test. Keys, charges and amounts are few, so that they meet.
#[derive(Clone, Debug, PartialEq)]
enum Op {
    Authorize(i64),
    Capture(usize, i64),
    Void(usize),
    Refund(usize, i64),
}

#[derive(Clone, Debug)]
struct Step {
    op: Op,
    key: u8,
    reply: Reply,
}

fn any_step() -> impl Strategy<Value = Step> {
    let op = prop_oneof![
        (0..6_i64).prop_map(Op::Authorize),
        (0..3_usize, 0..4_i64).prop_map(|(charge, amount)| Op::Capture(charge, amount)),
        (0..3_usize).prop_map(Op::Void),
        (0..3_usize, 0..4_i64).prop_map(|(charge, amount)| Op::Refund(charge, amount)),
    ];
    let reply = prop_oneof![
        6 => Just(Reply::Approve),
        1 => Just(Reply::InsufficientFunds),
        1 => Just(Reply::Unreachable),
        1 => Just(Reply::RateLimited(Duration::from_secs(1))),
        1 => Just(Reply::LoseAnswer),
        1 => Just(Reply::Hang),
        1 => Just(Reply::Break),
    ];
    (op, 0..12_u8, reply).prop_map(|(op, key, reply)| Step { op, key, reply })
}

/// The gateway as a list of what was answered. Every question walks through all of it.
#[derive(Default)]
struct Model {
    answered: Vec<(u8, Op, Result<(), Kind>)>,
    begun: HashMap<u8, Op>,
}

impl Model {
    /// What who asked gets; `None` for no answer.
    fn call(&mut self, Step { op, key, reply }: &Step) -> Option<Result<(), Kind>> {
        match reply {
            Reply::Unreachable | Reply::RateLimited(_) => Some(Err(Kind::Transient)),
            Reply::Break => {
                if self.answer_to(*key).is_none() {
                    self.begun.entry(*key).or_insert(op.clone());
                }
                Some(Err(Kind::Unknown))
            }
            _ => {
                let answer = self.carry_out(op, *key, *reply == Reply::InsufficientFunds);
                match reply {
                    Reply::LoseAnswer => Some(Err(Kind::Unknown)),
                    Reply::Hang => None,
                    _ => Some(answer),
                }
            }
        }
    }

    fn carry_out(&mut self, op: &Op, key: u8, declined: bool) -> Result<(), Kind> {
        let first = self.answer_to(key).map(|(first, _)| first).or(self.begun.get(&key));
        if first.is_some_and(|first| first != op) {
            return Err(Kind::Terminal);
        }
        if let Some((_, answer)) = self.answer_to(key) {
            return *answer;
        }
        let answer = if !declined && self.allows(op) { Ok(()) } else { Err(Kind::Terminal) };
        self.answered.push((key, op.clone(), answer));
        self.begun.remove(&key);
        answer
    }

    fn answer_to(&self, key: u8) -> Option<(&Op, &Result<(), Kind>)> {
        self.answered.iter().find(|(of, ..)| *of == key).map(|(_, op, answer)| (op, answer))
    }

    fn done(&self) -> impl Iterator<Item = &Op> {
        self.answered.iter().filter(|(.., answer)| answer.is_ok()).map(|(_, op, _)| op)
    }

    fn authorized(&self) -> Vec<i64> {
        self.done().filter_map(|op| if let Op::Authorize(amount) = op { Some(*amount) } else { None }).collect()
    }

    fn captured(&self, of: usize) -> i64 {
        self.done()
            .map(|op| {
                if let Op::Capture(charge, sum) = op
                    && *charge == of
                {
                    *sum
                } else {
                    0
                }
            })
            .sum()
    }

    fn refunded(&self, of: usize) -> i64 {
        self.done()
            .map(|op| {
                if let Op::Refund(charge, sum) = op
                    && *charge == of
                {
                    *sum
                } else {
                    0
                }
            })
            .sum()
    }

    fn voided(&self, of: usize) -> bool {
        self.done().any(|op| *op == Op::Void(of))
    }

    fn allows(&self, op: &Op) -> bool {
        let held = |charge: usize| self.authorized().get(charge).copied().filter(|_| !self.voided(charge));
        match *op {
            Op::Authorize(amount) => amount > 0,
            Op::Capture(charge, sum) => sum > 0 && held(charge).is_some_and(|most| self.captured(charge) + sum <= most),
            Op::Void(charge) => held(charge).is_some() && self.captured(charge) == 0,
            Op::Refund(charge, sum) => sum > 0 && self.refunded(charge) + sum <= self.captured(charge),
        }
    }
}

fn call(gateway: &FakeGateway, op: &Op, key: &str) -> Option<Result<(), Kind>> {
    let id = |charge: usize| ChargeId::from(format!("ch_{:04}", charge + 1));
    let answer = match *op {
        Op::Authorize(amount) => at_once(gateway.authorize(&order(amount), key))?.map(drop),
        Op::Capture(charge, sum) => {
            at_once(gateway.capture(&Capture { charge: id(charge), amount: euros(sum) }, key))?.map(drop)
        }
        Op::Void(charge) => at_once(gateway.void(&Void { charge: id(charge) }, key))?.map(drop),
        Op::Refund(charge, sum) => {
            at_once(gateway.refund(&Refund { charge: id(charge), amount: euros(sum) }, key))?.map(drop)
        }
    };
    Some(answer.map_err(|error| error.kind()))
}

/// What a look-up says, in a word.
fn found(gateway: &FakeGateway, key: u8) -> &'static str {
    match at_once(gateway.look_up(&key.to_string())).unwrap().unwrap() {
        LookUp::Done(_) => "done",
        LookUp::Failed(_) => "failed",
        LookUp::Pending => "pending",
        LookUp::Unheard => "unheard",
    }
}

proptest! {
    #[test]
    fn its_books_are_those_of_a_plain_model(steps in prop::collection::vec(any_step(), 0..60)) {
        let (gateway, mut model) = (FakeGateway::new(), Model::default());
        for (number, step) in (1..).zip(&steps) {
            gateway.on_call(number, step.reply.clone());
            let answer = call(&gateway, &step.op, &step.key.to_string());
            prop_assert_eq!(answer, model.call(step), "step {}: {:?}", number, step);
        }
        let books: Vec<_> = gateway.charges();
        let sums = |charge: &ChargeRecord| (charge.captured.minor(), charge.refunded.minor(), charge.voided);
        let authorized: Vec<i64> = books.iter().map(|charge| charge.authorized.minor()).collect();
        prop_assert_eq!(authorized, model.authorized());
        for (of, charge) in books.iter().enumerate() {
            prop_assert_eq!(sums(charge), (model.captured(of), model.refunded(of), model.voided(of)));
            prop_assert!(charge.refunded.minor() <= charge.captured.minor());
            prop_assert!(charge.captured.minor() <= charge.authorized.minor());
        }
        for key in 0..12 {
            let expected = match model.answer_to(key) {
                Some((_, Ok(()))) => "done",
                Some(_) => "failed",
                None if model.begun.contains_key(&key) => "pending",
                None => "unheard",
            };
            prop_assert_eq!(found(&gateway, key), expected);
        }
    }

    /// However often and however wrong: a key is charged once. Without keys it is not.
    #[test]
    fn a_key_is_one_charge(seed in any::<u64>(), keys in prop::collection::vec(0..5_u8, 1..80)) {
        let gateway = FakeGateway::new().with_faults(seed, 2);
        let forgetful = FakeGateway::new().with_faults(seed, 2).without_idempotency();
        let mut used: Vec<u8> = keys.clone();
        used.sort_unstable();
        used.dedup();
        for key in &keys {
            let _ = authorize(&gateway, 1, &key.to_string());
            let _ = authorize(&forgetful, 1, &key.to_string());
        }
        for key in &used {
            while authorize(&gateway, 1, &key.to_string()).is_err() {}
            while authorize(&forgetful, 1, &key.to_string()).is_err() {}
        }
        prop_assert_eq!(gateway.charges().len(), used.len());
        prop_assert!(forgetful.charges().len() >= used.len());
        if keys.len() > 60 {
            prop_assert!(forgetful.charges().len() > used.len());
        }
    }
}
