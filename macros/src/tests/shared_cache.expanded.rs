#[allow(single_use_lifetimes, reason = "steadfast stack: cached")]
async fn rate(from: &str, to: &str) -> Result<Rate, RateError> {
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
                policy: ::steadfast::__rt::Described::Shared(|| {
                    ::steadfast::__rt::describe!(& RATES)
                }),
                written: "RATES, key =(from, to)",
            },
        ],
    };
    match async {
        let (__cache, __form) = ::steadfast::__rt::shared(
            ::steadfast::__rt::NamesCache::named(&RATES),
            |__result: &Result<Rate, RateError>| ::steadfast::__rt::worth!(__result),
            |__result: &Result<Rate, RateError>| ::steadfast::__rt::copied!(__result),
        );
        let __lead = match ::steadfast::__rt::lookup_only(
            __cache,
            (::steadfast::__rt::key_part!(from), ::steadfast::__rt::key_part!(to)),
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
        ::steadfast::__rt::load(
                __lead,
                __form,
                ::steadfast::__rt::body_of(
                    &__FUNCTION,
                    async {
                        if let ::core::option::Option::Some(__never) = ::core::option::Option::None::<
                            Result<Rate, RateError>,
                        > {
                            return __never;
                        }
                        gateway(from, to).await
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
