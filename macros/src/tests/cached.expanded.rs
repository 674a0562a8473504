#[allow(single_use_lifetimes, reason = "steadfast stack: cached")]
async fn rate(app: App, id: u64) -> Result<Rate, RateError> {
    static __CACHED: ::steadfast::__rt::Cached = ::steadfast::__rt::Cached::new(
            "fx.rates",
            ::core::time::Duration::from_secs(300),
        )
        .refresh_after(::core::time::Duration::from_secs(240));
    #[::steadfast::__rt::linkme::distributed_slice(::steadfast::__rt::FUNCTIONS)]
    #[linkme(crate = ::steadfast::__rt::linkme)]
    static __FUNCTION: ::steadfast::__rt::Function = ::steadfast::__rt::Function {
        name: "rate",
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        column: ::core::column!(),
        layers: &[
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::Cached,
                policy: ::steadfast::__rt::Described::cached(&__CACHED),
                written: "ttl = \"5m\", refresh_after = \"4m\", refresh = spawn, tier = app.redis, name = \"fx.rates\", key = id",
            },
        ],
    };
    match async {
        let __form = ::steadfast::__rt::whole(
            |__result: &Result<Rate, RateError>| ::steadfast::__rt::worth!(__result),
            |__result: &Result<Rate, RateError>| ::steadfast::__rt::copied!(__result),
        );
        let __lead = match ::steadfast::__rt::lookup(
            &__CACHED,
            (::steadfast::__rt::key_part!(id),),
            __form,
        ) {
            ::core::result::Result::Ok(__found) => return __found,
            ::core::result::Result::Err(__looking) => {
                match __looking.await {
                    ::steadfast::__rt::Lookup::Found(__found) => return __found,
                    ::steadfast::__rt::Lookup::Lead(__lead) => __lead,
                }
            }
        };
        let (__lead, __by) = ::steadfast::__rt::through_only(
            __lead,
            (app.redis).clone(),
            "fx.rates",
            ::steadfast::__rt::codec!(Result < Rate, RateError >),
        );
        ::steadfast::__rt::refused_by(
                __by,
                ::steadfast::__rt::load_aside(
                    __lead,
                    __form,
                    async move {
                        ::steadfast::__rt::body_of(
                                &__FUNCTION,
                                async {
                                    if let ::core::option::Option::Some(__never) = ::core::option::Option::None::<
                                        Result<Rate, RateError>,
                                    > {
                                        return __never;
                                    }
                                    gateway(app, id).await
                                },
                            )
                            .await
                    },
                ),
            )
            .await
    }
        .await
    {
        ::core::result::Result::Ok(__own) => __own,
        ::core::result::Result::Err(__rejection) => {
            ::steadfast::__rt::refuse_or_never(__rejection)
        }
    }
}
