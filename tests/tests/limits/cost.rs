//! Calls that weigh more than others.

use steadfast::rate_limit::RateLimiter;
use steadfast::{Failure, Kind, Reason, rate_limit, retry};
use steadfast_tests::{Code, Hand, PayError};
use tokio::time::advance;

use super::SECOND;

#[rate_limit(limiter, cost = cost)]
async fn spend(limiter: &RateLimiter, cost: u32) -> Result<(), PayError> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_what_it_costs() {
    #[rate_limit(max_calls = 10, period = "1s", cost = items.len() as u32)]
    async fn send(items: &[u8]) -> Result<(), PayError> {
        Ok(())
    }
    assert!(send(&[0; 6]).await.is_ok());
    assert_eq!(send(&[0; 5]).await.wait(), Some(SECOND));
    assert!(send(&[0; 4]).await.is_ok());
    assert!(send(&[]).await.is_ok(), "what costs nothing is never refused");
    assert_eq!(send(&[0; 1]).await.code(), "rate_limited");
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_used_up_by_weight() {
    #[rate_limit(rate = "10/1s", burst = 5, cost = cost)]
    async fn send(cost: u32) -> Result<(), PayError> {
        Ok(())
    }
    assert!(send(4).await.is_ok());
    assert_eq!(send(4).await.wait(), Some(SECOND * 3 / 10));
    advance(SECOND * 3 / 10).await;
    assert!(send(4).await.is_ok());
    assert_eq!(send(6).await.code(), "too_costly");
}

#[tokio::test(start_paused = true)]
async fn what_never_fits_is_refused_for_good() {
    let limiter = RateLimiter::window("tokens", 10, SECOND).max_wait(SECOND * 60);

    #[retry(max_attempts = 5, repeatable)]
    #[rate_limit(limiter, cost = cost)]
    async fn send(limiter: &RateLimiter, cost: u32) -> Result<(), PayError> {
        Ok(())
    }
    let refused = send(&limiter, 11).await;
    let rejection = refused.rejection().unwrap();
    assert!(matches!(rejection.reason(), Reason::TooCostly { cost: 11, most: 10 }));
    assert_eq!((rejection.status(), rejection.retry_after(), Failure::kind(rejection)), (422, None, Kind::Refused));
    assert!(rejection.to_string().contains("costs 11, and the limit never has more than 10 free"));
    assert!(spend(&limiter, 10).await.is_ok(), "it took nothing, and was not tried again");
}

#[tokio::test(start_paused = true)]
async fn a_heavy_waiter_is_not_overtaken_by_light_ones() {
    let limiter = RateLimiter::window("tokens", 3, SECOND).max_wait(SECOND * 10);
    assert!(spend(&limiter, 1).await.is_ok());
    let mut heavy = Hand::new(spend(&limiter, 3));
    heavy.poll_pending();
    let mut light = Hand::new(spend(&limiter, 1));
    light.poll_pending(); // there is room for it, and it waits
    drop(heavy);
    assert!(light.is_woken());
    assert!(light.poll_ready().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_behind_a_line_knows_what_the_line_weighs() {
    let limiter = RateLimiter::window("tokens", 3, SECOND).max_wait(SECOND * 3 / 2);
    assert!(spend(&limiter, 2).await.is_ok());
    let mut second = Hand::new(spend(&limiter, 2));
    second.poll_pending();
    // Its turn comes a period after the second one's, and that comes in a second.
    assert_eq!(spend(&limiter, 2).await.wait(), Some(SECOND * 2));
    let mut light = Hand::new(spend(&limiter, 1));
    light.poll_pending(); // beside the second
    advance(SECOND).await;
    assert!(second.poll_ready().is_ok());
    assert!(light.poll_ready().is_ok());
}
