use steadfast::{Failure, bulkhead, fallback};

#[derive(Debug, Failure)]
enum Error {
    #[failure(transient)]
    Down,
}

#[fallback(value = 0)]
#[bulkhead(max_concurrent = 10)]
async fn count() -> Result<u64, Error> {
    Err(Error::Down)
}

fn main() {}
