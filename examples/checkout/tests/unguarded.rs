//! The stack without `idempotent`, on simulated time: the proof can fail.

use std::future::pending;
use std::time::Duration;

use checkout::{Faults, Metrics, Options, Orders, Stack, World, run};
use tokio::time::sleep;

#[tokio::test(start_paused = true)]
async fn without_idempotent_customers_pay_twice() {
    let metrics = Metrics::install().unwrap();
    let orders = Orders::load(&Options::default().orders, |broken| panic!("{broken}")).unwrap();
    for seed in 1..=3 {
        let world = World::in_memory(Faults { seed, die_after: None });
        let report = run(&orders, Stack::WithoutIdempotent, &world, &metrics, |_| {}, pending()).await.unwrap();
        let (endings, proof) = (report.endings(), report.proof());
        assert_eq!(endings.sum(), endings.requests);
        assert_eq!(report.calls(), endings.requests + report.came_back());
        // Each duplicate, and each request sent twice at once, at least.
        assert!(proof.charged_twice() >= 30, "seed {seed}: {report}");
        assert!(!proof.holds());
        assert!(report.succeeded(), "it was asked for");
        assert_eq!((report.replays(), endings.conflicts), (0, 0));
        sleep(Duration::from_secs(60)).await;
    }
}
