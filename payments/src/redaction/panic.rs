//! What a panic says, masked.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::io::Write;
use std::panic::PanicHookInfo;

use steadfast::mask::mask;

/// Has panics report themselves masked: `assert_eq!(card, "4111 1111 1111 1111")` and
/// `unwrap` on an error that quotes its input print card data as easily as any log line does.
///
/// From now on, each panic of any thread
///
/// - writes its thread, its place and its masked message to standard error, with a backtrace where
///   `RUST_BACKTRACE` asks for one;
/// - is an event at the level error with the target `steadfast_payments::panic`, the message, and the
///   fields `thread` and `location`.
///
/// It **takes the place** of the hook that was there, and does not call it: a hook is given the panic as
/// it is, so the standard one would print the message a second time, unmasked, and that of a crash
/// reporter would send it away. Reporters that listen to events (as most offer) go on working, and are
/// told it masked where they are layers in [`Redacted`](super::Redacted). Who installs a hook later takes
/// the place of this one: install it last.
///
/// The panic goes on as before, and its message with it: whoever catches it
/// ([`catch_unwind`](std::panic::catch_unwind), a task's `JoinError`) has it unmasked.
///
/// Installing it again changes nothing. Nor does installing it on a thread that is panicking, where the
/// standard library would not let us.
///
/// ```
/// steadfast_payments::redaction::install_panic_hook();
///
/// // Prints: thread '<unnamed>' panicked at src/main.rs:5:5: no such card: ************1111
/// let _ = std::thread::spawn(|| panic!("no such card: 4111111111111111")).join();
/// ```
pub fn install_panic_hook() {
    if !std::thread::panicking() {
        std::panic::set_hook(Box::new(report));
    }
}

fn report(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = mask(thread.name().unwrap_or("<unnamed>"));
    let message = mask(message_of(panic.payload()));
    let location = panic.location().map_or(Cow::Borrowed("an unknown place"), |place| place.to_string().into());
    print(&format!("\nthread '{thread}' panicked at {location}:\n{message}\n{}", backtrace()));
    tracing::error!(
        target: "steadfast_payments::panic",
        thread = &*thread,
        location = &*location,
        "a thread panicked: {message}"
    );
}

/// What `panic!` was given; other payloads are values of any type, which cannot be read.
fn message_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("Box<dyn Any>")
}

/// Functions and lines, no values. Empty unless it is asked for.
fn backtrace() -> String {
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => format!("stack backtrace:\n{backtrace}\n"),
        _ => String::new(),
    }
}

/// At once, so that two panics do not mix. There is nobody to tell that nobody could be told.
fn print(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
