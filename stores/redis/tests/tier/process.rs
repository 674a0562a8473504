//! Two processes indeed.

use std::env;
use std::io::{BufRead, BufReader, Write, stdout};
use std::process::{Command, Stdio};

use steadfast::cached::when_down::Run;

use crate::world::{ask, gone, listens, process, server};

const CHILD: &str = "STEADFAST_TEST_TIER_URL";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalidation_reaches_another_process() {
    let Some(server) = server("an invalidation reaches another process") else { return };
    let cache = process(&server.url(), Run).await;
    assert_eq!(ask(&cache, "k", 1).await.unwrap(), 1);

    let mut child = Command::new(env::current_exe().unwrap())
        .args(["process::the_other_process", "--exact", "--nocapture"])
        .env(CHILD, server.url())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("has it")), "it did not find what this one loaded");
    cache.invalidate("k").await.unwrap();
    assert!(lines.any(|line| line.contains("lost it")), "it did not hear of it");
    assert!(child.wait().unwrap().success());
}

/// The other one, which does nothing unless it is told where.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_process() {
    let Ok(url) = env::var(CHILD) else { return };
    let (cache, third) = (process(&url, Run).await, process(&url, Run).await);
    listens(&cache, &third).await;
    assert_eq!(ask(&cache, "k", 2).await.unwrap(), 1);
    writeln!(stdout(), "has it").unwrap();
    gone(&cache, "k").await;
    writeln!(stdout(), "lost it").unwrap();
}
