use steadfast::cached;
use steadfast::cached::MemoryTier;

#[cached(ttl = "5m", tier = tier, name = "squares", key = n)]
fn square(tier: MemoryTier, n: u64) -> u64 {
    n * n
}

fn main() {}
