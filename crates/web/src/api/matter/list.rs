//! Lists of matters, narrowed as the register is.

use axum::extract::State;
use jiff::civil::Date;
use procedure::definition::FieldKind;
use procedure::{MatterId, Procedure, Rules};
use schemars::JsonSchema;
use serde::Serialize;
use store::directory::Directory;
use store::division::divisions;
use store::matter::keyset::Mark;
use store::matter::{Filter, Light, MatterRow as Row, Sort};

use super::super::ROOT;
use super::super::caller::Caller;
use super::super::paging::{ROWS_MAX, ROWS_USUAL, Rows};
use super::super::query::Asked;
use super::super::view::{Id, Instant, StateName, UnitName, state_name};
use super::light_id;
use crate::House;
use crate::error::WebError;
use crate::fields::Query;

const LIGHTS: [(&str, Light); 4] = [
    ("overdue", Light::Overdue),
    ("near", Light::Near),
    ("on-time", Light::OnTime),
    ("none", Light::None),
];
/// The ids of lights.
pub(in crate::api) const LIGHT_IDS: &[&str] = &["overdue", "near", "on-time", "none"];

const SORTS: [(&str, Sort); 4] = [
    ("newest", Sort::Newest),
    ("oldest", Sort::Oldest),
    ("changed", Sort::Changed),
    ("due", Sort::Due),
];
/// The ids of orders.
pub(in crate::api) const SORT_IDS: &[&str] = &["newest", "oldest", "changed", "due"];

/// A matter in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::api) struct MatterRow {
    /// Its id.
    id: Id,
    /// The root of its family.
    root: Id,
    /// The matter it hangs under.
    parent: Option<Id>,
    /// Its procedure.
    procedure: String,
    /// Its number.
    number: String,
    /// Its title.
    title: String,
    /// Its state.
    state: StateName,
    /// Whether it is over.
    ended: bool,
    /// Who holds the pen.
    holder: Option<UnitName>,
    /// Who opened it.
    opener: Option<UnitName>,
    /// The code of its division; empty when it has none.
    division: String,
    /// The ids of its categories.
    categories: Vec<String>,
    /// The id of its severity.
    severity: String,
    /// Where, in words.
    place: String,
    /// When it was opened.
    opened_at: Instant,
    /// When it last changed.
    changed_at: Instant,
    /// Its version.
    version: u32,
    /// When the obligation that ends first ends.
    due_at: Option<Instant>,
    /// How urgent that is.
    light: &'static str,
}

/// `GET /matters`.
pub(in crate::api) async fn list(
    State(house): State<House>,
    caller: Caller,
    query: Query,
) -> Result<Rows<MatterRow>, WebError> {
    let mut asked = Asked::of(query);
    let rules = house.store.rules();
    let filter = filter(&house, &rules, &mut asked);
    let sort = asked.one_of("sort", &SORTS).unwrap_or_default();
    let limit = asked.limit(ROWS_MAX, ROWS_USUAL);
    let after = asked.cursor(|text| read_mark(text, sort));
    asked.finish()?;
    let read = house
        .store
        .matter_list_after(&caller.scope, &filter, sort, after.as_ref(), limit + 1)
        .await?;
    let (directory, now) = (house.directory(), house.now());
    let show = |row: Row| {
        let light = light_id(Light::of(row.due_at, now));
        view(&rules, &directory, row, light)
    };
    let mark = |row: &Row| write_mark(&Mark::of(row, sort), sort);
    Ok(Rows::cut(&format!("{ROOT}/matters"), asked.fields(), read, limit, mark, show))
}

fn view(rules: &Rules, directory: &Directory, row: Row, light: &'static str) -> MatterRow {
    MatterRow {
        id: (&row.id).into(),
        root: (&row.root).into(),
        parent: row.parent.as_ref().map(Id::from),
        state: state_name(rules.procedure(&row.procedure), &row.state),
        procedure: row.procedure,
        number: row.number,
        title: row.title,
        ended: row.ended,
        holder: row.holder.map(|unit| UnitName::of(directory, unit)),
        opener: row.opener.map(|unit| UnitName::of(directory, unit)),
        division: row.division,
        categories: row.categories,
        severity: row.severity,
        place: row.place,
        opened_at: row.opened_at.into(),
        changed_at: row.changed_at.into(),
        version: row.events,
        due_at: row.due_at.map(Instant::from),
        light,
    }
}

