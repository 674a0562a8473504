//! Places of async functions.

/// Those that do not change what they stand on.
macro_rules! shared_places {
    ($row:ident) => {
        $row! { free "free" "free, all" }
        $row! { nested "nested" "nested, all" }
        $row! { over_types "over_types" "over_types, all" }
        $row! { over_constants "over_constants" "over_constants, all" }
        $row! { over_lifetimes "over_lifetimes" "over_lifetimes, all" }
        $row! { of_impl_trait "of_impl_trait" "of_impl_trait, all" }
        $row! { by_reference "by_reference" "by_reference, all" }
        $row! { by_value "by_value" "by_value, all" }
        $row! { by_arc "by_arc" "by_arc, all" }
        $row! { associated "associated" "associated, all" }
        $row! { of_fragments "of_fragments" "of_fragments, all" }
        $row! { of_a_trait "of_a_trait" "of_a_trait, all" }
        $row! { default_of_a_trait "default_of_a_trait" "default_of_a_trait, all" }
        $row! { of_async_trait "of_async_trait" "of_async_trait, all" }
        $row! { default_of_async_trait "default_of_async_trait" "default_of_async_trait, all" }
        $row! { local_async_trait "local_async_trait" "local_async_trait, all" }
    };
}

/// Those that may change it.
macro_rules! mutable_places {
    ($row:ident) => {
        $row! { by_mutable_reference "by_mutable_reference" "by_mutable_reference, all" }
        $row! { mutable_of_async_trait "mutable_of_async_trait" "mutable_of_async_trait, all" }
    };
}

/// A test that calls a function twice, in a task where it may be in one.
macro_rules! called {
    ($test:ident $call:expr) => {
        #[tokio::test]
        async fn $test() {
            for _ in 0..2 {
                assert_eq!(assert_send($call).await.unwrap(), 8);
            }
        }
    };
}

macro_rules! free {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        mod $test {
            use super::*;
            $($attr)+
            pub(super) async fn guarded($amount: u64, $key: String, $records: &MemoryStore) -> Answer {
                tokio::task::yield_now().await;
                let _ = (&$key, $records);
                Ok($amount + 1)
            }
        }

        #[tokio::test]
        async fn $test() {
            let records = MemoryStore::default();
            for _ in 0..2 {
                let records = records.clone();
                // In a task: the future owns what it borrows from, and moves between threads.
                let task = tokio::spawn(async move { $test::guarded(7, "key".to_owned(), &records).await });
                assert_eq!(task.await.unwrap().unwrap(), 8);
            }
        }
    };
}

macro_rules! nested {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        #[tokio::test]
        async fn $test() {
            $($attr)+
            async fn guarded($amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                tokio::task::yield_now().await;
                let _ = ($key, &$records);
                Ok($amount + 1)
            }
            assert_eq!(assert_send(guarded(7, "key", MemoryStore::default())).await.unwrap(), 8);
        }
    };
}

macro_rules! over_types {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        called! { $test {
            $($attr)+
            async fn guarded<T>($amount: u64, $key: &str, $records: MemoryStore, more: T) -> Answer
            where
                T: Into<u64> + Clone + Send + Sync,
            {
                tokio::task::yield_now().await;
                let _ = ($key, &$records);
                Ok($amount + more.clone().into())
            }
            guarded(7, "key", MemoryStore::default(), 1_u8)
        } }
    };
}

macro_rules! over_constants {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        called! { $test {
            $($attr)+
            async fn guarded<const N: u64>($amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                tokio::task::yield_now().await;
                let _ = ($key, &$records);
                Ok($amount + N)
            }
            guarded::<1>(7, "key", MemoryStore::default())
        } }
    };
}

macro_rules! over_lifetimes {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        called! { $test {
            $($attr)+
            #[allow(clippy::needless_lifetimes, reason = "it is what is tried")]
            async fn guarded<'a, 'b: 'a>($amount: u64, $key: &'a str, $records: &'b MemoryStore) -> Answer {
                tokio::task::yield_now().await;
                let _ = ($key, $records);
                Ok($amount + 1)
            }
            let records = Box::leak(Box::new(MemoryStore::default()));
            guarded(7, "key", records)
        } }
    };
}

macro_rules! of_impl_trait {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        called! { $test {
            $($attr)+
            async fn guarded(
                $amount: u64,
                $key: &str,
                $records: MemoryStore,
                more: impl Into<u64> + Clone + Send + Sync,
            ) -> Answer {
                tokio::task::yield_now().await;
                let _ = ($key, &$records);
                Ok($amount + more.clone().into())
            }
            guarded(7, "key", MemoryStore::default(), 1_u8)
        } }
    };
}

/// A method of a client, called on one.
macro_rules! method {
    ($test:ident [$($receiver:tt)+] $this:ident ($amount:ident $key:ident $records:ident) |$client:ident| $on:expr, $($attr:tt)+) => {
        #[tokio::test]
        async fn $test() {
            #[derive(Clone)]
            struct Own(Client);
            impl Own {
                $($attr)+
                #[allow(clippy::needless_arbitrary_self_type, reason = "it is what is tried")]
                async fn guarded($($receiver)+, $amount: u64, $key: &str, $records: &MemoryStore) -> Answer {
                    tokio::task::yield_now().await;
                    let _ = ($key, $records);
                    Ok($amount + $this.0.region)
                }
            }
            #[allow(unused_mut, reason = "not every place changes it")]
            let mut $client = Own(Client { region: 1 });
            let records = MemoryStore::default();
            assert_eq!(assert_send($on.guarded(7, "key", &records)).await.unwrap(), 8);
            assert_eq!(assert_send($on.guarded(7, "key", &records)).await.unwrap(), 8);
        }
    };
}

macro_rules! by_reference {
    ($test:ident $names:tt $($attr:tt)+) => {
        method! { $test [&self] self $names |client| client, $($attr)+ }
    };
}

macro_rules! by_mutable_reference {
    ($test:ident $names:tt $($attr:tt)+) => {
        method! { $test [&mut self] self $names |client| client, $($attr)+ }
    };
}

macro_rules! by_value {
    ($test:ident $names:tt $($attr:tt)+) => {
        method! { $test [self] self $names |client| client.clone(), $($attr)+ }
    };
}

macro_rules! by_arc {
    ($test:ident $names:tt $($attr:tt)+) => {
        method! { $test [self: Arc<Self>] self $names |client| Arc::new(client.clone()), $($attr)+ }
    };
}

macro_rules! associated {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        called! { $test {
            struct Own<T>(T);
            impl<T: Default + Into<u64> + Send + Sync> Own<T> {
                $($attr)+
                async fn guarded($amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                    tokio::task::yield_now().await;
                    let _ = ($key, &$records);
                    Ok($amount + 1 + Self(T::default()).0.into())
                }
            }
            Own::<u8>::guarded(7, "key", MemoryStore::default())
        } }
    };
}

macro_rules! of_fragments {
    ($test:ident $names:tt $($attr:tt)+) => {
        of_fragments! { @from $test $names u64, 1, { tokio::task::yield_now().await; }, $($attr)+ }
    };
    (@from $test:ident ($amount:ident $key:ident $records:ident) $ty:ty, $more:expr, $block:block, $($attr:tt)+) => {
        called! { $test {
            $($attr)+
            async fn guarded($amount: $ty, $key: &str, $records: MemoryStore) -> Result<$ty, PayError> {
                $block
                let _ = ($key, &$records);
                Ok($amount + $more)
            }
            guarded(7, "key", MemoryStore::default())
        } }
    };
}
