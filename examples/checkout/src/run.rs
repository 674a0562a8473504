//! The run: all clients at once, on their schedule.

use std::collections::HashMap;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use steadfast::drain;
use steadfast::idempotent::IdempotencyKey;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use crate::Stack;
use crate::charge::App;
use crate::clients::{Ending, Request};
use crate::counts::Metrics;
use crate::gateway::Gateway;
use crate::orders::{Is, Line, Orders};
use crate::progress::{Progress, Tally};
use crate::proof::Proof;
use crate::report::{Effort, Endings, Report, failures};
use crate::world::{World, WorldError};

/// Between two requests.
const PACE: Duration = Duration::from_millis(25);
/// The requests of this second come all at once.
const RUSH: Range<Duration> = Duration::from_secs(1)..Duration::from_secs(2);
/// How often progress is told.
const TICK: Duration = Duration::from_millis(100);

/// So long is waited for work whose clients have left: three attempts of two seconds, and pauses.
pub(crate) const LONGEST_END: Duration = Duration::from_secs(10);

/// A request that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) line: Arc<Line>,
    pub(crate) ending: Ending,
}

/// What a run was stopped with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped {
    /// Calls that were not at their end when the time for them was over.
    pub(crate) still_running: usize,
}

/// Sends every request of the file to `charge_customer` under this stack, and says how it went.
/// `tell` hears of it ten times a second. When `stop` is there, no more is sent, all clients leave,
/// and what they have begun is brought to its end.
///
/// # Errors
/// When ledger or records cannot be read for the proof.
pub async fn run(
    orders: &Orders,
    stack: Stack,
    world: &World,
    metrics: &Metrics,
    mut tell: impl FnMut(Progress),
    stop: impl Future<Output = ()>,
) -> Result<Report, WorldError> {
    metrics.take();
    let tally = Arc::new(Tally::default());
    let started = Instant::now();
    let mut clients = send(orders, stack, &world.app, &tally);
    let mut progress = Progress::new(clients.len());
    let mut ticks = interval(TICK);
    let mut stop = pin!(stop);
    let (mut ended, mut stopped) = (Vec::new(), false);
    loop {
        tokio::select! {
            biased;
            client = clients.join_next() => match client {
                Some(Ok(client)) => {
                    progress.ended(&client.ending);
                    ended.push(client);
                }
                // It was told to leave. A client never panics; if one did, its request would be
                // missing in the sums.
                Some(Err(_)) => {}
                None => break,
            },
            () = &mut stop, if !stopped => {
                stopped = true;
                clients.abort_all();
            }
            _ = ticks.tick() => tell(progress.at(started.elapsed())),
        }
    }
    let stopped = if stopped { Some(Stopped { still_running: drain(LONGEST_END).await }) } else { None };
    let elapsed = started.elapsed();
    tell(progress.last(elapsed));
    let said = world.app.gateway.has_said();
    Ok(Report {
        stack,
        orders: orders.orders().count(),
        broken: orders.broken.len(),
        elapsed,
        endings: Endings::of(orders.requests(), tally.requests_sent(), &ended, &said),
        failures: failures(&ended),
        effort: Effort::of(&tally, metrics.take()),
        inquiries: said.inquiries(),
        stopped,
        proof: Proof::of(orders, stack, world, &ended).await?,
    })
}

/// Starts all clients; each waits for its moment.
fn send(orders: &Orders, stack: Stack, app: &App<Gateway>, tally: &Arc<Tally>) -> JoinSet<Ended> {
    let mut clients = JoinSet::new();
    let mut answered = HashMap::new();
    for (line, moment) in orders.lines.iter().zip(schedule()) {
        let line = Arc::new(line.clone());
        let wait = answer_of(&line, &mut answered);
        for _ in 0..line.client.times() {
            let request = Request { app: app.clone(), stack, line: Arc::clone(&line), tally: Arc::clone(tally) };
            clients.spawn(client(request, moment, wait.clone()));
        }
    }
    clients
}

/// How long it takes to send all requests.
pub(crate) fn sending_time(orders: &Orders) -> Duration {
    schedule().take(orders.lines.len()).max().unwrap_or_default()
}

/// When each request is sent.
fn schedule() -> impl Iterator<Item = Duration> {
    let moments = (0..).map(|place: u32| PACE * place);
    moments.map(|moment| if RUSH.contains(&moment) { RUSH.start } else { moment })
}

/// Who tells, and who waits for, the answer of an order's first request.
#[derive(Clone, Debug)]
enum Wait {
    /// Nobody waits for this one.
    No,
    /// This is the first.
    Tells(watch::Sender<bool>),
    /// Whoever changes an amount has seen the answer.
    For(watch::Receiver<bool>),
}

fn answer_of(line: &Line, answered: &mut HashMap<IdempotencyKey, watch::Receiver<bool>>) -> Wait {
    match line.is {
        Is::Order => {
            let (told, tell) = watch::channel(false);
            answered.insert(line.key.clone(), tell);
            Wait::Tells(told)
        }
        Is::Duplicate => Wait::No,
        Is::Tampered => answered.get(&line.key).cloned().map_or(Wait::No, Wait::For),
    }
}

async fn client(request: Request, moment: Duration, wait: Wait) -> Ended {
    let line = Arc::clone(&request.line);
    sleep(moment).await;
    if let Wait::For(mut answered) = wait.clone() {
        // An error says that the first is gone, which is an end as well.
        let _ = answered.wait_for(|answered| *answered).await;
    }
    let ending = request.run().await;
    if let Wait::Tells(told) = wait {
        told.send_replace(true);
    }
    Ended { line, ending }
}
