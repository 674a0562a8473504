use steadfast::{retry, timed};

struct Orders;

#[timed]
#[retry]
impl Orders {
    async fn count(&self) -> u64 {
        0
    }
}

fn main() {}
