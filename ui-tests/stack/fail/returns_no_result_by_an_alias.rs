use steadfast::timeout;

#[timeout("2s")]
async fn first(orders: Vec<u64>) -> Found {
    orders.first().copied()
}

type Found = Option<u64>;

fn main() {}
