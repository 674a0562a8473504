//! As much of Redis's protocol as tests need to ask their server something.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A connection to a Redis.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a command. The answer as lines: of an array those of its elements, of an error `Err`.
    pub(crate) fn ask(&mut self, command: &[&str]) -> io::Result<Vec<String>> {
        let mut bytes = format!("*{}\r\n", command.len()).into_bytes();
        for word in command {
            bytes.extend(format!("${}\r\n{word}\r\n", word.len()).into_bytes());
        }
        self.0.get_mut().write_all(&bytes)?;
        let mut lines = Vec::new();
        self.read(&mut lines)?;
        Ok(lines)
    }

    fn read(&mut self, lines: &mut Vec<String>) -> io::Result<()> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let line = line.trim_end();
        let (kind, rest) = line.split_at_checked(1).ok_or(io::ErrorKind::UnexpectedEof)?;
        match kind {
            "+" | ":" => lines.push(rest.to_owned()),
            "-" => return Err(io::Error::other(rest.to_owned())),
            "$" => lines.push(self.bulk(number(rest)?)?),
            "*" => (0..number(rest)?).try_for_each(|_| self.read(lines))?,
            other => return Err(io::Error::other(format!("a Redis does not answer {other:?}"))),
        }
        Ok(())
    }

    fn bulk(&mut self, length: i64) -> io::Result<String> {
        // Nothing is there: an empty line, for tests.
        let Ok(length) = usize::try_from(length) else { return Ok(String::new()) };
        let mut bytes = vec![0; length + 2];
        self.0.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn number(text: &str) -> io::Result<i64> {
    text.parse().map_err(io::Error::other)
}
