use steadfast::Failure;

#[derive(Failure)]
enum GatewayError {
    #[failure("transient")]
    Busy,
}

fn main() {}
