use steadfast::Failure;

#[derive(Failure)]
enum GatewayError {
    #[failure(transient, retry_after)]
    Busy,
}

fn main() {}
