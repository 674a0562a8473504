use steadfast::Failure;

#[derive(Failure)]
enum GatewayError {
    #[failure(with = "kind_of")]
    Status(u16),
}

fn main() {}
