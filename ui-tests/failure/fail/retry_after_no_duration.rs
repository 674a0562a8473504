use steadfast::Failure;

#[derive(Failure)]
enum GatewayError {
    #[failure(transient, retry_after = seconds)]
    Busy { seconds: u64 },
}

fn main() {}
