#[allow(single_use_lifetimes, reason = "steadfast stack: idempotent")]
async fn charge(self: Arc<Self>, key: IdempotencyKey) -> Result<Charge, PaymentError> {
    static __IDEMPOTENT: ::steadfast::__rt::Idempotency = ::steadfast::__rt::Idempotency::new(
            "charges.create",
        )
        .on_unknown(::steadfast::__rt::OnUnknown::Recover);
    #[::steadfast::__rt::linkme::distributed_slice(::steadfast::__rt::FUNCTIONS)]
    #[linkme(crate = ::steadfast::__rt::linkme)]
    static __FUNCTION: ::steadfast::__rt::Function = ::steadfast::__rt::Function {
        name: "charge",
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        column: ::core::column!(),
        layers: &[
            ::steadfast::__rt::Entry {
                layer: ::steadfast::__rt::Layer::Idempotent,
                policy: ::steadfast::__rt::Described::idempotent(&__IDEMPOTENT),
                written: "name = \"charges.create\", key = key, payload = none, store = self.records, codec = self.seal, on_unknown = recover = Self::look_up",
            },
        ],
    };
    match async {
        let mut __call = ::steadfast::__rt::Call::new(
            &__IDEMPOTENT,
            ::steadfast::__rt::key(&key),
            ::steadfast::__rt::Payload::none(),
        );
        let __claim = __call.claim();
        let __codec = ::steadfast::__rt::coded(
            &__call,
            ::steadfast::__rt::codec((self.seal).clone()),
            |__query: ::steadfast::__rt::Query<'_, Result<Charge, PaymentError>>| ::steadfast::__rt::answer(
                &__query,
            ),
        );
        let __asked = ::steadfast::__rt::recover(
                __call,
                (self.records).clone(),
                ::core::marker::PhantomData::<Result<Charge, PaymentError>>,
                || Self::look_up(&self, &__claim, &key),
            )
            .await;
        ::steadfast::__rt::finish_asked(
                __asked,
                __codec,
                async move {
                    ::steadfast::__rt::body_of(
                            &__FUNCTION,
                            async {
                                if let ::core::option::Option::Some(__never) = ::core::option::Option::None::<
                                    Result<Charge, PaymentError>,
                                > {
                                    return __never;
                                }
                                self.gateway.charge().await
                            },
                        )
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
