use std::time::Duration;
use steadfast::Failure;

#[derive(Failure)]
enum GatewayError {
    #[failure(transient, retry_after = wait)]
    Busy { after: Duration },
}

fn main() {}
