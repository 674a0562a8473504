//! Where the servers' programs are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The Redis server's program: the one of `REDIS_SERVER` (to try another version), or `redis-server` or `valkey-server` in
/// `PATH`.
pub(crate) fn redis() -> Result<PathBuf, String> {
    if let Some(given) = env::var_os("REDIS_SERVER") {
        return Ok(given.into());
    }
    in_path("redis-server").or_else(|| in_path("valkey-server")).ok_or_else(|| "no redis-server found in PATH".into())
}

/// Where PostgreSQL's programs are, those of the newest version there is.
#[derive(Clone, Debug)]
pub struct Postgres {
    folder: PathBuf,
    /// What stands before a server's command, so that it does not run as root.
    user: Option<User>,
}

#[derive(Clone, Debug)]
struct User {
    name: &'static str,
    uid: u32,
    gid: u32,
}

impl Postgres {
    pub(crate) fn find() -> Result<Self, String> {
        let mut folders: Vec<PathBuf> =
            in_path("initdb").and_then(|it| Some(it.parent()?.to_owned())).into_iter().collect();
        folders.extend(debian());
        let complete = |folder: &PathBuf| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file());
        let folder =
            folders.into_iter().find(complete).ok_or("no postgres found in PATH or /usr/lib/postgresql/*/bin")?;
        if id(&["-u"]) != Some(0) {
            return Ok(Self { folder, user: None });
        }
        in_path("setpriv").ok_or("PostgreSQL does not run as root, and there is no setpriv in PATH")?;
        let user = ["postgres", "nobody"].into_iter().find_map(User::find);
        let user = user.ok_or("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")?;
        Ok(Self { folder, user: Some(user) })
    }

    /// `program`, as the user that may run it.
    pub(crate) fn command(&self, program: &str) -> Command {
        let program = self.folder.join(program);
        let Some(user) = &self.user else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &user.uid.to_string(), "--regid", &user.gid.to_string(), "--clear-groups", "--"]);
        command.arg(program).env("HOME", "/").env("USER", user.name);
        command
    }

    /// Gives a folder to the user that the server runs as.
    pub(crate) fn own(&self, folder: &Path) {
        if let Some(user) = &self.user {
            std::os::unix::fs::chown(folder, Some(user.uid), Some(user.gid)).expect("root may give folders away");
        }
    }
}

/// PostgreSQL's client.
pub(crate) fn psql() -> Result<PathBuf, String> {
    let beside = || debian().map(|folder| folder.join("psql")).find(|it| it.is_file());
    in_path("psql").or_else(beside).ok_or_else(|| "no psql found in PATH".into())
}

impl User {
    fn find(name: &'static str) -> Option<Self> {
        Some(Self { name, uid: id(&["-u", name])?, gid: id(&["-g", name])? })
    }
}

/// Where Debian keeps PostgreSQL's programs, the newest version first.
fn debian() -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> =
        entries.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path()))).collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, path)| path.join("bin"))
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|it| it.is_file())
}

fn id(args: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(args).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
