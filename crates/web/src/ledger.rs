//! The record of both sides: receipts (回执) of what happened to a matter, and how far the log has come.
//!
//! A receipt is a file a program verifies offline, and a page for people that says what it proves and
//! what it does not. Both open only what their holder may see.

use std::collections::BTreeSet;
use std::sync::Arc;

use ::ledger::{Instant, Keys, Proved, Receipt, SignedCheckpoint, Standing, Witnessed};
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use procedure::MatterId;
use store::access::AccessKind;
use store::ledger::proof::Watch;
use store::setting::Setting;
use store::{Scope, StoreError};

use crate::House;
use crate::attachment::disposition;
use crate::error::WebError;
use crate::filters;
use crate::matter::{Moment, Room};
use crate::message::{Language, T};
use crate::parts::mark::minute;
use crate::session::SignedIn;
use crate::shell::{Page, Shell};

pub(crate) mod bundle;

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/matters/{matter}/export", get(bundle::ask).post(bundle::begin))
        .route("/ledger", get(show))
        .route("/ledger/keys.txt", get(keys))
        .route("/matters/{matter}/receipts/{event}", get(receipt))
        .route("/matters/{matter}/receipts/{event}/file", get(file))
}

impl House {
    /// The keys by which anybody checks the log; none when this platform keeps none.
    pub(crate) fn keys(&self) -> Result<Arc<Keys>, WebError> {
        self.known_keys().ok_or(WebError::NotFound)
    }

    /// The receipt of an event; signs how far the log has come first when it stands beyond.
    pub(crate) async fn receipt(
        &self,
        scope: &Scope,
        matter: &MatterId,
        event: u32,
    ) -> Result<Receipt, WebError> {
        if let Some(receipt) = self.store.receipt(scope, matter, event).await? {
            return Ok(receipt);
        }
        // What is out of sight, or does not exist, is not worth a signature.
        if self.store.matter_fetch(scope, matter).await?.is_none() {
            return Err(WebError::NotFound);
        }
        match self.store.checkpoint().await {
            // Another process has changed the log's key; what was signed before is given meanwhile.
            Ok(_) | Err(StoreError::LogKeyChanged) => {}
            Err(error) => return Err(error.into()),
        }
        self.store.receipt(scope, matter, event).await?.ok_or(WebError::NotFound)
    }
}

/// How far the log has come.
#[derive(Debug, Template)]
#[template(path = "ledger/page.html")]
struct LedgerPage {
    t: T,
    shell: Shell,
    origin: String,
    side: String,
    newest: Option<Sealed>,
    /// When a witness of the other side looked last; empty when none is listed.
    last_look: String,
    /// What to do, when no witness has looked for too long.
    stale: String,
    keys: String,
    witnesses: usize,
}

/// A checkpoint for people.
#[derive(Debug)]
struct Sealed {
    size: u64,
    at: String,
    /// The line for the minutes of a meeting.
    minutes: String,
    witnessed: Vec<Look>,
}

/// A witness's look.
#[derive(Debug)]
struct Look {
    name: String,
    side: String,
    at: String,
}

impl Sealed {
    fn of(signed: &SignedCheckpoint, standing: &Standing, language: Language) -> Self {
        let checkpoint = signed.checkpoint();
        let minutes = match language {
            Language::Zh => checkpoint.minutes_zh(),
            Language::En => checkpoint.minutes_en(),
        };
        Self {
            size: checkpoint.head.size,
            at: checkpoint.at.map(instant).unwrap_or_default(),
            minutes,
            witnessed: looks(standing, language),
        }
    }
}

fn looks(standing: &Standing, language: Language) -> Vec<Look> {
    let look = |one: &Witnessed| Look {
        name: one.name.to_string(),
        side: side(one.side.as_str(), language),
        at: instant(one.at),
    };
    standing.witnesses.iter().map(look).collect()
}

