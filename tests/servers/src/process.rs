//! A server's process.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::watcher;

/// How long a server may take to start or to stop before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Killed when dropped, and when the test process dies.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    /// Stopped by us with their parent, which cannot take them along when it is killed.
    frozen: Vec<u32>,
}

/// The process of a server that may be started again; none while it does not run.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<Option<Process>>);

impl Running {
    pub(crate) fn is(&self, process: Process) {
        *self.lock() = Some(process);
    }

    /// SIGKILL.
    pub(crate) fn kill(&self) {
        *self.lock() = None;
    }

    /// Sends the signal, and waits until it has ended.
    pub(crate) fn stop(&self, signal: &str) {
        if let Some(mut process) = self.lock().take() {
            process.stop(signal);
        }
    }

    /// SIGSTOP.
    pub(crate) fn freeze(&self) {
        if let Some(process) = self.lock().as_mut() {
            process.freeze();
        }
    }

    /// SIGCONT.
    pub(crate) fn thaw(&self) {
        if let Some(process) = self.lock().as_mut() {
            process.thaw();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Process>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    /// Starts `command`, which writes what it has to say into `log`.
    pub(crate) fn spawn(command: &mut Command, log: &Path) -> Self {
        let file = File::create(log).expect("a log file in our own folder");
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle of a file"))
            .stderr(file)
            // A Ctrl-C is for the tests; they decide when their servers end.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|why| panic!("cannot start {:?}: {why}", command.get_program()));
        watcher::watch(child.id());
        Self { child, log: log.to_owned(), frozen: Vec::new() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` says so. `Err` with what the process wrote when it ended before that.
    pub(crate) fn wait_ready(&mut self, mut ready: impl FnMut(u32) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return Err(self.said());
            }
            if ready(self.pid()) {
                return Ok(());
            }
            assert!(Instant::now() < deadline, "not ready after {PATIENCE:?}: {}", self.said());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGKILL, for it and for its children.
    pub(crate) fn kill(&mut self) {
        // Once it is reaped its number may be another's.
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let children = self.last_children();
            let _ = self.child.kill();
            signal("KILL", &children);
        }
        self.reap();
    }

    /// Asks it to end with `name`d signal, and waits until it has.
    pub(crate) fn stop(&mut self, name: &str) {
        self.thaw();
        signal(name, &[self.pid()]);
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            assert!(Instant::now() < deadline, "not stopped after {PATIENCE:?}: {}", self.said());
            thread::sleep(Duration::from_millis(5));
        }
        self.reap();
    }

    /// SIGSTOP: it keeps its connections and its port, and does nothing.
    pub(crate) fn freeze(&mut self) {
        self.frozen = self.last_children();
        self.frozen.iter().copied().for_each(watcher::watch);
        signal("STOP", &self.frozen);
    }

    /// Stops it, and says who its children are. One that runs may have another child after it was asked; a backend of
    /// PostgreSQL that is left behind so may wait for ever, for a lock of one that was killed.
    fn last_children(&self) -> Vec<u32> {
        signal("STOP", &[self.pid()]);
        let deadline = Instant::now() + PATIENCE;
        while stat(self.pid()).is_some_and(|(state, _)| !matches!(state, 'T' | 'Z')) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        children(self.pid())
    }

    /// SIGCONT: it goes on as if nothing had been.
    pub(crate) fn thaw(&mut self) {
        let frozen = std::mem::take(&mut self.frozen);
        signal("CONT", &[&[self.pid()], &frozen[..]].concat());
        frozen.into_iter().for_each(watcher::forget);
    }

    /// Nobody but us reaps the child, so until here its number is nobody else's.
    fn reap(&mut self) {
        watcher::forget(self.pid());
        let _ = self.child.wait();
        std::mem::take(&mut self.frozen).into_iter().for_each(watcher::forget);
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a signal. Who has ended already is not missed.
fn signal(name: &str, pids: &[u32]) {
    if pids.is_empty() {
        return;
    }
    let pids = pids.iter().map(u32::to_string);
    let script = r#"for pid in "$@"; do kill -s "$0" "$pid"; done"#;
    let _ = Command::new("sh").args(["-c", script, name]).args(pids).stderr(Stdio::null()).status();
}

/// The children of a process, where the system has `/proc`; elsewhere PostgreSQL's notice their parent's death themselves.
fn children(parent: u32) -> Vec<u32> {
    processes().filter(|&pid| stat(pid).is_some_and(|(_, its_parent)| its_parent == parent)).collect()
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// A process' state, and its parent.
fn stat(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may contain anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::temp::temp_dir;

    /// As a PostgreSQL does to which many connect.
    const FORKS: &str = "while :; do sleep 1000 & done";

    #[test]
    fn a_process_that_is_killed_while_it_forks_leaves_nobody_behind() {
        let folder = temp_dir();
        for _ in 0..5 {
            let mut process = Process::spawn(Command::new("sh").args(["-c", FORKS]), &folder.join("log"));
            let group = process.pid();
            process.wait_ready(|_| in_group(group) > 20).unwrap();
            process.kill();
            // Who was killed needs a moment to go; who was left would stay.
            let deadline = Instant::now() + PATIENCE / 6;
            while in_group(group) > 0 && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(5));
            }
            let left = in_group(group);
            signal("KILL", &all_in_group(group));
            assert_eq!(left, 0, "they are left behind");
        }
    }

    fn in_group(group: u32) -> usize {
        all_in_group(group).len()
    }

    /// Those in a process group that have not ended.
    fn all_in_group(group: u32) -> Vec<u32> {
        processes().filter(|&pid| is_in_group(pid, group) == Some(true)).collect()
    }

    fn is_in_group(pid: u32, group: u32) -> Option<bool> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        Some(fields.next()? != "Z" && fields.nth(1)?.parse() == Ok(group))
    }
}
