//! Both cores against plain models.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{Instant, advance};

use crate::rate_limit::decision::Window;
use crate::rate_limit::gcra::Gcra;

const PERIOD: Duration = Duration::from_nanos(1_000);
const NANO: Duration = Duration::from_nanos(1);

/// A window as its words say it: the list of everything that was ever let through.
#[derive(Clone, Default)]
struct Timestamps(Vec<Instant>);

impl Timestamps {
    fn may(&self, max_calls: usize, now: Instant) -> bool {
        let within = self.0.iter().filter(|&&at| now < at + PERIOD).count();
        within < max_calls
    }

    /// The first moment at which a call may go: now, or when one of the list expires.
    fn wait(&self, max_calls: usize, now: Instant) -> Duration {
        let ends = self.0.iter().map(|&at| at + PERIOD);
        let mut moments: Vec<_> = ends.filter(|&end| end > now).chain([now]).collect();
        moments.sort();
        let first = moments.into_iter().find(|&at| self.may(max_calls, at));
        first.unwrap() - now
    }

    /// The same when others go first, each as soon as it can.
    fn wait_behind(mut self, max_calls: usize, ahead: usize, now: Instant) -> Duration {
        let mut at = now;
        for _ in 0..ahead {
            at += self.wait(max_calls, at);
            self.0.push(at);
        }
        at + self.wait(max_calls, at) - now
    }
}

fn steps() -> impl Strategy<Value = Vec<u64>> {
    let step = prop_oneof![4 => Just(0), 6 => 0..400_u64, 1 => 0..3_000_u64];
    prop::collection::vec(step, 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn the_window_does_what_the_list_does(
        max_calls in 1..8_u32,
        ahead in 0..30_usize,
        steps in steps(),
    ) {
        let (mut window, mut list) = (Window::new(), Timestamps::default());
        let size = max_calls as usize;
        let mut now = Instant::now();
        for step in steps {
            now += NANO * u32::try_from(step).unwrap();
            prop_assert_eq!(
                window.wait(max_calls, PERIOD, ahead, now),
                list.clone().wait_behind(size, ahead, now)
            );
            match window.admit(max_calls, PERIOD, now) {
                Ok(()) => {
                    prop_assert!(list.may(size, now));
                    list.0.push(now);
                }
                Err(wait) => {
                    prop_assert!(!list.may(size, now));
                    prop_assert_eq!(wait, list.wait(size, now));
                }
            }
            let within = list.0.iter().filter(|&&at| now < at + PERIOD).count();
            prop_assert_eq!(window.within(PERIOD, now), within);
        }
    }

    /// Callers who read the clock and then were slow to take the lock.
    #[test]
    fn late_readings_of_the_clock_do_not_break_the_promise(
        max_calls in 1..8_u32,
        readings in prop::collection::vec((0..400_u64, 0..300_u64), 1..150),
    ) {
        let mut window = Window::new();
        let (mut clock, mut admitted) = (Instant::now() + PERIOD, Vec::<Instant>::new());
        for (step, late) in readings {
            clock += Duration::from_nanos(step);
            let read = clock - Duration::from_nanos(late);
            let within = admitted.iter().filter(|&&at| clock < at + PERIOD).count();
            prop_assert_eq!(window.within(PERIOD, clock), within);
            match window.admit(max_calls, PERIOD, read) {
                Ok(()) => {
                    let last = admitted.last().copied().unwrap_or(read);
                    admitted.push(read.max(last));
                }
                Err(wait) => {
                    let back = read + wait;
                    prop_assert!(window.wait(max_calls, PERIOD, 0, back - NANO) > Duration::ZERO);
                    prop_assert_eq!(window.wait(max_calls, PERIOD, 0, back), Duration::ZERO);
                }
            }
        }
        for pair in admitted.windows(max_calls as usize + 1) {
            prop_assert!(pair[max_calls as usize] - pair[0] >= PERIOD);
        }
    }
}

#[test]
fn the_window_holds_no_more_than_it_needs() {
    let mut window = Window::new();
    let mut now = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(window.admit(1_000_000, PERIOD, now), Ok(()));
        now += PERIOD / 3;
    }
    assert!(window.capacity() <= 32, "{}", window.capacity());

    let mut window = Window::new();
    for _ in 0..1_000 {
        let _ = window.admit(100, PERIOD, now);
    }
    assert_eq!(window.capacity(), 100);
}

#[test]
fn no_period_is_too_long() {
    let (mut window, now) = (Window::new(), Instant::now());
    assert_eq!(window.admit(1, Duration::MAX, now), Ok(()));
    assert_eq!(window.admit(1, Duration::MAX, now), Err(Duration::MAX));
    assert_eq!(window.wait(1, Duration::MAX, 7, now), Duration::MAX);
}

/// A bucket that fills with time: a call takes an interval's worth.
#[derive(Clone)]
struct Bucket {
    interval: u64,
    burst: u64,
    content: u64,
}

impl Bucket {
    fn pass(&mut self, nanos: u64) {
        self.content = (self.content + nanos).min(self.interval * self.burst);
    }

    fn wait(&self) -> u64 {
        self.interval.saturating_sub(self.content)
    }

    fn take(&mut self) {
        self.content -= self.interval;
    }

    fn wait_behind(mut self, ahead: usize) -> u64 {
        let mut waited = 0;
        for _ in 0..ahead {
            let wait = self.wait();
            self.pass(wait);
            self.take();
            waited += wait;
        }
        waited + self.wait()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_rate_does_what_the_bucket_does(
        interval in 1..500_u64,
        burst in 1..6_u32,
        ahead in 0..20_usize,
        steps in steps(),
    ) {
        paused(async move {
            let gcra = Gcra::new(Duration::from_nanos(interval), burst);
            let burst = u64::from(burst);
            let mut bucket = Bucket { interval, burst, content: interval * burst };
            for step in steps {
                advance(Duration::from_nanos(step)).await;
                bucket.pass(step);
                let predicted = Duration::from_nanos(bucket.clone().wait_behind(ahead));
                prop_assert_eq!(gcra.wait(ahead), predicted);
                let expected = match bucket.wait() {
                    0 => {
 bucket.take();
 Ok(())
 }
                    wait => Err(Duration::from_nanos(wait)),
                };
                prop_assert_eq!(gcra.admit(), expected);
            }
            Ok(())
        })?;
    }
}

fn paused<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build();
    runtime.unwrap().block_on(test)
}

#[tokio::test(start_paused = true)]
async fn a_rate_survives_a_clock_that_runs_for_centuries() {
    let hundred_years = Duration::from_secs(100 * 365 * 24 * 3600);
    let gcra = Gcra::new(hundred_years, 1);
    assert_eq!(gcra.admit(), Ok(()));
    assert_eq!(gcra.admit(), Err(hundred_years));
    for _ in 0..8 {
        advance(hundred_years).await;
        let _ = gcra.admit();
        let _ = gcra.wait(usize::MAX);
    }
}
