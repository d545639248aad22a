//! A unit's page, the handover of its post of liaison, and the suggestions of pickers.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use procedure::definition::RoleName;
use procedure::{FieldError, UnitId, UserId};
use serde::Serialize;
use store::division::divisions;
use store::people::PeopleError;
use store::role::{PlatformRole, role_words};
use store::unit::{UnitLevel, line_words, side_words};

use crate::House;
use crate::error::{WebError, unprocessable};
use crate::fields::{Fields, Query};
use crate::filters;
use crate::matter::place::picking;
use crate::message::T;
use crate::parts::input::{Choice, FormPage, Input, Inputs};
use crate::parts::mark::minute;
use crate::session::{Account, Done, SignedIn, Visitor};
use crate::shell::{Page, Shell};
use crate::workbench::looks_at;

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/units/suggest", get(suggest_units))
        .route("/divisions/suggest", get(suggest_divisions))
        .route("/divisions/{division}/map", get(map))
        .route("/units/{unit}", get(show))
        .route("/units/{unit}/handover", get(handover).post(hand_over))
}

/// The page of a unit.
#[derive(Debug, Template)]
#[template(path = "unit/page.html")]
struct UnitPage {
    t: T,
    shell: Shell,
    side: String,
    level: String,
    is_active: bool,
    facts: Vec<(String, String)>,
    above: Option<(String, String)>,
    below: Vec<(String, String)>,
    below_more: usize,
    lights: Option<Lights>,
    liaison: Option<PersonLine>,
    handover: Option<String>,
    edit: Option<String>,
    people: Vec<PersonLine>,
    terms: Vec<TermLine>,
    matters: Option<String>,
}

#[derive(Debug)]
struct Lights {
    late: i64,
    near: i64,
    owing: i64,
    signing: i64,
}

#[derive(Debug)]
struct PersonLine {
    name: String,
    roles: String,
    title: String,
    /// None when it is not for the reader.
    phone: Option<String>,
    edit: Option<String>,
}

#[derive(Debug)]
struct TermLine {
    name: String,
    from: String,
    to: String,
    reason: String,
}

/// Most units below that are named on the page.
const BELOW_MAX: usize = 60;

/// What somebody may do with the people of a unit.
#[expect(clippy::struct_excessive_bools, reason = "four separate permissions")]
struct Powers {
    hands_over: bool,
    edits_people: bool,
    edits_unit: bool,
    sees_phones: bool,
}

impl Powers {
    fn of(account: &Account, unit: UnitId) -> Self {
        let session = &account.session;
        let holds = |role| session.posts.get(&unit).is_some_and(|roles| roles.contains(&role));
        let is = |role| session.platform == Some(role);
        Self {
            hands_over: holds(RoleName::Leader)
                || holds(RoleName::UnitAdmin)
                || is(PlatformRole::SecurityAdministrator),
            edits_people: holds(RoleName::UnitAdmin) || is(PlatformRole::SystemAdministrator),
            edits_unit: is(PlatformRole::SystemAdministrator),
            sees_phones: session.posts.contains_key(&unit) || session.platform.is_some(),
        }
    }
}