fn instant(at: Instant) -> String {
    jiff::Timestamp::from_microsecond(at.micros()).map(minute).unwrap_or_default()
}

/// The side in words, when it is one of ours.
fn side(side: &str, language: Language) -> String {
    match side {
        "government" => language.say("ledger.government").to_owned(),
        "procuratorate" => language.say("ledger.procuratorate").to_owned(),
        other => other.to_owned(),
    }
}

/// `GET /ledger`.
async fn show(State(house): State<House>, who: SignedIn) -> Result<Page<LedgerPage>, WebError> {
    let keys = house.keys()?;
    let newest = house.store.checkpoint_newest().await?;
    let newest = match &newest {
        Some(signed) => {
            let standing = keys.judge(signed).map_err(WebError::internal)?;
            Some(Sealed::of(signed, &standing, who.language))
        }
        None => None,
    };
    let watched = watched(&house, &keys, who.language).await?;
    let title = who.language.say("ledger.title");
    Ok(Page(LedgerPage {
        last_look: watched.last_look,
        stale: watched.stale,
        t: who.language.t(),
        shell: house.shell(&who, "ledger", title).await?.crumb_here(title),
        origin: keys.log().origin().to_string(),
        side: side(keys.side().as_str(), who.language),
        newest,
        keys: keys.to_string(),
        witnesses: keys.witnesses().len(),
    }))
}

/// How the other side's look stands, in words.
#[derive(Default)]
struct WatchWords {
    last_look: String,
    stale: String,
}

async fn watched(house: &House, keys: &Keys, language: Language) -> Result<WatchWords, WebError> {
    let is_other = |side: &::ledger::Side| side != keys.side();
    if !keys.witnesses().iter().any(|witness| is_other(&witness.side)) {
        return Ok(WatchWords::default());
    }
    let Watch { witnessed, waiting_since } = house.store.watch().await?;
    let standing = witnessed.and_then(|signed| keys.judge(&signed).ok());
    let looked = standing.as_ref().and_then(|it| it.of_the_other_side().map(|it| it.at).max());
    let now = house.now();
    let hours_since = |at: jiff::Timestamp| now.duration_since(at).as_hours();
    let last_look = match looked.and_then(|at| jiff::Timestamp::from_microsecond(at.micros()).ok())
    {
        None => language.say("ledger.never").to_owned(),
        Some(at) => {
            let at_words = minute(at);
            match hours_since(at) {
                ..1 => language.with("ledger.looked-just", "at", at_words),
                hours => {
                    language.fill("ledger.looked-ago", &[("at", &at_words), ("hours", &hours)])
                }
            }
        }
    };
    let most = i64::from(house.people.settings().get(Setting::WitnessHours));
    let stale = waiting_since
        .filter(|since| hours_since(*since) >= most)
        .map(|since| language.fill("ledger.stale", &[("since", &minute(since)), ("hours", &most)]));
    Ok(WatchWords { last_look, stale: stale.unwrap_or_default() })
}

/// `GET /ledger/keys.txt`: the list of public keys, to be kept by whoever verifies.
async fn keys(State(house): State<House>, _: SignedIn) -> Result<Response, WebError> {
    Ok(text("keys.txt", house.keys()?.to_string()))
}

/// A text to be kept as a file.
fn text(name: &str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition(name)),
    ];
    (headers, text).into_response()
}

/// A receipt for people.
#[derive(Debug, Template)]
#[template(path = "ledger/receipt.html")]
struct ReceiptPage {
    t: T,
    shell: Shell,
    about: String,
    matter: String,
    act: String,
    who: String,
    at: String,
    file: String,
    proved: Vec<String>,
    not_proved: Vec<String>,
    index: u64,
    root: String,
    size: u64,
    minutes: String,
    witnessed: Vec<Look>,
    command: String,
}

