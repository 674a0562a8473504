//! A PostgreSQL of a test's own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use crate::database::{Admin, Database};
use crate::own::OwnServer;
use crate::process::Process;
use crate::programs::{self, Postgres};
use crate::skip;
use crate::temp::{TempDir, temp_dir};

/// A PostgreSQL server of the test's own, synced as a real one's.
pub type PostgresServer = OwnServer<Postgres>;

/// A PostgreSQL of the test's own, or `None`, said on the terminal, when there are no programs for it.
///
/// # Panics
///
/// As [`PostgresServer::start`]; and when there are no programs although `STEADFAST_REQUIRE_SERVERS=1` is set.
pub fn postgres_server(what: &str) -> Option<PostgresServer> {
    let cure = "install it; a test that stops its server needs one of its own";
    skip::unless(what, PostgresServer::possible(), cure).map(PostgresServer::with)
}

impl PostgresServer {
    /// Starts one.
    ///
    /// # Panics
    ///
    /// When there are no programs, or when it does not start: with what it said.
    pub fn start() -> Self {
        Self::with(Self::possible().unwrap_or_else(|why| panic!("{why}")))
    }

    /// Whether one can be started and asked.
    pub(crate) fn possible() -> Result<Postgres, String> {
        programs::psql()?;
        Postgres::find()
    }

    pub(crate) fn with(programs: Postgres) -> Self {
        let started = Self::launched(&programs, |server| copy(template(&programs), &server.data()), Self::launch);
        started.unwrap_or_else(|said| panic!("PostgreSQL does not start: {said}"))
    }

    fn launch(&self) -> Result<(), String> {
        let data = self.data();
        let mut command = self.program.command("postgres");
        command.arg("-D").arg(&data).args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "unix_socket_directories=", "-c", "max_connections=200"]);
        let mut process = Process::spawn(&mut command, &self.folder.join("log"));
        let file = data.join("postmaster.pid");
        process.wait_ready(|pid| ready(&file, pid))?;
        self.process.is(process);
        Ok(())
    }

    /// `postgres://postgres@127.0.0.1:PORT/postgres`: no password.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// A new database, without tables.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    pub fn database(&self) -> Database {
        // The whole server goes anyway, and may be gone already.
        Database::new(Admin(self.url())).keep()
    }

    /// Runs SQL in the database `postgres`, as the superuser. The answer's rows as lines, columns parted by `|`.
    ///
    /// # Errors
    ///
    /// What `psql` said.
    pub fn query(&self, sql: &str) -> io::Result<String> {
        Admin(self.url()).query(sql)
    }

    /// A fast shutdown: connections are closed, what they had not committed is undone.
    pub fn stop(&self) {
        self.process.stop("INT");
    }

    /// Starts it again, on the same port and with the same data. What runs is stopped first.
    ///
    /// # Panics
    ///
    /// When it does not start: with what it said.
    pub fn restart(&self) {
        self.stop();
        for _ in 0..200 {
            match self.launch() {
                Ok(()) => return,
                // The last of the killed processes is not quite gone.
                Err(said) if said.contains("still in use") || said.contains("already exists") => {
                    thread::sleep(Duration::from_millis(50));
                }
                Err(said) => panic!("PostgreSQL does not start again: {said}"),
            }
        }
        panic!("PostgreSQL does not start again: its former processes do not end");
    }

    /// Starts it again, on the same port, as if it were new. What runs is killed first.
    ///
    /// # Panics
    ///
    /// As [`restart`](Self::restart).
    pub fn restart_empty(&self) {
        self.kill();
        fs::remove_dir_all(self.data()).expect("a folder in our own folder");
        copy(template(&self.program), &self.data());
        self.restart();
    }
}

/// Whether the server of this process takes connections: PostgreSQL writes so into a file, for its own tools.
fn ready(file: &Path, pid: u32) -> bool {
    let Ok(text) = fs::read_to_string(file) else { return false };
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    lines.first() == Some(&pid.to_string().as_str()) && lines.get(7) == Some(&"ready")
}

/// A fresh server's data, made once for the process: making it anew takes seconds, a copy does not.
fn template(programs: &Postgres) -> &'static Path {
    static TEMPLATE: OnceLock<TempDir> = OnceLock::new();
    let folder = TEMPLATE.get_or_init(|| {
        let folder = temp_dir();
        programs.own(folder.path());
        let mut command = programs.command("initdb");
        command.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
        let output = command.arg(folder.join("data")).current_dir("/").output().expect("initdb can be run");
        assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        sync_at_once(&folder.join("data/postgresql.conf"));
        folder
    });
    static DATA: OnceLock<PathBuf> = OnceLock::new();
    DATA.get_or_init(|| folder.join("data"))
}

/// After a crash PostgreSQL syncs each of its thousand files before it is ready, which takes seconds. Where it knows how to
/// have the system sync them all at once, it does that.
fn sync_at_once(settings: &Path) {
    let text = fs::read_to_string(settings).expect("initdb writes settings");
    if cfg!(target_os = "linux") && text.contains("recovery_init_sync_method") {
        fs::write(settings, text + "recovery_init_sync_method = syncfs\n").expect("a file in our own folder");
    }
}

/// Copies a folder with its owners.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp can be run");
    assert!(status.success(), "cannot copy {} to {}", from.display(), to.display());
}