/// `GET /units/{unit}`.
async fn show(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    who: Result<SignedIn, WebError>,
    Path(unit): Path<String>,
) -> Result<Page<UnitPage>, WebError> {
    let language = visitor.language;
    let t = language.t();
    let directory = house.directory();
    let id: UnitId = unit.parse().map_err(|_| WebError::NotFound)?;
    let unit = directory.get(id).ok_or(WebError::NotFound)?;
    let people = house.people.unit_people(id).await?;
    let powers = Powers::of(&account, id);
    let person = |person: &store::liaison::Person, roles: &[RoleName], sees_phone: bool| {
        let roles: Vec<_> =
            roles.iter().map(|role| language.of(&role_words(*role)).to_owned()).collect();
        PersonLine {
            name: person.display_name.clone(),
            roles: roles.join(language.say("shell.and")),
            title: person.title.clone(),
            phone: sees_phone.then(|| person.phone.clone()),
            edit: powers.edits_people.then(|| format!("/admin/users/{}/edit", person.id)),
        }
    };
    let who = who.ok();
    let lights = match &who {
        Some(who) if looks_at(&directory, who.unit, id) => {
            let counters = house.store.counters(id).await?;
            Some(Lights {
                late: counters.overdue,
                near: counters.near,
                owing: counters.owing,
                signing: counters.to_acknowledge,
            })
        }
        _ => None,
    };
    let division = divisions()
        .get(&unit.division_code)
        .map_or_else(String::new, |division| division.full_name.clone());
    let mut facts = vec![
        (t("unit.code").to_owned(), unit.code.clone()),
        (t("unit.division").to_owned(), format!("{} {division}", unit.division_code)),
        (t("unit.line").to_owned(), language.of(&line_words(&unit.line)).to_owned()),
    ];
    if !unit.aliases.is_empty() {
        let aliases = unit.aliases.join(language.say("shell.and"));
        facts.push((t("unit.aliases").to_owned(), aliases));
    }
    if !unit.phone.is_empty() {
        facts.push((t("unit.phone").to_owned(), unit.phone.clone()));
    }
    if !unit.note.is_empty() {
        facts.push((t("unit.note").to_owned(), unit.note.clone()));
    }
    let link = |unit: &store::unit::Unit| (format!("/units/{}", unit.id), unit.name.clone());
    let below: Vec<_> = directory.below(id).filter(|unit| unit.active).map(link).collect();
    let below_more = below.len().saturating_sub(BELOW_MAX);
    let liaison_roles = [RoleName::Liaison];
    let shell = match &who {
        Some(who) => house.shell(who, "liaison", &unit.name).await?,
        None => Shell::of(&house, &visitor, "liaison", &unit.name),
    };
    Ok(Page(UnitPage {
        t,
        shell: shell.crumb("/liaisons", language.say("nav.liaison")).crumb_here(&unit.name),
        side: language.of(&side_words(unit.side)).to_owned(),
        level: language.of(&unit.level.words()).to_owned(),
        is_active: unit.active,
        facts,
        above: unit.above.and_then(|above| directory.get(above)).map(link),
        below: below.into_iter().take(BELOW_MAX).collect(),
        below_more,
        lights,
        liaison: people.liaison.as_ref().map(|one| person(one, &liaison_roles, true)),
        handover: (powers.hands_over && people.liaison.is_some())
            .then(|| format!("/units/{id}/handover")),
        edit: powers.edits_unit.then(|| format!("/admin/units/{id}/edit")),
        people: people
            .people
            .iter()
            .map(|(one, roles)| {
                let sees = powers.sees_phones || roles.contains(&RoleName::Liaison);
                person(one, roles, sees)
            })
            .collect(),
        terms: people
            .terms
            .iter()
            .map(|term| TermLine {
                name: term.person.display_name.clone(),
                from: minute(term.started_at),
                to: term.ended_at.map(minute).unwrap_or_default(),
                reason: term.reason.clone(),
            })
            .collect(),
        matters: who
            .map(|_| format!("/register{}", Fields::default().with("unit", &unit.code).query())),
    }))
}

/// `GET /units/{unit}/handover`.
async fn handover(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    Path(unit): Path<String>,
) -> Result<Page<FormPage>, WebError> {
    let unit: UnitId = unit.parse().map_err(|_| WebError::NotFound)?;
    Ok(Page(handover_page(&house, &account, &visitor, unit, None).await?))
}

/// `POST /units/{unit}/handover`: every open obligation, the matters and the drafts go with the post.
async fn hand_over(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    Path(unit): Path<String>,
    form: Fields,
) -> Result<Response, WebError> {
    let unit: UnitId = unit.parse().map_err(|_| WebError::NotFound)?;
    let from: UserId = form.parsed("from").ok_or(WebError::NotFound)?;
    let Some(to) = form.parsed::<UserId>("to") else {
        let words = crate::message::words("unit.handover-to-missing");
        let errors = [FieldError { field: "to".to_owned(), words }];
        let page = handover_page(&house, &account, &visitor, unit, Some((&form, &errors))).await?;
        return Ok(unprocessable(Page(page)));
    };
    let by = account.session.authority();
    match house.people.liaison_hand_over(by, unit, from, to, form.get("reason")).await {
        Ok(handed) => {
            let words = visitor.language.fill(
                "unit.handover-counts",
                &[("obligations", &handed.obligations), ("drafts", &handed.drafts)],
            );
            Ok(Done::about(format!("/units/{unit}"), "unit.handed-over", words).into_response())
        }
        Err(PeopleError::Fields(errors)) => {
            let wrong = Some((&form, errors.as_slice()));
            let page = handover_page(&house, &account, &visitor, unit, wrong).await?;
            Ok(unprocessable(Page(page)))
        }
        Err(other) => Err(other.into()),
    }
}

