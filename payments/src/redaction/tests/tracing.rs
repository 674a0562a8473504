//! Whatever is told to `tracing`, and whatever listens.

mod formats;
mod listeners;
mod values;

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use tracing::{Subscriber, info_span};
use tracing_subscriber::registry::LookupSpan;

use crate::redaction::Redacted;

/// What was written.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn writer(&self) -> impl Fn() -> Self + use<> {
        let output = self.clone();
        move || output.clone()
    }
}

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct Declined {
    text: &'static str,
    source: Option<Box<Declined>>,
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl Error for Declined {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

fn declined() -> Declined {
    let source = Declined { text: "cvv 9876 does not match", source: None };
    Declined { text: "card 4111111111111111 declined", source: Some(Box::new(source)) }
}

#[derive(Debug)]
#[allow(dead_code)]
struct Card {
    number: &'static str,
    cvv: Option<u16>,
}

const CARD: Card = Card { number: "4111 1111 1111 1111", cvv: Some(9876) };

#[tracing::instrument(fields(result))]
fn charge(card: &Card, cvv: u16, note: &str) {
    tracing::Span::current().record("result", "declined: 4111-1111-1111-1111");
    tracing::warn!("inside");
}

/// Card data by every way that `tracing` has.
fn say_everything() {
    let error = declined();
    let error: &(dyn Error + 'static) = &error;
    tracing::info!("card {} and cvv={}", "4111 1111 1111 1111", 9876);
    tracing::info!(text = "4111111111111111", shown = %"cvv 9876", debug = ?CARD, "fields");
    tracing::info!(
        u = 4_111_111_111_111_111_u64,
        i = -4_111_111_111_111_111_i64,
        f = 4_111_111_111_111_111.0,
        "numbers"
    );
    tracing::info!(u = 4_111_111_111_111_111_u128, i = 4_111_111_111_111_111_i128, "large numbers");
    tracing::info!(
        bytes = &b"4111111111111111"[..],
        bcd = &[0x41_u8, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11][..],
        "bytes"
    );
    tracing::info!(cvv = 9876, password = "hunter2", card.pin = ?9876, pan = true, cvc = 98.76, cvv2 = &b"9876"[..], "names");
    tracing::error!(error, secret = error, "errors");
    tracing::error!(error = %error, debug = ?error, "printed errors");
    let span =
        info_span!("outer", card = %"4111111111111111", later = tracing::field::Empty, cvv = tracing::field::Empty);
    span.record("later", "4111 1111 1111 1111");
    span.record("cvv", 9876);
    tracing::info!(parent: &span, number = "4111111111111111", "with a parent");
    tracing::info!(parent: None, number = "4111111111111111", "without");
    let _entered = span.enter();
    charge(&CARD, 9876, "4111 1111 1111 1111");
    let inner = info_span!(parent: None, "root", number = "4111111111111111");
    inner.in_scope(|| tracing::debug!(target: "elsewhere", "4111111111111111"));
}

#[track_caller]
fn assert_clean(text: &str) {
    for secret in ["411111", "4111 1111", "4111-1111", "9876", "98.76", "hunter2", "52, 49", "41 11 11"] {
        assert!(!text.contains(secret), "{secret:?} in:\n{text}");
    }
}

fn told<S>(subscriber: S, say: impl FnOnce())
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    tracing::subscriber::with_default(Redacted::new(subscriber), say);
}
