//! When the log was last written to, so that a machine whose clock went wrong is noticed.

use jiff::Timestamp;

use crate::db::Database;
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::people::Authority;

/// When the newest entry of the log was made, by the clock of then; none while it is empty. The first
/// of the last leaves that tells a time, by the primary key.
///
/// # Errors
/// When the database fails.
pub async fn last_recorded_at(database: &Database) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "
        select coalesce(e.at, a.at)
          from ledger_leaf l
          left join event e
            on l.kind = 'event' and e.matter_id = l.matter_id and e.number = l.number
          left join admin_event a
            on l.kind = 'house' and a.admin_event_id = l.number
         where coalesce(e.at, a.at) is not null
         order by l.leaf desc
         limit 1";
    database.read().await?.one(SQL, &[]).await
}

/// Writes into the journal, and so into the log, that the clock had been ahead: from here on the times of
/// entries begin at an earlier one, and everybody can see why.
///
/// # Errors
/// When the database fails.
pub async fn clock_set_back(
    database: &Database,
    from: Timestamp,
    to: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = database.write().await?;
    let entry = AdminEntry {
        at: to,
        by: Authority::Program,
        act: AdminAct::ClockSetBack,
        target: Target::Platform,
        unit: None,
        detail: serde_json::json!({ "before": from, "after": to }),
    };
    admin_event_append(&mut tx, entry).await?;
    tx.commit().await
}
