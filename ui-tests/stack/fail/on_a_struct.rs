use steadfast::timed;

#[timed]
struct Order {
    id: u64,
}

fn main() {}
