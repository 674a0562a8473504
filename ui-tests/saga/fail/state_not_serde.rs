use steadfast_payments::saga::{MemorySagaLog, Saga, Step};
use steadfast_ui_tests::GatewayError;

struct Order {
    amount: u64,
}

async fn charge(_: (), order: Order, _: Step) -> Result<Order, GatewayError> {
    Ok(order)
}

fn main() {
    let saga = Saga::new("checkout", 1).pivot("charge", charge);
    let _ = saga.run(&(), &MemorySagaLog::default(), "order-17", Order { amount: 500 });
}
