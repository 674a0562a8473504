use std::error::Error;
use std::fmt;

use steadfast::mask::masked;

/// As many sources are followed. A chain that is longer is one that never ends.
const SOURCES: usize = 64;

/// An error as it may be shown: its text and those of its sources, masked one by one.
#[derive(Debug)]
pub(super) struct MaskedError {
    text: String,
    source: Option<Box<MaskedError>>,
}

impl MaskedError {
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut texts = Vec::new();
        let mut next = error.source();
        while let Some(source) = next.filter(|_| texts.len() < SOURCES) {
            texts.push(text_of(source));
            next = source.source();
        }
        let sources = texts.into_iter().rev();
        let source = sources.fold(None, |source, text| Some(Box::new(Self { text, source })));
        Self { text: text_of(error), source }
    }
}

/// Not by `to_string`, which panics where an error's own `fmt` fails.
fn text_of(error: &dyn Error) -> String {
    use fmt::Write;
    let mut text = String::new();
    match write!(text, "{}", masked(error)) {
        Ok(()) => text,
        Err(fmt::Error) => String::from("an error that cannot be printed"),
    }
}

impl fmt::Display for MaskedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for MaskedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
