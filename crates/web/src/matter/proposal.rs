//! What was drafted and waits for approval (拟办): seen, approved, sent back, taken back.

use askama::Template;
use axum::extract::{Path, State as Given};
use axum::response::{IntoResponse, Response};
use procedure::Refusal;
use procedure::decide::{Command, Request, World, decide};
use procedure::definition::Action;
use store::visibility::{Seen, SeenMatter};

use super::look::Look;
use super::timeline::Names;
use super::value::{Entry, Shown};
use super::{People, Room, document_is_for};
use crate::House;
use crate::document::{Paper, preview};
use crate::error::{WebError, unprocessable};
use crate::fields::Fields;
use crate::filters;
use crate::form::consequence::{Consequence, consequences};
use crate::form::{act_error, key_of, no_new_id};
use crate::message::T;
use crate::parts::mark::minute;
use crate::session::{Done, SignedIn};
use crate::shell::{Page, Shell};

/// A draft that waits, ready to be shown.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) action: String,
    pub(crate) by: String,
    pub(crate) at: String,
    pub(crate) waits: String,
    pub(crate) entries: Vec<Entry>,
    pub(crate) may_approve: bool,
    pub(crate) is_mine: bool,
    /// Why the reader may not approve; empty when they may or are not asked to.
    pub(crate) refusal: String,
}

/// The draft that waits in a matter, if the reader may know of it.
pub(crate) fn waiting(look: &Look<'_>, seen: &SeenMatter, names: &Names) -> Option<Waiting> {
    let matter = &seen.matter;
    let proposal = matter.proposal.as_ref()?;
    let procedure = look.procedure(matter)?;
    let is_mine = proposal.by == look.scope.user;
    let is_asked =
        proposal.waits_for == look.scope.unit && look.scope.roles.contains(&proposal.role);
    let unit = look.unit(proposal.unit);
    let by =
        names.get(&proposal.by).map_or_else(|| unit.clone(), |name| format!("{unit} · {name}"));
    let fields = procedure.fields.iter();
    let entries = fields
        .filter_map(|field| {
            if seen.masked_draft.contains(&field.id) {
                return Some(Entry::of(look, field, Seen::Masked));
            }
            let value = proposal.input.get(&field.id).filter(|value| !value.is_empty())?;
            Some(Entry::of(look, field, Seen::Value(value)))
        })
        .collect();
    Some(Waiting {
        action: look.action(matter, &proposal.action),
        by,
        at: minute(proposal.at),
        waits: look.fill(
            "matter.proposal.waits",
            &[("unit", &look.unit(proposal.waits_for)), ("role", &look.role(proposal.role))],
        ),
        entries,
        may_approve: is_asked && !is_mine,
        is_mine,
        refusal: if is_asked && is_mine {
            look.say("matter.proposal.four-eyes")
        } else {
            String::new()
        },
    })
}

#[derive(Template)]
#[template(path = "matter/proposal.html")]
struct ProposalPage {
    t: T,
    shell: Shell,
    key: String,
    href: String,
    version: u32,
    title: String,
    number: String,
    waiting: Waiting,
    help: String,
    cite: String,
    consequences: Vec<Consequence>,
    /// The documents that would be issued, as they would read.
    papers: Vec<Paper>,
    /// Why approving would be refused as things stand; empty when it would not.
    refusal: String,
    reason: String,
    reason_error: String,
}

/// `GET /matters/{matter}/proposal`.
pub(super) async fn show(
    Given(house): Given<House>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let room = Room::enter(&house, &who, &id).await?;
    if room.matter().proposal.is_none() {
        return Ok(Done::to(format!("/matters/{id}"), "matter.proposal.gone").into_response());
    }
    let draft = house.store.draft_fetch(who.user, "return", Some(&room.matter().id)).await?;
    let kept = draft.and_then(|draft| draft.body.input.get("reason")?.first().cloned());
    let asked = Asked { reason: kept.unwrap_or_default(), error: String::new() };
    Ok(Page(page(&house, &who, &room, asked).await?).into_response())
}

/// What was written when the page is shown again.
struct Asked {
    reason: String,
    error: String,
}

