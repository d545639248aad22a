//! How punctual a unit was in a year: what it did in time, and what it let run out.
//!
//! Every obligation is counted once: in time in the year it was met, or as run out in the year it ran
//! out, whether it was met later or not. The numbers are kept counters, written in the action's own
//! transaction; nothing is counted when a page asks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use procedure::UnitId;
use procedure::definition::ObligationKind;
use procedure::matter::Obligation;

use crate::error::StoreError;
use crate::store::Store;

/// What a unit did of what it owed, within a year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Punctuality {
    /// Obligations met in time.
    pub in_time: i64,
    /// Obligations that ran out, met since or not.
    pub late: i64,
}

impl Punctuality {
    /// How many of a hundred were done in time, rounded down; none when nothing came to an end.
    #[must_use]
    pub fn percent(self) -> Option<i64> {
        let whole = self.in_time.saturating_add(self.late);
        (whole > 0).then(|| self.in_time.saturating_mul(100) / whole)
    }
}

/// Followed by the year.
const IN_TIME: &str = "in-time/";
/// Followed by the year.
const LATE: &str = "late/";

/// The kept counter an obligation stands in; none while nothing is known of its end.
pub(crate) fn counter(owed: &Obligation) -> Option<String> {
    if owed.nature != ObligationKind::Obligation {
        return None;
    }
    match (owed.lapsed_at, owed.met_at) {
        (Some(lapsed_at), _) => Some(name(LATE, lapsed_at)),
        (None, Some(met_at)) => Some(name(IN_TIME, met_at)),
        (None, None) => None,
    }
}

fn name(kind: &str, at: Timestamp) -> String {
    format!("{kind}{}", calendar::local_date(at).year())
}

impl Store {
    /// How punctual each of these units was in a year, those with nothing left out; by
    /// `unit_counter_by_name`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn punctuality(
        &self,
        units: &[UnitId],
        year: i16,
    ) -> Result<BTreeMap<UnitId, Punctuality>, StoreError> {
        const SQL: &str = "
            select unit_id, number from unit_counter where name = $1 and number <> 0";
        let mut tx = self.read().await?;
        let mut found = BTreeMap::<UnitId, Punctuality>::new();
        for (kind, is_late) in [(IN_TIME, false), (LATE, true)] {
            for row in tx.rows(SQL, &[format!("{kind}{year}").into()]).await? {
                let (unit, number): (UnitId, i64) = (row.get(0)?, row.get(1)?);
                let one = found.entry(unit).or_default();
                *(if is_late { &mut one.late } else { &mut one.in_time }) = number;
            }
        }
        found.retain(|unit, _| units.contains(unit));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_needs_a_whole() {
        assert_eq!(Punctuality::default().percent(), None);
        assert_eq!(Punctuality { in_time: 2, late: 1 }.percent(), Some(66));
        assert_eq!(Punctuality { in_time: 0, late: 4 }.percent(), Some(0));
    }
}
