use steadfast::Failure;

#[derive(Failure)]
enum GatewayError {
    #[failure(transient, unknown)]
    Busy,
}

fn main() {}
