#[circuit_breaker(__steadfast_done = "circuit_breaker")]
#[allow(
    single_use_lifetimes,
    reason = "steadfast stack: circuit_breaker > circuit_breaker"
)]
async fn ask(gateway: &str, tenant: String, region: u8) -> Result<Answer, AskError> {
    static __CIRCUIT_BREAKER_2: ::steadfast::__rt::KeyedSlot<
        ::steadfast::__rt::CircuitBreaker,
    > = ::steadfast::__rt::KeyedSlot::new(
            ::steadfast::__rt::CircuitBreaker::new("ask")
                .window_calls(100)
                .slow_call(::core::time::Duration::from_secs(2))
                .slow_rate(0.8),
        )
        .max_keys(500);
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
                layer: ::steadfast::__rt::Layer::CircuitBreaker,
                policy: ::steadfast::__rt::Described::Shared(|| {
                    ::steadfast::__rt::describe!(& GATEWAYS)
                }),
                written: "GATEWAYS, key = gateway",
            },
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::CircuitBreaker,
                policy: ::steadfast::__rt::Described::Own(&__CIRCUIT_BREAKER_2),
                written: "key =(tenant, region), window = 100, slow_call = \"2s\", slow_rate = 0.8, max_keys = 500",
            },
        ],
    };
    match ::steadfast::__rt::circuit_breaker_of(
            ::steadfast::__rt::NamesBreakers::named(&GATEWAYS),
            ::steadfast::__rt::Lone(::steadfast::__rt::key_part!(gateway)),
            |__result: &Result<Answer, AskError>| ::steadfast::__rt::own_word(&__result),
            ::steadfast::__rt::own_circuit_breaker_of(
                &__CIRCUIT_BREAKER_2,
                (
                    ::steadfast::__rt::key_part!(tenant),
                    ::steadfast::__rt::key_part!(region),
                ),
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
                        asked(gateway).await
                    },
                ),
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
