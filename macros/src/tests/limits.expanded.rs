#[rate_limit(__steadfast_done = "rate_limit")]
#[allow(single_use_lifetimes, reason = "steadfast stack: rate_limit > rate_limit")]
async fn send(tenant: &str, region: u8, items: Vec<u8>) -> Result<(), E> {
    static __RATE_LIMIT_2: ::steadfast::__rt::Keyed<
        <str as ::std::borrow::ToOwned>::Owned,
        ::steadfast::__rt::RateLimiter,
    > = ::steadfast::__rt::Keyed::new(
            ::steadfast::__rt::RateLimiter::rate(
                    "send",
                    100u32,
                    ::core::time::Duration::from_secs(60),
                    100u32,
                )
                .downstream(),
        )
        .max_keys(5);
    #[::steadfast::__rt::linkme::distributed_slice(::steadfast::__rt::FUNCTIONS)]
    #[linkme(crate = ::steadfast::__rt::linkme)]
    static __FUNCTION: ::steadfast::__rt::Function = ::steadfast::__rt::Function {
        name: "send",
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        column: ::core::column!(),
        layers: &[
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::RateLimit,
                policy: ::steadfast::__rt::Described::Shared(|| {
                    ::steadfast::__rt::describe!(& TENANTS)
                }),
                written: "TENANTS, key =(tenant, region), cost = items.len() as u32",
            },
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::RateLimit,
                policy: ::steadfast::__rt::Described::Own(&__RATE_LIMIT_2),
                written: "key = tenant, rate = \"100/1m\", downstream, max_keys = 5",
            },
        ],
    };
    match async {
        '__gate: {
            let __taken_0 = match ::steadfast::__rt::take(
                    ::steadfast::__rt::of_key(
                        ::steadfast::__rt::of_keyed(
                            ::steadfast::__rt::NamesLimiters::named(&TENANTS),
                        ),
                        (
                            ::steadfast::__rt::key_part!(tenant),
                            ::steadfast::__rt::key_part!(region),
                        ),
                        items.len() as u32,
                    ),
                    (),
                )
                .await
            {
                ::core::result::Result::Ok(__taken_0) => __taken_0,
                ::core::result::Result::Err(__rejection) => {
                    let __refused = ::core::result::Result::Err(__rejection);
                    break '__gate __refused;
                }
            };
            if let ::core::option::Option::Some(__rejection) = ::steadfast::__rt::ask_below(
                    ::steadfast::__rt::of_key(
                        ::steadfast::__rt::of_keyed(&__RATE_LIMIT_2),
                        ::steadfast::__rt::Lone(::steadfast::__rt::key_part!(tenant)),
                        1,
                    ),
                    __taken_0,
                )
                .await
            {
                let __refused = ::core::result::Result::Err(__rejection);
                break '__gate __refused;
            }
            ::steadfast::__rt::body_of(
                    &__FUNCTION,
                    async {
                        if let ::core::option::Option::Some(__never) = ::core::option::Option::None::<
                            Result<(), E>,
                        > {
                            return __never;
                        }
                        post(items).await
                    },
                )
                .await
        }
    }
        .await
    {
        ::core::result::Result::Ok(__own) => __own,
        ::core::result::Result::Err(__rejection) => {
            ::steadfast::__rt::refuse(__rejection)
        }
    }
}
