//! A matter as one file (导出卷宗): asked for on its page, made in the background.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use jiff::SignedDuration;
use procedure::{Matter, MatterId};
use store::Scope;
use store::access::AccessKind;
use store::job::{Claim, Report, Right};
use store::journal::{AdminAct, AdminEntry, Target};
use store::ledger::bundle::{BundleError, Bundled};
use store::people::Authority;
use store::setting::Setting;

use crate::House;
use crate::error::WebError;
use crate::filters;
use crate::job::ask::Ask;
use crate::job::export::put_down;
use crate::job::sheet::Progress;
use crate::matter::Room;
use crate::message::{Language, T, words};
use crate::session::SignedIn;
use crate::shell::{Page, Shell};

/// The kind of the file.
const ZIP: &str = "application/zip";

/// What it will hold, before one begins.
#[derive(Debug, Template)]
#[template(path = "ledger/bundle.html")]
pub(super) struct AskPage {
    t: T,
    shell: Shell,
    title: String,
    about: String,
    back: String,
    whole: bool,
    days: u32,
}

/// `GET /matters/{matter}/export`.
pub(super) async fn ask(
    State(house): State<House>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Page<AskPage>, WebError> {
    house.keys()?;
    let room = Room::enter(&house, &who, &id).await?;
    let matter = room.matter();
    let (title, back) = (who.language.say("ledger.export"), format!("/matters/{}", matter.id));
    let about = format!("{} {}", matter.number, matter.title);
    let shell = room.shell(&house, &who, title).await?;
    Ok(Page(AskPage {
        t: who.language.t(),
        shell: shell.crumb(&back, &matter.number).crumb_here(title),
        title: title.to_owned(),
        about,
        back,
        whole: matter.id == matter.root,
        days: house.people.settings().get(Setting::ResultDays),
    }))
}

/// `POST /matters/{matter}/export`.
pub(super) async fn begin(
    State(house): State<House>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    house.keys()?;
    let room = Room::enter(&house, &who, &id).await?;
    let begun = crate::job::export::begin(&house, &who.account, &who.visitor, of(room.matter()));
    Ok(begun.await?.into_response())
}

/// What is asked for.
pub(crate) fn of(matter: &Matter) -> Ask {
    Ask::Bundle { matter: matter.id.clone(), number: matter.number.clone() }
}

/// Does it: the file, the report and the entry in the journal come to be together, or not at all. What
/// the asker may see is what they may see now.
pub(crate) async fn work(
    house: &House,
    claim: &Claim,
    matter: &MatterId,
    right: &Right,
    language: Language,
    progress: &Arc<Progress>,
) -> Result<(), WebError> {
    let actor = right.actor.as_ref().ok_or_else(|| WebError::forbidden("error.no-unit"))?;
    let scope = Scope::of(actor, &house.directory());
    let scope = scope.ok_or_else(|| WebError::forbidden("error.no-unit"))?;
    let room = Room::enter_as(house, &scope, matter).await?;
    let mut documents = Vec::new();
    let is_whole = room.matter().id == room.matter().root;
    for seen in &room.sight.family {
        if is_whole || seen.matter.id == *matter {
            let events = house.store.timeline(&scope, &seen.matter.id).await?.unwrap_or_default();
            let look = room.look_as(&scope, language);
            documents.extend(crate::document::enclosed(&look, &seen.matter, &events)?);
        }
    }
    // Whoever takes it out has read what is in it.
    for seen in room.sight.family.iter().filter(|seen| is_whole || seen.matter.id == *matter) {
        let read: Vec<&str> = seen.sensitive.iter().map(String::as_str).collect();
        house.store.note_access(&scope, &seen.matter.id, AccessKind::Export, &read).await?;
    }
    let number = &room.matter().number;
    let name = format!("{}-{number}-{}.zip", language.say("ledger.bundle"), house.today());
    let written = house.jobs.place(claim, &name, ZIP)?;
    let file = File::create(written.path()).map_err(WebError::internal)?;
    let told = |done: u64, total: u64| {
        progress.of(total);
        progress.is_at(done);
    };
    let made = house
        .store
        .bundle_with(&scope, matter, &documents, &told, BufWriter::new(file))
        .await
        .map_err(|error| match error {
            BundleError::Store(error) => error.into(),
            other => WebError::internal(other),
        })?;
    let (file, bundled) = made.ok_or(WebError::NotFound)?;
    let written = put_down(written, move |_| {
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
    })
    .await?;
    let report = Report::of(words("ledger.exported"))
        .count(words("ledger.receipts"), bundled.receipts as u64)
        .count(words("ledger.documents"), bundled.documents as u64 / 2)
        .count(words("ledger.attachments"), bundled.attachments as u64)
        .count(words("ledger.withheld"), bundled.withheld as u64);
    let kept = i64::from(house.people.settings().get(Setting::ResultDays));
    let kept = SignedDuration::from_hours(24 * kept);
    let entry = entry(house, claim, matter, &bundled, &written.sha256);
    house.jobs.finish(claim, &report, &right.roles(), Some((written, kept)), Some(entry)).await?;
    Ok(())
}

fn entry(
    house: &House,
    claim: &Claim,
    matter: &MatterId,
    bundled: &Bundled,
    sha256: &str,
) -> AdminEntry {
    let asker = claim.job.asker;
    AdminEntry {
        at: house.people.now(),
        by: Authority::Person(asker.user),
        act: AdminAct::MatterExported,
        target: Target::Platform,
        unit: asker.unit,
        detail: serde_json::json!({
            "matter": matter.as_str(),
            "number": bundled.number,
            "receipts": bundled.receipts,
            "attachments": bundled.attachments,
            "withheld": bundled.withheld,
            "sha256": sha256,
        }),
    }
}
