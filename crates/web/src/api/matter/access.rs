//! Who has read what only some may read of a matter.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use schemars::JsonSchema;
use serde::Serialize;
use store::matter::{Page, Total};

use super::super::ROOT;
use super::super::act::addressed;
use super::super::caller::Caller;
use super::super::paging::{ROWS_MAX, ROWS_USUAL, Rows};
use super::super::query::Asked;
use super::super::view::{Instant, Named, PersonName, UnitName};
use crate::House;
use crate::error::WebError;
use crate::fields::Query;

/// A reading.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::api) struct AccessView {
    /// When for the last time that day.
    at: Instant,
    /// Who.
    by: PersonName,
    /// For which unit.
    unit: UnitName,
    /// How: `read`, `document`, `file`, `receipt` or `export`.
    kind: &'static str,
    /// How many times that day.
    times: u64,
    /// The fields they read, as far as the asker may know of it.
    fields: Vec<Named>,
}

/// `GET /matters/{matter}/access`: newest first.
pub(in crate::api) async fn list(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Rows<AccessView>, WebError> {
    let id = addressed(&id)?;
    let sight = house.store.matter_fetch(&caller.scope, &id).await?.ok_or(WebError::NotFound)?;
    let mut asked = Asked::of(query);
    let rows = asked.limit(ROWS_MAX, ROWS_USUAL);
    let number: u32 = asked.cursor(|text| text.parse().ok()).unwrap_or(1);
    asked.finish()?;
    let list = house.store.access_list(&caller.scope, &id, Page { number, rows }).await?;
    let list = list.ok_or(WebError::NotFound)?;
    let seen = u64::from(number) * u64::from(rows);
    let is_more = match list.total {
        Total::Exactly(total) => total > seen,
        Total::MoreThan(_) => u32::try_from(list.rows.len()).is_ok_and(|read| read == rows),
    };
    let users = list.rows.iter().map(|row| row.user).collect();
    let people = house.people.person_list(&users).await?;
    let (rules, directory) = (house.store.rules(), house.directory());
    let procedure = rules.of(&sight.seen.matter);
    let labels: BTreeMap<&str, _> = procedure
        .iter()
        .flat_map(|one| &one.fields)
        .map(|field| (field.id.as_str(), &field.label))
        .collect();
    let view = |row: &store::access::AccessRow| AccessView {
        at: row.at.into(),
        kind: row.kind.id(),
        times: row.times,
        by: PersonName::of(&people, row.user),
        unit: UnitName::of(&directory, row.unit),
        fields: row
            .fields
            .iter()
            .map(|field| Named::new(field, labels.get(field.as_str()).copied()))
            .collect(),
    };
    let path = format!("{ROOT}/matters/{id}/access");
    let next = is_more.then(|| number.saturating_add(1).to_string());
    Ok(Rows::marked(&path, asked.fields(), list.rows.iter().map(view).collect(), next.as_deref()))
}
