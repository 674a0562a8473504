//! A gateway for tests: a ledger in memory, answers from a script, and the faults of real ones.

mod ledger;
mod reply;
mod script;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::ledger::{Ledger, Request};
use self::reply::Said;
use self::script::{Chance, Script};
use super::answer::another_call;
use super::{
    Authorization, Authorize, Capture, Captured, CardToken, Effect, LookUp, PaymentGateway, Refund, Refunded, Void,
    Voided,
};
use crate::{Currency, PaymentError};

pub use self::ledger::{ChargeRecord, Totals};
pub use self::reply::Reply;

/// A gateway that keeps its books in memory and does what a test tells it to.
///
/// Without a script it does what it is asked to, at once. Its books are right whatever happens: no more
/// is captured than was authorized, no more refunded than was captured, and a key counts once: asked
/// again it is answered as before, and for another request it is refused. Clones are the same gateway.
///
/// | a test says | with |
/// |---|---|
/// | what happens to one call, by its number | [`on_call`](Self::on_call) |
/// | what happens to authorizations of a card | [`reply_to`](Self::reply_to), [`replies_to`](Self::replies_to) |
/// | that calls go wrong by chance, from a seed | [`with_faults`](Self::with_faults) |
/// | that keys are forgotten: a test that still passes proves nothing | [`without_idempotency`](Self::without_idempotency) |
///
/// and reads what was done: [`charges`](Self::charges), [`totals`](Self::totals), [`calls`](Self::calls).
///
/// ```
/// use steadfast_payments::gateway::fake::{FakeGateway, Reply};
/// use steadfast_payments::gateway::{Authorize, LookUp};
/// use steadfast_payments::{Currency, Money, PaymentError, PaymentGateway};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let gateway = FakeGateway::new();
/// gateway.on_call(1, Reply::LoseAnswer);
/// let order = Authorize {
///     card: "tok_visa".parse()?,
///     amount: Money::new(1990, Currency::EUR),
///     reference: "order-17".to_owned(),
/// };
///
/// // The money is held, and nobody says so.
/// let lost = gateway.authorize(&order, "k").await;
/// assert!(matches!(lost, Err(PaymentError::GatewayTimeout { .. })));
/// assert!(matches!(gateway.look_up("k").await?, LookUp::Done(_)));
///
/// // The same key again is the same charge.
/// gateway.authorize(&order, "k").await?;
/// assert_eq!(gateway.charges().len(), 1);
/// assert_eq!(gateway.totals(Currency::EUR).authorized, 1990);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct FakeGateway(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    ledger: Ledger,
    script: Script,
    calls: u64,
}

impl FakeGateway {
    /// A gateway that does what it is asked to.
    ///
    /// See [`FakeGateway`] for an example.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, where one call in `one_in` goes wrong by chance, unless a script says what happens to
    /// it: not reached, answer lost, broken in the middle, or limited, each as often. The same seed and
    /// the same order of calls go wrong in the same way. 0 is never, 1 always.
    ///
    /// ```
    /// use steadfast_payments::gateway::Authorize;
    /// use steadfast_payments::gateway::fake::FakeGateway;
    /// use steadfast_payments::{Currency, Money, PaymentGateway};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let gateway = FakeGateway::new().with_faults(42, 3);
    /// let order = Authorize {
    ///     card: "tok_visa".parse()?,
    ///     amount: Money::new(1990, Currency::EUR),
    ///     reference: "order-17".to_owned(),
    /// };
    /// // However often it goes wrong: with one key it is one charge in the end.
    /// while gateway.authorize(&order, "k").await.is_err() {}
    /// assert_eq!(gateway.charges().len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "it is the gateway, with faults"]
    pub fn with_faults(self, seed: u64, one_in: u32) -> Self {
        self.lock().script.chance = Some(Chance::new(seed, one_in));
        self
    }

    /// The same, which forgets keys: every call counts, and none can be looked up. With it a test shows
    /// that it would notice a double charge.
    ///
    /// ```
    /// use steadfast_payments::gateway::Authorize;
    /// use steadfast_payments::gateway::fake::FakeGateway;
    /// use steadfast_payments::{Currency, Money, PaymentGateway};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let gateway = FakeGateway::new().without_idempotency();
    /// let order = Authorize {
    ///     card: "tok_visa".parse()?,
    ///     amount: Money::new(1990, Currency::EUR),
    ///     reference: "order-17".to_owned(),
    /// };
    /// gateway.authorize(&order, "k").await?;
    /// gateway.authorize(&order, "k").await?;
    /// assert_eq!(gateway.charges().len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "it is the gateway, without keys"]
    pub fn without_idempotency(self) -> Self {
        self.lock().ledger.forget_keys();
        self
    }

    /// What happens to the call with this number, which goes before what is said of its card. The first
    /// call is 1; look-ups are not counted.
    ///
    /// See [`FakeGateway`] for an example.
    pub fn on_call(&self, number: u64, reply: Reply) {
        self.lock().script.on_call(number, reply);
    }

