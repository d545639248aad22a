//! Lists as files: a short one at once, a long one as a job.

use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use jiff::SignedDuration;
use store::import::{TableLanguage, units_csv, units_xlsx};
use store::job::{Asker, Claim, Report, Right, Written};
use store::journal::{AdminAct, AdminEntry, Target};
use store::people::Authority;
use store::randomness::hex;
use store::setting::Setting;

use super::ask::{Ask, Length};
use super::sheet::{Progress, hash_file, write_table};
use super::{asker, started};
use crate::House;
use crate::error::WebError;
use crate::fields::Fields;
use crate::filters;
use crate::message::{Language, T, words};
use crate::register::{XLSX, file};
use crate::session::{Account, Visitor};
use crate::shell::{Page, Shell};
use sha2::{Digest as _, Sha256};

/// The kind of a CSV file.
const CSV: &str = "text/csv; charset=utf-8";

/// A list too long to wait for: asks whether to begin.
#[derive(Debug, Template)]
#[template(path = "job/begin.html")]
struct BeginPage {
    t: T,
    shell: Shell,
    list: String,
    filters: Vec<String>,
    length: String,
    days: u32,
    action: String,
    back: String,
}

/// Hands a list out when it is short, else asks whether to begin. Nothing is changed by looking, so a
/// link may lead here.
pub(crate) async fn answer(
    house: &House,
    account: &Account,
    visitor: &Visitor,
    ask: Ask,
    back: String,
) -> Result<Response, WebError> {
    let language = visitor.language;
    let asker = asker(&account.session);
    let right = right(house, asker).await?;
    let length = ask.length(house, &right).await?;
    if !ask.is_short(length) {
        let title = ask.title(house, language);
        let t = language.t();
        return Ok(Page(BeginPage {
            t,
            shell: Shell::of(house, visitor, "", &title)
                .crumb(back.clone(), t("job.back"))
                .crumb_here(&title),
            filters: ask.filters(house, language),
            length: match length {
                Length::Exactly(rows) => language.with("job.rows", "n", rows),
                Length::MoreThan(rows) => language.with("job.rows-more", "n", rows),
                Length::Unknown => t("job.rows-unknown").to_owned(),
            },
            days: house.people.settings().get(Setting::ResultDays),
            action: visitor.here.clone(),
            list: title,
            back,
        })
        .into_response());
    }
    let progress = Arc::new(Progress::default());
    let made = in_memory(house, &ask, &right, language, &progress).await?;
    let sha256 = hex(&Sha256::digest(&made.bytes));
    let entry = entry(house, asker, &ask, made.rows, &sha256);
    house.people.journal_append(entry).await?;
    Ok(file(made.media_type, &made.name, made.bytes))
}

/// Begins the work and goes to its page.
pub(crate) async fn begin(
    house: &House,
    account: &Account,
    visitor: &Visitor,
    ask: Ask,
) -> Result<Response, WebError> {
    let id = house.start_job(asker(&account.session), visitor.language, &ask).await?;
    Ok(started(id).into_response())
}

/// What somebody may do now.
pub(super) async fn right(house: &House, asker: Asker) -> Result<Right, WebError> {
    let right = house.people.right_of(asker).await?;
    right.ok_or_else(|| WebError::forbidden("job.right-gone"))
}

/// The address of a list without its `/export`, to go back to.
pub(crate) fn list_address(page: &str, query: &Fields) -> String {
    format!("{page}{}", query.query())
}

struct Made {
    name: String,
    media_type: &'static str,
    rows: u64,
    bytes: Vec<u8>,
}

async fn in_memory(
    house: &House,
    ask: &Ask,
    right: &Right,
    language: Language,
    progress: &Arc<Progress>,
) -> Result<Made, WebError> {
    if let Ask::Units { is_csv } = *ask {
        let (media_type, bytes) = units(house, language, is_csv).await?;
        let rows = house.directory().len() as u64;
        return Ok(Made { name: name(house, ask, language), media_type, rows, bytes });
    }
    let folder = std::env::temp_dir();
    let table = write_table(house, ask, right, language, folder, progress).await?;
    let rows = table.rows;
    let bytes = tokio::task::spawn_blocking(move || table.into_bytes())
        .await
        .map_err(WebError::internal)?
        .map_err(WebError::internal)?;
    Ok(Made { name: name(house, ask, language), media_type: XLSX, rows, bytes })
}

