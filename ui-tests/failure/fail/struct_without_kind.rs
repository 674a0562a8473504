use steadfast::Failure;

#[derive(Failure)]
struct Declined {
    code: u16,
}

fn main() {}
