use steadfast::Failure;

#[derive(Failure)]
enum GatewayError {
    #[failure(with = kind_of)]
    Status(u16),
}

fn kind_of(error: &GatewayError) -> bool {
    matches!(error, GatewayError::Status(503))
}

fn main() {}
