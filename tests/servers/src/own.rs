//! What every server of a test's own has.

use std::path::PathBuf;

use crate::port;
use crate::process::Running;
use crate::temp::{TempDir, temp_dir};

/// A server of the test's own, on a free port of 127.0.0.1, with its data in a temporary folder. It is killed when dropped.
///
/// Calls block until the server has done what was asked of it.
#[derive(Debug)]
pub struct OwnServer<P> {
    pub(crate) port: u16,
    pub(crate) process: Running,
    pub(crate) program: P,
    pub(crate) folder: TempDir,
}

impl<P: Clone> OwnServer<P> {
    /// One whose folder is furnished, and which is launched, on a port that nobody else has taken meanwhile. `Err` with what
    /// it said.
    pub(crate) fn launched(
        program: &P,
        furnish: impl Fn(&Self),
        launch: impl Fn(&Self) -> Result<(), String>,
    ) -> Result<Self, String> {
        let mut tries = 0;
        loop {
            let (process, folder) = (Running::default(), temp_dir());
            let server = Self { port: port::free(), process, program: program.clone(), folder };
            furnish(&server);
            match launch(&server) {
                Ok(()) => return Ok(server),
                // Somebody else took the port just now.
                Err(said) if said.contains("in use") && tries < 10 => tries += 1,
                Err(said) => return Err(said),
            }
        }
    }
}

impl<P> OwnServer<P> {
    /// `127.0.0.1:PORT`, for a [`Proxy`](crate::Proxy).
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its data is.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// SIGKILL, also for the processes of its connections, where it has some: as when the machine loses power, but for what
    /// the system has still to write.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// SIGSTOP: it takes connections, and answers nothing until [`thaw`](Self::thaw).
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// SIGCONT: it answers again, also what it was asked in the meantime.
    pub fn thaw(&self) {
        self.process.thaw();
    }
}
