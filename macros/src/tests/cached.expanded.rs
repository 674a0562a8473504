#[allow(
    single_use_lifetimes,
    unused_variables,
    unused_mut,
    reason = "steadfast stack: not composed: cached"
)]
async fn rate(app: App, id: u64) -> Result<Rate, RateError> {
    gateway(app, id).await
}
::core::compile_error! {
    "`tier` belongs to a policy that all calls share, so an argument of one call cannot set it\nhelp: name a constant, or write the value out"
}
