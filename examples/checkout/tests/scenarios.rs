//! Each scenario, by what the gateway's books and the order of events say, not by what is printed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the report")]

use std::path::Path;
use std::process::Command;

use checkout::Deed;
use checkout::scenarios::{Account, Call, Event, Scenario, Sent, Told};
use tokio::sync::Mutex;

/// The circuit breaker is one for all of them.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

const CHECKOUT: &str = env!("CARGO_BIN_EXE_checkout");
const PRICE: i128 = 4990;

async fn play(scenario: Scenario) -> Account {
    let _alone = ONE_AT_A_TIME.lock().await;
    let account = scenario.play(Path::new(CHECKOUT)).await.unwrap();
    assert!(account.is_kept(), "{account}");
    assert!(!account.promises.is_empty());
    account
}

/// How many charges there are; and what was held, taken, given back, let go of.
fn books(account: &Account) -> (usize, [i128; 4]) {
    let totals = account.books.totals;
    (account.books.charges, [totals.authorized, totals.captured, totals.refunded, totals.voided])
}

/// The calls to the gateway, with what each was told.
fn told(account: &Account) -> Vec<(Call, &str)> {
    let events = account.events.iter().filter_map(|event| match event {
        Event::Gateway { call, told, .. } => Some((*call, said(told))),
        _ => None,
    });
    events.collect()
}

fn said(told: &Told) -> &str {
    match told {
        Told::Done => "done",
        Told::Error(code) => code,
        Told::Nothing => "nothing",
    }
}

fn answers(account: &Account) -> Vec<String> {
    account.answers().iter().map(|told| said(told).to_owned()).collect()
}

#[tokio::test]
async fn a_transient_failure_is_recovered_by_retry() {
    let account = play(Scenario::Transient).await;
    let calls = [
        (Call::Authorize, "network_error"),
        (Call::Authorize, "network_error"),
        (Call::Authorize, "done"),
        (Call::Capture, "done"),
    ];
    assert_eq!(told(&account), calls);
    assert_eq!(account.deeds(), [Deed::Reserved, Deed::Booked, Deed::HandedOver]);
    assert_eq!((books(&account), answers(&account)), ((1, [PRICE, PRICE, 0, 0]), vec!["done".to_owned()]));
}

#[tokio::test]
async fn the_same_request_is_replayed_and_another_one_refused() {
    let account = play(Scenario::Replay).await;
    assert_eq!(told(&account), [(Call::Authorize, "done")]);
    assert_eq!(answers(&account), ["done", "done", "idempotency_conflict"]);
    assert_eq!(books(&account), (1, [PRICE, 0, 0, 0]));
}

#[tokio::test]
async fn a_saga_goes_back_in_reverse_order() {
    let account = play(Scenario::Compensation).await;
    let gateway = |call| {
        let expected = move |event: &Event| matches!(event, Event::Gateway { call: found, .. } if *found == call);
        account.events.iter().position(expected).unwrap()
    };
    let place = |expected| account.events.iter().position(|event| *event == expected).unwrap();
    let order = [
        place(Event::Deed(Deed::Reserved)),
        gateway(Call::Authorize),
        place(Event::NoDelivery),
        gateway(Call::Void),
        place(Event::Deed(Deed::Released)),
    ];
    assert!(order.is_sorted(), "{account}");
    assert_eq!(told(&account), [(Call::Authorize, "done"), (Call::Void, "done")]);
    assert_eq!(account.deeds(), [Deed::Reserved, Deed::Released]);
    assert_eq!((books(&account), answers(&account)), ((1, [PRICE, 0, 0, PRICE]), vec!["no_delivery".to_owned()]));
}

#[tokio::test]
async fn a_block_comes_before_any_call() {
    let account = play(Scenario::Fraud).await;
    assert_eq!((told(&account), books(&account)), (vec![], (0, [0; 4])));
    assert_eq!(account.deeds(), [Deed::Reserved, Deed::Released]);
    assert_eq!(answers(&account), ["fraud_blocked"]);
}

