use steadfast::retry;

#[retry]
async fn count(orders: Vec<u64>) -> usize {
    orders.len()
}

fn main() {}
