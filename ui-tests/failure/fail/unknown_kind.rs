use steadfast::Failure;

#[derive(Failure)]
enum GatewayError {
    #[failure(transiant)]
    Busy,
}

fn main() {}
