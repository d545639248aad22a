//! A document (文书) an act made: shown as it stands, ready for the printer.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::Date;
use procedure::definition::{FieldKind, Procedure};
use procedure::matter::What;
use procedure::{Matter, UnitId, Value};
use store::access::AccessKind;
use store::ledger::bundle::{DOCUMENTS_UNDER, Enclosed};
use store::visibility::{Seen, SeenEvent};

use crate::House;
use crate::error::WebError;
use crate::filters;
use crate::matter::look::Look;
use crate::matter::value::{Shown, shown};
use crate::matter::{Room, document_is_for};
use crate::message::{Language, T};
use crate::session::SignedIn;
use crate::shell::{Page, Shell};

/// The addresses of documents.
pub(crate) fn routes() -> Router<House> {
    Router::new().route("/matters/{matter}/documents/{event}/{kind}", get(show))
}

/// A document as it lies on the table.
#[derive(Debug, Clone)]
pub(crate) struct Paper {
    pub(crate) issuer: String,
    pub(crate) name: String,
    pub(crate) number: String,
    /// Whom it is addressed to; empty when nobody.
    pub(crate) to: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) basis: String,
    pub(crate) date: String,
}

/// One part of its contents.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) label: String,
    pub(crate) shown: Shown,
}

#[derive(Template)]
#[template(path = "document/page.html")]
struct DocumentPage {
    t: T,
    shell: Shell,
    back: String,
    title: String,
    about: String,
    paper: Paper,
}

/// `GET /matters/{matter}/documents/{event}/{kind}`.
async fn show(
    State(house): State<House>,
    who: SignedIn,
    Path((id, number, kind)): Path<(String, u32, String)>,
) -> Result<Page<DocumentPage>, WebError> {
    let room = Room::enter(&house, &who, &id).await?;
    let (look, matter) = (room.look(&who), room.matter());
    let was_made = matter.documents.iter().find(|made| made.event == number && made.kind == kind);
    let made = was_made.filter(|made| document_is_for(&look, matter, &made.kind));
    let made = made.ok_or(WebError::NotFound)?;
    let contents = room.procedure()?.document(&kind).map(|document| document.contents.as_slice());
    house
        .note_reading(&who, &room, AccessKind::Document, |field| {
            contents.is_some_and(|all| all.contains(field))
        })
        .await?;
    let events = house.store.timeline(&who.scope, &matter.id).await?.unwrap_or_default();
    let (fields, hidden) = fields_at(&events, number);
    let paper = paper(&look, matter, &fields, &hidden, &kind, made.at).ok_or(WebError::NotFound)?;
    let back = format!("/matters/{}", matter.id);
    let shell = room.shell(&house, &who, &paper.name).await?;
    Ok(Page(DocumentPage {
        t: who.language.t(),
        shell: shell.crumb(&back, &matter.number).crumb_here(&paper.name),
        back,
        title: paper.name.clone(),
        about: format!("{} {}", matter.number, matter.title),
        paper,
    }))
}

/// A document as it goes into an exported matter: a page that needs nothing beside it.
#[derive(Template)]
#[template(path = "document/alone.html")]
struct AlonePage {
    t: T,
    lang: &'static str,
    title: String,
    style: &'static str,
    paper: Paper,
}

/// It lies alone in its archive, far from our own style sheet.
const STYLE: &str = "<style>\
body{font:17px/1.8 serif;max-width:44em;margin:2em auto;padding:0 1em}\
.issuer{text-align:center;font-size:1.4em;font-weight:bold;border-bottom:2px solid #a00;padding-bottom:.4em}\
.number{text-align:center}.sign{text-align:right;margin-top:3em}\
.code{color:#555;font:13px monospace;overflow-wrap:anywhere}@page{size:A4;margin:25mm}\
</style>";

/// The documents of a matter the reader may have, each a page in either language.
pub(crate) fn enclosed(
    look: &Look<'_>,
    matter: &Matter,
    events: &[SeenEvent],
) -> Result<Vec<Enclosed>, WebError> {
    let mut all = Vec::new();
    let made = matter.documents.iter().filter(|made| document_is_for(look, matter, &made.kind));
    for made in made {
        let (fields, hidden) = fields_at(events, made.event);
        let mut names = Vec::new();
        let mut pages = Vec::new();
        for language in [Language::Zh, Language::En] {
            let look = Look { language, ..*look };
            let Some(paper) = paper(&look, matter, &fields, &hidden, &made.kind, made.at) else {
                continue;
            };
            names.push(paper.name.clone());
            let title = format!("{} {}", matter.number, paper.name);
            let page =
                AlonePage { t: language.t(), lang: language.tag(), title, style: STYLE, paper };
            pages.push((language.code(), page.render().map_err(WebError::internal)?));
        }
        let [zh, en] = <[String; 2]>::try_from(names).unwrap_or_default();
        for (code, page) in pages {
            let kind = &made.kind;
            all.push(Enclosed {
                matter: matter.id.clone(),
                path: format!(
                    "{DOCUMENTS_UNDER}{}/{:05}-{kind}.{code}.html",
                    matter.id, made.event
                ),
                name: calendar::Words::new(zh.clone(), en.clone()),
                bytes: page.into_bytes(),
            });
        }
    }
    Ok(all)
}

