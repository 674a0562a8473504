//! A file to which many processes add lines, any of which may be killed at any moment.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

/// A line's length. It divides a page, so that no line lies across two: a write within a page is done whole or not at all,
/// whoever is killed.
const LENGTH: usize = 128;

/// The file. Clones, also in other processes, are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    path: PathBuf,
    /// Whether a line is on the disk before anybody is told.
    synced: bool,
}

impl Lines {
    pub(crate) fn new(path: PathBuf, synced: bool) -> Self {
        Self { path, synced }
    }

    /// Adds a line. It is there when this returns, and for everybody.
    pub(crate) fn add(&self, words: &[&str]) {
        let line = words.join(" ");
        assert!(line.len() < LENGTH, "too long: {line}");
        let line = format!("{line:<width$}\n", width = LENGTH - 1);
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path).expect("a file of this run");
        assert_eq!(file.write(line.as_bytes()).expect("room on the disk"), LENGTH, "a line is written whole");
        if self.synced {
            file.sync_data().expect("a disk that works");
        }
    }

    /// All lines, as words.
    pub(crate) fn read(&self) -> Vec<Vec<String>> {
        self.text().lines().map(words).collect()
    }

    /// The first line that has this among its words. It must be long enough not to be a part of another word.
    pub(crate) fn find(&self, word: &str) -> Option<Vec<String>> {
        let text = self.text();
        let line = text.find(word)? / LENGTH;
        text.lines().nth(line).map(words)
    }

    fn text(&self) -> String {
        let text = match fs::read_to_string(&self.path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => String::new(),
            text => text.expect("a file of this run"),
        };
        assert_eq!(text.len() % LENGTH, 0, "whole lines in {}", self.path.display());
        text
    }
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{LENGTH, Lines};

    #[test]
    fn no_line_lies_across_two_pages() {
        assert_eq!(4096 % LENGTH, 0);
    }

    #[test]
    fn lines_are_read_and_found() {
        let folder = steadfast_servers::temp_dir();
        let lines = Lines::new(folder.join("lines"), true);
        assert!(lines.read().is_empty() && lines.find("b").is_none());
        lines.add(&["order-1", "a"]);
        lines.add(&["order-2", "b"]);
        assert_eq!(lines.read(), [["order-1", "a"], ["order-2", "b"]]);
        assert_eq!(lines.find("b").unwrap(), ["order-2", "b"]);
    }
}
