//! Who asks, the units, the divisions.

use axum::extract::{Path, State};
use procedure::matter::Directory as _;
use procedure::{UnitId, definition::Side};
use schemars::JsonSchema;
use serde::Serialize;
use store::directory::{Directory, SUGGESTIONS_MAX};
use store::division::{Division, DivisionLevel, divisions};
use store::liaison::Person;
use store::unit::Unit;

use super::ROOT;
use super::body::Json;
use super::caller::Caller;
use super::paging::{ROWS_MAX, ROWS_USUAL, Rows};
use super::query::Asked;
use super::view::{Instant, Named, PersonName, UnitName, role, side};
use crate::House;
use crate::error::WebError;
use crate::fields::Query;

/// Whom the token stands for.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Me {
    /// The person.
    user: PersonName,
    /// Their title; may be empty.
    title: String,
    /// The unit they act for.
    unit: UnitName,
    /// Its side.
    side: &'static str,
    /// Their roles there, at this moment.
    roles: Vec<Named>,
    /// The token's id.
    token: i64,
    /// The platform's present instant.
    now: Instant,
}

/// `GET /me`.
pub(super) async fn me(State(house): State<House>, caller: Caller) -> Json<Me> {
    let roles = caller.actor.roles.iter();
    Json(Me {
        user: PersonName { id: caller.person.id.0, name: caller.person.display_name.clone() },
        title: caller.person.title.clone(),
        unit: UnitName::of(&house.directory(), caller.scope.unit),
        side: side(caller.scope.side),
        roles: roles
            .map(|one| Named::new(role(*one), Some(&procedure::decide::role_words(*one))))
            .collect(),
        token: caller.token,
        now: house.now().into(),
    })
}

/// A unit in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct UnitRow {
    /// Its id on this platform.
    id: i64,
    /// Its code.
    code: String,
    /// Its name.
    name: String,
    /// Its short name.
    short_name: String,
    /// Its side.
    side: &'static str,
    /// Its level.
    level: Named,
    /// The code of the division it works in.
    division: String,
    /// Its line of work.
    line: Named,
    /// Whether it acts on the platform.
    active: bool,
}

impl UnitRow {
    fn of(unit: &Unit) -> Self {
        Self {
            id: unit.id.0,
            code: unit.code.clone(),
            name: unit.name.clone(),
            short_name: unit.short_name.clone(),
            side: side(unit.side),
            level: Named::new(unit.level.id(), Some(&unit.level.words())),
            division: unit.division_code.clone(),
            line: Named::new(&unit.line, Some(&store::unit::line_words(&unit.line))),
            active: unit.active,
        }
    }
}

/// A unit.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct UnitView {
    /// What it is.
    #[serde(flatten)]
    row: UnitRow,
    /// Former and other names.
    aliases: Vec<String>,
    /// Its telephone number; empty when none is known.
    phone: String,
    /// The unit that guides it.
    above: Option<UnitName>,
    /// The units it guides.
    below: Vec<UnitName>,
    /// Its liaison (联络员).
    liaison: Option<LiaisonView>,
}

/// A liaison.
#[derive(Debug, Serialize, JsonSchema)]
struct LiaisonView {
    /// Who.
    person: PersonName,
    /// Their title; may be empty.
    title: String,
    /// Their telephone number; may be empty.
    phone: String,
}

impl LiaisonView {
    fn of(person: &Person) -> Self {
        Self {
            person: PersonName { id: person.id.0, name: person.display_name.clone() },
            title: person.title.clone(),
            phone: person.phone.clone(),
        }
    }
}

