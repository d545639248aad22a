//! The administrators' journal (审计日志): read by the security auditor, changed by nobody.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use procedure::{UnitId, UserId};
use store::job::Right;
use store::journal::{AdminAct, AdminEvent, AdminEventFilter, JOURNAL_ROWS_MAX};
use store::people::Authority;
use store::role::PlatformRole;
use store::setting::{SECOND_FACTOR_ROLES, Setting, second_factor_roles_words};

use self::fact::Fact;
use super::{Tabs, shell};
use crate::House;
use crate::error::WebError;
use crate::fields::{Fields, Query};
use crate::filters;
use crate::job::ask::{Ask, Length};
use crate::job::export::{answer, begin, list_address};
use crate::job::sheet::Pour;
use crate::message::{Language, T};
use crate::parts::input::Choice;
use crate::parts::mark::minute;
use crate::session::SecurityAuditor;
use crate::shell::{Page, Shell};

mod fact;

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
    export: String,
}

#[derive(Debug)]
struct EntryRow {
    id: i64,
    at: String,
    by: String,
    what: String,
    target: String,
    href: Option<String>,
    facts: Vec<Fact>,
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
        export: format!("/admin/journal/export{}", query.without(&["before"]).query()),
    }))
}

/// `GET /admin/journal/export`.
pub(super) async fn export(
    State(house): State<House>,
    who: SecurityAuditor,
    Query(query): Query,
) -> Result<Response, WebError> {
    let back = list_address("/admin/journal", &query);
    answer(&house, &who.account, &who.visitor, asked(&query), back).await
}

/// `POST` to the same: begun in the background.
pub(super) async fn start(
    State(house): State<House>,
    who: SecurityAuditor,
    Query(query): Query,
) -> Result<Response, WebError> {
    begin(&house, &who.account, &who.visitor, asked(&query)).await
}

fn asked(query: &Fields) -> Ask {
    Ask::Journal { query: query.without(&["before"]).query() }
}

fn read(query: &str) -> Fields {
    Fields::read(query.trim_start_matches('?').as_bytes())
}

/// What narrows the journal, in words.
pub(crate) fn filters(query: &str, language: Language) -> Vec<String> {
    let query = read(query);
    let act = query.given("act").and_then(AdminAct::read);
    let act = act.map(|act| language.of(&act.words()).to_owned());
    act.into_iter().chain(query.given("user").map(str::to_owned)).collect()
}

/// The headings of the file.
pub(crate) fn columns(language: Language) -> Vec<String> {
    let t = language.t();
    let heads = [
        t("admin.number"),
        t("admin.at"),
        t("admin.by"),
        t("admin.what"),
        t("admin.target"),
        t("admin.detail"),
    ];
    heads.map(str::to_owned).to_vec()
}

/// The filter of an address; none when it names nobody.
async fn filter(house: &House, query: &Fields) -> Option<AdminEventFilter> {
    let user = match query.given("user") {
        Some(login) => Some(house.people.user_by_login(login).await.ok()?.person.id),
        None => None,
    };
    let act = query.given("act").and_then(AdminAct::read);
    Some(AdminEventFilter { act, user, target: None, before: None })
}

/// The auditor who asks; the store looks whether they still are.
fn authority(right: &Right) -> Result<Authority, WebError> {
    if right.platform == Some(PlatformRole::SecurityAuditor) {
        Ok(Authority::Person(right.user))
    } else {
        Err(WebError::forbidden("error.only-security-auditor"))
    }
}

/// How many entries there are, counted as far as `most`.
pub(crate) async fn length(
    house: &House,
    right: &Right,
    query: &str,
    most: u64,
) -> Result<Length, WebError> {
    let by = authority(right)?;
    let Some(mut filter) = filter(house, &read(query)).await else {
        return Ok(Length::Exactly(0));
    };
    let mut counted = 0;
    loop {
        let events = house.people.admin_event_list(by, &filter, JOURNAL_ROWS_MAX).await?;
        counted += events.len() as u64;
        match events.last() {
            Some(_) if counted > most => return Ok(Length::MoreThan(most)),
            Some(last) => filter.before = Some(last.id),
            None => return Ok(Length::Exactly(counted)),
        }
    }
}

/// The entries, newest first.
pub(crate) async fn pour(
    house: &House,
    right: &Right,
    query: &str,
    language: Language,
    pour: &Pour,
) -> Result<(), WebError> {
    let by = authority(right)?;
    let Some(mut filter) = filter(house, &read(query)).await else { return Ok(()) };
    loop {
        let events = house.people.admin_event_list(by, &filter, JOURNAL_ROWS_MAX).await?;
        let Some(last) = events.last() else { return Ok(()) };
        filter.before = Some(last.id);
        let mut rows = Vec::with_capacity(events.len());
        for event in &events {
            let row = entry(house, event, language).await;
            let number = row.id.to_string();
            let detail = fact::line(&row.facts, language);
            rows.push(vec![number, row.at, row.by, row.what, row.target, detail]);
        }
        pour.rows(rows).await?;
    }
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
        "setting" => {
            let words = if event.target_id == SECOND_FACTOR_ROLES {
                Some(second_factor_roles_words())
            } else {
                Setting::read(&event.target_id).map(Setting::words)
            };
            let words = words.map(|words| language.of(&words).to_owned());
            (words.unwrap_or_else(|| event.target_id.clone()), None)
        }
        _ => (event.target_id.clone(), None),
    };
    EntryRow {
        id: event.id,
        at: minute(event.at),
        by,
        what,
        target,
        href,
        facts: fact::facts(house, &event.detail, language).await,
    }
}
