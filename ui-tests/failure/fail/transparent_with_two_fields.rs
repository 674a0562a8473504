use steadfast::Failure;
use steadfast_ui_tests::GatewayError;

#[derive(Failure)]
enum PaymentError {
    #[failure(transparent)]
    Gateway(GatewayError, u64),
}

fn main() {}
