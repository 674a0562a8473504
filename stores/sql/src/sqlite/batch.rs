//! Many steps in one transaction, with few statements: each is handed to another thread and back.

use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};
use steadfast::idempotent::{Claimed, Held, NewClaim, Record, RecordState};

use super::records::{is_ours, present, take};
use super::statements;
use crate::row::{self, StateColumns};
use crate::step::{Change, Done, Step};
use crate::time::to_column;

/// Takes all steps. The claims that take nothing over, and what owners write, which most steps are,
/// go many at a time; the rest one by one.
pub(super) async fn take_all(connection: &mut SqliteConnection, steps: &[Step]) -> sqlx::Result<Vec<Done>> {
    let all_won = claim(connection, &steps.iter().filter_map(plain_claim).collect::<Vec<_>>()).await?;
    let all_written = write(connection, &steps.iter().filter_map(plain_write).collect::<Vec<_>>()).await?;
    let mut done = Vec::with_capacity(steps.len());
    for step in steps {
        done.push(if let Some(claim) = plain_claim(step) {
            if all_won { Done::Claimed(Claimed::Won) } else { won(connection, claim).await? }
        } else if let Some((change, _)) = plain_write(step) {
            Done::Held(if all_written { Held::Yes } else { written(connection, change).await? })
        } else {
            take(connection, step).await?
        });
    }
    Ok(done)
}

/// Whether a claim is one of those that were won. One that is asked again looks the same until its
/// record has ended, and is its owner's just as well.
async fn won(connection: &mut SqliteConnection, claim: &NewClaim) -> sqlx::Result<Done> {
    Ok(match present(connection, &claim.id).await? {
        Some(record) if record.token == claim.token && is_in_flight(&record) => Done::Claimed(Claimed::Won),
        Some(record) => Done::Claimed(Claimed::Found(record)),
        None => Done::Again,
    })
}

fn is_in_flight(record: &Record) -> bool {
    matches!(record.state, RecordState::InFlight { .. })
}

/// Whether a record is its owner's. Then it was written now, or had ended before.
async fn written(connection: &mut SqliteConnection, change: &Change) -> sqlx::Result<Held> {
    Ok(row::held(is_ours(connection, &change.id, change.token).await?))
}

fn plain_claim(step: &Step) -> Option<&NewClaim> {
    match step {
        Step::Claim(claim) if claim.take_over.is_none() => Some(claim),
        _ => None,
    }
}

fn plain_write(step: &Step) -> Option<(&Change, StateColumns<'_>)> {
    match step {
        Step::Change(change) => Some((change, change.to.as_ref().map(StateColumns::from)?)),
        Step::Claim(_) => None,
    }
}

/// Whether all are won.
async fn claim(connection: &mut SqliteConnection, claims: &[&NewClaim]) -> sqlx::Result<bool> {
    let mut asked = QueryBuilder::new(statements::CLAIMS);
    asked.push_values(padded(claims), |mut row, claim| {
        row.push_bind(claim.map(|claim| claim.id.name()))
            .push_bind(claim.map(|claim| row::scope(&claim.id)))
            .push_bind(claim.map(|claim| claim.id.key()))
            .push_bind(claim.and_then(|claim| Some(claim.fingerprint?.to_bytes().to_vec())))
            .push_bind(claim.map(|claim| claim.token.to_bytes().to_vec()))
            .push_bind(claim.map(|claim| to_column(claim.claimed_at)))
            .push_bind(claim.map(|claim| to_column(claim.lease_until)));
    });
    asked.push(statements::WON);
    changes(connection, asked, claims.len()).await
}

/// Whether all are written.
async fn write(connection: &mut SqliteConnection, writes: &[(&Change, StateColumns<'_>)]) -> sqlx::Result<bool> {
    let mut asked = QueryBuilder::new(statements::WRITES);
    asked.push_values(padded(writes), |mut row, write| {
        let (change, columns) = (write.map(|(change, _)| change), write.map(|(_, columns)| columns));
        row.push_bind(change.map(|change| change.id.name()))
            .push_bind(change.map(|change| row::scope(&change.id)))
            .push_bind(change.map(|change| change.id.key()))
            .push_bind(change.map(|change| change.token.to_bytes().to_vec()))
            .push_bind(columns.map(|columns| columns.state))
            .push_bind(columns.and_then(|columns| columns.lease_until))
            .push_bind(columns.and_then(|columns| columns.stored))
            .push_bind(columns.and_then(|columns| columns.expires_at));
    });
    asked.push(statements::WRITTEN);
    changes(connection, asked, writes.len()).await
}

/// Whether that many rows are changed.
async fn changes(
    connection: &mut SqliteConnection,
    mut asked: QueryBuilder<'_, Sqlite>,
    rows: usize,
) -> sqlx::Result<bool> {
    if rows == 0 {
        return Ok(true);
    }
    Ok(usize::try_from(asked.build().execute(connection).await?.rows_affected()) == Ok(rows))
}

/// Followed by nothing up to a power of two, so that few statements are prepared and kept.
fn padded<T>(rows: &[T]) -> impl Iterator<Item = Option<&T>> {
    let size = rows.len().next_power_of_two();
    rows.iter().map(Some).chain(std::iter::repeat(None)).take(size)
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection, Row};

    use super::*;
    use crate::SqlStore;

    /// Whatever the number of rows in the table: it is not read as a whole.
    #[tokio::test]
    async fn batches_look_rows_up() {
        let folder = steadfast_servers::temp_dir();
        let url = format!("sqlite:{}", folder.join("plan.db").display());
        SqlStore::connect(&url).await.unwrap().migrate().await.unwrap();
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        for (before, columns, after) in
            [(statements::CLAIMS, 7, statements::WON), (statements::WRITES, 8, statements::WRITTEN)]
        {
            for rows in [2, 32, 128] {
                let row = format!("({})", vec!["NULL"; columns].join(", "));
                let sql = format!("EXPLAIN QUERY PLAN {before}VALUES {}{after}", vec![row; rows].join(", "));
                let plan = sqlx::query(&sql).fetch_all(&mut connection).await.unwrap();
                let plan: Vec<String> = plan.iter().map(|line| line.get("detail")).collect();
                assert!(
                    !plan.iter().any(|line| line.starts_with("SCAN r") || line.starts_with("SCAN steadfast")),
                    "{plan:#?}"
                );
            }
        }
    }
}
