//! A connection on loan.

use sqlx::Database;
use sqlx::pool::{Pool, PoolConnection};

/// A connection that goes back to its pool only between two statements, and in no transaction. One that
/// is given up in the middle is closed: of PostgreSQL nobody knows when it would answer, and in SQLite it
/// may hold the file's one lock.
pub(crate) struct Loan<D: Database> {
    connection: PoolConnection<D>,
    pending: bool,
}

impl<D: Database> Loan<D> {
    pub(crate) async fn from(pool: &Pool<D>) -> sqlx::Result<Self> {
        Ok(Self { connection: pool.acquire().await?, pending: true })
    }

    pub(crate) fn connection(&mut self) -> &mut D::Connection {
        &mut self.connection
    }

    /// Gives the connection back: this is what came of its statements.
    pub(crate) fn back<T>(mut self, answer: T) -> T {
        self.pending = false;
        answer
    }
}

impl<D: Database> Drop for Loan<D> {
    fn drop(&mut self) {
        if self.pending {
            self.connection.close_on_drop();
        }
    }
}
