//! What the rules refused: why, what has changed since, and that nothing written is lost.

use askama::Template;
use axum::response::Response;
use procedure::{Refusal, Why};
use store::ActError;

use super::{Desk, act_failure};
use crate::House;
use crate::error::{WebError, explained};
use crate::filters;
use crate::matter::look::Look;
use crate::matter::{Moment, People, Room, moments};
use crate::message::T;
use crate::session::SignedIn;
use crate::shell::{Page, Shell};

#[derive(Template)]
#[template(path = "form/refused.html")]
struct RefusedPage {
    t: T,
    shell: Shell,
    title: String,
    lines: Vec<String>,
    cite: String,
    /// What happened since the page was opened.
    moments: Vec<Moment>,
    matter: String,
    draft: Option<String>,
}

impl Desk<'_> {
    /// The matter has changed since the form was opened: shows how, and where the words are kept.
    pub(super) async fn stale(
        &self,
        refusal: Refusal,
        version: &str,
    ) -> Result<Response, WebError> {
        let Some(room) = self.aim.room() else { return Err(refusal.into()) };
        let since: u32 = version.parse().unwrap_or(u32::MAX);
        let changed = changes(self.house, self.who, room, since).await?;
        let draft = self.draft().await?.map(|_| self.aim.href());
        page(self.house, self.who, room, &self.look, refusal, changed, draft).await
    }

    /// It cannot be done now, whatever is filled in.
    pub(super) async fn refused(
        &self,
        refusal: Refusal,
        has_draft: bool,
    ) -> Result<Response, WebError> {
        let Some(room) = self.aim.room() else { return Err(refusal.into()) };
        // Only a draft that can still be sent leads back to its form.
        let draft = has_draft.then(|| "/drafts".to_owned());
        page(self.house, self.who, room, &self.look, refusal, Vec::new(), draft).await
    }
}

/// Answers an act on a matter that failed: with a page that says why the rules refused it, else with
/// the error.
pub(crate) async fn act_error(
    house: &House,
    who: &SignedIn,
    matter: &str,
    since: Option<u32>,
    error: ActError,
) -> Result<Response, WebError> {
    let ActError::Refused(refused) = error else { return Err(act_failure(error)) };
    let room = Room::enter(house, who, matter).await?;
    let changed = match since {
        Some(since) => changes(house, who, &room, since).await?,
        None => Vec::new(),
    };
    let draft = refused.kept.map(|_| "/drafts".to_owned());
    page(house, who, &room, &room.look(who), refused.refusal, changed, draft).await
}

/// What happened to a matter after a version of it, newest first.
async fn changes(
    house: &House,
    who: &SignedIn,
    room: &Room,
    since: u32,
) -> Result<Vec<Moment>, WebError> {
    let matter = room.matter();
    let events = house.store.timeline(&who.scope, &matter.id).await?.unwrap_or_default();
    let newer: Vec<_> = events.into_iter().filter(|seen| seen.event.number > since).collect();
    let people = People::of(house, matter, &newer).await?;
    Ok(moments(&room.look(who), matter, &newer, &people.names))
}

async fn page(
    house: &House,
    who: &SignedIn,
    room: &Room,
    look: &Look<'_>,
    refusal: Refusal,
    moments: Vec<Moment>,
    draft: Option<String>,
) -> Result<Response, WebError> {
    let is_stale = refusal.why == Why::Stale;
    let title = look.say(match (is_stale, &draft) {
        (true, _) => "form.stale-title",
        (false, Some(_)) => "form.refused-title",
        (false, None) => "form.not-now-title",
    });
    let mut lines = vec![look.of(&refusal.words)];
    lines.extend(refusal.fields.iter().map(|fault| look.of(&fault.words)));
    if draft.is_some() && !is_stale {
        lines.push(look.say("form.kept"));
    }
    let matter = room.matter();
    let href = format!("/matters/{}", matter.id);
    let shell =
        room.shell(house, who, &title).await?.crumb(&href, &matter.number).crumb_here(&title);
    let page = RefusedPage {
        t: who.language.t(),
        shell,
        title,
        lines,
        cite: look.cite(&refusal.basis),
        moments,
        matter: href,
        draft,
    };
    Ok(explained(&refusal.into(), Page(page)))
}
