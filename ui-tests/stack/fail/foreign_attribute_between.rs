use steadfast::{timed, timeout};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[timed]
#[tokio::main(flavor = "current_thread")]
#[timeout("2s")]
async fn main() -> Result<(), GatewayError> {
    let Charge { id } = charge(7).await?;
    println!("{id}");
    Ok(())
}