async fn handover_page(
    house: &House,
    account: &Account,
    visitor: &Visitor,
    unit: UnitId,
    wrong: Option<(&Fields, &[FieldError])>,
) -> Result<FormPage, WebError> {
    let language = visitor.language;
    let directory = house.directory();
    let name = directory.get(unit).ok_or(WebError::NotFound)?.name.clone();
    if !Powers::of(account, unit).hands_over {
        return Err(WebError::forbidden("unit.handover-not-yours"));
    }
    let people = house.people.unit_people(unit).await?;
    let now = people.liaison.ok_or(WebError::NotFound)?;
    let others =
        people.people.iter().filter(|(person, _)| person.id != now.id).map(|(person, _)| {
            (person.id.to_string(), format!("{} {}", person.display_name, person.title))
        });
    let none = std::iter::once((String::new(), language.say("unit.handover-choose").to_owned()));
    let options = Choice::all(none.chain(others), "");
    let inputs = vec![
        Input::choice(language, "to", "unit.handover-to", options)
            .help(language, "unit.handover-to-help")
            .required(),
        Input::area(language, "reason", "unit.handover-reason").required(),
    ];
    let mut inputs = Inputs::new(language, inputs);
    if let Some((form, errors)) = wrong {
        inputs = inputs.filled(form).wrong(language, errors);
    }
    let title = language.say("unit.handover");
    let page = format!("/units/{unit}");
    let shell = Shell::of(house, visitor, "liaison", title)
        .crumb("/liaisons", language.say("nav.liaison"))
        .crumb(&page, &name)
        .crumb_here(title);
    Ok(FormPage::new(shell, &format!("{page}/handover"), "unit.handover-do", inputs)
        .hidden("from", now.id)
        .intro(language.with("unit.handover-now", "name", &now.display_name))
        .intro(language.say("unit.handover-about"))
        .cancel(page))
}

/// One suggestion of a picker.
#[derive(Debug, Serialize)]
struct Suggestion {
    code: String,
    name: String,
    note: String,
}

/// Suggestions a picker shows.
const SUGGESTIONS: usize = 12;

fn json(suggestions: &[Suggestion]) -> Result<Response, WebError> {
    let body = serde_json::to_string(suggestions).map_err(WebError::internal)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// `GET /units/suggest?q=&side=`.
async fn suggest_units(
    State(house): State<House>,
    _: Account,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, WebError> {
    let directory = house.directory();
    let side = store::unit::side_read(query.get("side"));
    let found = directory.suggest(query.get("q"), side, SUGGESTIONS);
    let suggestions: Vec<_> = found
        .into_iter()
        .map(|unit| Suggestion {
            code: unit.code.clone(),
            name: unit.name.clone(),
            note: visitor.language.of(&line_words(&unit.line)).to_owned(),
        })
        .collect();
    json(&suggestions)
}

/// `GET /divisions/suggest?q=`.
async fn suggest_divisions(_: Account, Query(query): Query) -> Result<Response, WebError> {
    let found = divisions().suggest(query.get("q"), SUGGESTIONS);
    let suggestions: Vec<_> = found
        .into_iter()
        .map(|division| Suggestion {
            code: division.code.clone(),
            name: division.full_name.clone(),
            note: division.code.clone(),
        })
        .collect();
    json(&suggestions)
}

/// `GET /divisions/{division}/map`: the map of a division, to pick a place on.
async fn map(
    _: Account,
    visitor: Visitor,
    Path(division): Path<String>,
) -> Result<Html<String>, WebError> {
    let map = picking(visitor.language, &division).ok_or(WebError::NotFound)?;
    Ok(Html(map.to_string()))
}

/// The words of a level, for filters.
pub(crate) const LEVELS: [UnitLevel; 4] =
    [UnitLevel::Province, UnitLevel::City, UnitLevel::County, UnitLevel::Township];
