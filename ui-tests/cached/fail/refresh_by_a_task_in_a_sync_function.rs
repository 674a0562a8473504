use steadfast::cached;

#[cached(ttl = "5m", refresh_after = "4m", refresh = spawn)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
