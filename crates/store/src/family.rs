//! Loading a family: a problem and every matter under it, as one decision needs them.

use std::collections::BTreeMap;

use procedure::{Family, Matter, MatterId};

use crate::db::Tx;
use crate::error::StoreError;
use crate::row::Row;
use crate::visibility::Provenance;

/// A family with who wrote what in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loaded {
    pub(crate) family: Family,
    pub(crate) provenance: BTreeMap<MatterId, Provenance>,
}

/// The family a matter belongs to, locked until the transaction ends; none when there is no such
/// matter.
pub(crate) async fn family_lock(
    tx: &mut Tx,
    matter: &MatterId,
) -> Result<Option<Loaded>, StoreError> {
    if let Some(lock) = tx.engine().lock_family() {
        tx.rows(lock, &[matter.into()]).await?;
    }
    family_load(tx, matter).await
}

/// The family a matter belongs to, whoever asks; by `matter_body`'s primary key.
pub(crate) async fn family_load(
    tx: &mut Tx,
    matter: &MatterId,
) -> Result<Option<Loaded>, StoreError> {
    const SQL: &str = "
        select b.body, b.provenance
          from matter_body b
         where b.root_id = (select m.root_id from matter m where m.matter_id = $1)";
    let rows = tx.rows(SQL, &[matter.into()]).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut provenance = BTreeMap::new();
    let mut matters = Vec::with_capacity(rows.len());
    for row in &rows {
        let (matter, written) = body(row, 0)?;
        provenance.insert(matter.id.clone(), written);
        matters.push(matter);
    }
    Ok(Some(Loaded { family: Family::new(matters), provenance }))
}

/// A matter and its provenance from two columns.
pub(crate) fn body(row: &Row, column: usize) -> Result<(Matter, Provenance), StoreError> {
    let matter = serde_json::from_str(&row.get::<String>(column)?)
        .map_err(|error| StoreError::damaged("matter", error))?;
    let provenance = serde_json::from_str(&row.get::<String>(column + 1)?)
        .map_err(|error| StoreError::damaged("provenance", error))?;
    Ok((matter, provenance))
}
