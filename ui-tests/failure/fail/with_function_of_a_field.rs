use steadfast::{Failure, Kind};

#[derive(Failure)]
enum GatewayError {
    #[failure(with = kind_of)]
    Status(u16),
}

fn kind_of(status: &u16) -> Kind {
    if *status == 503 { Kind::Transient } else { Kind::Terminal }
}

fn main() {}
