use steadfast::timeout;

#[timeout("2s")]
async fn first(orders: Vec<u64>) -> Option<u64> {
    orders.first().copied()
}

fn main() {}
