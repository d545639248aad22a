//! The state chart of a matter's procedure, with the state it stands in marked, and the same as a table.

use askama::Template;
use axum::extract::{Path, State as Given};
use procedure::graph;

use super::Room;
use super::look::{Look, day};
use crate::House;
use crate::error::WebError;
use crate::filters;
use crate::message::{Language, T};
use crate::parts::mark::State;
use crate::session::SignedIn;
use crate::shell::{Page, Shell};

/// A state of the procedure.
struct Row {
    name: String,
    holder: String,
    reached: String,
    /// The actions that are possible in it.
    next: String,
    is_now: bool,
}

#[derive(Template)]
#[template(path = "matter/chart.html")]
pub(super) struct ChartPage {
    t: T,
    shell: Shell,
    title: String,
    number: String,
    href: String,
    state: State,
    /// Drawn by the procedure itself, which escapes what it letters.
    chart: String,
    states: Vec<Row>,
}

/// `GET /matters/{matter}/chart`.
pub(super) async fn show(
    Given(house): Given<House>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Page<ChartPage>, WebError> {
    let room = Room::enter(&house, &who, &id).await?;
    let (look, matter) = (room.look(&who), room.matter());
    let procedure = room.procedure()?;
    let language = match who.language {
        Language::Zh => graph::Language::Chinese,
        Language::En => graph::Language::English,
    };
    let title = look.fill("matter.chart-title", &[("name", &look.kind(matter))]);
    let href = format!("/matters/{}", matter.id);
    let shell = room.shell(&house, &who, &title).await?;
    Ok(Page(ChartPage {
        t: who.language.t(),
        shell: shell.crumb(&href, &matter.number).crumb_here(look.say("matter.chart")),
        title,
        number: format!("{} {}", matter.number, matter.title),
        href,
        state: State { word: look.state(matter), ended: matter.ended },
        chart: anchored(&graph::graph(procedure, language, Some(&matter.state))),
        states: states(&look, &room)?,
    }))
}

/// The chart with an anchor at the present state, so that an address can lead there.
fn anchored(chart: &str) -> String {
    chart.replacen(r#" chart-marked""#, r#" chart-marked" id="now""#, 1)
}

fn states(look: &Look<'_>, room: &Room) -> Result<Vec<Row>, WebError> {
    let (matter, procedure) = (room.matter(), room.procedure()?);
    let row = |state: &procedure::definition::State| {
        let acts = procedure.actions.iter().filter(|action| action.from.contains(&state.id));
        let next: Vec<_> = acts.map(|action| look.of(&action.name)).collect();
        Row {
            name: look.of(&state.name),
            holder: state
                .holder
                .as_ref()
                .map(|party| look.party(matter, party))
                .unwrap_or_default(),
            reached: matter.reached.get(&state.id).copied().map(day).unwrap_or_default(),
            next: next.join(look.comma()),
            is_now: state.id == matter.state,
        }
    };
    Ok(procedure.states.iter().map(row).collect())
}
