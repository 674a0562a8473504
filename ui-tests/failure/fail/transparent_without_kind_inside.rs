use steadfast::Failure;

#[derive(Failure)]
enum PaymentError {
    #[failure(transparent)]
    Io(std::io::Error),
}

fn main() {}
