use steadfast::cached;

#[cached(ttl = "5m")]
async fn rate(currency: String) -> () {
    drop(currency);
}

fn main() {}
