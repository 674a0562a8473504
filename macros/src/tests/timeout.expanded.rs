#[allow(single_use_lifetimes, reason = "steadfast stack: timeout")]
async fn ask(id: u64) -> Result<Answer, AskError> {
    static __TIMEOUT: ::steadfast::__rt::Timeout = ::steadfast::__rt::Timeout::new(
        "ask",
        ::core::time::Duration::from_secs(2),
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
                layer: ::steadfast::__rt::Layer::Timeout,
                policy: ::steadfast::__rt::Described::timeout(&__TIMEOUT),
                written: "\"2s\"",
            },
        ],
    };
    match ::steadfast::__rt::timeout(
            &__TIMEOUT,
            ::steadfast::__rt::body_of(
                &__FUNCTION,
                async {
                    if let ::core::option::Option::Some(__never) = ::core::option::Option::None::<
                        Result<Answer, AskError>,
                    > {
                        return __never;
                    }
                    gateway(id).await
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
