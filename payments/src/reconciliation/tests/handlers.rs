use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::super::*;
use super::support::*;

/// Which findings a handler was called for.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<(Class, String)>>>);

impl Calls {
    fn note(&self, found: &Found) {
        self.0.lock().unwrap().push((found.class(), found.reference().to_owned()));
    }

    fn of(&self) -> Vec<(Class, String)> {
        self.0.lock().unwrap().clone()
    }
}

async fn run(plan: &Reconciliation<Handlers>, sink: &mut impl Sink) -> Report {
    let internal = [row("a", 1), row("b", 2), row("c", 3), row("e", 5)];
    let gateway = [row("a", 1), row("c", 4), row("d", 4), row("e", 5)];
    plan.compare_streams(now(), stream(internal), stream(gateway), sink).await.unwrap()
}

#[tokio::test]
async fn each_class_has_its_own_handlers() {
    let calls = Calls::default();
    let note = |calls: &Calls| {
        let calls = calls.clone();
        move |found: Found| {
            calls.note(&found);
            async { Ok::<(), io::Error>(()) }
        }
    };
    let plan = plan().on(Class::MissingGateway, note(&calls)).on(Class::Matched, note(&calls));
    let plan = plan.on(Class::MissingGateway, note(&calls));
    let report = run(&plan, &mut Discard).await;
    let wanted =
        [(Class::Matched, "a"), (Class::MissingGateway, "b"), (Class::MissingGateway, "b"), (Class::Matched, "e")];
    assert_eq!(calls.of(), wanted.map(|(class, reference)| (class, reference.to_owned())));
    assert_eq!(report.handler_failures(), 0);
}

#[tokio::test]
async fn failing_and_panicking_handlers_stop_nothing_and_are_told_with_the_row() {
    let after = Arc::new(AtomicUsize::new(0));
    let count = after.clone();
    let plan = plan()
        .on(Class::MissingGateway, |_| async { Err("the pager does not answer: secret-token") })
        .on(Class::AmountMismatch, |found| async move {
            if found.item() > 0 { panic!("later") } else { Ok::<(), io::Error>(()) }
        })
        .on(Class::MissingInternal, |found: Found| -> std::future::Ready<io::Result<()>> {
            panic!("at once, for {}", found.item())
        })
        .on(Class::MissingInternal, move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            async { Ok::<(), io::Error>(()) }
        });
    let (mut text, mut lines, mut cells) = (Vec::new(), Vec::new(), Vec::new());
    let report = run(&plan, &mut TextSink::new(&mut text)).await;
    run(&plan, &mut JsonSink::new(&mut lines)).await;
    run(&plan, &mut CsvSink::new(&mut cells)).await;
    assert_eq!((report.handler_failures(), after.load(Ordering::Relaxed)), (3, 3));
    assert_eq!(report.items(), 5);
    assert!(report.summary().ends_with("; 3 failed handlers"), "{}", report.summary());

    let [text, lines, cells] = [text, lines, cells].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(text.contains("handler_failed for missing_gateway b: internal 0.02 EUR captured (row 2)\n"), "{text}");
    assert!(text.contains("handler_panicked for missing_internal d: gateway 0.04 EUR captured (row 3)\n"), "{text}");
    assert!(text.contains("handler_panicked for amount_mismatch c"), "{text}");
    let line = r#"{"event":"handler_failed","item":2,"class":"missing_gateway","reference":"b","how":"failed"}"#;
    assert!(lines.lines().any(|this| this == line), "{lines}");
    assert!(cells.contains("\n2,handler_failed,internal,2,1,b,0.02,EUR,captured,,,"), "{cells}");
    // What the handler said is for the sink's own author: it may hold anything.
    assert!(![text, lines, cells].iter().any(|written| written.contains("secret")));
}

#[tokio::test]
async fn the_handlers_own_error_reaches_a_sink_of_ones_own() {
    let plan = plan().on(Class::MissingGateway, |_| async { Err("no answer") });
    let mut said = Vec::new();
    let mut sink = |event: Event<'_>| {
        if let Event::HandlerFailed(finding, HandlerFailure::Failed(error)) = event {
            said.push((finding.rows(Side::Internal)[0].number(), error.to_string()));
        }
        Ok(())
    };
    run(&plan, &mut sink).await;
    assert_eq!(said, [(2, "no answer".to_owned())]);
}

#[tokio::test]
async fn a_run_that_is_dropped_in_a_handler_leaves_nothing_waiting() {
    let calls = Calls::default();
    let noted = calls.clone();
    let plan = plan().on(Class::MissingGateway, move |found| {
        noted.note(&found);
        std::future::pending::<io::Result<()>>()
    });
    let mut sink = Told::default();
    {
        let mut running = std::pin::pin!(run(&plan, &mut sink));
        let once = std::future::poll_fn(|context| std::task::Poll::Ready(running.as_mut().poll(context)));
        assert!(once.await.is_pending());
    }
    assert_eq!(calls.of(), [(Class::MissingGateway, "b".to_owned())]);
    assert_eq!(sink.0.len(), 1); // it was written before it was handled
}
