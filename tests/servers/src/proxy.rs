//! A TCP proxy that delays, holds, cuts and refuses.

mod flow;

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use flow::{Direction, Flow, State};

/// Stands in front of a server, on a port of its own, and lets through what it is told to.
///
/// What is held back is not lost but late, as in a real network: after [`pass`](Self::pass) it goes on; after
/// [`cut`](Self::cut) it never arrives. What it is told applies to the connections that are open and to new ones.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

impl Proxy {
    /// A proxy in front of `upstream`, `HOST:PORT`, that lets everything pass.
    ///
    /// # Panics
    ///
    /// When no port can be had.
    pub fn start(upstream: impl Into<String>) -> Self {
        let listener = listen(0).expect("a free port");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let state = Arc::new(State::default());
        let upstream = upstream.into();
        let accepting = state.clone();
        thread::spawn(move || accept(listener, port, &upstream, &accepting));
        Self { port, state }
    }

    /// The port to connect to, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `url` with this proxy in place of its host and port.
    ///
    /// # Panics
    ///
    /// When it is no URL with a host.
    pub fn url(&self, url: &str) -> String {
        let (scheme, rest) = url.split_once("://").expect("a URL has a scheme");
        let (place, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let user = place.rfind('@').map_or("", |at| &place[..=at]);
        format!("{scheme}://{user}{}{path}", self.address())
    }

    /// Everything goes through again; what was held back first.
    pub fn pass(&self) {
        self.set(Flow::Pass, Flow::Pass);
    }

    /// Answers come later by this, each piece of them: a slow server.
    pub fn delay(&self, by: Duration) {
        self.set(Flow::Pass, Flow::Delay(by));
    }

    /// Connections are taken, and nothing goes through in either direction.
    pub fn hang(&self) {
        self.set(Flow::Hold, Flow::Hold);
    }

    /// Requests reach the server; its answers are held back. [`held`](Self::held) tells when one is.
    pub fn hang_answers(&self) {
        self.set(Flow::Pass, Flow::Hold);
    }

    /// Requests reach the server; at its answer, which does not arrive, the connection is cut.
    pub fn cut_answers(&self) {
        self.set(Flow::Pass, Flow::Cut);
    }

    /// Closes all connections. New ones are taken.
    pub fn cut(&self) {
        self.state.cut();
    }

    /// Closes all connections, and new ones are refused until another word is given.
    pub fn refuse(&self) {
        self.state.refuse();
        // Not to return while a connection is still accepted.
        self.state.wait(|it| !it.listening);
    }

    /// How many connections it has taken.
    pub fn connections(&self) -> usize {
        self.state.look(|it| it.taken)
    }

    /// How many pieces of answers it holds back now, or has cut off so far: the server has done what was asked.
    pub fn held(&self) -> usize {
        self.state.look(|it| it.held)
    }

    /// Waits until an answer is held back or was cut off.
    ///
    /// # Panics
    ///
    /// After a minute.
    pub fn wait_held(&self) {
        self.state.wait(|it| it.held > 0);
    }

    fn set(&self, requests: Flow, answers: Flow) {
        self.state.set(requests, answers);
        self.state.wait(|it| it.listening);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.end();
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Takes connections while they are wanted.
fn accept(listener: TcpListener, port: u16, upstream: &str, state: &Arc<State>) {
    let mut listener = Some(listener);
    while let Some(wanted) = state.wants_connections() {
        if !wanted {
            listener = None;
        } else if listener.is_none() {
            listener = listen(port).ok();
        }
        state.listens(listener.is_some());
        match listener.as_ref().map(TcpListener::accept) {
            Some(Ok((client, _))) => connect(client, upstream, state),
            _ => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Two threads for a connection. One whose server cannot be reached is closed at once.
fn connect(client: TcpStream, upstream: &str, state: &Arc<State>) {
    let ready = || -> io::Result<[(TcpStream, TcpStream); 2]> {
        client.set_nonblocking(false)?;
        client.set_nodelay(true)?;
        let server = TcpStream::connect(upstream)?;
        server.set_nodelay(true)?;
        Ok([(client.try_clone()?, server.try_clone()?), (server, client.try_clone()?)])
    };
    let Ok([requests, answers]) = ready() else {
        let _ = client.shutdown(Shutdown::Both);
        return;
    };
    let Some(open) = state.open(client, &answers.0) else { return };
    for (direction, (from, to)) in [(Direction::Requests, requests), (Direction::Answers, answers)] {
        let (state, open) = (state.clone(), open.clone());
        thread::spawn(move || flow::run(direction, from, &to, &state, &open));
    }
}
