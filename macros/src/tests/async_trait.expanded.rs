#[circuit_breaker(__steadfast_done = "circuit_breaker")]
#[allow(single_use_lifetimes, reason = "steadfast stack: retry > circuit_breaker")]
fn ask<'life0, 'async_trait>(
    &'life0 self,
    id: u64,
    tags: Vec<String>,
) -> ::core::pin::Pin<
    Box<
        dyn ::core::future::Future<
            Output = Result<Answer, AskError>,
        > + ::core::marker::Send + 'async_trait,
    >,
>
where
    'life0: 'async_trait,
    Self: 'async_trait,
{
    Box::pin(async move {
        if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<
            Result<Answer, AskError>,
        > {
            #[allow(unreachable_code)] return __ret;
        }
        let __self = self;
        let id = id;
        let tags = tags;
        let __ret: Result<Answer, AskError> = {
            static __RETRY: ::steadfast::__rt::RetryPolicy = ::steadfast::__rt::RetryPolicy::new(
                "ask",
            );
            #[::steadfast::__rt::linkme::distributed_slice(::steadfast::__rt::FUNCTIONS)]
            #[linkme(crate = ::steadfast::__rt::linkme)]
            static __FUNCTION: ::steadfast::__rt::Function = ::steadfast::__rt::Function {
                name: "ask",
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
                column: ::core::column!(),
                layers: &[
                    ::steadfast::__rt::Entry {
                        layer: ::steadfast::__rt::Layer::Retry,
                        policy: ::steadfast::__rt::Described::retry(&__RETRY),
                        written: "clone(tags)",
                    },
                    ::steadfast::__rt::Entry {
                        layer: ::steadfast::__rt::Layer::CircuitBreaker,
                        policy: ::steadfast::__rt::Described::Elsewhere,
                        written: "self.breaker",
                    },
                ],
            };
            match async {
                {
                    let mut __attempts = ::steadfast::__rt::Attempts::start(&__RETRY);
                    loop {
                        let mut tags = ::core::clone::Clone::clone(&tags);
                        let __pause = {
                            let __result = ::steadfast::__rt::circuit_breaker(
                                    ::steadfast::__rt::NamesBreaker::named(&__self.breaker),
                                    |__result: &Result<Answer, AskError>| ::steadfast::__rt::own_word(
                                        &__result,
                                    ),
                                    ::steadfast::__rt::body_of(
                                        &__FUNCTION,
                                        async {
                                            if let ::core::option::Option::Some(__never) = ::core::option::Option::None::<
                                                Result<Answer, AskError>,
                                            > {
                                                return __never;
                                            }
                                            __self.gateway(id, tags).await
                                        },
                                    ),
                                )
                                .await;
                            match __attempts
                                .failed(
                                    &__result,
                                    |__result: &Result<Answer, AskError>| ::steadfast::__rt::own_word(
                                        &__result,
                                    ),
                                )
                            {
                                ::core::option::Option::None => break __result,
                                ::core::option::Option::Some(__failed) => {
                                    match __attempts.next(__result, __failed) {
                                        ::steadfast::__rt::Step::Again(__pause) => __pause,
                                        ::steadfast::__rt::Step::Done(__result) => break __result,
                                    }
                                }
                            }
                        };
                        __pause.await;
                    }
                }
            }
                .await
            {
                ::core::result::Result::Ok(__own) => __own,
                ::core::result::Result::Err(__rejection) => {
                    ::steadfast::__rt::refuse(__rejection)
                }
            }
        };
        #[allow(unreachable_code)] __ret
    })
}
