use steadfast::Failure;

#[derive(Failure)]
enum GatewayError {
    #[failure(transient)]
    Busy,
    Declined(String),
}

fn main() {}
