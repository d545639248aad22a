//! The administrators' journal (审计日志): read by the security auditor, changed by nobody.

use askama::Template;
use axum::extract::State;
use procedure::{UnitId, UserId};
use store::journal::{AdminAct, AdminEvent, AdminEventFilter};

use super::{Tabs, shell};
use crate::House;
use crate::error::WebError;
use crate::fields::Query;
use crate::filters;
use crate::message::{Language, T};
use crate::parts::input::Choice;
use crate::parts::mark::minute;
use crate::session::SecurityAuditor;
use crate::shell::{Page, Shell};

/// Entries a page.
const JOURNAL_ROWS: u16 = 50;

/// The journal.
#[derive(Debug, Template)]
#[template(path = "admin/journal.html")]
pub(super) struct JournalPage {
    t: T,
    shell: Shell,
    tabs: Tabs,
    acts: Vec<Choice>,
    user: String,
    unknown: Option<String>,
    rows: Vec<EntryRow>,
    next: Option<String>,
    is_later: bool,
}

#[derive(Debug)]
struct EntryRow {
    id: i64,
    at: String,
    by: String,
    what: String,
    target: String,
    href: Option<String>,
    detail: String,
}

/// `GET /admin/journal`.
pub(super) async fn list(
    State(house): State<House>,
    who: SecurityAuditor,
    Query(query): Query,
) -> Result<Page<JournalPage>, WebError> {
    let language = who.visitor.language;
    let t = language.t();
    let act = query.given("act").and_then(AdminAct::read);
    let login = query.given("user");
    let (user, unknown) = match login {
        None => (None, None),
        Some(login) => match house.people.user_by_login(login).await {
            Ok(user) => (Some(user.person.id), None),
            Err(_) => (None, Some(language.with("admin.no-such-user", "login", login))),
        },
    };
    let filter = AdminEventFilter { act, user, target: None, before: query.parsed("before") };
    let by = who.account.session.authority();
    let events = if unknown.is_some() {
        Vec::new()
    } else {
        house.people.admin_event_list(by, &filter, JOURNAL_ROWS).await?
    };
    let next = events
        .last()
        .filter(|_| events.len() == usize::from(JOURNAL_ROWS))
        .map(|last| query.with("before", &last.id.to_string()).query());
    let mut rows = Vec::new();
    for event in &events {
        rows.push(entry(&house, event, language).await);
    }
    let all = std::iter::once((String::new(), t("page.all").to_owned()));
    let acts =
        AdminAct::ALL.iter().map(|act| (act.id().to_owned(), language.of(&act.words()).to_owned()));
    let title = t("admin.journal");
    Ok(Page(JournalPage {
        t,
        shell: shell(&house, &who.visitor, title).crumb_here(title).wide(),
        tabs: Tabs::of(&who.account, t, "/admin/journal"),
        acts: Choice::all(all.chain(acts), query.get("act")),
        user: query.get("user").to_owned(),
        unknown,
        rows,
        next,
        is_later: query.given("before").is_some(),
    }))
}

async fn entry(house: &House, event: &AdminEvent, language: Language) -> EntryRow {
    let directory = house.directory();
    let what = AdminAct::read(&event.what)
        .map_or_else(|| event.what.clone(), |act| language.of(&act.words()).to_owned());
    let name = event.user_name.clone();
    let by = name.unwrap_or_else(|| language.say("admin.by-program").to_owned());
    let by = match event.unit {
        Some(unit) => format!("{by} · {}", directory.name(unit)),
        None => by,
    };
    let (target, href) = match event.target_kind.as_str() {
        "unit" => match event.target_id.parse::<UnitId>() {
            Ok(unit) => (directory.name(unit), Some(format!("/units/{unit}"))),
            Err(_) => (event.target_id.clone(), None),
        },
        "user" => match event.target_id.parse::<UserId>() {
            Ok(user) => {
                let known = house.people.user_fetch(user).await;
                let name = known.map_or_else(|_| format!("#{user}"), |u| u.person.display_name);
                (name, Some(format!("/admin/users/{user}")))
            }
            Err(_) => (event.target_id.clone(), None),
        },
        _ => (event.target_id.clone(), None),
    };
    EntryRow {
        id: event.id,
        at: minute(event.at),
        by,
        what,
        target,
        href,
        detail: detail(&event.detail),
    }
}

/// The particulars on one line: `role=liaison, session=3`.
fn detail(detail: &serde_json::Value) -> String {
    let Some(facts) = detail.as_object() else { return String::new() };
    let facts: Vec<String> = facts
        .iter()
        .map(|(name, value)| match value {
            serde_json::Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        })
        .collect();
    facts.join(", ")
}
