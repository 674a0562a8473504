use steadfast::{Rejection, timed, timeout};

#[timed]
#[timeout("2s", crate = ::facade::steadfast)]
async fn ask() -> Result<(), Rejection> {
    Ok(())
}

fn main() {}
