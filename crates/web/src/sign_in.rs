//! Signing in and out, the post one acts in, the language, and what only the demo can do.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use calendar::{SHANGHAI, Words};
use jiff::Timestamp;
use jiff::civil::Date;
use procedure::UnitId;
use procedure::definition::Side;
use store::people::PeopleError;
use store::role::{role_read, role_words};
use store::sign_in::{Entry, SignIn};

use crate::error::{WebError, unprocessable};
use crate::fields::{Fields, Query};
use crate::filters;
use crate::message::{Language, T};
use crate::session::{
    Account, Address, Done, Errand, Visitor, escaped, own_page, with_language, with_session,
    without_session,
};
use crate::shell::{Page, Shell};
use crate::{Demo, House};

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/sign-in", get(show).post(sign_in))
        .route("/sign-in/code", get(show_code).post(give_code))
        .route("/sign-in/code/cancel", post(cancel_code))
        .route("/sign-out", post(sign_out))
        .route("/post", post(take_post))
        .route("/language", post(take_language))
        .route("/demo/sign-in", post(sign_in_as))
        .route("/demo/clock", post(move_clock))
}

/// The page of signing in.
#[derive(Debug, Template)]
#[template(path = "sign_in/page.html")]
pub(crate) struct SignInPage {
    t: T,
    shell: Shell,
    next: String,
    login: String,
    error: Option<String>,
    /// The words of the provider's button and where it leads; none without a provider.
    provider: Option<(String, String)>,
    groups: Vec<Group>,
}

/// Demo accounts of one kind.
#[derive(Debug)]
struct Group {
    title: &'static str,
    accounts: Vec<DemoAccount>,
}

#[derive(Debug)]
struct DemoAccount {
    login: String,
    name: String,
    roles: String,
    unit: String,
}

