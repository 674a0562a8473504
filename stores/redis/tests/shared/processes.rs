//! Limits and circuits between processes: this program runs itself again, and its other runs use the
//! same server.

use std::env;
use std::future::pending;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::rate_limit::RateLimiter;
use steadfast::shared::WhenDown;
use steadfast::{Reason, Rejection};
use steadfast_redis::Redis;

use crate::{Breaker, HOUR, connect};

const ROLE: &str = "STEADFAST_TEST_ROLE";
const URL: &str = "STEADFAST_TEST_URL";
const PREFIX: &str = "STEADFAST_TEST_PREFIX";

/// Another run of this program. It is killed when dropped.
struct Other {
    child: Child,
    /// Closing it tells the process to end.
    stdin: Option<ChildStdin>,
    told: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Other {
    fn start(server: &steadfast_servers::Redis, role: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "processes::another_process", "--nocapture", "--test-threads=1"])
            .envs([(ROLE, role), (URL, server.url()), (PREFIX, server.prefix())])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { stdin: child.stdin.take(), child, told }
    }

    /// The next thing that it tells.
    fn next(&mut self) -> String {
        loop {
            let line = self.told.next().expect("the other process has ended").unwrap();
            if let Some(told) = line.strip_prefix("told ") {
                return told.to_owned();
            }
        }
    }

    fn number(&mut self) -> u32 {
        self.next().parse().unwrap()
    }

    /// Lets it go on, where it waits.
    fn go_on(&mut self) {
        self.stdin = None;
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn tell(what: impl std::fmt::Display) {
    println!("\ntold {what}");
}

/// Until the first process lets this one go on.
async fn wait() {
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
}

/// What the other runs do. Without a role, it is a test that does nothing.
#[tokio::test]
async fn another_process() {
    let Ok(role) = env::var(ROLE) else { return };
    let redis = connect(&env::var(URL).unwrap(), &env::var(PREFIX).unwrap()).await;
    match role.as_str() {
        "uses_up" => uses_up(redis).await,
        "windows" => windows(redis).await,
        "fails" => fails(redis).await,
        "asks" => asks(redis).await,
        "probes" => probes(recovering(redis, HOUR)).await,
        "dies" => probes(recovering(redis, SHORT)).await,
        other => panic!("no role is called {other}"),
    }
}

const CALLS: u32 = 500;

/// Calls until nothing is left, and tells how often it was let through.
async fn uses_up(redis: Redis) {
    let limiter = RateLimiter::window("hourly", CALLS, HOUR).shared(redis, WhenDown::Refuse);
    tell("ready");
    wait().await;
    let mut through = 0;
    while limiter.acquire(1).await.is_ok() {
        through += 1;
    }
    tell(through);
}

#[test]
fn two_processes_use_one_limit_to_the_last_call_and_not_one_more() {
    let Some(server) = steadfast_servers::redis("two processes, one limit") else { return };
    let mut others = [(); 2].map(|()| Other::start(&server, "uses_up"));
    others.iter_mut().for_each(|other| assert_eq!(other.next(), "ready"));
    others.iter_mut().for_each(Other::go_on);
    let through: Vec<u32> = others.iter_mut().map(Other::number).collect();
    println!("of {CALLS} calls, the two processes made {through:?}");
    assert_eq!(through.iter().sum::<u32>(), CALLS);
}

const PERIOD: Duration = Duration::from_millis(100);
const PER_PERIOD: u32 = 20;

/// Calls and waits for its turn, for as many periods.
async fn windows(redis: Redis) {
    let limiter = RateLimiter::window("windows", PER_PERIOD, PERIOD).max_wait(PERIOD * 100);
    let limiter = Arc::new(limiter.shared(redis, WhenDown::Refuse));
    tell("ready");
    wait().await;
    let through = Arc::new(AtomicU32::new(0));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (limiter, through) = (limiter.clone(), through.clone());
            tokio::spawn(async move {
                for _ in 0..PER_PERIOD * 10 / 4 {
                    limiter.acquire(1).await.unwrap();
                    through.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    tell(through.load(Ordering::Relaxed));
}

/// Twenty periods' calls cannot go through in less than nineteen periods. How much longer they take is
/// the machine's affair: it is told, and not judged.
#[test]
fn two_processes_that_wait_for_one_limit_are_never_above_it() {
    let Some(server) = steadfast_servers::redis("two processes that wait for one limit") else { return };
    let mut others = [(); 2].map(|()| Other::start(&server, "windows"));
    others.iter_mut().for_each(|other| assert_eq!(other.next(), "ready"));
    let begun = Instant::now();
    others.iter_mut().for_each(Other::go_on);
    let through: u32 = others.iter_mut().map(Other::number).sum();
    let took = begun.elapsed();
    let periods = through / PER_PERIOD;
    assert_eq!(periods, 20);
    assert!(took >= PERIOD * (periods - 1), "{through} calls in {took:?}");
    let possible = took.as_secs_f64() / PERIOD.as_secs_f64() * f64::from(PER_PERIOD);
    println!("{through} calls in {took:?}: {:.1} % of the limit", 100.0 * f64::from(through) / possible);
}

fn breaker(redis: Redis) -> Breaker {
    let settings = CircuitBreaker::new("gateway").failure_threshold(5).recovery_timeout(HOUR);
    settings.shared(redis, WhenDown::Refuse)
}

#[derive(Debug)]
enum Failed {
    Down,
    Refused(Rejection),
}

impl From<Rejection> for Failed {
    fn from(refused: Rejection) -> Self {
        Self::Refused(refused)
    }
}

/// Fails until the circuit opens, and tells how often.
async fn fails(redis: Redis) {
    let breaker = breaker(redis);
    let mut failures = 0;
    let down = async || Err::<(), _>(Failed::Down);
    while let Err(Failed::Down) = breaker.call_when(|_| true, down).await {
        failures += 1;
    }
    tell(failures);
}

/// Asks once, and tells why it was refused.
async fn asks(redis: Redis) {
    let breaker = breaker(redis);
    tell("ready");
    wait().await;
    let refused = breaker.call_when(|_| true, async || Ok::<_, Failed>(())).await;
    match refused {
        Err(Failed::Refused(refused)) => match refused.reason() {
            Reason::Open { retry_after: Some(wait) } if wait.as_secs() > 3000 => tell(refused.code()),
            _ => tell(refused),
        },
        other => tell(format!("{other:?}")),
    }
}

#[test]
fn one_process_opens_the_circuit_and_the_other_is_refused() {
    let Some(server) = steadfast_servers::redis("two processes, one circuit") else { return };
    let (mut one, mut other) = (Other::start(&server, "fails"), Other::start(&server, "asks"));
    assert_eq!(one.number(), 5);
    assert_eq!(other.next(), "ready");
    other.go_on();
    assert_eq!(other.next(), "circuit_open");
}

const PROBES: u32 = 3;

/// So long a probe of a process that dies holds its place.
const SHORT: Duration = Duration::from_millis(500);

/// A breaker that recovers at once.
fn recovering(redis: Redis, lease: Duration) -> Breaker {
    let settings = CircuitBreaker::new("recovering")
        .failure_threshold(1)
        .recovery_timeout(Duration::from_millis(1))
        .half_open_max_calls(PROBES);
    settings.shared(redis, WhenDown::Refuse).probe_lease(lease).unwrap()
}

/// Calls twenty times at once, and tells how many were let through. They never end.
async fn probes(breaker: Breaker) {
    let breaker = Arc::new(breaker);
    tell("ready");
    wait().await;
    let (through, asked) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    for _ in 0..20 {
        let (breaker, through, asked) = (breaker.clone(), through.clone(), asked.clone());
        tokio::spawn(async move {
            let probe = async || {
                through.fetch_add(1, Ordering::Relaxed);
                asked.fetch_add(1, Ordering::Relaxed);
                pending::<Result<(), Failed>>().await
            };
            breaker.call_when(|_| true, probe).await.unwrap_err();
            asked.fetch_add(1, Ordering::Relaxed);
        });
    }
    while asked.load(Ordering::Relaxed) < 20 {
        tokio::task::yield_now().await;
    }
    tell(through.load(Ordering::Relaxed));
    pending::<()>().await;
}

/// Opens the circuit that recovers at once.
async fn open(server: &steadfast_servers::Redis, lease: Duration) -> Breaker {
    let breaker = recovering(connect(server.url(), server.prefix()).await, lease);
    drop(breaker.call_when(|_| true, async || Err::<(), _>(Failed::Down)).await);
    tokio::time::sleep(Duration::from_millis(2)).await; // the recovery
    breaker
}

#[tokio::test]
async fn probes_are_counted_over_all_processes() {
    let Some(server) = steadfast_servers::redis("probes are counted over all processes") else { return };
    let mut others = [(); 2].map(|()| Other::start(&server, "probes"));
    others.iter_mut().for_each(|other| assert_eq!(other.next(), "ready"));
    let _breaker = open(&server, HOUR).await;
    others.iter_mut().for_each(Other::go_on);
    let through: Vec<u32> = others.iter_mut().map(Other::number).collect();
    println!("of 40 probes at once, {through:?} went through");
    assert_eq!(through.iter().sum::<u32>(), PROBES);
}

#[tokio::test]
async fn the_probes_of_a_killed_process_give_their_places_away() {
    let Some(server) = steadfast_servers::redis("the probes of a killed process") else { return };
    let mut other = Other::start(&server, "dies");
    assert_eq!(other.next(), "ready");
    let breaker = open(&server, SHORT).await;
    other.go_on();
    assert!(other.number() >= PROBES); // a slow machine may outlast a lease
    drop(other); // SIGKILL

    let probe = async || breaker.call_when(|_| true, async || Ok::<_, Failed>(())).await;
    while let Err(Failed::Refused(_)) = probe().await {
        tokio::time::sleep(SHORT / 10).await;
    }
    assert_eq!(breaker.last_seen(), BreakerState::Closed);
}
