//! What the clients saw, written down as they saw it.

use std::path::Path;

use crate::lines::Lines;
use crate::order::Order;

/// All processes of a run write into one.
#[derive(Clone, Debug)]
pub(crate) struct Journal(Lines);

/// A line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A client got a definite answer, with the gateway's number for it.
    Answer { order: Order, id: String, replayed: bool },
    /// A client learned that nobody answered: its call is in doubt.
    NoAnswer(Order),
    /// A call that found an outcome in doubt was told by the gateway that it had happened.
    Recovered(Order),
    /// The work was done and its record could not be written.
    Unrecorded(Order),
    /// The work was stopped before its commit: its lease had run out, and the key was another's.
    Late(Order),
    /// When all was quiet, a call was refused because the outcome is unknown.
    Unknown(Order),
    /// When all was quiet, the store listed it among the unknown ones.
    Listed(Order),
    /// After all were resolved, the store still listed it.
    StillListed(Order),
}

impl Journal {
    pub(crate) fn open(folder: &Path) -> Self {
        Self(Lines::new(folder.join("journal"), false))
    }

    pub(crate) fn add(&self, event: &Event) {
        let order = event.order().to_string();
        match event {
            Event::Answer { id, replayed, .. } => {
                self.0.add(&["answer", &order, id, if *replayed { "replayed" } else { "first" }]);
            }
            other => self.0.add(&[other.word(), &order]),
        }
    }

    pub(crate) fn recovered(&self, order: Order) {
        self.add(&Event::Recovered(order));
    }

    pub(crate) fn read(&self) -> Vec<Event> {
        self.0.read().iter().map(|words| Event::read(words)).collect()
    }
}

impl Event {
    pub(crate) fn order(&self) -> Order {
        match *self {
            Self::Answer { order, .. } => order,
            Self::NoAnswer(order)
            | Self::Recovered(order)
            | Self::Unrecorded(order)
            | Self::Late(order)
            | Self::Unknown(order)
            | Self::Listed(order)
            | Self::StillListed(order) => order,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::NoAnswer(_) => "no-answer",
            Self::Recovered(_) => "recovered",
            Self::Unrecorded(_) => "unrecorded",
            Self::Late(_) => "late",
            Self::Unknown(_) => "unknown",
            Self::Listed(_) => "listed",
            Self::StillListed(_) => "still-listed",
        }
    }

    fn read(words: &[String]) -> Self {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let order = words.get(1).and_then(|key| Order::of(key)).unwrap_or_else(|| panic!("no order: {words:?}"));
        match words[..] {
            ["answer", _, id, how] => Self::Answer { order, id: id.to_owned(), replayed: how == "replayed" },
            ["no-answer", _] => Self::NoAnswer(order),
            ["recovered", _] => Self::Recovered(order),
            ["unrecorded", _] => Self::Unrecorded(order),
            ["late", _] => Self::Late(order),
            ["unknown", _] => Self::Unknown(order),
            ["listed", _] => Self::Listed(order),
            ["still-listed", _] => Self::StillListed(order),
            _ => panic!("not of a journal: {words:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Journal, Order};

    #[test]
    fn what_is_written_is_read() {
        let folder = steadfast_servers::temp_dir();
        let journal = Journal::open(folder.path());
        let order = Order(17);
        let events = [
            Event::Answer { order, id: "ab".into(), replayed: true },
            Event::Answer { order, id: "ab".into(), replayed: false },
            Event::NoAnswer(order),
            Event::Recovered(order),
            Event::Unrecorded(order),
            Event::Late(order),
            Event::Unknown(order),
            Event::Listed(order),
            Event::StillListed(order),
        ];
        events.iter().for_each(|event| journal.add(event));
        assert_eq!(journal.read(), events);
    }
}
