//! Ports for servers.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::TcpListener;

/// A port of 127.0.0.1 on which nobody listens now.
///
/// It lies below the range from which the system takes ports for outgoing connections: there a client that asks a server
/// which is just down could be given the server's own port.
pub(crate) fn free() -> u16 {
    (0..1000)
        .map(|_| 15_000 + u16::try_from(random() % 17_000).expect("below 17,000"))
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .expect("a free port between 15000 and 32000")
}

/// A number that nobody else has drawn.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
