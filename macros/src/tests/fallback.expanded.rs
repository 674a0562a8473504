#[fallback(__steadfast_done = "fallback")]
#[bulkhead(__steadfast_done = "bulkhead")]
#[allow(
    single_use_lifetimes,
    reason = "steadfast stack: idempotent > fallback > bulkhead"
)]
async fn ask(store: Store, currency: String, key: String) -> Result<Rate, RateError> {
    static __IDEMPOTENT: ::steadfast::__rt::Idempotency = ::steadfast::__rt::Idempotency::new(
        "rates.ask",
    );
    static __FALLBACK: ::steadfast::__rt::Fallback = ::steadfast::__rt::Fallback::new(
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
                layer: ::steadfast::__rt::Layer::Idempotent,
                policy: ::steadfast::__rt::Described::idempotent(&__IDEMPOTENT),
                written: "name = \"rates.ask\", key = key, payload = none, store = store",
            },
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::Fallback,
                policy: ::steadfast::__rt::Described::fallback(&__FALLBACK),
                written: "stale_rate, clone(currency)",
            },
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::Bulkhead,
                policy: ::steadfast::__rt::Described::Shared(|| {
                    ::steadfast::__rt::describe!(& REPORTS)
                }),
                written: "REPORTS",
            },
        ],
    };
    match async {
        let __call = ::steadfast::__rt::Call::new(
            &__IDEMPOTENT,
            ::steadfast::__rt::key(&key),
            ::steadfast::__rt::Payload::none(),
        );
        let __aside = ::steadfast::__rt::Aside::new();
        ::steadfast::__rt::finish(
                __call,
                (store).clone(),
                __aside
                    .codec(|
                        __query: ::steadfast::__rt::Query<'_, Result<Rate, RateError>>|
                    ::steadfast::__rt::answer(&__query)),
                async move {
                    async {
                        let __of = |__result: &Result<Rate, RateError>| ::steadfast::__rt::own_word(
                            &__result,
                        );
                        let __result = {
                            let currency = ::core::clone::Clone::clone(&currency);
                            async {
                                '__gate: {
                                    let __permit = match ::steadfast::__rt::enter(
                                            ::steadfast::__rt::NamesBulkhead::named(&REPORTS),
                                        )
                                        .await
                                    {
                                        ::core::result::Result::Ok(__permit) => __permit,
                                        ::core::result::Result::Err(__rejection) => {
                                            let __refused = ::core::result::Result::Err(__rejection);
                                            break '__gate __refused;
                                        }
                                    };
                                    ::steadfast::__rt::body_of(
                                            &__FUNCTION,
                                            async {
                                                if let ::core::option::Option::Some(__never) = ::core::option::Option::None::<
                                                    Result<Rate, RateError>,
                                                > {
                                                    return __never;
                                                }
                                                provider(currency).await
                                            },
                                        )
                                        .await
                                }
                            }
                                .await
                        };
                        match ::steadfast::__rt::first_failure(&__result, &__of) {
                            ::core::option::Option::None => __result,
                            ::core::option::Option::Some(__failure) => {
                                match ::steadfast::__rt::stand_in(
                                    &__FALLBACK,
                                    __result,
                                    __failure,
                                    |__rejection| ::steadfast::__rt::refuse(__rejection),
                                ) {
                                    ::core::result::Result::Err(__result) => __result,
                                    ::core::result::Result::Ok(__error) => {
                                        __aside.note(__failure, false);
                                        ::core::result::Result::Ok(
                                            async {
                                                if let ::core::option::Option::Some(__never) = ::core::option::Option::None::<
                                                    Result<Rate, RateError>,
                                                > {
                                                    return __never;
                                                }
                                                ::steadfast::__rt::stands_in::<
                                                    Result<Rate, RateError>,
                                                    _,
                                                >(
                                                    ::steadfast::__rt::in_time(
                                                            stale_rate(__error, &store, &currency, &key),
                                                        )
                                                        .await,
                                                )
                                            }
                                                .await,
                                        )
                                    }
                                }
                            }
                        }
                    }
                        .await
                },
            )
            .await
    }
        .await
    {
        ::core::result::Result::Ok(__own) => __own,
        ::core::result::Result::Err(__rejection) => {
            ::steadfast::__rt::refuse(__rejection)
        }
    }
}
