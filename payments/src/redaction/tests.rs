mod json;
mod secrets;
#[cfg(feature = "redaction")]
mod tracing;
mod vault;
