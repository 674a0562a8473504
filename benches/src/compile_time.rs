//! What the attributes cost when a crate is checked: 500 functions with four of them each, against
//! the same functions bare.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::target::Target;

const FUNCTIONS: usize = 500;
const ROUNDS: usize = 3;

const ATTRIBUTES: &str = r#"#[steadfast::circuit_breaker]
#[steadfast::retry(repeatable)]
#[steadfast::rate_limit(max_calls = 100, period = "1m")]
#[steadfast::timeout("2s")]
"#;

const HEAD: &str = "
use steadfast::{Failure, Rejection};

#[derive(Debug, Failure)]
pub enum CallError {
    #[failure(transient)]
    Unreachable,
    #[failure(terminal)]
    Declined,
    #[failure(transparent)]
    Refused(Rejection),
}

impl From<Rejection> for CallError {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

pub struct Request {
    pub amount: u64,
}

pub struct Answer {
    pub id: u64,
}

pub struct Client;

impl Client {
    pub async fn send(&self, request: &Request) -> Result<Answer, CallError> {
        if request.amount == 1 { Err(CallError::Unreachable) } else { Ok(Answer { id: request.amount }) }
    }
}
";

pub fn measure() -> Vec<Target> {
    let (bare, stacked) = (Crate::new("bare", ""), Crate::new("stacked", ATTRIBUTES));
    // The dependencies, once.
    bare.check();
    stacked.check();
    let rounds: Vec<_> = (0..ROUNDS).map(|_| (bare.check(), stacked.check())).collect();
    let least = |times: Vec<f64>| times.into_iter().fold(f64::INFINITY, f64::min);
    let bare = least(rounds.iter().map(|round| round.0).collect());
    let stacked = least(rounds.iter().map(|round| round.1).collect());
    println!(
        "\ncargo check of {FUNCTIONS} functions, best of {ROUNDS}: bare {bare:.2} s, four attributes each {stacked:.2} s"
    );
    vec![Target { what: "time to check, four attributes / bare".into(), is: stacked / bare, may_be: 8.0 }]
}

/// A crate of many functions, in the build folder.
struct Crate {
    folder: PathBuf,
}

impl Crate {
    fn new(name: &str, attributes: &str) -> Self {
        let folder = std::env::current_exe().expect("a path").with_file_name("compile-time").join(name);
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::create_dir_all(folder.join("src")).expect("a folder in the build folder");
        fs::write(folder.join("Cargo.toml"), manifest(name, &here.with_file_name("runtime"))).expect("a file");
        // The versions that the other figures were measured with.
        fs::copy(here.join("Cargo.lock"), folder.join("Cargo.lock")).expect("a file");
        fs::write(folder.join("src/lib.rs"), source(attributes)).expect("a file");
        Self { folder }
    }

    /// Seconds to check the crate anew, its dependencies excepted.
    fn check(&self) -> f64 {
        let source = fs::File::options().append(true).open(self.folder.join("src/lib.rs")).expect("a file");
        source.set_modified(std::time::SystemTime::now()).expect("a time");
        let mut cargo = Command::new("cargo");
        cargo.args(["check", "--quiet"]).current_dir(&self.folder);
        cargo.env("CARGO_TARGET_DIR", self.folder.with_file_name("target")).env("CARGO_INCREMENTAL", "0");
        let start = Instant::now();
        let status = cargo.status().expect("cargo");
        let seconds = start.elapsed().as_secs_f64();
        assert!(status.success(), "the generated crate does not compile");
        seconds
    }
}

fn manifest(name: &str, runtime: &Path) -> String {
    format!(
        "[workspace]\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\nsteadfast = {{ path = {runtime:?} }}\n"
    )
}

fn source(attributes: &str) -> String {
    let mut source = HEAD.to_owned();
    for number in 0..FUNCTIONS {
        write!(
            source,
            "
{attributes}pub async fn call_{number}(client: &Client, request: &Request) -> Result<Answer, CallError> {{
    if request.amount == 0 {{
        return Err(CallError::Declined);
    }}
    let answer = client.send(request).await?;
    Ok(Answer {{ id: answer.id + {number} }})
}}
"
        )
        .expect("a string");
    }
    source
}
