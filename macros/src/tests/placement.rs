//! What a stack becomes on a function that is not async, and inside what others have rewritten.

use expect_test::expect_file;

use super::{errors, expand, pretty};

#[test]
fn a_sync_function() {
    expect_file!["./sync.expanded.rs"].assert_eq(&pretty(
        r#"
        #[rate_limit(GATEWAY_CALLS)]
        #[retry]
        #[circuit_breaker(GATEWAY)]
        fn ask(id: u64) -> Result<Answer, AskError> {
            gateway(id)
        }
    "#,
    ));
}

/// What `#[async_trait]` makes of
/// `async fn ask(&self, id: u64, mut tags: Vec<String>) -> Result<Answer, AskError> { self.gateway(id, tags).await }`.
const METHOD: &str = r#"
    fn ask<'life0, 'async_trait>(&'life0 self, id: u64, tags: Vec<String>)
        -> ::core::pin::Pin<Box<
            dyn ::core::future::Future<Output = Result<Answer, AskError>> + ::core::marker::Send + 'async_trait
        >>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<Result<Answer, AskError>> {
                #[allow(unreachable_code)]
                return __ret;
            }
            let __self = self;
            let id = id;
            let mut tags = tags;
            let __ret: Result<Answer, AskError> = { __self.gateway(id, tags).await };
            #[allow(unreachable_code)]
            __ret
        })
    }
"#;

#[test]
fn a_method_of_async_trait() {
    let stack = "#[retry(clone(tags))] #[circuit_breaker(self.breaker)]";
    expect_file!["./async_trait.expanded.rs"].assert_eq(&pretty(&format!("{stack}{METHOD}")));
}

#[test]
fn a_method_whose_body_is_not_found_is_told() {
    let other = METHOD.replace("let __ret:", "let answer:");
    let errors = errors(&format!("#[retry]{other}"));
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("does not find the body of `ask`"), "{errors:?}");
}

#[test]
fn only_self_as_a_value_is_renamed() {
    let stack = "#[retry(when = self::is_busy, clone(tags))] #[circuit_breaker(self::GATEWAY)]";
    let expanded = expand(&format!("{stack}{METHOD}")).replace(' ', "");
    assert!(expanded.contains("self::is_busy") && expanded.contains("&self::GATEWAY"), "{expanded}");
    assert!(!expanded.contains("__self::"), "{expanded}");
}

#[test]
fn the_body_of_a_runtimes_entry_is_guarded_not_the_entry() {
    let expanded = expand(
        r#"
        #[timeout("2s")]
        fn ask() -> Result<Answer, AskError> {
            let body = async { gateway().await };
            {
                return Builder::new_current_thread().build().expect("Failed building the Runtime").block_on(body);
            }
        }
    "#,
    );
    let expanded = expanded.replace(' ', "");
    assert!(expanded.contains("{letbody=async{static__TIMEOUT"), "{expanded}");
    assert!(expanded.ends_with("block_on(body);}}"), "{expanded}");
}

#[test]
fn an_entry_that_somebody_has_written_is_a_sync_function() {
    let errors = errors(
        r#"
        #[timeout("2s")]
        fn ask(runtime: &Runtime) -> Result<Answer, AskError> {
            let body = async { gateway().await };
            { runtime.block_on(body).map(Answer::from) }
        }
    "#,
    );
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("where it is one already"), "{errors:?}");
}
