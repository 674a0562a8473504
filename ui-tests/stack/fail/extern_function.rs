use steadfast::timed;

#[timed]
extern "C" fn double(order: u64) -> u64 {
    order * 2
}

fn main() {}
