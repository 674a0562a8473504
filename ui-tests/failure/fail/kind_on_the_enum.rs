use steadfast::Failure;

#[derive(Failure)]
#[failure(transient)]
enum GatewayError {
    #[failure(transient)]
    Busy,
}

fn main() {}
