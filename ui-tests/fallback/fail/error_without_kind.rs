use steadfast::fallback;

#[derive(Debug)]
pub struct Down;

#[fallback(value = 0)]
async fn count() -> Result<u64, Down> {
    Err(Down)
}

fn main() {}
