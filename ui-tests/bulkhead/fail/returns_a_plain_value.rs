use steadfast::bulkhead;

#[bulkhead(max_concurrent = 10)]
async fn count() -> u64 {
    17
}

fn main() {}
