//! One's own account: who one is, open sessions, tokens for programs, the password.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use procedure::{FieldError, UnitId};
use store::people::PeopleError;
use store::role::role_words;
use store::session::{Road, SessionRow};
use store::setting::Setting;
use store::token::TOKEN_DAYS_MAX;

mod second_factor;

use crate::House;
use crate::error::{WebError, nothing_to_show, unprocessable};
use crate::fields::Fields;
use crate::filters;
use crate::message::T;
use crate::parts::input::{Choice, FormPage, Input, Inputs};
use crate::parts::mark::minute;
use crate::session::{Account, Done, PASSWORD_PAGE, Visitor, with_session};
use crate::shell::{Page, Shell};

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/account", get(show))
        .route(PASSWORD_PAGE, get(password).post(change_password))
        .route("/account/second-factor", get(second_factor::show))
        .route("/account/second-factor/begin", post(second_factor::begin))
        .route("/account/second-factor/confirm", post(second_factor::confirm))
        .route("/account/second-factor/codes", post(second_factor::renew_codes))
        .route("/account/second-factor/drop", post(second_factor::give_up))
        .route("/account/still-here", get(still_here))
        .route("/account/sessions/end-others", post(end_others))
        .route("/account/sessions/{session}/end", post(end_session))
        .route("/account/tokens", post(make_token))
        .route("/account/tokens/{token}/revoke", post(revoke_token))
}

/// The page of one's own account.
#[derive(Debug, Template)]
#[template(path = "account/page.html")]
struct AccountPage {
    t: T,
    shell: Shell,
    login: String,
    name: String,
    title: String,
    phone: String,
    posts: Vec<(String, String)>,
    has_second_factor: bool,
    sessions: Vec<SessionLine>,
    idle: String,
    longest: String,
    has_unit: bool,
    tokens: Vec<TokenLine>,
    inputs: Inputs,
    fresh: Option<String>,
}

#[derive(Debug)]
struct SessionLine {
    id: i64,
    opened: String,
    used: String,
    address: String,
    agent: String,
    road: &'static str,
    is_this: bool,
}

/// How somebody signed in, in words.
pub(crate) fn road_words(row: &SessionRow, t: T) -> &'static str {
    t(match (row.road, row.is_two_factor) {
        (Road::Password, false) => "account.road-password",
        (Road::Password, true) => "account.road-two",
        (Road::Provider, _) => "account.road-provider",
        (Road::Demo, _) => "account.road-demo",
    })
}

#[derive(Debug)]
struct TokenLine {
    id: i64,
    name: String,
    unit: String,
    made: String,
    ends: String,
    used: String,
    state: &'static str,
    is_good: bool,
}

/// `GET /account`.
async fn show(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
) -> Result<Page<AccountPage>, WebError> {
    Ok(Page(page(&house, &account, &visitor, None, None).await?))
}

async fn page(
    house: &House,
    account: &Account,
    visitor: &Visitor,
    wrong: Option<(&Fields, &[FieldError])>,
    fresh: Option<String>,
) -> Result<AccountPage, WebError> {
    let language = visitor.language;
    let session = &account.session;
    let user = session.person.id;
    let directory = house.directory();
    let now = house.now();
    let and = language.say("shell.and");
    let mut posts: Vec<(String, String)> = session
        .posts
        .iter()
        .map(|(unit, roles)| {
            let roles: Vec<_> =
                roles.iter().map(|role| language.of(&role_words(*role)).to_owned()).collect();
            (directory.name(*unit), roles.join(and))
        })
        .collect();
    posts.extend(session.platform.map(|role| {
        (language.say("sign-in.platform").to_owned(), language.of(&role.words()).to_owned())
    }));
    let sessions = house.people.session_list(user).await?;
    let tokens = house.people.api_token_list(user).await?;
    let settings = house.people.settings();
    let t = language.t();
    let title = t("account.title");
    Ok(AccountPage {
        t,
        login: session.login_name.clone(),
        name: session.person.display_name.clone(),
        title: session.person.title.clone(),
        phone: session.person.phone.clone(),
        posts,
        sessions: sessions
            .into_iter()
            .map(|row| SessionLine {
                id: row.id,
                opened: minute(row.created_at),
                road: road_words(&row, t),
                used: minute(row.used_at),
                address: row.address,
                agent: row.agent,
                is_this: row.id == session.id,
            })
            .collect(),
        has_second_factor: session.has_second_factor,
        idle: language.with(
            "account.sessions-idle",
            "n",
            settings.get(Setting::SessionIdleMinutes),
        ),
        longest: language.with(
            "account.sessions-longest",
            "n",
            settings.get(Setting::SessionHours),
        ),
        has_unit: !session.posts.is_empty(),
        tokens: tokens
            .into_iter()
            .map(|token| {
                let state = if token.revoked_at.is_some() {
                    t("account.token-revoked")
                } else if token.ends_at <= now {
                    t("account.token-over")
                } else {
                    t("account.token-good")
                };
                TokenLine {
                    id: token.id,
                    name: token.name,
                    unit: directory.name(token.unit),
                    made: minute(token.created_at),
                    ends: minute(token.ends_at),
                    used: token.used_at.map_or_else(|| t("account.never").to_owned(), minute),
                    state,
                    is_good: token.revoked_at.is_none() && token.ends_at > now,
                }
            })
            .collect(),
        inputs: token_inputs(house, account, visitor, wrong),
        fresh,
        shell: Shell::of(house, visitor, "", title).crumb_here(title),
    })
}

