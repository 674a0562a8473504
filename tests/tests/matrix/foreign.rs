//! Beside attributes of others.

macro_rules! foreign_places {
    ($row:ident) => {
        $row! { under_instrument "under_instrument" "under_instrument, all" }
        $row! { over_instrument "over_instrument" "over_instrument, all" }
        $row! { under_main "under_main" "under_main, all" }
        $row! { over_main "over_main" "over_main, all" }
        $row! { handler "handler" "handler, all" }
        $row! { under_debug_handler "under_debug_handler" "under_debug_handler, all" }
        $row! { over_debug_handler "over_debug_handler" "over_debug_handler, all" }
    };
}

/// A test has no arguments.
macro_rules! argumentless_places {
    ($row:ident) => {
        $row! { under_test "" "" }
        $row! { over_test "" "" }
    };
}

macro_rules! under_instrument {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        called! { $test {
            #[tracing::instrument(skip_all)]
            $($attr)+
            async fn guarded($amount: u64, $key: &str, $records: &MemoryStore) -> Answer {
                tokio::task::yield_now().await;
                let _ = ($key, $records);
                Ok($amount + 1)
            }
            // What it moves into its span is borrowed here: a retry could not move it twice.
            guarded(7, "key", Box::leak(Box::default()))
        } }
    };
}

macro_rules! over_instrument {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        called! { $test {
            $($attr)+
            #[tracing::instrument(skip_all)]
            async fn guarded($amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                tokio::task::yield_now().await;
                let _ = ($key, &$records);
                Ok($amount + 1)
            }
            guarded(7, "key", MemoryStore::default())
        } }
    };
}

/// A function with a runtime of its own.
macro_rules! entry {
    ($test:ident ($amount:ident $key:ident $records:ident) [$($attr:tt)+]) => {
        #[test]
        fn $test() {
            $($attr)+
            async fn guarded($amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                tokio::task::yield_now().await;
                let _ = ($key, &$records);
                Ok($amount + 1)
            }
            assert_eq!(guarded(7, "key", MemoryStore::default()).unwrap(), 8);
        }
    };
}

macro_rules! under_main {
    ($test:ident $names:tt $($attr:tt)+) => {
        entry! { $test $names [#[tokio::main(flavor = "current_thread")] $($attr)+] }
    };
}

macro_rules! over_main {
    ($test:ident $names:tt $($attr:tt)+) => {
        entry! { $test $names [$($attr)+ #[tokio::main(flavor = "current_thread")]] }
    };
}

macro_rules! under_test {
    ($test:ident $names:tt $($attr:tt)+) => {
        #[tokio::test(start_paused = true)]
        $($attr)+
        async fn $test() -> Result<(), PayError> {
            tokio::task::yield_now().await;
            Ok(())
        }
    };
}

macro_rules! over_test {
    ($test:ident $names:tt $($attr:tt)+) => {
        $($attr)+
        #[tokio::test(start_paused = true)]
        async fn $test() -> Result<(), PayError> {
            tokio::task::yield_now().await;
            Ok(())
        }
    };
}

/// A handler of axum, with its arguments taken apart by the signature, behind a route.
macro_rules! route {
    ($test:ident ($amount:ident $key:ident $records:ident) [$($attr:tt)+]) => {
        #[tokio::test]
        async fn $test() {
            use tower::ServiceExt as _;

            $($attr)+
            async fn guarded(
                extract::Path(($amount, $key)): extract::Path<(u64, String)>,
                extract::State($records): extract::State<MemoryStore>,
                axum::Json(more): axum::Json<u64>,
            ) -> Result<String, ApiError> {
                tokio::task::yield_now().await;
                let _ = (&$key, &$records);
                Ok(($amount + more).to_string())
            }
            let router = axum::Router::new()
                .route("/{amount}/{key}", axum::routing::post(guarded))
                .with_state(MemoryStore::default());
            let request = http::Request::post("/7/key-1").header("content-type", "application/json");
            let response = router.oneshot(request.body(axum::body::Body::from("1")).unwrap()).await.unwrap();
            let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
            assert_eq!(body, "8");
        }
    };
}

macro_rules! handler {
    ($test:ident $names:tt $($attr:tt)+) => {
        route! { $test $names [$($attr)+] }
    };
}

macro_rules! under_debug_handler {
    ($test:ident $names:tt $($attr:tt)+) => {
        route! { $test $names [#[axum::debug_handler(state = MemoryStore)] $($attr)+] }
    };
}

macro_rules! over_debug_handler {
    ($test:ident $names:tt $($attr:tt)+) => {
        route! { $test $names [$($attr)+ #[axum::debug_handler(state = MemoryStore)]] }
    };
}
