#[timed(__steadfast_done = "timed")]
#[idempotent(__steadfast_done = "idempotent")]
#[rate_limit(__steadfast_done = "rate_limit")]
#[retry(__steadfast_done = "retry")]
#[circuit_breaker(__steadfast_done = "circuit_breaker")]
#[timeout(__steadfast_done = "timeout")]
#[allow(
    single_use_lifetimes,
    reason = "steadfast stack: logged > timed > idempotent > rate_limit > retry > circuit_breaker > timeout"
)]
async fn charge_customer(
    app: App,
    request: ChargeRequest,
    key: IdempotencyKey,
) -> Result<Charge, PaymentError> {
    static __LOGGED: ::steadfast::__rt::Logged = ::steadfast::__rt::Logged::new(
        "charge_customer",
        ::core::module_path!(),
        ::core::file!(),
        ::core::line!(),
        &["request.order"],
    );
    static __TIMED: ::steadfast::__rt::Timed = ::steadfast::__rt::Timed::new(
        "charge_customer",
    );
    static __IDEMPOTENT: ::steadfast::__rt::Idempotency = ::steadfast::__rt::Idempotency::new(
        "charges.create",
    );
    static __RETRY: ::steadfast::__rt::RetryPolicy = ::steadfast::__rt::RetryPolicy::new(
            "charge_customer",
        )
        .max_attempts(3)
        .delay(::core::time::Duration::from_millis(200))
        .repeatable();
    static __TIMEOUT: ::steadfast::__rt::Timeout = ::steadfast::__rt::Timeout::new(
        "charge_customer",
        ::core::time::Duration::from_secs(2),
    );
    #[::steadfast::__rt::linkme::distributed_slice(::steadfast::__rt::FUNCTIONS)]
    #[linkme(crate = ::steadfast::__rt::linkme)]
    static __FUNCTION: ::steadfast::__rt::Function = ::steadfast::__rt::Function {
        name: "charge_customer",
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        column: ::core::column!(),
        layers: &[
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::Logged,
                policy: ::steadfast::__rt::Described::logged(&__LOGGED),
                written: "args(request.order), ret",
            },
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::Timed,
                policy: ::steadfast::__rt::Described::timed(&__TIMED),
                written: "",
            },
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::Idempotent,
                policy: ::steadfast::__rt::Described::idempotent(&__IDEMPOTENT),
                written: "name = \"charges.create\", key = key, payload = request, store = app.records, claim = claim",
            },
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::RateLimit,
                policy: ::steadfast::__rt::Described::Shared(|| {
                    ::steadfast::__rt::describe!(& GATEWAY_CALLS)
                }),
                written: "GATEWAY_CALLS",
            },
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::Retry,
                policy: ::steadfast::__rt::Described::retry(&__RETRY),
                written: "max_attempts = 3, delay = \"200ms\", repeatable = claim",
            },
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::CircuitBreaker,
                policy: ::steadfast::__rt::Described::Shared(|| {
                    ::steadfast::__rt::describe!(& GATEWAY)
                }),
                written: "GATEWAY",
            },
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::Timeout,
                policy: ::steadfast::__rt::Described::timeout(&__TIMEOUT),
                written: "\"2s\"",
            },
        ],
    };
    match ::steadfast::__rt::logged(
            &__LOGGED,
            ::steadfast::__rt::Captured::new(
                &__LOGGED,
                |__captured: &mut ::steadfast::__rt::Captured| {
                    __captured
                        .add("request.order", ::steadfast::__rt::show!(& request.order));
                },
            ),
            |__result: &Result<Charge, PaymentError>| {
                ::steadfast::__rt::outcome!(__result)
            },
            |__result: &Result<Charge, PaymentError>| {
                ::steadfast::__rt::shown_result!(__result)
            },
            ::steadfast::__rt::timed(
                &__TIMED,
                |__result: &Result<Charge, PaymentError>| {
                    ::steadfast::__rt::outcome!(__result)
                },
                async {
                    let mut __call = ::steadfast::__rt::Call::new(
                        &__IDEMPOTENT,
                        ::steadfast::__rt::key(&key),
                        ::steadfast::__rt::Payload::of(&request),
                    );
                    let claim = __call.claim();
                    ::steadfast::__rt::finish(
                            __call,
                            (app.records).clone(),
                            |
                                __query: ::steadfast::__rt::Query<
                                    '_,
                                    Result<Charge, PaymentError>,
                                >|
                            ::steadfast::__rt::answer(&__query),
                            async move {
                                '__gate: {
                                    if let ::core::option::Option::Some(__desk) = ::steadfast::__rt::held_up(
                                        ::steadfast::__rt::NamesLimiter::named(&GATEWAY_CALLS),
                                    ) {
                                        if let ::core::option::Option::Some(__rejection) = ::steadfast::__rt::arrive(
                                                __desk,
                                            )
                                            .await
                                        {
                                            let __refused = ::core::result::Result::Err(__rejection);
                                            break '__gate __refused;
                                        }
                                    }
                                    {
                                        let mut __attempts = ::steadfast::__rt::Attempts::start(
                                            &__RETRY,
                                        );
                                        loop {
                                            let __pause = {
                                                let __result = ::steadfast::__rt::circuit_breaker(
                                                        ::steadfast::__rt::NamesBreaker::named(&GATEWAY),
                                                        |__result: &Result<Charge, PaymentError>| ::steadfast::__rt::own_word(
                                                            &__result,
                                                        ),
                                                        ::steadfast::__rt::timeout(
                                                            &__TIMEOUT,
                                                            ::steadfast::__rt::body_of(
                                                                &__FUNCTION,
                                                                async {
                                                                    if let ::core::option::Option::Some(__never) = ::core::option::Option::None::<
                                                                        Result<Charge, PaymentError>,
                                                                    > {
                                                                        return __never;
                                                                    }
                                                                    app.gateway
                                                                        .authorize(&request, claim.downstream_key())
                                                                        .await
                                                                },
                                                            ),
                                                        ),
                                                    )
                                                    .await;
                                                match __attempts
                                                    .failed(
                                                        &__result,
                                                        |__result: &Result<Charge, PaymentError>| ::steadfast::__rt::own_word(
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
                            },
                        )
                        .await
                },
            ),
        )
        .await
    {
        ::core::result::Result::Ok(__own) => __own,
        ::core::result::Result::Err(__rejection) => {
            ::steadfast::__rt::refuse(__rejection)
        }
    }
}