#[tokio::test]
async fn a_webhook_is_acted_on_once() {
    let account = play(Scenario::Webhooks).await;
    let webhook = |sent, told| Event::Webhook { sent, told };
    let refused = |code: &str| Told::Error(code.to_owned());
    let expected = [
        Event::Settled("evt_1".to_owned()),
        webhook(Sent::Genuine, Told::Done),
        webhook(Sent::Again, refused("webhook_replayed")),
        webhook(Sent::Changed, refused("webhook_signature_invalid")),
        webhook(Sent::SecondAttempt, Told::Done),
    ];
    assert_eq!(account.events, expected);
}

#[tokio::test]
async fn three_differences_are_found() {
    let account = play(Scenario::Reconciliation).await;
    let differs = |event: &Event| match event {
        Event::Differs { reference, class } => Some((reference.clone(), class.clone())),
        _ => None,
    };
    let found: Vec<_> = account.events.iter().filter_map(differs).collect();
    let expected = [("order-62", "missing_internal"), ("order-63", "status_mismatch"), ("order-64", "missing_gateway")];
    assert_eq!(found, expected.map(|(reference, class)| (reference.to_owned(), class.to_owned())));
    assert_eq!(books(&account), (3, [3 * PRICE, 3 * PRICE, PRICE, 0]));
}

#[tokio::test]
async fn no_card_data_is_in_the_log() {
    let account = play(Scenario::Redaction).await;
    let [Event::Logged(one), Event::Logged(two)] = &account.events[..] else { panic!("{account}") };
    assert!(one.contains("a card that ends in 1111") && one.contains("Pan(************1111)"), "{one}");
    assert!(two.contains("no answer for ************1111") && two.contains("cvv=\"[masked]\""), "{two}");
    for line in [one, two] {
        assert!(!line.contains("737") && !line.contains("4111"), "{line}");
    }
}

#[tokio::test]
async fn what_was_killed_is_resumed() {
    let account = play(Scenario::Killed).await;
    let place = |expected: Event| account.events.iter().position(|event| *event == expected).unwrap();
    let (killed, resumed) = (place(Event::Killed), place(Event::Resumed));
    assert_eq!(resumed, killed + 1);
    let (before, after) = (&account.events[..killed], &account.events[resumed + 1..]);
    // The answer to the capture never came, and it is asked for again, with the same key.
    let captures = |events: &[Event]| {
        let captures = events.iter().filter(|event| matches!(event, Event::Gateway { call: Call::Capture, .. }));
        captures.count()
    };
    assert_eq!((captures(before), captures(after)), (1, 1), "{account}");
    assert_eq!(told(&account).last(), Some(&(Call::Capture, "done")));
    assert_eq!(account.deeds(), [Deed::Reserved, Deed::Booked, Deed::HandedOver]);
    assert!(after.contains(&Event::Deed(Deed::HandedOver)), "{account}");
    assert_eq!((books(&account), answers(&account)), ((1, [PRICE, PRICE, 0, 0]), vec!["done".to_owned()]));
}

#[tokio::test]
async fn an_unknown_outcome_is_resolved_by_asking() {
    let account = play(Scenario::Timeout).await;
    let calls = [
        (Call::Authorize, "nothing"),
        (Call::Authorize, "gateway_timeout"),
        (Call::Authorize, "gateway_timeout"),
        (Call::LookUp, "done"),
    ];
    assert_eq!(told(&account), calls);
    assert_eq!(
        (books(&account), answers(&account)),
        ((1, [PRICE, 0, 0, 0]), vec!["gateway_timeout".to_owned(), "done".to_owned()])
    );
}

#[tokio::test]
async fn who_hangs_up_finds_the_charge() {
    let account = play(Scenario::HangUp).await;
    let expected = |event: &Event| matches!(event, Event::Gateway { .. } | Event::HungUp | Event::Client(_));
    let events: Vec<&Event> = account.events.iter().filter(|event| expected(event)).collect();
    assert!(
        matches!(events[..], [Event::HungUp, Event::Gateway { told: Told::Done, .. }, Event::Client(Told::Done)]),
        "{account}"
    );
    assert_eq!(books(&account), (1, [PRICE, 0, 0, 0]));
}

#[test]
fn the_command_plays_those_that_are_named() {
    let output = Command::new(CHECKOUT).args(["--scenarios", "fraud", "redaction"]).env_remove("RUST_LOG").output();
    let output = output.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("1. fraud: ") && text.contains("2. redaction: ") && text.contains("All as promised."),
        "{text}"
    );
}