fn filter(house: &House, rules: &Rules, asked: &mut Asked) -> Filter {
    let procedure = asked.text("procedure");
    let known = procedure.as_deref().and_then(|id| rules.procedure(id));
    if let (Some(id), None) = (&procedure, known) {
        let ids = rules.procedures().map(|one| one.id.as_str());
        asked.faults().unknown("procedure", id, ids);
    }
    let state = asked.text("state");
    if let (Some(state), Some(procedure)) = (&state, known)
        && procedure.state(state).is_none()
    {
        let ids = procedure.states.iter().map(|one| one.id.as_str());
        asked.faults().unknown("state", state, ids);
    }
    let category = asked.text("category");
    if let Some(category) = &category {
        let ids = || categories(rules, known);
        if !ids().any(|id| id == category) {
            asked.faults().unknown("category", category, ids());
        }
    }
    let division = asked.text("division");
    let found = division.as_deref().and_then(|text| divisions().find(text));
    if let (Some(text), None) = (&division, found) {
        asked.faults().tell("division", "api.no-division", &[("given", text)]);
    }
    // A day of opening ends when the next begins.
    let next = |day: Date| day.tomorrow().unwrap_or(day);
    Filter {
        procedure: procedure.unwrap_or_default(),
        state,
        ended: asked.one_of("ended", &[("true", true), ("false", false)]),
        light: asked.one_of("light", &LIGHTS),
        division: found.map(|division| division.code.clone()),
        category,
        holder: asked.unit(house, "holder"),
        unit: asked.unit(house, "unit"),
        text: asked.text("q"),
        opened_from: asked.day("opened_from").map(calendar::start_of_day),
        opened_to: asked.day("opened_to").map(|day| calendar::start_of_day(next(day))),
    }
}

/// The options of fields of several choices, of one procedure or of all.
fn categories<'a>(rules: &'a Rules, of: Option<&'a Procedure>) -> impl Iterator<Item = &'a str> {
    rules
        .procedures()
        .filter(move |one| of.is_none_or(|of| of.id == one.id))
        .flat_map(|procedure| &procedure.fields)
        .filter(|field| field.kind == FieldKind::Choices)
        .flat_map(|field| &field.options)
        .map(|option| option.id.as_str())
}

/// A mark belongs to one order: in another it would skip rows in silence.
fn write_mark(mark: &Mark, sort: Sort) -> String {
    format!("{}:{}:{}", sort_id(sort), mark.key, mark.matter)
}

fn read_mark(text: &str, sort: Sort) -> Option<Mark> {
    let mut parts = text.splitn(3, ':');
    let is_ours = parts.next()? == sort_id(sort);
    let key = parts.next()?.parse().ok()?;
    let matter: MatterId = parts.next()?.parse().ok()?;
    is_ours.then_some(Mark { key, matter })
}

fn sort_id(sort: Sort) -> &'static str {
    SORTS.iter().find(|(_, one)| *one == sort).map_or("", |(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_of_one_order_is_none_of_another() {
        let matter: MatterId = "0190b6a0-0000-7000-8000-00000000000a".parse().unwrap();
        let mark = Mark { key: 7, matter };
        let text = write_mark(&mark, Sort::Due);
        assert_eq!(read_mark(&text, Sort::Due), Some(mark));
        assert_eq!(read_mark(&text, Sort::Changed), None);
        assert_eq!(read_mark("due:x:y", Sort::Due), None);
    }

    #[test]
    fn the_table_lists_every_light_and_order() {
        assert!(LIGHTS.iter().map(|(id, _)| id).eq(LIGHT_IDS));
        assert!(SORTS.iter().map(|(id, _)| id).eq(SORT_IDS));
    }
}
