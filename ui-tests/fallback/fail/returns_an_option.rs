use steadfast::fallback;

#[fallback(value = 0)]
async fn count() -> Option<u64> {
    None
}

fn main() {}
