//! Card data on its way into the log, by a type that was made for it and by a text that somebody wrote.
//! What is shown is what was written.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use steadfast_payments::redaction::{Cvv, Pan, Redacted};
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{fmt, registry};

use super::{Account, Books, Event, Failed, Journal};

const NUMBER: &str = "4111 1111 1111 1111";
const CODE: &str = "737";

/// What a form sends. It can be logged; it cannot be shown, copied or stored.
#[derive(Debug)]
struct NewCard {
    number: Pan,
    cvv: Cvv,
}

pub(super) fn play() -> Result<Account, Failed> {
    let card = NewCard { number: NUMBER.parse()?, cvv: CODE.parse()? };
    let written = Written::default();
    let lines = fmt::layer().with_writer(written.clone()).without_time().with_ansi(false);
    with_default(Redacted::new(registry().with(lines)), || {
        tracing::info!(?card, "a card that ends in {}", card.number.last_four());
        tracing::warn!(cvv = CODE, body = %format!(r#"{{"cvc":"{CODE}"}}"#), "no answer for {NUMBER}");
    });

    let (text, journal) = (written.text(), Journal::default());
    text.lines().for_each(|line| journal.note(Event::Logged(line.trim().to_owned())));
    Ok(Account::new(&journal, Books::default())
        .promises("both lines were written", text.lines().count() == 2)
        .promises(
            "the number is nowhere",
            !text.contains(NUMBER) && card.number.expose(|digits| !text.contains(digits)),
        )
        .promises("the code is nowhere", card.cvv.expose(|digits| !text.contains(digits)))
        .promises("who reads it still knows which card it is", text.matches("1111").count() == 3))
}

/// What was written, in place of standard error.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
