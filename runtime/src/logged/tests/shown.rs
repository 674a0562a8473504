//! What is shown of a value, by what its type can do.

use super::*;

struct Opaque;

#[derive(Debug)]
struct OnlyDebug;

fn value<R>(result: R, shown: impl Fn(&R) -> ShownResult) -> (Option<String>, Option<String>) {
    let ShownResult { value, error } = shown(&result);
    (value, error)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_value_by_display_then_debug_then_type() {
    assert_eq!(rt::show!(&"text").0, "text");
    assert_eq!(rt::show!("text").0, "text");
    assert_eq!(rt::show!(&Some(4)).0, "Some(4)");
    assert!(rt::show!(&Opaque).0.ends_with("::Opaque>"));
}

#[test]
fn a_generic_value_by_what_its_bounds_promise() {
    fn bound<T: Debug>(value: &T) -> String {
        rt::show!(value).0
    }
    fn unbound<T>(value: &T) -> String {
        rt::show!(value).0
    }
    assert_eq!(bound(&"text"), "\"text\"");
    assert_eq!(unbound(&4u32), "<u32>");
}

#[test]
fn the_error_alone() {
    assert_eq!(value(Ok::<_, String>(5), |r| rt::shown_error!(r)), (None, None));
    assert_eq!(value(Err::<u8, _>("late"), |r| rt::shown_error!(r)), (None, some("late")));
    assert_eq!(value(Err::<u8, _>(OnlyDebug), |r| rt::shown_error!(r)), (None, some("OnlyDebug")));
    assert_eq!(value(Err::<u8, _>(Opaque), |r| rt::shown_error!(r)), (None, None));
    assert_eq!(value(5, |r| rt::shown_error!(r)), (None, None));
}

#[test]
fn the_result_with_its_error() {
    assert_eq!(value(Ok::<_, String>("5"), |r| rt::shown_result!(r)), (some("5"), None));
    assert_eq!(value(Ok::<_, String>(OnlyDebug), |r| rt::shown_result!(r)), (some("OnlyDebug"), None));
    assert!(value(Ok::<_, String>(Opaque), |r| rt::shown_result!(r)).0.unwrap().ends_with("::Opaque>"));
    assert_eq!(value(Err::<Opaque, _>("late"), |r| rt::shown_result!(r)), (None, some("late")));
    assert_eq!(value(Err::<u8, _>(Opaque), |r| rt::shown_result!(r)), (None, None));
}

#[test]
fn what_is_no_result_is_a_value() {
    assert_eq!(value(5, |r| rt::shown_result!(r)), (some("5"), None));
    assert_eq!(value(Some(5), |r| rt::shown_result!(r)), (some("Some(5)"), None));
    assert_eq!(value((), |r| rt::shown_result!(r)), (some("()"), None));
    assert!(value(Opaque, |r| rt::shown_result!(r)).0.unwrap().ends_with("::Opaque>"));
}

#[test]
fn a_value_that_cannot_be_printed_does_not_panic() {
    struct Broken;
    impl std::fmt::Display for Broken {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("so far")?;
            Err(std::fmt::Error)
        }
    }
    assert_eq!(rt::show!(&Broken).0, "so far");
}
