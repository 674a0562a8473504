//! Scripts that run inside the server, each one atomic.

use std::sync::OnceLock;

use redis::{Cmd, ToRedisArgs};

/// A Lua script. All keys that it touches are given to it, and lie in one bucket.
pub(crate) struct Script {
    code: &'static str,
    hash: OnceLock<String>,
}

impl Script {
    pub(crate) const fn new(code: &'static str) -> Self {
        Self { code, hash: OnceLock::new() }
    }

    /// Runs the script that the server knows by its hash.
    pub(crate) fn by_hash(&self, keys: &[&[u8]], args: &impl ToRedisArgs) -> Cmd {
        let hash = self.hash.get_or_init(|| redis::Script::new(self.code).get_hash().to_owned());
        invocation("EVALSHA", hash, keys, args)
    }

    /// Runs the script, and makes it known to the server: one step, so no flush comes between.
    pub(crate) fn by_code(&self, keys: &[&[u8]], args: &impl ToRedisArgs) -> Cmd {
        invocation("EVAL", self.code, keys, args)
    }
}

fn invocation(verb: &str, script: &str, keys: &[&[u8]], args: &impl ToRedisArgs) -> Cmd {
    let mut command = redis::cmd(verb);
    command.arg(script).arg(keys.len()).arg(keys).arg(args);
    command
}
