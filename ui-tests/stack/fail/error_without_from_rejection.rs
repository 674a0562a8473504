use steadfast::timeout;

#[timeout("2s")]
async fn read(order: u64) -> std::io::Result<u64> {
    Ok(order)
}

fn main() {}
