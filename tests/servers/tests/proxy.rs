//! What goes through a proxy, and what does not.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use steadfast_servers::Proxy;

/// Answers each byte with the next one, and tells what it was asked.
fn upstream() -> (String, Receiver<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (tell, asked) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let tell = tell.clone();
            std::thread::spawn(move || serve(stream, &tell));
        }
    });
    (address, asked)
}

fn serve(mut stream: TcpStream, tell: &mpsc::Sender<u8>) {
    let mut byte = [0];
    while stream.read_exact(&mut byte).is_ok() {
        let _ = tell.send(byte[0]);
        let _ = stream.write_all(&[byte[0] + 1]);
    }
}

fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address()).unwrap()
}

fn ask(mut stream: &TcpStream, byte: u8) -> io::Result<u8> {
    stream.write_all(&[byte])?;
    answer(stream)
}

fn answer(mut stream: &TcpStream) -> io::Result<u8> {
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// Nothing has come, however soon it is asked.
fn is_silent(stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(30))).unwrap();
    let silent =
        answer(stream).is_err_and(|why| matches!(why.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut));
    stream.set_read_timeout(None).unwrap();
    silent
}

#[test]
fn it_passes() {
    let (upstream, _asked) = upstream();
    let proxy = Proxy::start(upstream);
    let (one, other) = (connect(&proxy), connect(&proxy));
    assert_eq!((ask(&one, 1).unwrap(), ask(&other, 5).unwrap(), ask(&one, 2).unwrap()), (2, 6, 3));
    assert_eq!(proxy.connections(), 2);
}

#[test]
fn what_hangs_reaches_nobody_until_it_passes() {
    let (upstream, asked) = upstream();
    let proxy = Proxy::start(upstream);
    proxy.hang();
    let stream = connect(&proxy);
    (&stream).write_all(&[1]).unwrap();
    assert!(is_silent(&stream) && asked.try_recv().is_err());
    proxy.pass();
    assert_eq!((answer(&stream).unwrap(), asked.recv().unwrap()), (2, 1));
}

#[test]
fn a_held_answer_is_late_and_was_asked() {
    let (upstream, asked) = upstream();
    let proxy = Proxy::start(upstream);
    let stream = connect(&proxy);
    proxy.hang_answers();
    (&stream).write_all(&[1]).unwrap();
    proxy.wait_held();
    assert_eq!((asked.recv().unwrap(), proxy.held()), (1, 1));
    assert!(is_silent(&stream));
    proxy.pass();
    assert_eq!((answer(&stream).unwrap(), proxy.held()), (2, 0));
}

#[test]
fn a_cut_answer_was_asked_and_never_arrives() {
    let (upstream, asked) = upstream();
    let proxy = Proxy::start(upstream);
    let stream = connect(&proxy);
    proxy.cut_answers();
    assert!(ask(&stream, 1).is_err());
    assert_eq!((asked.recv().unwrap(), proxy.held()), (1, 1));
    proxy.pass();
    assert!(ask(&stream, 1).is_err(), "a connection that was cut stays so");
    assert_eq!(ask(&connect(&proxy), 2).unwrap(), 3);
}

#[test]
fn a_cut_closes_what_is_open() {
    let (upstream, _asked) = upstream();
    let proxy = Proxy::start(upstream);
    let stream = connect(&proxy);
    assert_eq!(ask(&stream, 1).unwrap(), 2);
    proxy.cut();
    assert!(ask(&stream, 1).is_err());
    assert_eq!(ask(&connect(&proxy), 1).unwrap(), 2);
}

#[test]
fn refused_is_refused() {
    let (upstream, _asked) = upstream();
    let proxy = Proxy::start(upstream);
    let stream = connect(&proxy);
    for _ in 0..2 {
        proxy.refuse();
        assert!(ask(&stream, 1).is_err());
        assert_eq!(TcpStream::connect(proxy.address()).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        proxy.pass();
        assert_eq!(ask(&connect(&proxy), 1).unwrap(), 2);
    }
}

#[test]
fn a_delayed_answer_comes() {
    let (upstream, asked) = upstream();
    let proxy = Proxy::start(upstream);
    // Longer than the silence that is looked for.
    proxy.delay(Duration::from_millis(300));
    let stream = connect(&proxy);
    (&stream).write_all(&[1]).unwrap();
    assert_eq!(asked.recv().unwrap(), 1);
    assert_eq!(answer(&stream).unwrap(), 2);
}

#[test]
fn a_server_that_is_gone_closes_the_connection() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let proxy = Proxy::start(gone);
    assert!(ask(&connect(&proxy), 1).is_err());
}

#[test]
fn a_url_names_the_proxy_in_place_of_the_server() {
    let proxy = Proxy::start("127.0.0.1:1");
    let port = proxy.port();
    for (url, expected) in [
        ("redis://host:6379", format!("redis://127.0.0.1:{port}")),
        ("postgres://me:p@ss@host:5/db?a=b", format!("postgres://me:p@ss@127.0.0.1:{port}/db?a=b")),
        ("redis://host/1", format!("redis://127.0.0.1:{port}/1")),
    ] {
        assert_eq!(proxy.url(url), expected);
    }
}
