//! Long work (后台任务): what one has asked for, how far it has come, what came of it.
//!
//! [`ask`] says what can be asked, [`export`] when a list is handed out at once and when later, [`run`]
//! does the work in the background, [`sheet`] writes tables of any length. The rows themselves are
//! poured by the pages that know them: `register`, `liaison`, `admin`.

use std::sync::atomic::{AtomicBool, Ordering};

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use procedure::UserId;
use store::job::{Asker, Job, JobError, JobState, NewJob, roles_text};
use store::session::Session;
use tokio::sync::Notify;

use self::ask::Ask;
use crate::House;
use crate::attachment::{SANDBOX, disposition, stream};
use crate::error::WebError;
use crate::fields::Query;
use crate::filters;
use crate::matter::value::size_words;
use crate::message::{Language, T};
use crate::parts::mark::minute;
use crate::parts::row_error::ErrorRow;
use crate::session::{Account, Done, SignedIn, Visitor};
use crate::shell::{Page, Shell};

pub(crate) mod ask;
pub(crate) mod export;
mod run;
pub(crate) mod sheet;

pub use self::run::{run, run_waiting};

/// Jobs a page.
const JOB_ROWS: u16 = 30;
/// Wrong rows a page shows.
const SHOWN_MAX: usize = 100;

/// Wakes the runner of this process, and knows whether there is any work at all.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Notify,
    is_live: AtomicBool,
}

impl Bell {
    /// There is something to do.
    fn ring(&self) {
        self.is_live.store(true, Ordering::Relaxed);
        self.rung.notify_one();
    }

    /// Waits until it is rung.
    async fn heard(&self) {
        self.rung.notified().await;
    }
}

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/jobs", get(list))
        .route("/jobs/{job}", get(show))
        .route("/jobs/{job}/result", get(result))
        .route("/jobs/{job}/cancel", post(cancel))
}

/// As whom somebody asks.
pub(crate) fn asker(session: &Session) -> Asker {
    Asker { user: session.person.id, unit: session.unit, role: session.role }
}

impl House {
    /// How much of somebody's work waits or runs, for every page; asks the database only while there
    /// is any work at all.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn jobs_live(&self, user: UserId) -> Result<u32, WebError> {
        if !self.bell.is_live.load(Ordering::Relaxed) {
            return Ok(0);
        }
        Ok(self.jobs.count_live(user).await?)
    }

    /// Looks whether there is any work at all, also of other processes.
    async fn look_for_jobs(&self) {
        match self.jobs.any_live().await {
            Ok(is_live) => self.bell.is_live.store(is_live, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "cannot look for long work"),
        }
    }

    /// Takes a piece of long work and wakes whoever does it; says its id.
    pub(crate) async fn start_job(
        &self,
        asker: Asker,
        language: Language,
        ask: &Ask,
    ) -> Result<i64, WebError> {
        let job = NewJob {
            kind: ask.kind().to_owned(),
            asker,
            language: language.code().to_owned(),
            asked: serde_json::to_string(ask).map_err(WebError::internal)?,
        };
        let id = self.jobs.start(&job).await.map_err(|error| match error {
            JobError::TooMany { most } => {
                let say = |language: Language| language.with("job.too-many", "n", most);
                WebError::TooMany(calendar::Words::new(say(Language::Zh), say(Language::En)))
            }
            JobError::Store(error) => error.into(),
        })?;
        self.bell.ring();
        Ok(id)
    }
}

/// To the page of a job that was just taken.
pub(crate) fn started(id: i64) -> Done {
    Done::to(format!("/jobs/{id}"), "job.started")
}

/// A job as pages show it.
#[derive(Debug, Clone)]
struct JobView {
    id: i64,
    href: String,
    title: String,
    filters: Vec<String>,
    state: &'static str,
    light: &'static str,
    is_live: bool,
    done: u64,
    /// Of how much; nothing when nobody knows.
    total: Option<u64>,
    /// How far, in words.
    far: String,
    asked_at: String,
    started_at: String,
    finished_at: String,
    by: String,
    file: Option<FileView>,
}

