//! `#[logged]`: one event for each call, with what it was told to show, masked.

use std::fmt;
use std::time::Duration;

use steadfast::{logged, retry, timeout, validate};
use steadfast_tests::{ChargeRequest, Gateway, Hand, Line, Listener, PayError, Receipt, Reply, listen};
use tracing::Level;

/// The one event of this module.
#[track_caller]
fn only(listener: &Listener) -> Line {
    let mut lines = listener.take(module_path!());
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

#[logged]
async fn charge(gateway: &Gateway) -> Result<Receipt, PayError> {
    gateway.call(1, "").await
}

mod ends {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_has_its_level_and_its_name() {
        let (listener, _guard) = listen(Level::TRACE);
        for (reply, level, outcome) in [
            (Reply::Succeed, Level::INFO, "success"),
            (Reply::Fail(PayError::Down), Level::WARN, "transient"),
            (Reply::Fail(PayError::declined("51")), Level::WARN, "terminal"),
            (Reply::Fail(PayError::Lost), Level::ERROR, "unknown"),
        ] {
            let _ = charge(&Gateway::of([reply])).await;
            let lines = listener.take("logged");
            let [line] = lines.as_slice() else { panic!("{lines:?}") };
            assert_eq!((line.level, line.field("outcome"), line.field("function")), (level, outcome, "charge"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_call_is_one_event() {
        let (listener, _guard) = listen(Level::TRACE);
        let gateway = Gateway::of([Reply::Hang]);
        let mut call = Hand::new(charge(&gateway));
        call.poll_pending();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        drop(call);
        let lines = listener.take("logged");
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((line.level, line.field("outcome")), (Level::ERROR, "cancelled"));
        let elapsed: f64 = line.field("elapsed_ms").parse().unwrap();
        assert!((1500.0..1510.0).contains(&elapsed), "{elapsed}");
    }

    #[tokio::test]
    async fn a_call_that_was_never_polled_is_none() {
        let (listener, _guard) = listen(Level::TRACE);
        drop(charge(&Gateway::default()));
        assert!(listener.take("logged").is_empty());
    }

    #[tokio::test]
    async fn a_panic_is_one_event_and_goes_on() {
        let (listener, _guard) = listen(Level::TRACE);
        let gateway = Gateway::of([Reply::Panic]);
        let panicked = std::panic::AssertUnwindSafe(|| Hand::new(charge(&gateway)).poll().is_ready());
        assert!(std::panic::catch_unwind(panicked).is_err());
        let lines = listener.take("logged");
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((line.level, line.field("outcome")), (Level::ERROR, "panicked"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_says_who_refused() {
        #[logged]
        #[validate(amount > 0 => "must be positive")]
        #[timeout("1s")]
        async fn call(gateway: &Gateway, amount: u64) -> Result<Receipt, PayError> {
            gateway.call(amount, "").await
        }
        let (listener, _guard) = listen(Level::TRACE);
        let _ = call(&Gateway::default(), 0).await;
        let lines = listener.take("logged::ends");
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((line.level, line.field("outcome")), (Level::WARN, "refused"));
        assert_eq!(line.field("refused_by"), "validate call");
        assert!(line.field("error").contains("amount: must be positive"), "{line:?}");

        let _ = call(&Gateway::of([Reply::Hang]), 1).await;
        let lines = listener.take("logged::ends");
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((line.level, line.field("outcome")), (Level::ERROR, "unknown"));
        assert_eq!(line.field("refused_by"), "timeout call");
    }

    #[tokio::test(start_paused = true)]
    async fn below_a_retry_each_attempt_is_one_event() {
        #[retry(max_attempts = 3)]
        #[logged]
        async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let (listener, _guard) = listen(Level::INFO);
        assert!(call(&Gateway::of(vec![Reply::Fail(PayError::Down); 2])).await.is_ok());
        let outcomes: Vec<_> =
            listener.take("logged::ends").iter().map(|line| line.field("outcome").to_owned()).collect();
        assert_eq!(outcomes, ["transient", "transient", "success"]);
    }
}

mod levels {
    use super::*;

    #[logged(level = debug)]
    async fn quiet(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }

    #[tokio::test]
    async fn the_level_is_that_of_a_success() {
        let (listener, _guard) = listen(Level::TRACE);
        let _ = quiet(&Gateway::default()).await;
        let _ = quiet(&Gateway::of([Reply::Fail(PayError::Down)])).await;
        let levels: Vec<_> = listener.take(module_path!()).iter().map(|line| line.level).collect();
        assert_eq!(levels, [Level::DEBUG, Level::WARN]);
    }

    #[tokio::test]
    async fn what_nobody_wants_is_not_told() {
        let (listener, _guard) = listen(Level::INFO);
        let _ = quiet(&Gateway::default()).await;
        assert!(listener.take(module_path!()).is_empty());
        let _ = quiet(&Gateway::of([Reply::Fail(PayError::Lost)])).await;
        assert_eq!(listener.take(module_path!()).len(), 1);
    }
}

mod what_it_shows {
    use super::*;

    /// Shown by `Display`.
    struct Charge(&'static str);
    impl fmt::Display for Charge {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "charge {}", self.0)
        }
    }

    /// Has neither.
    struct Silent;

    #[derive(Debug)]
    enum Currency {
        Eur,
    }

    #[tokio::test]
    async fn nothing_that_it_is_not_told_to() {
        #[logged]
        async fn call(_secret: &str) -> Result<Charge, PayError> {
            Ok(Charge("ch_1"))
        }
        let (listener, _guard) = listen(Level::TRACE);
        assert_eq!(call("marker-1").await.unwrap().0, "ch_1");
        let lines = listener.take(module_path!());
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        let fields: Vec<_> = line.fields.keys().map(String::as_str).collect();
        assert_eq!(fields, ["elapsed_ms", "function", "message", "outcome"]);
    }

    #[tokio::test]
    async fn arguments_fields_of_them_and_the_value_by_display_or_debug() {
        #[logged(args(request.order, request.amount, currency, silent), ret)]
        async fn call(request: ChargeRequest, currency: Currency, silent: Silent) -> Result<Charge, PayError> {
            let (_request, _currency, _silent) = (request, currency, silent);
            Ok(Charge("ch_1"))
        }
        let (listener, _guard) = listen(Level::TRACE);
        let _ = call(ChargeRequest::of(500), Currency::Eur, Silent).await;
        let lines = listener.take(module_path!());
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line.field("request.order"), "order-1");
        assert_eq!(line.field("request.amount"), "500");
        assert_eq!(line.field("currency"), "Eur");
        assert!(line.field("silent").contains("Silent"), "{line:?}");
        assert_eq!(line.field("ret"), "charge ch_1");
    }

    #[tokio::test]
    async fn arguments_also_of_a_call_that_is_dropped() {
        #[logged(args(order))]
        async fn call(order: String) -> Result<(), PayError> {
            drop(order);
            std::future::pending().await
        }
        let (listener, _guard) = listen(Level::TRACE);
        Hand::new(call("order-7".to_owned())).poll_pending();
        let lines = listener.take(module_path!());
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((line.field("outcome"), line.field("order")), ("cancelled", "order-7"));
    }

    #[tokio::test]
    async fn a_field_of_self() {
        struct Client {
            region: &'static str,
        }
        impl Client {
            #[logged(args(self.region), ret)]
            async fn call(&self) -> u32 {
                7
            }
        }
        let (listener, _guard) = listen(Level::TRACE);
        assert_eq!(Client { region: "eu" }.call().await, 7);
        let lines = listener.take(module_path!());
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((line.field("self.region"), line.field("ret")), ("eu", "7"));
    }

    // Paused: the digits of the elapsed time are none of a secret then.
    #[tokio::test(start_paused = true)]
    async fn card_numbers_and_security_codes_are_masked_wherever_they_stand() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "read by Debug")]
        struct Card {
            number: &'static str,
            cvv: &'static str,
        }
        #[logged(args(note, card, cvv), ret)]
        async fn pay(note: &str, card: Card, cvv: &str) -> Result<String, String> {
            let _ = (card, cvv);
            if note.is_empty() { Err("declined 5500-0000-0000-0004".to_owned()) } else { Ok(format!("paid by {note}")) }
        }
        let card = || Card { number: "4111 1111 1111 1111", cvv: "987" };
        let (listener, _guard) = listen(Level::TRACE);
        let _ = pay("4242424242424242", card(), "654").await;
        let _ = pay("", card(), "654").await;
        let lines = listener.take(module_path!());
        assert_eq!(lines.len(), 2);
        let shown = format!("{lines:?}");
        for secret in ["42424242", "4242 4242", "4111 1111", "987", "654", "5500-0000"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert_eq!(lines[0].field("note"), "************4242");
        assert_eq!(lines[0].field("ret"), "paid by ************4242");
        assert!(lines[1].field("error").ends_with("0004"), "{lines:?}");
    }
}

#[tokio::test]
async fn the_target_is_the_functions_module() {
    let (listener, _guard) = listen(Level::TRACE);
    let _ = charge(&Gateway::default()).await;
    assert_eq!(only(&listener).target, "logged");
}
