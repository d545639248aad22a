//! What the unit owes (我方应办) and what it is owed (他方应办), soonest first.

use axum::extract::State;
use procedure::MatterId;
use schemars::JsonSchema;
use serde::Serialize;
use store::obligation::ObligationRow as Row;
use store::obligation::keyset::{Mark, Side};

use super::ROOT;
use super::caller::Caller;
use super::matter::{light_id, standing_id};
use super::paging::{ROWS_MAX, ROWS_USUAL, Rows};
use super::query::Asked;
use super::view::{Bilingual, Day, Id, Instant, Moment, StateName, UnitName, state_name};
use crate::House;
use crate::error::WebError;
use crate::fields::Query;

/// An open obligation.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ObligationRow {
    /// Its matter.
    matter: Id,
    /// The matter's number.
    matter_number: String,
    /// The matter's title.
    title: String,
    /// The matter's procedure.
    procedure: String,
    /// The matter's state.
    state: StateName,
    /// The matter's version.
    version: u32,
    /// Its number in the matter.
    number: u32,
    /// Its kind.
    kind: String,
    /// What is owed.
    name: Bilingual,
    /// Who owes it.
    debtor: UnitName,
    /// To whom.
    creditor: UnitName,
    /// The limit it rests on; absent when its end is stated in the matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<String>,
    /// The last day or instant.
    due: Moment,
    /// How it stands.
    standing: &'static str,
    /// How urgent it is.
    light: &'static str,
    /// The end crosses into a year whose holidays are not published.
    provisional: bool,
    /// The day its clock stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended_on: Option<Day>,
    /// When it ran out.
    #[serde(skip_serializing_if = "Option::is_none")]
    lapsed_at: Option<Instant>,
    /// When it was last urged.
    #[serde(skip_serializing_if = "Option::is_none")]
    urged_at: Option<Instant>,
}

/// `GET /obligations?of=us|them`.
pub(super) async fn list(
    State(house): State<House>,
    caller: Caller,
    query: Query,
) -> Result<Rows<ObligationRow>, WebError> {
    let mut asked = Asked::of(query);
    let side = asked.one_of("of", &[("us", Side::Us), ("them", Side::Them)]);
    if asked.text("of").is_none() {
        asked.faults().tell("of", "api.needed", &[]);
    }
    let limit = asked.limit(ROWS_MAX, ROWS_USUAL);
    let after = asked.cursor(read_mark);
    asked.finish()?;
    let side = side.unwrap_or(Side::Us);
    let read =
        house.store.obligation_list_after(&caller.scope, side, after.as_ref(), limit + 1).await?;
    let (rules, directory, now) = (house.store.rules(), house.directory(), house.now());
    let show = |row: Row| {
        let procedure = rules.procedure(&row.procedure);
        let kind = procedure.and_then(|procedure| procedure.obligation(&row.kind));
        let light = light_id(row.light(now));
        ObligationRow {
            matter: (&row.matter).into(),
            matter_number: row.matter_number,
            title: row.title,
            state: state_name(procedure, &row.state),
            version: row.events,
            number: row.number,
            name: kind.map_or_else(|| Bilingual::plain(&row.kind), |kind| (&kind.name).into()),
            kind: row.kind,
            debtor: UnitName::of(&directory, row.debtor),
            creditor: UnitName::of(&directory, row.creditor),
            limit: row.limit,
            due: row.due.into(),
            standing: standing_id(row.standing),
            light,
            provisional: row.provisional,
            suspended_on: row.suspended_on.map(Day::from),
            lapsed_at: row.lapsed_at.map(Instant::from),
            urged_at: row.urged_at.map(Instant::from),
            procedure: row.procedure,
        }
    };
    let mark = |row: &Row| write_mark(&Mark::of(row));
    Ok(Rows::cut(&format!("{ROOT}/obligations"), asked.fields(), read, limit, mark, show))
}

fn write_mark(mark: &Mark) -> String {
    format!("{}:{}:{}", mark.due, mark.number, mark.matter)
}

fn read_mark(text: &str) -> Option<Mark> {
    let mut parts = text.splitn(3, ':');
    let due = parts.next()?.parse().ok()?;
    let number = parts.next()?.parse().ok()?;
    let matter: MatterId = parts.next()?.parse().ok()?;
    Some(Mark { due, matter, number })
}
