//! A Redis of a test's own.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::own::OwnServer;
use crate::process::Process;
use crate::{programs, resp, skip};

/// Everything that was answered survives a crash: an append-only file, synced before each answer.
pub const DURABLE: &[(&str, &str)] = &[("appendonly", "yes"), ("appendfsync", "always")];

/// A Redis server of the test's own.
pub type RedisServer = OwnServer<PathBuf>;

/// A Redis of the test's own, or `None`, said on the terminal, when there is no program for it.
///
/// # Panics
///
/// As [`RedisServer::start`]; and when there is no program although `STEADFAST_REQUIRE_SERVERS=1` is set.
pub fn redis_server(what: &str, options: &[(&str, &str)]) -> Option<RedisServer> {
    let program =
        skip::unless(what, programs::redis(), "install it; a test that stops its server needs one of its own")?;
    Some(RedisServer::with(program, options))
}

impl RedisServer {
    /// Starts one with the given lines of `redis.conf` (`("maxmemory", "4mb")`, `("replicaof", "127.0.0.1 6379")`). Without
    /// any it keeps nothing on disk.
    ///
    /// # Panics
    ///
    /// When there is no program, or when it does not start: with what it said.
    pub fn start(options: &[(&str, &str)]) -> Self {
        Self::with(programs::redis().unwrap_or_else(|why| panic!("{why}")), options)
    }

    pub(crate) fn with(program: PathBuf, options: &[(&str, &str)]) -> Self {
        let started = Self::launched(&program, |server| server.furnish(options), Self::launch);
        started.unwrap_or_else(|said| panic!("{} does not start: {said}", program.display()))
    }

    fn furnish(&self, options: &[(&str, &str)]) {
        let data = self.data();
        fs::create_dir(&data).expect("a folder in our own folder");
        let mut lines = format!(
            "bind 127.0.0.1\nport {}\ndir \"{}\"\nsave \"\"\nrepl-diskless-sync-delay 0\n",
            self.port,
            data.display()
        );
        options.iter().for_each(|(name, value)| lines.push_str(&format!("{name} {value}\n")));
        fs::write(self.folder.join("redis.conf"), lines).expect("a file in our own folder");
    }

    fn launch(&self) -> Result<(), String> {
        let mut command = Command::new(&self.program);
        command.arg(self.folder.join("redis.conf"));
        let mut process = Process::spawn(&mut command, &self.folder.join("log"));
        process.wait_ready(|pid| self.answers(pid))?;
        self.process.is(process);
        Ok(())
    }

    /// Whether it is this server that answers, and has read its data.
    fn answers(&self, pid: u32) -> bool {
        let ours = format!("process_id:{pid}\r\n");
        let answer = self.command(&["INFO", "server"]).unwrap_or_default();
        // While it loads its data it answers INFO, and nothing else.
        answer.iter().any(|it| it.contains(&ours)) && self.command(&["PING"]).is_ok()
    }

    /// `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends a command over a new connection: `["CONFIG", "SET", "maxmemory", "1mb"]`. The elements of the answer as lines.
    ///
    /// # Errors
    ///
    /// When it cannot be reached, or answers with an error.
    pub fn command(&self, command: &[&str]) -> io::Result<Vec<String>> {
        resp::Connection::open(&self.address())?.ask(command)
    }

    /// SIGTERM, and waits until it has ended: what it keeps on disk is written.
    pub fn stop(&self) {
        self.process.stop("TERM");
    }

    /// Starts it again, on the same port and with the data that it has on disk. What runs is stopped first.
    ///
    /// # Panics
    ///
    /// When it does not start: with what it said.
    pub fn restart(&self) {
        self.stop();
        self.launch().unwrap_or_else(|said| panic!("Redis does not start again: {said}"));
    }

    /// Starts it again, on the same port, with nothing in it. What runs is killed first.
    ///
    /// # Panics
    ///
    /// As [`restart`](Self::restart).
    pub fn restart_empty(&self) {
        self.kill();
        fs::remove_dir_all(self.data()).expect("a folder in our own folder");
        fs::create_dir(self.data()).expect("a folder in our own folder");
        self.restart();
    }
}