/// `GET /units?q=…`: what was typed, the likeliest first; without it every unit, page by page.
pub(super) async fn list(
    State(house): State<House>,
    _: Caller,
    query: Query,
) -> Result<Rows<UnitRow>, WebError> {
    const SIDES: [(&str, Side); 3] = [
        ("government", Side::Government),
        ("procuratorate", Side::Procuratorate),
        ("court", Side::Court),
    ];
    let mut asked = Asked::of(query);
    let side = asked.one_of("side", &SIDES);
    let limit = asked.limit(ROWS_MAX, ROWS_USUAL);
    let after = asked.cursor(|text| text.parse().ok().map(UnitId));
    if asked.text("q").is_some() && after.is_some() {
        asked.faults().tell("cursor", "api.no-cursor-with-q", &[]);
    }
    asked.finish()?;
    let directory = house.directory();
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    if let Some(text) = asked.text("q") {
        let found = directory.suggest(&text, side, most.min(SUGGESTIONS_MAX));
        return Ok(Rows::all(found.into_iter().map(UnitRow::of).collect()));
    }
    let fits = |unit: &&Unit| {
        side.is_none_or(|side| unit.side == side) && after.is_none_or(|after| unit.id > after)
    };
    let read: Vec<&Unit> = directory.all().filter(fits).take(most.saturating_add(1)).collect();
    let mark = |unit: &&Unit| unit.id.to_string();
    Ok(Rows::cut(&format!("{ROOT}/units"), asked.fields(), read, limit, mark, UnitRow::of))
}

/// `GET /units/{unit}`, by id or code.
pub(super) async fn show(
    State(house): State<House>,
    _: Caller,
    Path(text): Path<String>,
) -> Result<Json<UnitView>, WebError> {
    let directory = house.directory();
    let unit = found(&directory, &text).ok_or(WebError::NotFound)?;
    let liaison = house.people.liaison_list(&[unit.id]).await?.remove(&unit.id);
    Ok(Json(UnitView {
        row: UnitRow::of(unit),
        aliases: unit.aliases.clone(),
        phone: unit.phone.clone(),
        above: unit.above.map(|above| UnitName::of(&directory, above)),
        below: directory.below(unit.id).map(|one| UnitName::of(&directory, one.id)).collect(),
        liaison: liaison.as_ref().map(LiaisonView::of),
    }))
}

/// A unit by id, code or name; one that no longer acts by id or code.
fn found<'a>(directory: &'a Directory, text: &str) -> Option<&'a Unit> {
    let by_id = text.parse().ok().and_then(|id| directory.get(id));
    by_id
        .or_else(|| directory.by_code(text))
        .or_else(|| directory.find(text).and_then(|id| directory.get(id)))
}

/// A division.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DivisionView {
    /// Its code: six digits, nine for a township.
    code: String,
    /// Its name.
    name: String,
    /// Its name with all above it.
    full_name: String,
    /// How far down it lies: `province`, `city`, `county` or `township`.
    level: &'static str,
    /// The division it belongs to; absent for a province.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
}

impl DivisionView {
    fn of(division: &Division) -> Self {
        Self {
            code: division.code.clone(),
            name: division.name.clone(),
            full_name: division.full_name.clone(),
            level: match division.level {
                DivisionLevel::Province => "province",
                DivisionLevel::City => "city",
                DivisionLevel::County => "county",
                DivisionLevel::Township => "township",
            },
            parent: division.parent.clone(),
        }
    }
}

/// `GET /divisions?q=…` or `?parent=…`.
pub(super) async fn find_divisions(
    _: Caller,
    query: Query,
) -> Result<Rows<DivisionView>, WebError> {
    let mut asked = Asked::of(query);
    let limit = asked.limit(ROWS_MAX, ROWS_MAX);
    let (text, parent) = (asked.text("q"), asked.text("parent"));
    let area = parent.as_deref().and_then(|text| divisions().find(text));
    match (&text, &parent) {
        (Some(_), Some(_)) | (None, None) => asked.faults().tell("q", "api.q-or-parent", &[]),
        (None, Some(parent)) if area.is_none() => {
            asked.faults().tell("parent", "api.no-division", &[("given", parent)]);
        }
        _ => {}
    }
    asked.finish()?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let found: Vec<&Division> = match (&text, area) {
        (Some(text), _) => divisions().suggest(text, most),
        (None, Some(area)) => divisions().children(&area.code).take(most).collect(),
        (None, None) => Vec::new(),
    };
    Ok(Rows::all(found.into_iter().map(DivisionView::of).collect()))
}