/// `GET /matters/{matter}/receipts/{event}`.
async fn receipt(
    State(house): State<House>,
    who: SignedIn,
    Path((id, event)): Path<(String, u32)>,
) -> Result<Page<ReceiptPage>, WebError> {
    let keys = house.keys()?;
    let room = Room::enter(&house, &who, &id).await?;
    let matter = room.matter();
    let receipt = house.receipt(&who.scope, &matter.id, event).await?;
    let verdict = receipt.verify(&keys).map_err(WebError::internal)?;
    let events = house.store.timeline(&who.scope, &matter.id).await?.unwrap_or_default();
    let moment = room.moment(&house, &who, &events, event).await?.ok_or(WebError::NotFound)?;
    let words = |zh: String, en: String| match who.language {
        Language::Zh => zh,
        Language::En => en,
    };
    let about = format!("{} {}", matter.number, matter.title);
    let title = who.language.say("ledger.receipt");
    let head = verdict.standing.head;
    let file_name = file_name(&matter.number, event, who.language);
    Ok(Page(ReceiptPage {
        t: who.language.t(),
        shell: room
            .shell(&house, &who, title)
            .await?
            .crumb(format!("/matters/{}", matter.id), &about)
            .crumb_here(title),
        about,
        matter: format!("/matters/{}", matter.id),
        act: moment.title.clone(),
        who: moment.who.clone(),
        at: minute(moment.at),
        file: format!("/matters/{}/receipts/{event}/file", matter.id),
        proved: verdict.proved.iter().map(|one| said(one, &room, &moment, who.language)).collect(),
        not_proved: verdict.not_proved.iter().map(|one| words(one.zh(), one.en())).collect(),
        index: receipt.index + 1,
        root: head.root.to_string(),
        size: head.size,
        minutes: words(
            receipt.checkpoint.checkpoint().minutes_zh(),
            receipt.checkpoint.checkpoint().minutes_en(),
        ),
        witnessed: looks(&verdict.standing, who.language),
        command: format!("liandong verify --keys keys.txt {file_name}"),
    }))
}

/// What is proved, in the words of the matter's page where the record has ids.
fn said(proved: &Proved, room: &Room, moment: &Moment, language: Language) -> String {
    match proved {
        Proved::SaysEvent { .. } => language.fill(
            "ledger.says",
            &[("act", &moment.title), ("who", &moment.who), ("at", &minute(moment.at))],
        ),
        Proved::Shown { names } => {
            let procedure = room.procedure().ok();
            let label = |name: &str| match name.split_once('/') {
                Some((_, id)) => procedure
                    .and_then(|procedure| procedure.field(id))
                    .map_or_else(|| id.to_owned(), |field| language.of(&field.label).to_owned()),
                None => language.say("ledger.what").to_owned(),
            };
            let names: Vec<String> = names.iter().map(|name| label(name.as_str())).collect();
            language.with("ledger.shown", "names", names.join(language.say("ledger.and")))
        }
        other => match language {
            Language::Zh => other.zh(),
            Language::En => other.en(),
        },
    }
}

/// `GET /matters/{matter}/receipts/{event}/file`: the proof for machines.
async fn file(
    State(house): State<House>,
    who: SignedIn,
    Path((id, event)): Path<(String, u32)>,
) -> Result<Response, WebError> {
    house.keys()?;
    let room = Room::enter(&house, &who, &id).await?;
    let receipt = house.receipt(&who.scope, &room.matter().id, event).await?;
    let names = receipt.openings.keys().filter_map(|name| name.as_str().split_once('/'));
    let shown: BTreeSet<&str> = names.map(|(_, field)| field).collect();
    house
        .note_reading(&who, &room, AccessKind::Receipt, |field| shown.contains(field.as_str()))
        .await?;
    let proof = receipt.to_text().map_err(WebError::internal)?;
    let name = file_name(&room.matter().number, event, who.language);
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&name)),
    ];
    Ok((headers, proof).into_response())
}

fn file_name(number: &str, event: u32, language: Language) -> String {
    format!("{}-{number}-{event}.json", language.say("ledger.receipt"))
}
