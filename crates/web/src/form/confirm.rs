//! The page between filling in and doing: what will happen, to whom, by when, and what stays.

use askama::Template;
use axum::response::{IntoResponse, Response};
use procedure::decide::{Command, Request, decide};
use procedure::matter::What;
use procedure::{Actor, Decision, Family, UserId};

use super::Desk;
use super::consequence::{Consequence, consequences};
use super::field::Filled;
use crate::document::{Paper, preview};
use crate::error::WebError;
use crate::filters;
use crate::matter::value::{Entry, Shown};
use crate::message::T;
use crate::shell::{Page, Shell};

#[derive(Template)]
#[template(path = "form/confirm.html")]
struct ConfirmPage {
    t: T,
    shell: Shell,
    title: String,
    about: String,
    href: String,
    back: String,
    key: String,
    version: String,
    pairs: Vec<(String, String)>,
    consequences: Vec<Consequence>,
    /// What happens once it is approved; empty when it takes effect at once.
    approved: Vec<Consequence>,
    entries: Vec<Entry>,
    papers: Vec<Paper>,
    do_words: String,
}

/// The confirm page of an act that the rules would allow.
pub(super) async fn page(
    desk: &Desk<'_>,
    filled: &Filled,
    version: &str,
    decision: &Decision,
) -> Result<Response, WebError> {
    let (look, action) = (&desk.look, desk.aim.action());
    let people = desk.people().await?;
    let name = look.of(&action.name);
    let title = look.fill("form.confirm-title", &[("action", &name)]);
    let acted = decision.events.iter().find_map(|(id, event)| match &event.what {
        What::Acted(act) if act.action == action.id => Some((id, event, &act.input)),
        What::Proposed(proposal) => Some((id, event, &proposal.input)),
        What::Opened(opening) => Some((id, event, &opening.fields)),
        _ => None,
    });
    let procedure = desk.aim.procedure();
    let mut entries = Vec::new();
    let mut papers = Vec::new();
    if let Some((id, event, input)) = acted {
        let held = procedure.fields.iter().filter_map(|field| {
            let value = input.get(&field.id).filter(|value| !value.is_empty())?;
            Some(Entry::plain(look, field, value))
        });
        entries.extend(held);
        if let Some(matter) = decision.family.get(id) {
            // What the reader may not read is not in the preview either.
            let mut fields =
                desk.aim.room().map(|room| room.matter().fields.clone()).unwrap_or_default();
            fields.extend(input.clone());
            let kinds = action.documents.iter();
            papers.extend(kinds.filter_map(|kind| preview(look, matter, &fields, kind, event.at)));
        }
    }
    let (id, about) = match desk.aim.room() {
        Some(room) => {
            let matter = room.matter();
            (Some(&matter.id), format!("{} {}", matter.number, matter.title))
        }
        None => (acted.map(|(id, ..)| id), String::new()),
    };
    let told = |before: &Family, decision: &Decision| {
        id.map(|id| consequences(look, before, decision, id, &people)).unwrap_or_default()
    };
    let approved = approved(desk, decision).map(|after| told(&decision.family, &after));
    let shell =
        desk.shell(&title).await?.crumb(desk.aim.href(), &name).crumb_here(look.say("form.check"));
    let page = ConfirmPage {
        t: desk.who.language.t(),
        shell,
        about,
        href: desk.aim.href(),
        back: desk.aim.back(),
        key: desk.house.secret()?,
        version: version.to_owned(),
        pairs: filled.pairs(look.directory),
        consequences: told(&desk.family(), decision),
        approved: approved.unwrap_or_default(),
        entries,
        papers,
        do_words: look.fill("form.confirm-do", &[("action", &name)]),
        title,
    };
    Ok(Page(page).into_response())
}

/// Whoever will approve; nobody bears this number, and the decision is thrown away.
const SOMEBODY: UserId = UserId(-1);

/// What follows when everybody approves what this decision drafts; `None` when nobody needs to, or
/// when as things stand it would then be refused.
fn approved(desk: &Desk<'_>, decision: &Decision) -> Option<Decision> {
    let matter = &desk.aim.room()?.matter().id;
    let mut family = decision.family.clone();
    let mut last = None;
    while let Some(proposal) = family.get(matter).and_then(|matter| matter.proposal.clone()) {
        let roles = [proposal.role].into();
        let actor = Actor { user: SOMEBODY, unit: proposal.waits_for, roles };
        let request = Request { matter: matter.clone(), seen: None, command: Command::Approve };
        let next = decide(desk.world(), family, &actor, &request, &mut super::no_new_id()).ok()?;
        family = next.family.clone();
        last = Some(next);
    }
    last
}
