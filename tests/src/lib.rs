//! What the behaviour tests share: an error type, a gateway that remembers its calls, a store that
//! fails when it is told to, a listener that writes events down, and a hand that polls.

mod error;
mod gateway;
mod hand;
mod recorder;
mod store;

pub use error::{Code, PayError};
pub use gateway::{Gateway, Receipt, Reply};
pub use hand::{Hand, assert_about, assert_send, flag_on_drop};
pub use recorder::{Line, Listener, listen};
pub use store::{Fault, Step, TestStore};

use serde::{Deserialize, Serialize};

/// What a customer asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChargeRequest {
    pub order: String,
    pub amount: u64,
}

impl ChargeRequest {
    pub fn of(amount: u64) -> Self {
        Self { order: "order-1".to_owned(), amount }
    }
}
