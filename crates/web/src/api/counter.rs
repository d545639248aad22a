//! The kept numbers of the 工作台.

use std::collections::BTreeMap;

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::body::Json;
use super::caller::Caller;
use crate::House;
use crate::error::WebError;

/// The numbers of the unit.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CountersView {
    /// Open obligations it owes, the overdue ones included.
    owing: i64,
    /// Those that have run out.
    overdue: i64,
    /// Those that end soon.
    near: i64,
    /// Matters in which it must sign for receipt.
    to_acknowledge: i64,
    /// Matters whose pen it holds.
    my_turn: i64,
    /// Drafts that wait for its approval.
    to_approve: i64,
    /// Open obligations owed to it.
    owed_to_us: i64,
    /// Those that have run out.
    owed_to_us_overdue: i64,
    /// Matters it opened that are not over.
    tracking: i64,
    /// Matters it sees, by procedure and state.
    states: BTreeMap<String, BTreeMap<String, i64>>,
    /// Matters it sees that are not over, by procedure.
    live: BTreeMap<String, i64>,
}

/// `GET /counters`.
pub(super) async fn show(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<CountersView>, WebError> {
    let counters = house.store.counters(caller.scope.unit).await?;
    let mut states: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for ((procedure, state), number) in counters.states {
        states.entry(procedure).or_default().insert(state, number);
    }
    Ok(Json(CountersView {
        owing: counters.owing,
        overdue: counters.overdue,
        near: counters.near,
        to_acknowledge: counters.to_acknowledge,
        my_turn: counters.my_turn,
        to_approve: counters.to_approve,
        owed_to_us: counters.owed_to_us,
        owed_to_us_overdue: counters.owed_to_us_overdue,
        tracking: counters.tracking,
        states,
        live: counters.live,
    }))
}
