use steadfast::Failure;

#[derive(Failure)]
union Code {
    status: u16,
    word: [u8; 2],
}

fn main() {}
