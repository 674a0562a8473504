use steadfast::Failure;

#[derive(Failure)]
enum GatewayError {
    #[failure(permanent)]
    Declined,
}

fn main() {}
