//! PostgreSQL as this crate connects to it.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::setup::SetupError;

/// A call that finds no connection for so long is refused: its caller would not wait much longer.
const ACQUIRE: Duration = Duration::from_secs(10);

pub(crate) async fn open(url: &str) -> Result<PgPool, SetupError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| SetupError::Url("this is no URL of PostgreSQL: write `postgres://USER:PASSWORD@HOST/DATABASE`"))?;
    Ok(PgPoolOptions::new().acquire_timeout(ACQUIRE).connect_with(options).await?)
}
