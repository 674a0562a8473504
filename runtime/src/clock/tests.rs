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
