use super::*;

#[test]
fn nanoseconds_end_where_they_cannot_be_counted() {
    let long = Duration::from_nanos(u64::MAX);
    assert_eq!([nanos(long), nanos(long + Duration::from_nanos(1)), nanos(Duration::MAX)], [u64::MAX; 3]);
    assert_eq!(nanos(Duration::new(3, 7)), 3_000_000_007);
}

#[test]
fn where_tokios_clock_can_be_paused_real_time_says_nothing() {
    assert_eq!(granule(), None);
}

#[test]
fn where_tokios_clock_can_be_paused_it_is_the_one_that_counts() {
    let before = count_at(mono());
    let counted = count();
    assert!((before..=count_at(mono())).contains(&counted));
}

#[test]
fn counts_are_as_far_apart_as_their_times() {
    let now = mono();
    let second = Duration::from_secs(1);
    assert_eq!(count_at(now + second) - count_at(now), 1_000_000_000);
    // Before the first count was asked for, too.
    assert_eq!(count_at(now) - count_at(now - second), 1_000_000_000);
}

#[tokio::test(start_paused = true)]
async fn the_count_stands_still_with_a_paused_clock_and_ends_far_away() {
    let start = count();
    assert_eq!(count(), start);
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(count() - start, 3_600_000_000_000);
    assert_eq!(count_at(mono() + Duration::from_secs(500 * 365 * 24 * 3600)), END_OF_TIME);
}

#[tokio::test(start_paused = true)]
async fn beside_a_paused_clock_the_wall_clock_stands_still() {
    let (mono, wall) = (mono(), super::wall());
    for _ in 0..1000 {
        std::hint::black_box(vec![0_u8; 1000]);
        assert_eq!(super::wall(), wall);
    }
    tokio::time::advance(Duration::from_secs(3600)).await;
    let passed = super::mono() - mono;
    assert_eq!(super::wall().duration_since(wall).unwrap(), passed);
}

#[tokio::test]
async fn otherwise_it_is_the_machines() {
    let before = SystemTime::now();
    let wall = super::wall();
    assert!((before..=SystemTime::now()).contains(&wall));
}