/// How many days a token lasts unless said otherwise.
const TOKEN_DAYS: u32 = 90;

fn token_inputs(
    house: &House,
    account: &Account,
    visitor: &Visitor,
    wrong: Option<(&Fields, &[FieldError])>,
) -> Inputs {
    let language = visitor.language;
    let directory = house.directory();
    let units = account.session.posts.keys().map(|unit| (unit.to_string(), directory.name(*unit)));
    let here = account.session.unit.map_or_else(String::new, |unit| unit.to_string());
    let mut inputs = vec![
        Input::line(language, "name", "account.token-name")
            .help(language, "account.token-name-help")
            .required(),
        Input::choice(language, "unit", "account.token-unit", Choice::all(units, &here)).required(),
        Input::of_type(language, "days", "account.token-days", "number")
            .help_words(language.with("account.token-days-help", "most", TOKEN_DAYS_MAX))
            .value(TOKEN_DAYS.to_string())
            .required(),
    ];
    inputs.push(if account.session.has_second_factor {
        second_factor::code_input(language).help(language, "account.token-code-help")
    } else {
        Input::password(language, "password", "sign-in.password", "current-password")
            .help(language, "account.token-password-help")
    });
    let inputs = Inputs::new(language, inputs);
    match wrong {
        Some((form, errors)) => inputs.filled(form).wrong(language, errors),
        None => inputs,
    }
}

/// `POST /account/tokens`: the token is shown on the answer and nowhere again.
async fn make_token(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, WebError> {
    let unit: UnitId = form.parsed("unit").ok_or(WebError::NotFound)?;
    let days = form.parsed("days").unwrap_or(0);
    let name = form.get("name");
    let proof = form.exact(if account.session.has_second_factor { "code" } else { "password" });
    match house.people.api_token_create_own(&account.session, unit, name, days, proof).await {
        Ok(new) => {
            let page = page(&house, &account, &visitor, None, Some(new.token)).await?;
            Ok(Page(page).into_response())
        }
        Err(PeopleError::Fields(errors)) => {
            let wrong = Some((&form, errors.as_slice()));
            Ok(unprocessable(Page(page(&house, &account, &visitor, wrong, None).await?)))
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /account/tokens/{token}/revoke`.
async fn revoke_token(
    State(house): State<House>,
    account: Account,
    Path(token): Path<i64>,
) -> Result<Done, WebError> {
    house.people.api_token_revoke(account.session.authority(), token).await?;
    Ok(Done::to("/account", "account.done-revoked"))
}

/// `POST /account/sessions/{session}/end`.
async fn end_session(
    State(house): State<House>,
    account: Account,
    Path(session): Path<i64>,
) -> Result<Done, WebError> {
    house.people.session_revoke(account.session.person.id, session).await?;
    Ok(Done::to("/account", "account.done-ended"))
}

/// `POST /account/sessions/end-others`.
async fn end_others(State(house): State<House>, account: Account) -> Result<Done, WebError> {
    let ended = house.people.session_revoke_others(&account.session).await?;
    Ok(Done::about("/account", "account.done-ended-others", ended))
}

/// `GET /account/still-here`: the page says that its reader is, so that the session is not idle.
async fn still_here(_: Account) -> Response {
    nothing_to_show()
}

/// `GET /account/password`.
async fn password(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
) -> Page<FormPage> {
    Page(password_page(&house, &account, &visitor, &[]))
}

/// `POST /account/password`.
async fn change_password(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, WebError> {
    let (current, fresh) = (form.exact("current"), form.exact("password"));
    if fresh != form.exact("again") {
        let words = crate::message::words("account.differs");
        let errors = [FieldError { field: "again".to_owned(), words }];
        return Ok(unprocessable(Page(password_page(&house, &account, &visitor, &errors))));
    }
    match house.people.password_change(&account.session, current, fresh).await {
        Ok(token) => {
            let done = Done::to("/", "account.done-password").into_response();
            Ok(with_session(&house, &token, done))
        }
        Err(PeopleError::Fields(errors)) => {
            Ok(unprocessable(Page(password_page(&house, &account, &visitor, &errors))))
        }
        Err(other) => Err(other.into()),
    }
}

fn password_page(
    house: &House,
    account: &Account,
    visitor: &Visitor,
    errors: &[FieldError],
) -> FormPage {
    let language = visitor.language;
    let inputs = vec![
        Input::password(language, "current", "account.current", "current-password"),
        Input::password(language, "password", "account.fresh", "new-password")
            .help(language, "account.fresh-help"),
        Input::password(language, "again", "account.again", "new-password"),
    ];
    let inputs = Inputs::new(language, inputs).wrong(language, errors);
    let title = language.say("shell.password");
    let shell = Shell::of(house, visitor, "", title)
        .crumb("/account", language.say("account.title"))
        .crumb_here(title);
    let page = FormPage::new(shell, PASSWORD_PAGE, "account.change", inputs);
    if account.session.must_change_password {
        page.intro(language.say("error.password-first-detail"))
    } else {
        page.intro(language.say("account.password-about")).cancel("/account")
    }
}