/// Does an export in the background: the file, the report and the entry in the journal come to be
/// together, or not at all.
pub(super) async fn work(
    house: &House,
    claim: &Claim,
    ask: &Ask,
    right: &Right,
    language: Language,
    progress: &Arc<Progress>,
) -> Result<(), WebError> {
    let media_type = if matches!(ask, Ask::Units { is_csv: true }) { CSV } else { XLSX };
    let written = house.jobs.place(claim, &name(house, ask, language), media_type)?;
    let (written, rows) = if let Ask::Units { is_csv } = *ask {
        let rows = house.directory().len() as u64;
        progress.of(rows);
        let (_, bytes) = units(house, language, is_csv).await?;
        (put_down(written, move |written| std::fs::write(written.path(), bytes)).await?, rows)
    } else {
        if let Length::Exactly(rows) = ask.length(house, right).await? {
            progress.of(rows);
        }
        let folder = written.folder().to_owned();
        let table = write_table(house, ask, right, language, folder, progress).await?;
        let rows = table.rows;
        let saved = move |written: &Written| {
            table.into_file(&written.path()).map_err(std::io::Error::other)
        };
        (put_down(written, saved).await?, rows)
    };
    let report = Report::of(words("job.exported")).count(words("job.rows-written"), rows);
    let kept = i64::from(house.people.settings().get(Setting::ResultDays));
    let kept = SignedDuration::from_hours(24 * kept);
    let entry = entry(house, claim.job.asker, ask, rows, &written.sha256);
    let made = Some((written, kept));
    // When the claim no longer holds, somebody else does the work or nobody wants it.
    house.jobs.finish(claim, &report, &right.roles(), made, Some(entry)).await?;
    Ok(())
}

/// Writes the file of a job where nobody waits for it, and takes its hash.
pub(crate) async fn put_down(
    written: Written,
    write: impl FnOnce(&Written) -> std::io::Result<()> + Send + 'static,
) -> Result<Written, WebError> {
    // The file belongs to whoever writes it: broken off, it goes with them.
    let done = tokio::task::spawn_blocking(move || -> std::io::Result<Written> {
        let mut written = written;
        write(&written)?;
        (written.sha256, written.size_bytes) = hash_file(&written.path())?;
        Ok(written)
    });
    done.await.map_err(WebError::internal)?.map_err(WebError::internal)
}

async fn units(
    house: &House,
    language: Language,
    is_csv: bool,
) -> Result<(&'static str, Vec<u8>), WebError> {
    let language = match language {
        Language::Zh => TableLanguage::Chinese,
        Language::En => TableLanguage::English,
    };
    let (directory, now) = (house.directory(), house.now());
    let bytes = tokio::task::spawn_blocking(move || {
        if is_csv {
            Ok(units_csv(&directory, language).into_bytes())
        } else {
            units_xlsx(&directory, language, now)
        }
    });
    let bytes = bytes.await.map_err(WebError::internal)?.map_err(WebError::internal)?;
    Ok((if is_csv { CSV } else { XLSX }, bytes))
}

/// The name of the file.
fn name(house: &House, ask: &Ask, language: Language) -> String {
    let list = match ask {
        Ask::Matters { place, query } => {
            crate::register::export::title(house, place, query, language)
        }
        Ask::Liaisons { .. } => language.say("nav.liaison").to_owned(),
        Ask::Journal { .. } => language.say("admin.journal").to_owned(),
        Ask::Units { .. } | Ask::Bundle { .. } | Ask::UnitImport { .. } => {
            language.say("admin.units").to_owned()
        }
    };
    let ending = if matches!(ask, Ask::Units { is_csv: true }) { "csv" } else { "xlsx" };
    format!("{list}-{}.{ending}", house.today())
}

fn entry(house: &House, asker: Asker, ask: &Ask, rows: u64, sha256: &str) -> AdminEntry {
    AdminEntry {
        at: house.people.now(),
        by: Authority::Person(asker.user),
        act: AdminAct::ListExported,
        target: Target::Platform,
        unit: asker.unit,
        detail: ask.noted(rows, sha256),
    }
}
