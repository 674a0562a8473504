#[retry(__steadfast_done = "retry")]
#[circuit_breaker(__steadfast_done = "circuit_breaker")]
#[allow(
    single_use_lifetimes,
    reason = "steadfast stack: rate_limit > retry > circuit_breaker"
)]
fn ask(id: u64) -> Result<Answer, AskError> {
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
                layer: ::steadfast::__rt::Layer::RateLimit,
                policy: ::steadfast::__rt::Described::Shared(|| {
                    ::steadfast::__rt::describe!(& GATEWAY_CALLS)
                }),
                written: "GATEWAY_CALLS",
            },
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::Retry,
                policy: ::steadfast::__rt::Described::retry(&__RETRY),
                written: "",
            },
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::CircuitBreaker,
                policy: ::steadfast::__rt::Described::Shared(|| {
                    ::steadfast::__rt::describe!(& GATEWAY)
                }),
                written: "GATEWAY",
            },
        ],
    };
    match ::steadfast::__rt::block_on(async {
        '__gate: {
            if let ::core::option::Option::Some(__rejection) = ::steadfast::__rt::admit_now(
                ::steadfast::__rt::NamesLimiter::named(&GATEWAY_CALLS),
            ) {
                let __refused = ::core::result::Result::Err(__rejection);
                break '__gate __refused;
            }
            {
                let mut __attempts = ::steadfast::__rt::Attempts::start(&__RETRY);
                loop {
                    let __pause = {
                        let __result = ::steadfast::__rt::circuit_breaker(
                                ::steadfast::__rt::at_once(
                                    ::steadfast::__rt::NamesBreaker::named(&GATEWAY),
                                ),
                                |__result: &Result<Answer, AskError>| ::steadfast::__rt::own_word(
                                    &__result,
                                ),
                                ::steadfast::__rt::body_now_of(
                                    &__FUNCTION,
                                    || -> Result<Answer, AskError> { gateway(id) },
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
                    __pause.block();
                }
            }
        }
    }) {
        ::core::result::Result::Ok(__own) => __own,
        ::core::result::Result::Err(__rejection) => {
            ::steadfast::__rt::refuse(__rejection)
        }
    }
}