/// What the fields held right after an event: what was sent stays as it was sent. Beside it, those that
/// held something the reader may not know.
fn fields_at(events: &[SeenEvent], number: u32) -> (BTreeMap<String, Value>, Vec<String>) {
    let (mut fields, mut hidden) = (BTreeMap::new(), Vec::new());
    for seen in events.iter().take_while(|seen| seen.event.number <= number) {
        let input = match &seen.event.what {
            What::Opened(opening) => &opening.fields,
            What::Acted(act) => &act.input,
            _ => continue,
        };
        for (field, value) in input {
            fields.insert(field.clone(), value.clone());
            hidden.retain(|known| known != field);
        }
        for field in &seen.masked {
            fields.remove(field);
            hidden.push(field.clone());
        }
    }
    (fields, hidden)
}

/// The document an act would make with these fields, before it is done.
pub(crate) fn preview(
    look: &Look<'_>,
    matter: &Matter,
    fields: &BTreeMap<String, Value>,
    kind: &str,
    at: Timestamp,
) -> Option<Paper> {
    paper(look, matter, fields, &[], kind, at)
}

fn paper(
    look: &Look<'_>,
    matter: &Matter,
    fields: &BTreeMap<String, Value>,
    hidden: &[String],
    kind: &str,
    at: Timestamp,
) -> Option<Paper> {
    let procedure = look.procedure(matter)?;
    let document = procedure.document(kind)?;
    let recipients: Vec<UnitId> =
        document.recipients.iter().flat_map(|party| matter.party(party)).copied().collect();
    let given = document.number.as_ref().and_then(|field| match fields.get(field) {
        Some(Value::Text(number)) => Some(number.clone()),
        _ => None,
    });
    // The platform's number is that of the one who opened the matter, not of those who answer.
    let is_openers = procedure.open.by.contains(&document.issuer);
    let own = is_openers.then(|| matter.number.clone());
    let parts = document
        .contents
        .iter()
        .filter_map(|id| part(look, procedure, fields, hidden, id))
        .collect();
    Some(Paper {
        issuer: look.units(matter.party(&document.issuer)),
        name: look.of(&document.name),
        number: given.or(own).unwrap_or_default(),
        to: look.units(&recipients),
        parts,
        basis: look.cite_on(&document.basis, calendar::local_date(at)),
        date: long_date(look.language, calendar::local_date(at)),
    })
}

fn part(
    look: &Look<'_>,
    procedure: &Procedure,
    fields: &BTreeMap<String, Value>,
    hidden: &[String],
    id: &str,
) -> Option<Part> {
    let field = procedure.field(id)?;
    let seen = if hidden.iter().any(|hidden| hidden == id) {
        Seen::Masked
    } else {
        Seen::Value(fields.get(id).filter(|value| !value.is_empty())?)
    };
    let shown = match seen {
        Seen::Masked => Shown::Masked,
        // A box that was left empty says nothing in a letter.
        Seen::Value(Value::Boolean(false)) if field.kind == FieldKind::Boolean => return None,
        Seen::Value(Value::Date(day)) => Shown::Words(long_date(look.language, *day)),
        Seen::Value(Value::Instant(at)) => Shown::Words(long_time(look.language, *at)),
        Seen::Value(value) => shown(look, field, value),
    };
    Some(Part { label: look.of(&field.label), shown })
}

/// `2015年12月3日`, `3 December 2015`.
fn long_date(language: Language, day: Date) -> String {
    match language {
        Language::Zh => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
        Language::En => day.strftime("%-d %B %Y").to_string(),
    }
}

/// `2015年12月3日9时5分`, `3 December 2015, 9:05`.
fn long_time(language: Language, at: Timestamp) -> String {
    let here = calendar::SHANGHAI.to_datetime(at);
    let day = long_date(language, here.date());
    match language {
        Language::Zh => format!("{day}{}时{}分", here.hour(), here.minute()),
        Language::En => format!("{day}, {}:{:02}", here.hour(), here.minute()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_out() {
        let day = "2015-12-03".parse().unwrap();
        assert_eq!(long_date(Language::Zh, day), "2015年12月3日");
        assert_eq!(long_date(Language::En, day), "3 December 2015");
        let at = "2015-12-03T09:05:00+08:00".parse().unwrap();
        assert_eq!(long_time(Language::Zh, at), "2015年12月3日9时5分");
        assert_eq!(long_time(Language::En, at), "3 December 2015, 9:05");
    }
}