/// What it made.
#[derive(Debug, Clone)]
struct FileView {
    name: String,
    size: String,
    sha256: String,
    until: String,
    /// Where to download it; none when it is gone or for somebody else in this post.
    href: Option<String>,
    is_gone: bool,
}

impl JobView {
    fn of(house: &House, job: &Job, session: &Session, language: Language) -> Self {
        let t = language.t();
        let (state, light) = match job.state {
            JobState::Waiting => (t("job.waiting"), "paused"),
            JobState::Running => (t("job.running"), "clock"),
            JobState::Done => (t("job.done"), "done"),
            JobState::Failed => (t("job.failed"), "late"),
            JobState::Cancelled => (t("job.cancelled"), "paused"),
        };
        // A page may be older than the program: what it no longer knows keeps its id.
        let ask = serde_json::from_str::<Ask>(&job.asked).ok();
        let title = ask.as_ref().map_or_else(|| job.kind.clone(), |ask| ask.title(house, language));
        let is_files = matches!(ask, Some(Ask::Bundle { .. }));
        let filters = ask.map(|ask| ask.filters(house, language)).unwrap_or_default();
        let far = match (job.state, job.total) {
            (JobState::Waiting, _) => t("job.in-line").to_owned(),
            (_, Some(total)) if total > 0 => language.fill(
                if is_files { "job.far-of-files" } else { "job.far-of" },
                &[
                    ("done", &grouped(job.done)),
                    ("total", &grouped(total)),
                    ("percent", &percent(job.done, total)),
                ],
            ),
            _ => language.with(
                if is_files { "job.far-files" } else { "job.far" },
                "done",
                grouped(job.done),
            ),
        };
        let at = |at: Option<jiff::Timestamp>| at.map(minute).unwrap_or_default();
        let by = job.asker.unit.map(|unit| house.directory().name(unit)).unwrap_or_default();
        let file = job.file.as_ref().map(|file| {
            let is_gone = file.is_gone() || file.expires_at <= house.people.now();
            let may = !is_gone && may_take(job, session);
            FileView {
                name: file.name.clone(),
                size: size_words(file.size_bytes),
                sha256: file.sha256.clone(),
                until: minute(file.expires_at),
                href: may.then(|| format!("/jobs/{}/result", job.id)),
                is_gone,
            }
        });
        Self {
            id: job.id,
            href: format!("/jobs/{}", job.id),
            title,
            filters,
            state,
            light,
            is_live: !job.state.is_over(),
            done: job.done,
            total: job.total.filter(|total| *total > 0),
            far,
            asked_at: minute(job.asked_at),
            started_at: at(job.started_at),
            finished_at: at(job.finished_at),
            by,
            file,
        }
    }
}

/// A number as people read a long one: `1,012,345`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn percent(done: u64, total: u64) -> u64 {
    done.saturating_mul(100) / total.max(1)
}

/// Whether somebody acts now as they did when they asked, with every role the work was done with.
fn may_take(job: &Job, session: &Session) -> bool {
    let held = roles_text(session.actor().as_ref(), session.platform);
    job.asker.user == session.person.id
        && job.asker.unit == session.unit
        && job.rights.is_subset(&held)
}

/// The shell of a page of long work, whoever looks.
async fn shell(
    house: &House,
    visitor: &Visitor,
    who: Result<SignedIn, WebError>,
    title: &str,
) -> Result<Shell, WebError> {
    match who {
        Ok(who) => house.shell(&who, "", title).await,
        Err(_) => Ok(Shell::of(house, visitor, "", title)),
    }
}

/// What one has asked for.
#[derive(Debug, Template)]
#[template(path = "job/list.html")]
struct ListPage {
    t: T,
    shell: Shell,
    rows: Vec<JobView>,
    next: Option<String>,
    is_later: bool,
    is_live: bool,
}

/// `GET /jobs`: one's own, newest first.
async fn list(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    who: Result<SignedIn, WebError>,
    Query(query): Query,
) -> Result<Page<ListPage>, WebError> {
    let language = visitor.language;
    let session = &account.session;
    let before = query.parsed::<i64>("before");
    let jobs = house.jobs.list(session.person.id, before, JOB_ROWS).await?;
    let next = jobs.last().filter(|_| jobs.len() == usize::from(JOB_ROWS));
    let next = next.map(|last| query.with("before", &last.id.to_string()).query());
    let title = language.t()("job.title");
    let rows: Vec<JobView> =
        jobs.iter().map(|job| JobView::of(&house, job, session, language)).collect();
    Ok(Page(ListPage {
        t: language.t(),
        shell: shell(&house, &visitor, who, title).await?.crumb_here(title),
        is_live: rows.iter().any(|row| row.is_live),
        rows,
        next,
        is_later: before.is_some(),
    }))
}

