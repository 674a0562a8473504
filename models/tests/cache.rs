//! Threads that miss the same key of a cache.

use std::future::Future;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use shuttle::future::{block_on, yield_now};
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread;
use steadfast::Rejection;
use steadfast::cached::Cache;

const ROUNDS: usize = 1_000;
const KEY: Key = Key(7);

/// A key that others may overtake while it is looked up: the engine below has locks of its own, and
/// none of the steps between would be tried.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key(u32);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        thread::yield_now();
        self.0.hash(state);
    }
}

/// A cache, and a source whose value changes, with a count of those who read it.
struct World {
    cache: Cache<Key, usize>,
    source: AtomicUsize,
    loads: AtomicUsize,
    at_once: AtomicUsize,
}

impl World {
    fn new() -> Arc<Self> {
        let [source, loads, at_once] = [0; 3].map(AtomicUsize::new);
        Arc::new(Self { cache: Cache::new("model", Duration::from_secs(3600)), source, loads, at_once })
    }

    /// Reads the source, and takes a while to come back with what it read.
    async fn load(&self) -> Result<usize, Rejection> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let others = self.at_once.fetch_add(1, Ordering::SeqCst);
        let _gone = Leaves(&self.at_once);
        assert_eq!(others, 0, "two load one key at once");
        let value = self.source.load(Ordering::SeqCst);
        yield_now().await;
        Ok(value)
    }

    fn ask(&self) -> impl Future<Output = Result<usize, Rejection>> {
        self.cache.get_or_load(&KEY, || self.load())
    }
}

/// Counts a load as gone, however it ends.
struct Leaves<'a>(&'a AtomicUsize);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn all_who_miss_share_one_load() {
    shuttle::check_random(
        || {
            let world = World::new();
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let world = world.clone();
                    thread::spawn(move || block_on(world.ask()).unwrap())
                })
                .collect();
            assert!(threads.into_iter().all(|thread| thread.join().unwrap() == 0));
            assert_eq!((world.loads.load(Ordering::SeqCst), world.cache.get(&KEY)), (1, Some(0)));
        },
        ROUNDS,
    );
}

/// Whoever waits behind one that goes gets its turn, or the model would end with all asleep.
#[test]
fn a_leader_that_is_dropped_hands_over() {
    shuttle::check_random(
        || {
            let world = World::new();
            let dropped = {
                let world = world.clone();
                thread::spawn(move || {
                    let mut call = pin!(world.ask());
                    let mut cx = Context::from_waker(Waker::noop());
                    matches!(call.as_mut().poll(&mut cx), Poll::Ready(Ok(0)) | Poll::Pending)
                })
            };
            let other = {
                let world = world.clone();
                thread::spawn(move || block_on(world.ask()).unwrap())
            };
            assert_eq!(block_on(world.ask()).unwrap(), 0);
            assert!(dropped.join().unwrap() && other.join().unwrap() == 0);
            assert!(world.loads.load(Ordering::SeqCst) <= 2);
        },
        ROUNDS,
    );
}

#[test]
fn a_leader_that_panics_hands_over() {
    shuttle::check_random(
        || {
            let world = World::new();
            let threads: Vec<_> = (0..3)
                .map(|number| {
                    let world = world.clone();
                    thread::spawn(move || {
                        let load = || async {
                            world.load().await?;
                            // Past the hook, which would print all of them.
                            if number == 0 { resume_unwind(Box::new("boom")) } else { Ok::<_, Rejection>(1) }
                        };
                        let call = || block_on(world.cache.get_or_load(&KEY, load)).unwrap();
                        catch_unwind(AssertUnwindSafe(call)).is_ok()
                    })
                })
                .collect();
            let ended: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            assert!(ended[1] && ended[2], "a panic is its own thread's only");
            assert_eq!(world.cache.get(&KEY), Some(1));
        },
        ROUNDS,
    );
}

/// Whatever way the cache is told that the source has changed.
fn nothing_stale_is_kept(told: fn(&Cache<Key, usize>)) {
    shuttle::check_random(
        move || {
            let world = World::new();
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let world = world.clone();
                    thread::spawn(move || {
                        // Two who load at once, one of them for what was before, are no mistake here.
                        let load = || async {
                            let value = world.source.load(Ordering::SeqCst);
                            yield_now().await;
                            Ok::<_, Rejection>(value)
                        };
                        block_on(world.cache.get_or_load(&KEY, load)).unwrap()
                    })
                })
                .collect();
            world.source.store(1, Ordering::SeqCst);
            told(&world.cache);
            assert_ne!(world.cache.get(&KEY), Some(0), "it was told");
            threads.into_iter().for_each(|thread| assert!(thread.join().unwrap() <= 1));
            assert_ne!(world.cache.get(&KEY), Some(0), "a load from before was kept");
        },
        ROUNDS,
    );
}

#[test]
fn a_load_that_began_before_an_invalidation_is_not_kept() {
    nothing_stale_is_kept(|cache| cache.forget(&KEY));
}

#[test]
fn nor_one_that_began_before_all_was_cleared() {
    nothing_stale_is_kept(|cache| cache.forget_all());
}

#[test]
fn nor_one_that_began_before_another_value_was_put_in() {
    nothing_stale_is_kept(|cache| drop(cache.prime(KEY, 1)));
}