async fn page(
    house: &House,
    who: &SignedIn,
    room: &Room,
    asked: Asked,
) -> Result<ProposalPage, WebError> {
    let (look, matter) = (room.look(who), room.matter());
    let people = People::of(house, matter, &[]).await?;
    let waiting = waiting(&look, &room.sight.seen, &people.names).ok_or(WebError::NotFound)?;
    let drafted = matter.proposal.as_ref().map(|proposal| proposal.action.as_str());
    let action = room.procedure()?.action(drafted.unwrap_or_default());
    let foreseen = if waiting.may_approve { foresee(&look, room, &people) } else { Ok(Vec::new()) };
    let (consequences, refusal) = match foreseen {
        Ok(consequences) => (consequences, String::new()),
        Err(refusal) => (Vec::new(), look.of(&refusal.words)),
    };
    let title = look.fill("matter.proposal.page", &[("action", &waiting.action)]);
    let href = format!("/matters/{}", matter.id);
    let shell = room
        .shell(house, who, &title)
        .await?
        .crumb(&href, &matter.number)
        .crumb_here(look.say("matter.proposal.title"));
    let cite = |action: &Action| look.cite(&action.basis);
    Ok(ProposalPage {
        t: who.language.t(),
        shell,
        key: house.secret()?,
        href,
        version: matter.events,
        title,
        number: format!("{} {}", matter.number, matter.title),
        waiting,
        help: action.map(|action| look.of(&action.help)).unwrap_or_default(),
        cite: action.map(cite).unwrap_or_default(),
        consequences,
        papers: action.map(|action| papers(&look, room, action)).unwrap_or_default(),
        refusal,
        reason: asked.reason,
        reason_error: asked.error,
    })
}

/// What would be signed: whoever approves reads the paper itself, not only what was filled in.
fn papers(look: &Look<'_>, room: &Room, action: &Action) -> Vec<Paper> {
    let matter = room.matter();
    let mut fields = matter.fields.clone();
    fields.extend(matter.proposal.iter().flat_map(|proposal| proposal.input.clone()));
    let kinds = action.documents.iter().filter(|kind| document_is_for(look, matter, kind));
    kinds.filter_map(|kind| preview(look, matter, &fields, kind, look.now)).collect()
}

/// What approving would bring about.
fn foresee(look: &Look<'_>, room: &Room, people: &People) -> Result<Vec<Consequence>, Refusal> {
    let world = World { rules: look.rules, directory: look.directory, now: look.now };
    let matter = room.matter();
    let request = Request { matter: matter.id.clone(), seen: None, command: Command::Approve };
    let actor = look.scope.actor();
    let whole = room.sight.whole.clone();
    let decision = decide(world, whole, &actor, &request, &mut no_new_id())?;
    Ok(consequences(look, &room.sight.whole, &decision, &matter.id, people))
}

/// `POST /matters/{matter}/proposal`: approves, sends back or takes back.
pub(super) async fn answer(
    Given(house): Given<House>,
    who: SignedIn,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, WebError> {
    let matter = id.parse().map_err(|_| WebError::NotFound)?;
    let (command, done) = match fields.get("do") {
        "approve" => (Command::Approve, "matter.proposal.approved"),
        "return" => (
            Command::Return { reason: fields.get("reason").to_owned() },
            "matter.proposal.returned",
        ),
        "take-back" => (Command::TakeBack, "matter.proposal.taken-back"),
        _ => return Err(WebError::bad("error.bad-detail")),
    };
    let request = Request { matter, seen: fields.parsed("version"), command };
    match house.store.act(&who.actor(), request, key_of(&fields)).await {
        Ok(_) => Ok(Done::to(format!("/matters/{id}"), done).into_response()),
        Err(store::ActError::Refused(refused)) if !refused.refusal.fields.is_empty() => {
            let room = Room::enter(&house, &who, &id).await?;
            let words = refused.refusal.fields.first().map(|error| &error.words);
            let error = words.map(|words| who.language.of(words).to_owned()).unwrap_or_default();
            let asked = Asked { reason: fields.exact("reason").to_owned(), error };
            Ok(unprocessable(Page(page(&house, &who, &room, asked).await?)))
        }
        Err(error) => act_error(&house, &who, &id, None, error).await,
    }
}