/// The page of a job.
#[derive(Debug, Template)]
#[template(path = "job/page.html")]
struct JobPage {
    t: T,
    shell: Shell,
    part: Part,
}

/// What changes on it while the work goes on; also sent alone.
#[derive(Debug, Template)]
#[template(path = "job/part.html")]
struct Part {
    t: T,
    csrf: String,
    job: JobView,
    said: String,
    counts: Vec<(String, u64)>,
    errors: Vec<ErrorRow>,
    errors_total: u64,
    reference: Option<String>,
    errors_left_out: bool,
}

impl askama::filters::HtmlSafe for Part {}

async fn fetch(house: &House, user: UserId, id: &str) -> Result<Job, WebError> {
    let id = id.parse().map_err(|_| WebError::NotFound)?;
    house.jobs.fetch(user, id).await?.ok_or(WebError::NotFound)
}

/// `GET /jobs/{job}`; htmx asks for the changing part alone.
async fn show(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    who: Result<SignedIn, WebError>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let language = visitor.language;
    let job = fetch(&house, account.session.person.id, &id).await?;
    let view = JobView::of(&house, &job, &account.session, language);
    let title = view.title.clone();
    let report = job.report.unwrap_or_default();
    let part = Part {
        t: language.t(),
        csrf: visitor.csrf.clone(),
        job: view,
        said: language.of(&report.words).to_owned(),
        counts: report
            .counts
            .iter()
            .map(|(words, number)| (language.of(words).to_owned(), *number))
            .collect(),
        errors_left_out: report.errors_total > SHOWN_MAX.min(report.errors.len()) as u64,
        errors: ErrorRow::first(&report.errors, SHOWN_MAX, language),
        errors_total: report.errors_total,
        reference: report.reference,
    };
    if headers.contains_key("hx-request") {
        return Ok(Page(part).into_response());
    }
    let shell = shell(&house, &visitor, who, &title).await?;
    let shell = shell.crumb("/jobs", language.t()("job.title")).crumb_here(&title);
    Ok(Page(JobPage { t: language.t(), shell, part }).into_response())
}

/// `POST /jobs/{job}/cancel`.
async fn cancel(
    State(house): State<House>,
    account: Account,
    Path(id): Path<String>,
) -> Result<Done, WebError> {
    let user = account.session.person.id;
    let job = fetch(&house, user, &id).await?;
    let key = if house.jobs.cancel(user, job.id).await? {
        house.bell.ring();
        "job.cancel-done"
    } else {
        "job.cancel-late"
    };
    Ok(Done::to(format!("/jobs/{}", job.id), key))
}

/// `GET /jobs/{job}/result`.
async fn result(
    State(house): State<House>,
    account: Account,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let job = fetch(&house, account.session.person.id, &id).await?;
    if !may_take(&job, &account.session) {
        return Err(WebError::forbidden("job.other-post"));
    }
    download(&house, &job).await
}

/// The file of a job, to be saved; its asker's right has been seen to.
pub(crate) async fn download(house: &House, job: &Job) -> Result<Response, WebError> {
    const POLICY: HeaderName = header::CONTENT_SECURITY_POLICY;
    let open = house.jobs.open(job).await?;
    let (Some(file), Some(open)) = (&job.file, open) else { return Err(WebError::NotFound) };
    let headers = [
        (header::CONTENT_TYPE, file.media_type.clone()),
        (header::CONTENT_LENGTH, file.size_bytes.to_string()),
        (header::CONTENT_DISPOSITION, disposition(&file.name)),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (POLICY, SANDBOX.to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, stream(open)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_read_in_threes() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_012_345, "1,012,345")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!((percent(1, 3), percent(3, 3), percent(0, 0)), (33, 100, 0));
    }
}
