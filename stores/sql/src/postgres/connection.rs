//! A connection on loan.

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};

/// A connection that goes back to its pool only between two statements. One that is given up in the
/// middle of one is closed: nobody knows when its server would answer, and the pool would wait.
pub(super) struct Loan {
    connection: PoolConnection<sqlx::Postgres>,
    pending: bool,
}

impl Loan {
    pub(super) async fn from(pool: &PgPool) -> sqlx::Result<Self> {
        Ok(Self { connection: pool.acquire().await?, pending: true })
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Gives the connection back: this is what came of its statements.
    pub(super) fn back<T>(mut self, answer: T) -> T {
        self.pending = false;
        answer
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if self.pending {
            self.connection.close_on_drop();
        }
    }
}