/// `GET /sign-in`.
async fn show(
    State(house): State<House>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, WebError> {
    let next = own_page(query.get("next"));
    if visitor.account.is_some() {
        return Ok(Redirect::to(&next).into_response());
    }
    Ok(Page(page(&house, &visitor, next, "", None).await?).into_response())
}

/// `POST /sign-in`.
async fn sign_in(
    State(house): State<House>,
    visitor: Visitor,
    address: Address,
    headers: HeaderMap,
    form: Fields,
) -> Result<Response, WebError> {
    let next = own_page(form.get("next"));
    let login = form.get("user");
    let given = SignIn {
        login_name: login,
        password: form.exact("password"),
        address: &address.0,
        agent: &agent(&headers),
    };
    match house.people.sign_in(&given).await {
        Ok(entry) => entered(&house, &visitor, entry, &next).await,
        Err(PeopleError::Refused(refusal)) => {
            let error = visitor.language.of(&refusal.words()).to_owned();
            Ok(unprocessable(Page(page(&house, &visitor, next, login, Some(error)).await?)))
        }
        Err(other) => Err(other.into()),
    }
}

/// The first step is done: on to the page asked for, or to the code. A session that was open in this
/// browser ends: nobody goes on under another's name.
pub(crate) async fn entered(
    house: &House,
    visitor: &Visitor,
    entry: Entry,
    next: &str,
) -> Result<Response, WebError> {
    Ok(match entry {
        Entry::Whole(new) => {
            end_former(house, visitor).await?;
            with_session(house, &new.token, Redirect::to(next).into_response())
        }
        Entry::Half(half) => {
            let to = Redirect::to(&code_page(next)).into_response();
            Errand::Half.given(house, &half.token, to)
        }
    })
}

async fn end_former(house: &House, visitor: &Visitor) -> Result<(), WebError> {
    let Some(account) = &visitor.account else { return Ok(()) };
    match house.people.sign_out(&account.session).await {
        // Ended elsewhere in the same moment.
        Ok(()) | Err(PeopleError::NotFound(_)) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

fn code_page(next: &str) -> String {
    if next == "/" {
        "/sign-in/code".to_owned()
    } else {
        format!("/sign-in/code?next={}", escaped(next))
    }
}

/// The page that asks for the code.
#[derive(Debug, Template)]
#[template(path = "sign_in/code.html")]
struct CodePage {
    t: T,
    shell: Shell,
    next: String,
    login: String,
    error: Option<String>,
}

/// `GET /sign-in/code`.
async fn show_code(
    State(house): State<House>,
    visitor: Visitor,
    headers: HeaderMap,
    Query(query): Query,
) -> Result<Response, WebError> {
    let next = own_page(query.get("next"));
    let half = match Errand::Half.brought(&house, &headers) {
        Some(token) => house.people.half_fetch(&token).await?,
        None => None,
    };
    match half {
        Some(half) => Ok(Page(code(&house, &visitor, next, half.login_name, None)).into_response()),
        None => Ok(back_to_door(&house, &next)),
    }
}

fn code(
    house: &House,
    visitor: &Visitor,
    next: String,
    login: String,
    error: Option<String>,
) -> CodePage {
    let language = visitor.language;
    let shell = Shell::of(house, visitor, "", language.say("sign-in.code-title"));
    CodePage { t: language.t(), shell, next, login, error }
}

fn back_to_door(house: &House, next: &str) -> Response {
    let next = if next == "/" { String::new() } else { format!("?next={}", escaped(next)) };
    Errand::Half.over(house, Redirect::to(&format!("/sign-in{next}")).into_response())
}

/// `POST /sign-in/code`.
async fn give_code(
    State(house): State<House>,
    visitor: Visitor,
    address: Address,
    headers: HeaderMap,
    form: Fields,
) -> Result<Response, WebError> {
    let next = own_page(form.get("next"));
    let Some(token) = Errand::Half.brought(&house, &headers) else {
        return Ok(back_to_door(&house, &next));
    };
    let half = house.people.half_fetch(&token).await?;
    let agent = agent(&headers);
    let done = house.people.sign_in_finish(&token, form.get("code"), &address.0, &agent).await;
    let words = match done {
        Ok(new) => {
            end_former(&house, &visitor).await?;
            let to = Redirect::to(&next).into_response();
            return Ok(Errand::Half.over(&house, with_session(&house, &new.token, to)));
        }
        Err(PeopleError::Refused(refusal)) => refusal.words(),
        Err(PeopleError::Fields(fields)) => {
            fields.into_iter().next().map(|field| field.words).unwrap_or_default()
        }
        Err(other) => return Err(other.into()),
    };
    let error = Some(visitor.language.of(&words).to_owned());
    if let Some(half) = half {
        return Ok(unprocessable(Page(code(&house, &visitor, next, half.login_name, error))));
    }
    let page = page(&house, &visitor, next, "", error).await?;
    Ok(Errand::Half.over(&house, unprocessable(Page(page))))
}

/// `POST /sign-in/code/cancel`: back to the door, as somebody else perhaps.
async fn cancel_code(
    State(house): State<House>,
    headers: HeaderMap,
    form: Fields,
) -> Result<Response, WebError> {
    if let Some(token) = Errand::Half.brought(&house, &headers) {
        house.people.half_drop(&token).await?;
    }
    Ok(back_to_door(&house, &own_page(form.get("next"))))
}

/// `POST /sign-out`.
async fn sign_out(State(house): State<House>, account: Account) -> Result<Response, WebError> {
    house.people.sign_out(&account.session).await?;
    Ok(without_session(&house, Redirect::to("/sign-in").into_response()))
}

/// `POST /post`: acts from now on for that unit, in all roles held there or in one.
async fn take_post(
    State(house): State<House>,
    account: Account,
    form: Fields,
) -> Result<Redirect, WebError> {
    let chosen = form.get("post");
    if account.session.platform.is_some() {
        return Ok(Redirect::to("/"));
    }
    let (unit, role) =
        chosen.split_once(':').map_or((chosen, None), |(unit, role)| (unit, Some(role)));
    let unit: UnitId = unit.parse().map_err(|_| WebError::NotFound)?;
    let role = role.map(|role| role_read(role).ok_or(WebError::NotFound)).transpose()?;
    house.people.session_switch(&account.session, unit, role).await?;
    Ok(Redirect::to("/"))
}

/// `POST /language`.
async fn take_language(State(house): State<House>, form: Fields) -> Result<Response, WebError> {
    let language =
        Language::read(form.get("language")).ok_or_else(|| WebError::bad("error.bad-detail"))?;
    let back = Redirect::to(&own_page(form.get("next"))).into_response();
    Ok(with_language(&house, language, back))
}

/// `POST /demo/sign-in`: takes an account of the demo without a password.
async fn sign_in_as(
    State(house): State<House>,
    visitor: Visitor,
    address: Address,
    headers: HeaderMap,
    form: Fields,
) -> Result<Response, WebError> {
    let demo = demo(&house)?;
    let login = form.get("user");
    if !demo.accounts.iter().any(|account| account == login) {
        return Err(WebError::NotFound);
    }
    let new = house.people.sign_in_demo(login, &address.0, &agent(&headers)).await?;
    entered(&house, &visitor, Entry::Whole(Box::new(new)), &own_page(form.get("next"))).await
}

/// Farthest the demo's clock is moved at once, in days.
const MOVE_DAYS_MAX: i64 = 3_660;

/// `POST /demo/clock`: moves the platform's date forward and lets pass what has run out. Sessions go by
/// the machine's clock, so whoever moves it stays signed in.
async fn move_clock(State(house): State<House>, form: Fields) -> Result<Response, WebError> {
    let clock = std::sync::Arc::clone(&demo(&house)?.clock);
    let now = house.now();
    let days = form.parsed::<i64>("days").filter(|days| (1..=MOVE_DAYS_MAX).contains(days));
    let to = match (days, form.parsed::<Date>("to")) {
        (Some(days), _) => later(now, days),
        (None, Some(day)) => on_day(now, day),
        (None, None) => None,
    };
    let back = own_page(form.get("next"));
    let Some(to) = to else { return Ok(Done::sorry(back, "demo.wrong-date").into_response()) };
    clock.move_to(to);
    house.store.pass_time().await?;
    Ok(Redirect::to(&back).into_response())
}

/// The same hour so many days later.
fn later(now: Timestamp, days: i64) -> Option<Timestamp> {
    now.checked_add(jiff::SignedDuration::from_hours(24 * days)).ok()
}

/// The same hour on a later day, not farther than the demo goes.
fn on_day(now: Timestamp, day: Date) -> Option<Timestamp> {
    let here = SHANGHAI.to_datetime(now);
    let to = SHANGHAI.to_timestamp(day.to_datetime(here.time())).ok()?;
    (to > now && to <= later(now, MOVE_DAYS_MAX)?).then_some(to)
}

/// Outside the demo its addresses do not exist.
fn demo(house: &House) -> Result<&Demo, WebError> {
    house.settings.demo.as_ref().ok_or(WebError::NotFound)
}

/// Longest description of a browser that is kept.
const AGENT_CHARS_MAX: usize = 200;

pub(crate) fn agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    agent.unwrap_or_default().chars().take(AGENT_CHARS_MAX).collect()
}

pub(crate) async fn page(
    house: &House,
    visitor: &Visitor,
    next: String,
    login: &str,
    error: Option<String>,
) -> Result<SignInPage, WebError> {
    let language = visitor.language;
    let shell = Shell::of(house, visitor, "", language.say("sign-in.title"));
    let groups = match &house.settings.demo {
        Some(demo) => groups(house, language, &demo.accounts).await?,
        None => Vec::new(),
    };
    let provider = house.settings.provider.as_ref().map(|provider| {
        let to = if next == "/" { String::new() } else { format!("?next={}", escaped(&next)) };
        (provider.name.clone(), format!("/sign-in/provider{to}"))
    });
    let login = login.to_owned();
    Ok(SignInPage { t: language.t(), shell, next, login, error, provider, groups })
}

async fn groups(
    house: &House,
    language: Language,
    logins: &[String],
) -> Result<Vec<Group>, WebError> {
    let t = language.t();
    let mut groups = ["sign-in.government", "sign-in.procuratorate", "sign-in.others"]
        .map(|key| Group { title: t(key), accounts: Vec::new() });
    let directory = house.directory();
    for login in logins {
        let Ok(user) = house.people.user_by_login(login).await else { continue };
        let words = |many: Vec<Words>| {
            let many: Vec<_> = many.iter().map(|words| language.of(words).to_owned()).collect();
            many.join(language.say("shell.and"))
        };
        let (side, roles, unit) = match (user.posts.first_key_value(), user.platform) {
            (Some((unit, roles)), _) => {
                let unit = directory.get(*unit);
                let roles = words(roles.iter().map(|role| role_words(*role)).collect());
                let name = unit.map(|unit| unit.short_name.clone()).unwrap_or_default();
                (unit.map(|unit| unit.side), roles, name)
            }
            (None, Some(role)) => {
                (None, words(vec![role.words()]), t("sign-in.platform").to_owned())
            }
            (None, None) => continue,
        };
        let at = match side {
            Some(Side::Government) => 0,
            Some(Side::Procuratorate) => 1,
            Some(Side::Court) | None => 2,
        };
        if let Some(group) = groups.get_mut(at) {
            let login = login.clone();
            group.accounts.push(DemoAccount { login, name: user.person.display_name, roles, unit });
        }
    }
    Ok(groups.into_iter().filter(|group| !group.accounts.is_empty()).collect())
}
