//! Loading a family: a problem and every matter under it, as one decision needs them.

use std::collections::BTreeMap;

use procedure::{Family, Matter, MatterId};

use crate::db::Tx;
use crate::error::StoreError;
use crate::row::{Row, Value};
use crate::vault::{Vault, field};
use crate::visibility::Provenance;

/// A family with who wrote what in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loaded {
    pub(crate) family: Family,
    pub(crate) provenance: BTreeMap<MatterId, Provenance>,
}

/// The families that matters belong to, locked until the transaction ends, by their roots; matters that do
/// not exist have none. However many there are, they are one question, by `matter_body`'s primary key.
pub(crate) async fn families_lock(
    tx: &mut Tx,
    matters: &[&MatterId],
) -> Result<BTreeMap<MatterId, Loaded>, StoreError> {
    let mut families = BTreeMap::<MatterId, (Vec<Matter>, BTreeMap<MatterId, Provenance>)>::new();
    for some in matters.chunks(ASKED_MAX) {
        let (places, values) = list_of(some);
        if let Some(lock) = tx.engine().lock_families(&places) {
            tx.rows(&lock, &values).await?;
        }
        let sql = format!(
            "select b.body, b.provenance
               from matter_body b
              where b.root_id in (select m.root_id from matter m where m.matter_id in ({places}))"
        );
        for row in &tx.rows(&sql, &values).await? {
            let (matter, written) = body(tx.vault(), row, 0)?;
            let (matters, provenance) = families.entry(matter.root.clone()).or_default();
            provenance.insert(matter.id.clone(), written);
            matters.push(matter);
        }
    }
    let loaded =
        |(root, (matters, provenance))| (root, Loaded { family: Family::new(matters), provenance });
    Ok(families.into_iter().map(loaded).collect())
}

/// Most matters of one question.
const ASKED_MAX: usize = 128;

/// `$1, $2 …` with what is bound to them. The last stands again until there are as many as a power of two:
/// few texts are prepared, and each is kept.
fn list_of(matters: &[&MatterId]) -> (String, Vec<Value>) {
    let number = matters.len().next_power_of_two();
    let places: Vec<String> = (1..=number).map(|place| format!("${place}")).collect();
    let again = matters.iter().rev().take(1).cycle();
    let values = matters.iter().chain(again).take(number).map(|matter| (*matter).into());
    (places.join(", "), values.collect())
}

/// A matter and its provenance from two columns.
pub(crate) fn body(
    vault: &Vault,
    row: &Row,
    column: usize,
) -> Result<(Matter, Provenance), StoreError> {
    let matter = field::matter_from_text(vault, &row.get::<String>(column)?)?;
    let provenance = serde_json::from_str(&row.get::<String>(column + 1)?)
        .map_err(|error| StoreError::damaged("provenance", error))?;
    Ok((matter, provenance))
}
