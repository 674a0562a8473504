use steadfast::timeout;

#[timeout("2s")]
async fn forget(orders: Vec<u64>) {
    drop(orders);
}

fn main() {}
