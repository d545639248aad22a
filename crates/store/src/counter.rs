//! Kept counters: the numbers of the 工作台 and the lights of units, never counted from raw rows.

use std::collections::BTreeMap;

use procedure::UnitId;

use crate::db::Tx;
use crate::error::StoreError;
use crate::matter::near;
use crate::projection::counter;
use crate::store::Store;

/// The numbers of one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Open obligations it owes, the overdue ones included.
    pub owing: i64,
    /// Those that have run out.
    pub overdue: i64,
    /// Those that end within [`crate::matter::NEAR_DAYS`] days.
    pub near: i64,
    /// Matters in which it must sign for receipt.
    pub to_acknowledge: i64,
    /// Matters whose pen it holds.
    pub my_turn: i64,
    /// Drafts that wait for its approval.
    pub to_approve: i64,
    /// Open obligations owed to it, by itself included.
    pub owed_to_us: i64,
    /// Those that have run out.
    pub owed_to_us_overdue: i64,
    /// Matters it opened that are not over.
    pub tracking: i64,
    /// Matters it sees, by procedure and state.
    pub states: BTreeMap<(String, String), i64>,
    /// Matters it sees that are not over, by procedure.
    pub live: BTreeMap<String, i64>,
}

/// How one unit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitLights {
    /// The unit.
    pub unit: UnitId,
    /// Open obligations it owes, the overdue ones included.
    pub owing: i64,
    /// Those that have run out.
    pub overdue: i64,
    /// Those that end within [`crate::matter::NEAR_DAYS`] days.
    pub near: i64,
    /// Matters in which it must sign for receipt.
    pub to_acknowledge: i64,
}

impl Store {
    /// The numbers of a unit; by the primary key of `unit_counter`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counters(&self, unit: UnitId) -> Result<Counters, StoreError> {
        const NEAR: &str = "
            select count(*) from obligation
             where debtor_unit_id = $1 and is_open = 1 and nature = 'obligation'
               and lapsed_at is null and suspended_on is null and due_at <= $2";
        let mut tx = self.read().await?;
        let mut counters = kept(&mut tx, unit).await?;
        let values = [unit.into(), near(self.now()).into()];
        counters.near = tx.one(NEAR, &values).await?.unwrap_or(0);
        Ok(counters)
    }

    /// How each of these units stands, those with nothing open left out, worst first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lights(&self, units: &[UnitId]) -> Result<Vec<UnitLights>, StoreError> {
        const KEPT: &str = "
            select unit_id, name, number from unit_counter
             where name in ('owing', 'overdue', 'acknowledge') and number > 0";
        const NEAR: &str = "
            select debtor_unit_id, count(*) from obligation
             where is_running = 1 and nature = 'obligation' and due_at > $1 and due_at <= $2
             group by debtor_unit_id";
        let mut tx = self.read().await?;
        let none = |unit| UnitLights { unit, owing: 0, overdue: 0, near: 0, to_acknowledge: 0 };
        let mut lights: BTreeMap<UnitId, UnitLights> =
            units.iter().map(|unit| (*unit, none(*unit))).collect();
        for row in tx.rows(KEPT, &[]).await? {
            let (unit, name, number): (UnitId, String, i64) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let Some(light) = lights.get_mut(&unit) else { continue };
            match name.as_str() {
                counter::OWING => light.owing = number,
                counter::OVERDUE => light.overdue = number,
                _ => light.to_acknowledge = number,
            }
        }
        let now = self.now();
        for row in tx.rows(NEAR, &[now.into(), near(now).into()]).await? {
            if let Some(light) = lights.get_mut(&row.get(0)?) {
                light.near = row.get(1)?;
            }
        }
        let mut lights: Vec<_> = lights
            .into_values()
            .filter(|light| light.owing + light.near + light.to_acknowledge > 0)
            .collect();
        lights.sort_by_key(|light| {
            std::cmp::Reverse((light.overdue, light.near, light.to_acknowledge, light.owing))
        });
        Ok(lights)
    }
}

async fn kept(tx: &mut Tx, unit: UnitId) -> Result<Counters, StoreError> {
    let mut counters = Counters::default();
    let sql = "select name, number from unit_counter where unit_id = $1 and number <> 0";
    for row in tx.rows(sql, &[unit.into()]).await? {
        let (name, number): (String, i64) = (row.get(0)?, row.get(1)?);
        let place = match name.as_str() {
            counter::OWING => &mut counters.owing,
            counter::OVERDUE => &mut counters.overdue,
            counter::OWED => &mut counters.owed_to_us,
            counter::OWED_OVERDUE => &mut counters.owed_to_us_overdue,
            counter::TURN => &mut counters.my_turn,
            counter::ACKNOWLEDGE => &mut counters.to_acknowledge,
            counter::APPROVE => &mut counters.to_approve,
            counter::TRACKING => &mut counters.tracking,
            other => {
                if let Some(state) = other.strip_prefix(counter::STATE)
                    && let Some((procedure, state)) = state.split_once('/')
                {
                    let key = (procedure.to_owned(), state.to_owned());
                    counters.states.insert(key, number);
                } else if let Some(procedure) = other.strip_prefix(counter::LIVE) {
                    counters.live.insert(procedure.to_owned(), number);
                }
                continue;
            }
        };
        *place = number;
    }
    Ok(counters)
}
