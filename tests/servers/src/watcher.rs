//! What clears away behind a test process, however it ends.
//!
//! A shell of its own process group reads which processes and which folder are ours. When the pipe to it closes, and it
//! closes also when the test process is killed, it kills what is left and removes the folder.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::temp;

const SCRIPT: &str = r#"
pids=" "
while read -r word pid; do
    case $word in
        watch) pids="$pids$pid " ;;
        forget) case "$pids" in *" $pid "*) pids="${pids%% $pid *} ${pids#* $pid }" ;; esac ;;
    esac
done
for pid in $pids; do kill -9 "$pid"; done
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
"#;

static WATCHER: OnceLock<Mutex<Child>> = OnceLock::new();

/// Begins to watch over `folder`.
pub(crate) fn start(folder: &Path) {
    WATCHER.get_or_init(|| {
        let child = Command::new("sh")
            .args(["-c", SCRIPT, "watcher"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell that clears away behind the tests");
        Mutex::new(child)
    });
}

/// Kill this process when we are gone.
pub(crate) fn watch(pid: u32) {
    tell("watch", pid);
}

/// It has ended, or is about to be reaped: its number may soon be another's.
pub(crate) fn forget(pid: u32) {
    tell("forget", pid);
}

fn tell(word: &str, pid: u32) {
    temp::root();
    if let Some(watcher) = WATCHER.get() {
        let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
        // A watcher that somebody has killed is no reason to fail a test.
        let _ = watcher.stdin.as_mut().map(|it| writeln!(it, "{word} {pid}"));
    }
}
