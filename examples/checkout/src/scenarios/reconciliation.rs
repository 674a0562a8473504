//! Three orders are paid. In our books one is missing, whose webhook got lost; one that somebody gave back in
//! the gateway's dashboard still stands as paid; and one stands there that the gateway never had. Compared with
//! the gateway's report, a CSV file, all three are found.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use steadfast::clock;
use steadfast_payments::gateway::Refund;
use steadfast_payments::gateway::fake::ChargeRecord;
use steadfast_payments::reconciliation::{
    Amounts, BadRows, Class, CsvRows, Event as Found, Layout, Reconciliation, Report, Row, Status, Times,
};
use steadfast_payments::{Currency, Money, PaymentGateway};

use super::stage::{Stage, order};
use super::{Account, Books, Event, Failed, Journal};

const DAY: Duration = Duration::from_secs(86_400);
/// So long may the gateway take to report a payment.
const SETTLEMENT_LAG: Duration = Duration::from_secs(2 * 86_400);

pub(super) async fn play() -> Result<Account, Failed> {
    let stage = Stage::new().await?;
    for id in ["order-61", "order-62", "order-63"] {
        let paid = stage.order(order(id)?).await?;
        if id == "order-63" {
            let held = paid.held()?;
            let refund = Refund { charge: held.charge.clone(), amount: held.amount };
            stage.shop.app.gateway.refund(&refund, "by hand, in the dashboard").await?;
        }
    }
    let paid_at = clock::wall() - 3 * DAY;
    // How they were paid is the matter of other scenarios.
    let journal = Journal::default();
    let report = compare(&our_books(paid_at), &settlement(&stage.gateway.charges(), paid_at)?, &journal)?;

    let classes = [Class::MissingInternal, Class::StatusMismatch, Class::MissingGateway];
    Ok(Account::new(&journal, Books::of(&stage.gateway))
        .promises("what agrees is matched", report.count(Class::Matched) == 1)
        .promises("three differences were found", report.discrepancies() == 3)
        .promises("each is in its own class", classes.iter().all(|class| report.count(*class) == 1)))
}

/// Order 62 is not there, and order 64 is not the gateway's.
fn our_books(paid_at: SystemTime) -> Vec<Row> {
    let row = |id: &str| Row::new(id, Money::new(49_90, Currency::EUR), Status::Captured, paid_at);
    ["order-61", "order-63", "order-64"].map(row).to_vec()
}

/// The gateway's file, sorted by its references.
fn settlement(charges: &[ChargeRecord], paid_at: SystemTime) -> Result<String, Failed> {
    let millis = paid_at.duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
    let mut file = "order,gross,currency,state,created\n".to_owned();
    for ChargeRecord { reference, authorized, refunded, .. } in charges {
        let state = if refunded.is_positive() { "returned" } else { "paid" };
        writeln!(file, "{reference},{},{},{state},{millis}", authorized.minor(), authorized.currency())?;
    }
    Ok(file)
}

fn compare(ours: &[Row], theirs: &str, journal: &Journal) -> Result<Report, Failed> {
    let layout = Layout::new(Amounts::MinorUnits, Times::UnixMillis)
        .reference("order")
        .amount("gross")
        .status("state")
        .word("paid", Status::Captured)
        .word("returned", Status::Refunded)
        .time("created");
    let mut note = |found: Found<'_>| {
        if let Found::Found(finding) = found {
            let (reference, class) = (finding.reference().to_owned(), finding.class().as_str().to_owned());
            journal.note(Event::Differs { reference, class });
        }
        Ok(())
    };
    let plan = Reconciliation::new(SETTLEMENT_LAG, BadRows::Stop);
    Ok(plan.compare(clock::wall(), ours.to_vec(), CsvRows::open(theirs.as_bytes(), &layout)?, &mut note)?)
}
