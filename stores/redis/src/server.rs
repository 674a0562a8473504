//! What a server must be, as it says of itself in `INFO`.

use crate::error::RedisError;

const OLDEST: (u32, u32) = (6, 2);

/// What a server is trusted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Records, which it must keep.
    Keeps,
    /// Entries of caches, which it may throw away.
    MayEvict,
}

/// Refuses a server that would lose what it is given, or cannot run the scripts.
///
/// The policy is read from `INFO`, because services that run Redis for others often forbid `CONFIG`.
pub(crate) fn check(info: &str, trust: Trust) -> Result<(), RedisError> {
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let version = field("redis_version").ok_or(RedisError::Unreadable)?;
    if field("valkey_version").is_none() && parse(version) < Some(OLDEST) {
        return Err(RedisError::TooOld { version: version.to_owned() });
    }
    match field("maxmemory_policy").ok_or(RedisError::Unreadable)? {
        "noeviction" => {}
        _ if trust == Trust::MayEvict => {}
        policy => return Err(RedisError::Evicts { policy: policy.to_owned() }),
    }
    match field("role").ok_or(RedisError::Unreadable)? {
        "master" => Ok(()),
        _ => Err(RedisError::Replica),
    }
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(info: &str) -> Result<(), RedisError> {
        check(info, Trust::Keeps)
    }

    fn server(version: &str, policy: &str, role: &str) -> String {
        format!(
            "# Server\r\n{version}\r\n\r\n# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:{policy}\r\n# Replication\r\nrole:{role}\r\n"
        )
    }

    #[test]
    fn versions_from_6_2_on_are_taken_and_valkey() {
        for good in ["6.2.0", "6.10.1", "7.0.15", "8.2.1", "10.0.0"] {
            assert_eq!(checked(&server(&format!("redis_version:{good}"), "noeviction", "master")), Ok(()), "{good}");
        }
        assert_eq!(checked(&server("redis_version:0.0.0\r\nvalkey_version:8.0.1", "noeviction", "master")), Ok(()));
        for old in ["6.0.16", "5.0.7", "2.8", "what"] {
            let error = RedisError::TooOld { version: old.to_owned() };
            assert_eq!(checked(&server(&format!("redis_version:{old}"), "noeviction", "master")), Err(error));
        }
    }

    #[test]
    fn a_server_that_evicts_is_refused() {
        let error = RedisError::Evicts { policy: "allkeys-lru".to_owned() };
        assert_eq!(checked(&server("redis_version:7.0.0", "allkeys-lru", "master")), Err(error));
    }

    #[test]
    fn entries_of_caches_may_be_thrown_away() {
        let evicts = server("redis_version:7.0.0", "allkeys-lru", "master");
        assert_eq!(check(&evicts, Trust::MayEvict), Ok(()));
        let replica = server("redis_version:7.0.0", "allkeys-lru", "slave");
        assert_eq!(check(&replica, Trust::MayEvict), Err(RedisError::Replica));
    }

    #[test]
    fn a_replica_is_refused() {
        assert_eq!(checked(&server("redis_version:7.0.0", "noeviction", "slave")), Err(RedisError::Replica));
    }

    #[test]
    fn what_says_nothing_of_itself_is_refused() {
        assert_eq!(checked("redis_version:7.0.0\r\n"), Err(RedisError::Unreadable));
        assert_eq!(checked(""), Err(RedisError::Unreadable));
    }
}
