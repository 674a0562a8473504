//! Folders that go when their owner goes.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{port, watcher};

/// A folder that is removed, with what is in it, when this is dropped; and also when the test process is killed.
#[derive(Debug)]
pub struct TempDir(PathBuf);

/// A new, empty folder.
///
/// # Panics
///
/// When it cannot be made.
pub fn temp_dir() -> TempDir {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let path = root().join(NUMBER.fetch_add(1, Ordering::Relaxed).to_string());
    fs::create_dir(&path).unwrap_or_else(|why| panic!("cannot make the folder {}: {why}", path.display()));
    TempDir(path)
}

impl TempDir {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of `name` in it, which need not exist.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

impl AsRef<Path> for TempDir {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The folder of this process, in which all others are. Other users may pass through it, as PostgreSQL's must, but not look.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let name = format!("steadfast-{}-{:x}", std::process::id(), port::random());
        let path = std::env::temp_dir().join(name);
        DirBuilder::new()
            .mode(0o711)
            .create(&path)
            .unwrap_or_else(|why| panic!("cannot make the folder {}: {why}", path.display()));
        watcher::start(&path);
        path
    })
}
