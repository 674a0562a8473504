//! Places of functions that are not async. None of them has a runtime.

macro_rules! sync_shared_places {
    ($row:ident) => {
        $row! { sync_free "" "" }
        $row! { sync_over_types "" "" }
        $row! { sync_by_reference "" "" }
        $row! { sync_by_value "" "" }
        $row! { sync_by_arc "" "" }
        $row! { sync_of_a_trait "" "" }
        $row! { sync_of_fragments "" "" }
        $row! { sync_in_a_task "" "" }
        $row! { sync_under_instrument "" "" }
        $row! { sync_over_instrument "" "" }
    };
}

macro_rules! sync_mutable_places {
    ($row:ident) => {
        $row! { sync_by_mutable_reference "" "" }
    };
}

/// A function, what stands around it, and a call.
macro_rules! sync_called {
    ($test:ident ($amount:ident $key:ident $records:ident) [$($attr:tt)+]) => {
        #[test]
        fn $test() {
            $($attr)+
            fn guarded($amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                let _ = ($key, &$records);
                Ok($amount + 1)
            }
            for _ in 0..2 {
                assert_eq!(guarded(7, "key", MemoryStore::default()).unwrap(), 8);
            }
        }
    };
}

macro_rules! sync_free {
    ($test:ident $names:tt $($attr:tt)+) => { sync_called! { $test $names [$($attr)+] } };
}

macro_rules! sync_under_instrument {
    ($test:ident $names:tt $($attr:tt)+) => { sync_called! { $test $names [#[tracing::instrument(skip_all)] $($attr)+] } };
}

macro_rules! sync_over_instrument {
    ($test:ident $names:tt $($attr:tt)+) => { sync_called! { $test $names [$($attr)+ #[tracing::instrument(skip_all)]] } };
}

macro_rules! sync_over_types {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        #[test]
        fn $test() {
            $($attr)+
            fn guarded<'a, T: Clone, const N: u64>(
                $amount: u64,
                $key: &'a str,
                $records: &'a MemoryStore,
                more: T,
                other: impl Into<u64> + Clone,
            ) -> Answer
            where
                u64: From<T>,
            {
                let _ = ($key, $records);
                Ok($amount + u64::from(more.clone()) + other.clone().into() + N)
            }
            assert_eq!(guarded::<u8, 1>(5, "key", &MemoryStore::default(), 1, 1_u8).unwrap(), 8);
        }
    };
}

macro_rules! sync_method {
    ($test:ident [$($receiver:tt)+] $this:ident ($amount:ident $key:ident $records:ident) |$client:ident| $on:expr, $($attr:tt)+) => {
        #[test]
        fn $test() {
            #[derive(Clone)]
            struct Own(Client);
            impl Own {
                $($attr)+
                fn guarded($($receiver)+, $amount: u64, $key: &str, $records: &MemoryStore) -> Answer {
                    let _ = ($key, $records);
                    Ok($amount + $this.0.region)
                }
            }
            #[allow(unused_mut, reason = "not every place changes it")]
            let mut $client = Own(Client { region: 1 });
            let records = MemoryStore::default();
            assert_eq!($on.guarded(7, "key", &records).unwrap(), 8);
            assert_eq!($on.guarded(7, "key", &records).unwrap(), 8);
        }
    };
}

macro_rules! sync_by_reference {
    ($test:ident $names:tt $($attr:tt)+) => {
        sync_method! { $test [&self] self $names |client| client, $($attr)+ }
    };
}

macro_rules! sync_by_mutable_reference {
    ($test:ident $names:tt $($attr:tt)+) => {
        sync_method! { $test [&mut self] self $names |client| client, $($attr)+ }
    };
}

macro_rules! sync_by_value {
    ($test:ident $names:tt $($attr:tt)+) => {
        sync_method! { $test [self] self $names |client| client.clone(), $($attr)+ }
    };
}

macro_rules! sync_by_arc {
    ($test:ident $names:tt $($attr:tt)+) => {
        sync_method! { $test [self: Arc<Self>] self $names |client| Arc::new(client.clone()), $($attr)+ }
    };
}

macro_rules! sync_of_a_trait {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        #[test]
        fn $test() {
            trait Guarded {
                fn region(&self) -> u64;

                $($attr)+
                fn guarded(&self, $amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                    let _ = ($key, &$records);
                    Ok($amount + self.region())
                }
            }
            impl Guarded for Client {
                fn region(&self) -> u64 {
                    self.region
                }
            }
            struct Other;
            impl Guarded for Other {
                fn region(&self) -> u64 {
                    1
                }

                $($attr)+
                fn guarded(&self, $amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                    let _ = ($key, &$records);
                    Ok($amount + self.region())
                }
            }
            let guarded: [Box<dyn Guarded>; 2] = [Box::new(Client { region: 1 }), Box::new(Other)];
            for guarded in guarded {
                assert_eq!(guarded.guarded(7, "key", MemoryStore::default()).unwrap(), 8);
            }
        }
    };
}

macro_rules! sync_of_fragments {
    ($test:ident $names:tt $($attr:tt)+) => {
        sync_of_fragments! { @from $test $names u64, 1, { std::hint::black_box(1); }, $($attr)+ }
    };
    (@from $test:ident ($amount:ident $key:ident $records:ident) $ty:ty, $more:expr, $block:block, $($attr:tt)+) => {
        #[test]
        fn $test() {
            $($attr)+
            fn guarded($amount: $ty, $key: &str, $records: MemoryStore) -> Result<$ty, PayError> {
                $block
                let _ = ($key, &$records);
                Ok($amount + $more)
            }
            assert_eq!(guarded(7, "key", MemoryStore::default()).unwrap(), 8);
        }
    };
}

macro_rules! sync_in_a_task {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        #[tokio::test]
        async fn $test() {
            $($attr)+
            fn guarded($amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                let _ = ($key, &$records);
                Ok($amount + 1)
            }
            assert_eq!(tokio::spawn(async { guarded(7, "key", MemoryStore::default()) }).await.unwrap().unwrap(), 8);
        }
    };
}