    /// What happens from now on to every authorization of this card that nothing else is said of.
    ///
    /// ```
    /// use steadfast_payments::gateway::fake::{FakeGateway, Reply};
    /// use steadfast_payments::gateway::Authorize;
    /// use steadfast_payments::{Currency, Money, PaymentError, PaymentGateway};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let gateway = FakeGateway::new();
    /// gateway.reply_to("tok_poor".parse()?, Reply::InsufficientFunds);
    /// let order = Authorize {
    ///     card: "tok_poor".parse()?,
    ///     amount: Money::new(1990, Currency::EUR),
    ///     reference: "order-17".to_owned(),
    /// };
    /// assert!(matches!(gateway.authorize(&order, "k").await, Err(PaymentError::InsufficientFunds)));
    /// assert_eq!(gateway.charges(), []);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reply_to(&self, card: CardToken, reply: Reply) {
        self.lock().script.always(card, reply);
    }

    /// What happens to the next authorizations of this card, one after the other.
    ///
    /// ```
    /// use steadfast_payments::gateway::fake::{FakeGateway, Reply};
    /// use steadfast_payments::gateway::Authorize;
    /// use steadfast_payments::{Currency, Money, PaymentGateway};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let gateway = FakeGateway::new();
    /// gateway.replies_to("tok_flaky".parse()?, [Reply::Unreachable, Reply::Unreachable]);
    /// let order = Authorize {
    ///     card: "tok_flaky".parse()?,
    ///     amount: Money::new(1990, Currency::EUR),
    ///     reference: "order-17".to_owned(),
    /// };
    /// assert!(gateway.authorize(&order, "k").await.is_err());
    /// assert!(gateway.authorize(&order, "k").await.is_err());
    /// assert!(gateway.authorize(&order, "k").await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn replies_to(&self, card: CardToken, replies: impl IntoIterator<Item = Reply>) {
        self.lock().script.next(card, replies);
    }

    /// Carries out all that broke in the middle ([`Reply::Break`]), as a gateway does that comes back.
    ///
    /// ```
    /// use steadfast_payments::gateway::fake::{FakeGateway, Reply};
    /// use steadfast_payments::gateway::{Authorize, LookUp};
    /// use steadfast_payments::{Currency, Money, PaymentGateway};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let gateway = FakeGateway::new();
    /// gateway.on_call(1, Reply::Break);
    /// let order = Authorize {
    ///     card: "tok_visa".parse()?,
    ///     amount: Money::new(1990, Currency::EUR),
    ///     reference: "order-17".to_owned(),
    /// };
    /// assert!(gateway.authorize(&order, "k").await.is_err());
    /// assert!(matches!(gateway.look_up("k").await?, LookUp::Pending));
    ///
    /// gateway.finish_begun();
    /// assert!(matches!(gateway.look_up("k").await?, LookUp::Done(_)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn finish_begun(&self) {
        self.lock().ledger.finish_begun();
    }

    /// Forgets all that broke in the middle ([`Reply::Break`]), as a gateway does that lost it: it is
    /// then as if it had never arrived.
    ///
    /// See [`finish_begun`](Self::finish_begun) for an example.
    pub fn drop_begun(&self) {
        self.lock().ledger.drop_begun();
    }

    /// Every charge, in the order in which they were made.
    ///
    /// See [`FakeGateway`] for an example.
    pub fn charges(&self) -> Vec<ChargeRecord> {
        self.lock().ledger.charges().to_vec()
    }

    /// The sums over all charges in a currency.
    ///
    /// See [`FakeGateway`] for an example.
    pub fn totals(&self, currency: Currency) -> Totals {
        Totals::of(self.lock().ledger.charges(), currency)
    }

    /// How many calls were made, look-ups not counted; one that did not reach it was made all the same.
    ///
    /// ```
    /// // A payment that a fraud rule blocks never gets here.
    /// assert_eq!(steadfast_payments::gateway::fake::FakeGateway::new().calls(), 0);
    /// ```
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    async fn call<T: TryFrom<Effect>>(&self, request: Request, key: &str) -> Result<T, PaymentError> {
        // All of it is done before the answer is on its way: who hangs up meanwhile has paid.
        let said = self.lock().hear(request, key);
        let answer = match said {
            Said::Now(answer) => answer,
            Said::After(wait, answer) => {
                tokio::time::sleep(wait).await;
                answer
            }
            Said::Nothing => pending().await,
        };
        T::try_from(answer?).map_err(|_| another_call())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hear(&mut self, request: Request, key: &str) -> Said {
        self.calls = self.calls.saturating_add(1);
        let reply = self.script.reply(self.calls, &request);
        reply.carry_out(&mut self.ledger, key, request)
    }
}

impl PaymentGateway for FakeGateway {
    async fn authorize(&self, request: &Authorize, key: &str) -> Result<Authorization, PaymentError> {
        self.call(Request::Authorize(request.clone()), key).await
    }

    async fn capture(&self, request: &Capture, key: &str) -> Result<Captured, PaymentError> {
        self.call(Request::Capture(request.clone()), key).await
    }

    async fn void(&self, request: &Void, key: &str) -> Result<Voided, PaymentError> {
        self.call(Request::Void(request.clone()), key).await
    }

    async fn refund(&self, request: &Refund, key: &str) -> Result<Refunded, PaymentError> {
        self.call(Request::Refund(request.clone()), key).await
    }

    async fn look_up(&self, key: &str) -> Result<LookUp, PaymentError> {
        Ok(self.lock().ledger.look_up(key))
    }
}

/// Only how much there is of everything.
impl fmt::Debug for FakeGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        let charges = state.ledger.charges().len();
        f.debug_struct("FakeGateway").field("charges", &charges).field("calls", &state.calls).finish()
    }
}
