//! The tables, one numbered step after another, forward only, alike on both engines.

use jiff::Timestamp;

use crate::db::{Database, Tx};
use crate::dialect::Engine;
use crate::error::StoreError;
use crate::ledger::audit::begin_with_what_is_there;
use crate::seal;

/// Every step, in order. A released one is never edited.
const MIGRATIONS: [(i64, &str, &str); 11] = [
    (1, "people", include_str!("../migrations/0001_people.sql")),
    (2, "matters", include_str!("../migrations/0002_matters.sql")),
    (3, "views", include_str!("../migrations/0003_views.sql")),
    (4, "long work", include_str!("../migrations/0004_long_work.sql")),
    (5, "quicker lists", include_str!("../migrations/0005_quicker_lists.sql")),
    (6, "punctuality", include_str!("../migrations/0006_punctuality.sql")),
    (7, "ledger", include_str!("../migrations/0007_ledger.sql")),
    (8, "accounts", include_str!("../migrations/0008_accounts.sql")),
    (9, "vault", include_str!("../migrations/0009_vault.sql")),
    (10, "seals", include_str!("../migrations/0010_seals.sql")),
    (11, "log keys", include_str!("../migrations/0011_log_keys.sql")),
];

/// The step from which a matter's provenance says who wrote each field, not only for which unit.
const WRITERS: i64 = 10;

/// The step that makes the log.
const LEDGER: i64 = 7;

/// The newest step this program knows.
pub const NEWEST: i64 = 11;

/// Takes every step the database has not taken yet; says how many.
///
/// Each step is one transaction. On PostgreSQL, processes starting together take turns.
///
/// # Errors
/// [`StoreError::TooNew`] when the database knows steps this program does not, or what the engine
/// says.
pub async fn migrate(database: &Database, now: Timestamp) -> Result<usize, StoreError> {
    migrate_to(database, NEWEST, now).await
}

/// The same up to a step; a backup is loaded into the tables it was taken from.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_to(
    database: &Database,
    last: i64,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut taken = 0;
    for (number, name, text) in MIGRATIONS.into_iter().filter(|(number, ..)| *number <= last) {
        let mut tx = database.write().await?;
        prepared(&mut tx).await?;
        if !is_taken(&mut tx, number).await? {
            tx.batch_unhurried(&tx.engine().migration(text)).await?;
            if number == LEDGER {
                begin_with_what_is_there(&mut tx).await?;
            }
            if number == WRITERS {
                seal::name_writers(&mut tx).await?;
            }
            let row = [number.into(), name.into(), now.into()];
            tx.execute("insert into migration (number, name, taken_at) values ($1, $2, $3)", &row)
                .await?;
            taken += 1;
        }
        tx.commit().await?;
    }
    let mut tx = database.write().await?;
    prepared(&mut tx).await?;
    let found = newest(&mut tx).await?;
    tx.commit().await?;
    if found > NEWEST {
        return Err(StoreError::TooNew { found, known: NEWEST });
    }
    Ok(taken)
}

async fn prepared(tx: &mut Tx) -> Result<(), StoreError> {
    if tx.engine() == Engine::Postgres {
        tx.batch("select pg_advisory_xact_lock(7421536001)").await?;
    }
    tx.batch(
        "create table if not exists migration (
             number bigint not null primary key, name text not null, taken_at bigint not null)",
    )
    .await
}

async fn is_taken(tx: &mut Tx, number: i64) -> Result<bool, StoreError> {
    const SQL: &str = "select count(*) from migration where number = $1";
    Ok(tx.one::<i64>(SQL, &[number.into()]).await?.unwrap_or(0) > 0)
}

/// The newest step the database has taken.
pub(crate) async fn newest(tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(tx.one("select coalesce(max(number), 0) from migration", &[]).await?.unwrap_or(0))
}
