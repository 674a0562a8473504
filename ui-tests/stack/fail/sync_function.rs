use steadfast::timed;

#[timed]
fn double(order: u64) -> u64 {
    order * 2
}

fn main() {}
