//! Lists as files, made in the background: begun, looked at, taken, or wanted no more.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use procedure::{MatterId, Rules};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use store::job::{Asker, JOB_ROWS_MAX, Job, JobState, roles_text};

use super::ROOT;
use super::body::{Json, Members};
use super::caller::Caller;
use super::paging::Rows;
use super::problem::language;
use super::view::{Bilingual, Instant};
use crate::House;
use crate::error::{WebError, created, nothing_to_show};
use crate::fields::Fields;
use crate::job::ask::Ask;
use crate::job::download;
use crate::matter::Room;
use crate::mechanism::of_clause;
use crate::message::{Language, words};

/// Lists that can be asked for.
const LISTS: [&str; 2] = ["matters", "liaisons"];
/// What narrows a list of matters.
const MATTER_FILTERS: [&str; 9] =
    ["q", "state", "light", "category", "division", "unit", "holder", "from", "to"];
/// What narrows the liaison book.
const LIAISON_FILTERS: [&str; 5] = ["q", "division", "side", "line", "missing"];

/// A piece of work.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct JobView {
    /// Its id.
    id: i64,
    /// What it is.
    title: Bilingual,
    /// Where it stands.
    state: &'static str,
    /// Rows that are done.
    done: u64,
    /// Of how many; absent while nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    /// When it was asked for.
    asked_at: Instant,
    /// When it was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Instant>,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Bilingual>,
    /// The number under which a failure stands in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// The file it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<ResultView>,
}

/// The file of a piece of work.
#[derive(Debug, Serialize, JsonSchema)]
struct ResultView {
    /// Where it is fetched.
    address: String,
    /// Its name.
    name: String,
    /// Its size.
    size_bytes: u64,
    /// SHA-256 of its bytes, in hex.
    sha256: String,
    /// When it is deleted.
    expires_at: Instant,
}

fn view(house: &House, job: Job) -> JobView {
    let ask = serde_json::from_str::<Ask>(&job.asked).ok();
    let title = |language: Language| {
        ask.as_ref().map_or_else(|| job.kind.clone(), |ask| ask.title(house, language))
    };
    let title = calendar::Words::new(title(Language::Zh), title(Language::En));
    let report = job.report.unwrap_or_default();
    let result = job.file.filter(|file| !file.is_gone()).map(|file| ResultView {
        address: format!("{ROOT}/jobs/{}/result", job.id),
        name: file.name,
        size_bytes: file.size_bytes,
        sha256: file.sha256,
        expires_at: file.expires_at.into(),
    });
    JobView {
        id: job.id,
        title: Bilingual::from(&title),
        state: job.state.id(),
        done: job.done,
        total: job.total,
        asked_at: job.asked_at.into(),
        finished_at: job.finished_at.map(Into::into),
        report: job.state.is_over().then(|| Bilingual::from(&report.words)),
        reference: report.reference,
        result,
    }
}

/// A token of one unit knows nothing of what the person does for another.
async fn fetch(house: &House, caller: &Caller, id: &str) -> Result<Job, WebError> {
    let id = id.parse().map_err(|_| WebError::NotFound)?;
    let job = house.jobs.fetch(caller.user(), id).await?;
    job.filter(|job| job.asker.unit == Some(caller.scope.unit)).ok_or(WebError::NotFound)
}

