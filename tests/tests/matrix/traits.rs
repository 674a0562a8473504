//! Methods of traits.

macro_rules! of_a_trait {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        #[tokio::test]
        async fn $test() {
            trait Guarded {
                fn guarded(&self, amount: u64, key: &str, records: MemoryStore) -> impl Future<Output = Answer> + Send;
            }
            impl Guarded for Client {
                $($attr)+
                async fn guarded(&self, $amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                    tokio::task::yield_now().await;
                    let _ = ($key, &$records);
                    Ok($amount + self.region)
                }
            }
            let client = Client { region: 1 };
            assert_eq!(assert_send(client.guarded(7, "key", MemoryStore::default())).await.unwrap(), 8);
        }
    };
}

macro_rules! default_of_a_trait {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        #[tokio::test]
        async fn $test() {
            trait Guarded: Sync {
                fn region(&self) -> u64;

                $($attr)+
                async fn guarded(&self, $amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                    tokio::task::yield_now().await;
                    let _ = ($key, &$records);
                    Ok($amount + self.region())
                }
            }
            impl Guarded for Client {
                fn region(&self) -> u64 {
                    self.region
                }
            }
            let client = Client { region: 1 };
            assert_eq!(assert_send(client.guarded(7, "key", MemoryStore::default())).await.unwrap(), 8);
        }
    };
}

macro_rules! of_async_trait {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        #[tokio::test]
        async fn $test() {
            #[async_trait::async_trait]
            trait Guarded {
                async fn guarded(&self, amount: u64, key: String, records: &MemoryStore) -> Answer;
            }
            #[async_trait::async_trait]
            impl Guarded for Client {
                $($attr)+
                async fn guarded(&self, $amount: u64, $key: String, $records: &MemoryStore) -> Answer {
                    tokio::task::yield_now().await;
                    let _ = (&$key, $records);
                    Ok($amount + self.region)
                }
            }
            let client: Box<dyn Guarded + Send + Sync> = Box::new(Client { region: 1 });
            let records = MemoryStore::default();
            for _ in 0..2 {
                assert_eq!(assert_send(client.guarded(7, "key".to_owned(), &records)).await.unwrap(), 8);
            }
        }
    };
}

macro_rules! mutable_of_async_trait {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        #[tokio::test]
        async fn $test() {
            #[async_trait::async_trait]
            trait Guarded {
                async fn guarded(&mut self, amount: u64, key: &str, records: MemoryStore) -> Answer;
            }
            #[async_trait::async_trait]
            impl<T: Send + Copy + Into<u64>> Guarded for Vec<T> {
                $($attr)+
                async fn guarded(&mut self, $amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                    tokio::task::yield_now().await;
                    let _ = ($key, &$records);
                    self.truncate(1);
                    Ok($amount + self[0].into())
                }
            }
            let mut list = vec![1_u8, 2];
            assert_eq!(assert_send(list.guarded(7, "key", MemoryStore::default())).await.unwrap(), 8);
            assert_eq!(list, [1]);
        }
    };
}

macro_rules! default_of_async_trait {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        #[tokio::test]
        async fn $test() {
            #[async_trait::async_trait]
            trait Guarded {
                fn region(&self) -> u64;

                $($attr)+
                async fn guarded(&self, $amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                    tokio::task::yield_now().await;
                    let _ = ($key, &$records);
                    Ok($amount + self.region())
                }
            }
            #[async_trait::async_trait]
            impl Guarded for Client {
                fn region(&self) -> u64 {
                    self.region
                }
            }
            let client = Client { region: 1 };
            assert_eq!(assert_send(client.guarded(7, "key", MemoryStore::default())).await.unwrap(), 8);
        }
    };
}

macro_rules! local_async_trait {
    ($test:ident ($amount:ident $key:ident $records:ident) $($attr:tt)+) => {
        #[tokio::test]
        async fn $test() {
            use std::rc::Rc;

            #[async_trait::async_trait(?Send)]
            trait Guarded {
                async fn guarded(self: Rc<Self>, amount: u64, key: &str, records: MemoryStore) -> Answer;
            }
            #[async_trait::async_trait(?Send)]
            impl Guarded for Client {
                $($attr)+
                async fn guarded(self: Rc<Self>, $amount: u64, $key: &str, $records: MemoryStore) -> Answer {
                    tokio::task::yield_now().await;
                    let _ = ($key, &$records);
                    Ok($amount + self.region)
                }
            }
            let client = Rc::new(Client { region: 1 });
            assert_eq!(client.guarded(7, "key", MemoryStore::default()).await.unwrap(), 8);
        }
    };
}
