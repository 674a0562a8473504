use steadfast::Failure;

#[derive(Failure)]
enum GatewayError {
    #[failure]
    Busy,
}

fn main() {}