/// `POST /exports`.
pub(super) async fn export(
    State(house): State<House>,
    caller: Caller,
    headers: HeaderMap,
    mut members: Members,
) -> Result<Response, WebError> {
    let rules = house.store.rules();
    let list = members.needed_text("list");
    let procedure = members.text("procedure");
    let filter = members.object("filter");
    let columns = members.array("columns");
    let known: &[&str] = match list.as_str() {
        "matters" => &MATTER_FILTERS,
        "liaisons" => &LIAISON_FILTERS,
        other => {
            if !other.is_empty() {
                members.faults().unknown("list", other, LISTS);
            }
            &[]
        }
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in filter {
        match value {
            Value::String(text) if known.contains(&name.as_str()) => pairs.push((name, text)),
            _ if known.contains(&name.as_str()) => members.wrong(&name, "api.want-text"),
            _ if known.is_empty() => {}
            _ => members.faults().unknown(&name, &name, known.iter().copied()),
        }
    }
    for column in columns {
        match column {
            Value::String(id) => pairs.push(("column".to_owned(), id)),
            _ => members.wrong("columns", "api.want-text"),
        }
    }
    let mut place = "register";
    if let Some(id) = procedure {
        if let Some(one) = rules.procedure(&id) {
            place = of_clause(&one.clause).map_or("register", |mechanism| mechanism.id);
            pairs.push(("procedure".to_owned(), id));
        } else {
            let known = rules.procedures().map(|one| one.id.as_str());
            members.faults().unknown("procedure", &id, known);
        }
    }
    members.finish()?;
    let query = Fields::of(pairs).query();
    let ask = if list == "matters" {
        Ask::Matters { place: place.to_owned(), query }
    } else {
        Ask::Liaisons { query }
    };
    let asker = Asker { user: caller.user(), unit: Some(caller.scope.unit), role: None };
    begun(&house, &caller, &headers, asker, &ask).await
}

/// `POST /matters/{matter}/export`: a matter as one file.
pub(super) async fn export_matter(
    State(house): State<House>,
    caller: Caller,
    headers: HeaderMap,
    Path(matter): Path<String>,
) -> Result<Response, WebError> {
    house.keys()?;
    let matter: MatterId = matter.parse().map_err(|_| WebError::NotFound)?;
    let room = Room::enter_as(&house, &caller.scope, &matter).await?;
    let asker = Asker { user: caller.user(), unit: Some(caller.scope.unit), role: None };
    begun(&house, &caller, &headers, asker, &crate::ledger::bundle::of(room.matter())).await
}

async fn begun(
    house: &House,
    caller: &Caller,
    headers: &HeaderMap,
    asker: Asker,
    ask: &Ask,
) -> Result<Response, WebError> {
    let id = house.start_job(asker, language(headers), ask).await?;
    let job = fetch(house, caller, &id.to_string()).await?;
    let mut response = created(Json(view(house, job)));
    if let Ok(address) = HeaderValue::from_str(&format!("{ROOT}/jobs/{id}")) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    Ok(response)
}

/// `GET /jobs`: the newest.
pub(super) async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Rows<JobView>, WebError> {
    let jobs = house.jobs.list(caller.user(), None, JOB_ROWS_MAX).await?;
    let ours = jobs.into_iter().filter(|job| job.asker.unit == Some(caller.scope.unit));
    Ok(Rows::all(ours.map(|job| view(&house, job)).collect()))
}

/// `GET /jobs/{job}`.
pub(super) async fn show(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobView>, WebError> {
    let job = fetch(&house, &caller, &id).await?;
    Ok(Json(view(&house, job)))
}

/// `GET /jobs/{job}/result`.
pub(super) async fn result(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let job = fetch(&house, &caller, &id).await?;
    // A role that was taken away since takes what it made visible with it.
    if !job.rights.is_subset(&roles_text(Some(&caller.actor), None)) {
        return Err(WebError::forbidden("job.other-post"));
    }
    download(&house, &job).await
}

/// `DELETE /jobs/{job}`: wanted no more.
pub(super) async fn cancel(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let job = fetch(&house, &caller, &id).await?;
    if house.jobs.cancel(caller.user(), job.id).await? || job.state == JobState::Cancelled {
        Ok(nothing_to_show())
    } else {
        Err(WebError::Conflict(words("job.cancel-late")))
    }
}

/// What is sent to begin.
pub(super) fn schema(rules: &Rules, language: Language) -> Value {
    let say = |member: &str| json!(language.say(&format!("api.member.{member}")));
    let procedures: Vec<&str> = rules.procedures().map(|one| one.id.as_str()).collect();
    let filter = |names: &[&str]| -> Value {
        let members = names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" })));
        json!({
            "type": "object",
            "properties": members.collect::<serde_json::Map<_, _>>(),
            "additionalProperties": false,
        })
    };
    json!({
        "type": "object",
        "required": ["list"],
        "properties": {
            "list": { "type": "string", "enum": LISTS, "description": say("list") },
            "procedure": {
                "type": "string", "enum": procedures, "description": say("procedure"),
            },
            "filter": {
                "description": say("filter"),
                "anyOf": [filter(&MATTER_FILTERS), filter(&LIAISON_FILTERS)],
            },
            "columns": {
                "type": "array", "items": { "type": "string" }, "description": say("columns"),
            },
        },
        "additionalProperties": false,
    })
}
