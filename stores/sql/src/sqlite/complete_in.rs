//! A record completed inside a transaction of SQLite.

use sqlx::sqlite::SqliteConnection;
use steadfast::idempotent::{Completion, RecordState};

use super::records::{Ask, is_ours};
use super::statements;
use crate::CompleteError;
use crate::row::StateColumns;

pub(crate) async fn complete(connection: &mut SqliteConnection, completion: &Completion) -> Result<(), CompleteError> {
    let Completion { id, token, outcome, .. } = completion;
    let ended = RecordState::Ended(outcome.clone());
    let columns = StateColumns::from(&ended);
    let written = Ask::write(statements::WRITE, id, *token, &columns).execute(&mut *connection).await?;
    if written.rows_affected() > 0 {
        return Ok(());
    }
    Err(CompleteError::unchanged(is_ours(connection, id, *token).await?))
}
