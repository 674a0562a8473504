//! The checkout of an order: a saga over the warehouse, the gateway and the carrier.
//!
//! The steps stand in the order in which a shop can still keep its word. Money is only *held* until the
//! carrier has agreed to take the parcel: what is held is let go of for nothing, while what was taken can
//! only be refunded, which costs a fee and shows on the customer's statement. So the capture is the
//! pivot. Before it everything is undone; after it there is only handing the parcel over.

mod error;
mod order;
mod systems;

use std::time::Duration;

use steadfast::{circuit_breaker, rate_limit, timeout};
use steadfast_payments::error::ChallengeUrl;
use steadfast_payments::fraud::{
    Admitted, Blocklist, Facts, FraudEngine, HighAmount, MemoryVelocity, Velocity, WhenDown,
};
use steadfast_payments::gateway::{Capture, Void};
use steadfast_payments::saga::{Saga, Step};
use steadfast_payments::{Currency, Money, PaymentError, PaymentGateway};

use crate::charge::{App, GATEWAY, GATEWAY_CALLS, charge_customer, key};
use crate::scenarios::Failed;

pub(crate) use self::error::CheckoutError;
pub(crate) use self::order::Order;
pub use self::systems::Deed;
pub(crate) use self::systems::Systems;

/// What the steps work with.
#[derive(Clone, Debug)]
pub(crate) struct Shop<G> {
    pub(crate) app: App<G>,
    pub(crate) fraud: FraudEngine<MemoryVelocity>,
    /// Where customers prove who they are.
    pub(crate) challenge: ChallengeUrl,
    pub(crate) systems: Systems,
}

impl<G> Shop<G> {
    pub(crate) fn new(app: App<G>, systems: Systems) -> Result<Self, Failed> {
        let fraud = FraudEngine::builder("checkout", MemoryVelocity::default())
            .rule("blocklist", Blocklist::new().emails(["eve@mailbox.example"])?)
            .rule("card_hourly", Velocity::per_card(5, Duration::from_secs(3600), WhenDown::Refuse)?)
            .rule("high_amount", HighAmount::over([Money::new(200_000, Currency::EUR)])?)
            .build()?;
        Ok(Self { app, fraud, challenge: "https://shop.example/3ds".parse()?, systems })
    }
}

/// After a crash nobody goes on with an order before this time is over. Short, because somebody waits
/// for the scenario; in production rather a minute.
pub(crate) const LEASE: Duration = Duration::from_secs(2);

/// What a checkout does. Its name and its version are part of what is kept: a change of the steps is a new version.
pub(crate) fn checkout<G>() -> Saga<Shop<G>, Order, CheckoutError>
where
    G: PaymentGateway + Clone + 'static,
{
    Saga::new("checkout", 1)
        .step("reserve", reserve, release)
        .step("authorize", authorize, void)
        .step("book", book, cancel)
        .pivot("capture", capture)
        .forward("hand over", hand_over)
        .lease(LEASE)
}

async fn reserve<G>(shop: Shop<G>, order: Order, step: Step) -> Result<Order, CheckoutError> {
    shop.systems.do_once(Deed::Reserved, &order, step.downstream_key()).await?;
    Ok(order)
}

async fn release<G>(shop: Shop<G>, order: Order, step: Step) -> Result<(), CheckoutError> {
    shop.systems.do_once(Deed::Released, &order, step.downstream_key()).await
}

/// Screened first: a payment that is blocked never gets to the gateway.
async fn authorize<G>(shop: Shop<G>, order: Order, step: Step) -> Result<Order, CheckoutError>
where
    G: PaymentGateway + Clone + 'static,
{
    screen(&shop, &order).await?;
    // Tried again, the step has the same key, and so it is the same charge.
    let held = charge_customer(shop.app, order.payment(), key(step.downstream_key())?).await?;
    Ok(Order { held: Some(held), ..order })
}

/// The saga tries again, under the same key; so here is no `retry`.
#[rate_limit(GATEWAY_CALLS)]
#[circuit_breaker(GATEWAY)]
#[timeout("2s")]
async fn void<G>(shop: Shop<G>, order: Order, step: Step) -> Result<(), CheckoutError>
where
    G: PaymentGateway + Clone + 'static,
{
    let void = Void { charge: order.held()?.charge.clone() };
    shop.app.gateway.void(&void, step.downstream_key()).await?;
    Ok(())
}

async fn book<G>(shop: Shop<G>, order: Order, step: Step) -> Result<Order, CheckoutError> {
    if !shop.systems.carrier_goes_to(&order.country) {
        return Err(CheckoutError::NoDelivery { country: order.country });
    }
    shop.systems.do_once(Deed::Booked, &order, step.downstream_key()).await?;
    Ok(order)
}

async fn cancel<G>(shop: Shop<G>, order: Order, step: Step) -> Result<(), CheckoutError> {
    shop.systems.do_once(Deed::Cancelled, &order, step.downstream_key()).await
}

#[rate_limit(GATEWAY_CALLS)]
#[circuit_breaker(GATEWAY)]
#[timeout("2s")]
async fn capture<G>(shop: Shop<G>, order: Order, step: Step) -> Result<Order, CheckoutError>
where
    G: PaymentGateway + Clone + 'static,
{
    let held = order.held()?;
    let capture = Capture { charge: held.charge.clone(), amount: held.amount };
    shop.app.gateway.capture(&capture, step.downstream_key()).await?;
    Ok(order)
}

async fn hand_over<G>(shop: Shop<G>, order: Order, step: Step) -> Result<Order, CheckoutError> {
    shop.systems.do_once(Deed::HandedOver, &order, step.downstream_key()).await?;
    Ok(order)
}

/// Counted as its order: however often it is tried, velocity rules see one payment.
async fn screen<G>(shop: &Shop<G>, order: &Order) -> Result<(), PaymentError> {
    let facts = Facts::new(&order.id).email(&order.email).card(order.card.as_str()).amount(order.amount);
    let assessment = shop.fraud.assess(&facts).await?;
    match assessment.admit(|_| Ok(shop.challenge.clone()))? {
        Admitted::Approved => {}
        Admitted::ToReview => tracing::warn!(order = order.id, "somebody should look at it before it leaves"),
    }
    Ok(())
}
