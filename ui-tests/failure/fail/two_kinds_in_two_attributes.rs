use steadfast::Failure;

#[derive(Failure)]
enum GatewayError {
    #[failure(transient)]
    #[failure(terminal)]
    Busy,
}

fn main() {}
