use std::future::Future;
use std::pin::Pin;

use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError};

struct Client;

impl Client {
    /// As an attribute above ours could leave a method of `#[async_trait]`.
    #[retry]
    fn charge<'life0, 'async_trait>(
        &'life0 self,
        order: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Charge, GatewayError>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
    {
        let call = async move { steadfast_ui_tests::charge(order).await };
        Box::pin(call)
    }
}

fn main() {
    let _ = Client.charge(1);
}
