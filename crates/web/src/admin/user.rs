//! Accounts: the list, one account, opening, changing, closing.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use procedure::definition::RoleName;
use procedure::{FieldError, UnitId, UserId};
use store::people::{PeopleError, PeopleRefusal};
use store::role::{PlatformRole, ROLES, role_id, role_words};
use store::user::{User, UserFilter, UserForm};

use super::{Tabs, shell};
use crate::House;
use crate::account::road_words;
use crate::error::{WebError, unprocessable};
use crate::fields::{Fields, Query};
use crate::filters;
use crate::message::{Language, T};
use crate::parts::input::{Choice, FormPage, Input, Inputs};
use crate::parts::mark::minute;
use crate::session::{Account, Done, SystemAdministrator, Visitor, escaped};
use crate::shell::{Page, Shell};

/// Accounts a page.
const USER_ROWS: u16 = 30;

/// The list of accounts.
#[derive(Debug, Template)]
#[template(path = "admin/users.html")]
pub(super) struct UsersPage {
    t: T,
    shell: Shell,
    tabs: Tabs,
    can_create: bool,
    text: String,
    unit: String,
    states: Vec<Choice>,
    kinds: Vec<Choice>,
    rows: Vec<UserRow>,
    next: Option<String>,
    is_later: bool,
}

#[derive(Debug)]
struct UserRow {
    href: String,
    login: String,
    name: String,
    posts: Vec<String>,
    is_active: bool,
    signed_in: String,
}

fn who_administers(account: &Account) -> Result<PlatformRole, WebError> {
    account.session.platform.ok_or_else(|| WebError::forbidden("admin.not-yours"))
}

/// `GET /admin/users`.
pub(super) async fn list(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Page<UsersPage>, WebError> {
    let role = who_administers(&account)?;
    let language = visitor.language;
    let t = language.t();
    let directory = house.directory();
    let unit =
        query.given("unit").and_then(|text| procedure::Directory::find(directory.as_ref(), text));
    let after = match (query.given("after"), query.parsed::<UserId>("after-id")) {
        (Some(name), Some(user)) => Some((name.to_owned(), user)),
        _ => None,
    };
    let yes_no = |name: &str, yes: &str, no: &str| match query.get(name) {
        given if given == yes => Some(true),
        given if given == no => Some(false),
        _ => None,
    };
    let filter = UserFilter {
        text: query.get("q").to_owned(),
        unit,
        active: yes_no("state", "open", "closed"),
        administrators: yes_no("kind", "platform", "business"),
        after: after.clone(),
    };
    let by = account.session.authority();
    let users = house.people.user_list(by, &filter, USER_ROWS).await?;
    let next = users.last().filter(|_| users.len() == usize::from(USER_ROWS)).map(|last| {
        query
            .with("after", &last.person.display_name)
            .with("after-id", &last.person.id.to_string())
            .query()
    });
    let choices = |pairs: &[(&str, &'static str)], chosen: &str| {
        Choice::all(pairs.iter().map(|(id, key)| ((*id).to_owned(), t(key).to_owned())), chosen)
    };
    Ok(Page(UsersPage {
        t,
        shell: shell(&house, &visitor, t("admin.users")).crumb_here(t("admin.users")).wide(),
        tabs: Tabs::of(&account, t, "/admin/users"),
        can_create: role == PlatformRole::SystemAdministrator,
        text: query.get("q").to_owned(),
        unit: unit.map_or_else(|| query.get("unit").to_owned(), |unit| directory.name(unit)),
        states: choices(
            &[("", "page.all"), ("open", "admin.open"), ("closed", "admin.closed")],
            query.get("state"),
        ),
        kinds: choices(
            &[("", "page.all"), ("business", "admin.business"), ("platform", "admin.platform")],
            query.get("kind"),
        ),
        rows: users.iter().map(|user| user_row(&house, user, language)).collect(),
        next,
        is_later: after.is_some(),
    }))
}

fn user_row(house: &House, user: &User, language: Language) -> UserRow {
    UserRow {
        href: format!("/admin/users/{}", user.person.id),
        login: user.login_name.clone(),
        name: user.person.display_name.clone(),
        posts: posts(house, user, language),
        is_active: user.person.active,
        signed_in: user.signed_in_at.map(minute).unwrap_or_default(),
    }
}

fn posts(house: &House, user: &User, language: Language) -> Vec<String> {
    let directory = house.directory();
    let and = language.say("shell.and");
    let mut posts: Vec<String> = user
        .posts
        .iter()
        .map(|(unit, roles)| {
            let roles: Vec<_> =
                roles.iter().map(|role| language.of(&role_words(*role)).to_owned()).collect();
            format!("{} · {}", directory.name(*unit), roles.join(and))
        })
        .collect();
    posts.extend(user.platform.map(|role| language.of(&role.words()).to_owned()));
    posts
}

/// One account.
#[derive(Debug, Template)]
#[template(path = "admin/user.html")]
#[expect(clippy::struct_excessive_bools, reason = "what the page shows or not")]
pub(super) struct UserPage {
    t: T,
    shell: Shell,
    tabs: Tabs,
    id: UserId,
    is_active: bool,
    must_change: bool,
    facts: Vec<(String, String)>,
    posts: Vec<PostRow>,
    platform: Option<String>,
    is_system: bool,
    is_security: bool,
    is_oneself: bool,
    has_second_factor: bool,
    grant: Inputs,
    platform_roles: Vec<(String, String)>,
    sessions: Vec<SessionLine>,
    password: Option<String>,
}

/// Where somebody is signed in.
#[derive(Debug)]
struct SessionLine {
    id: i64,
    road: &'static str,
    opened: String,
    used: String,
    address: String,
    agent: String,
}

#[derive(Debug)]
struct PostRow {
    unit: UnitId,
    unit_name: String,
    role: &'static str,
    role_name: String,
    can_revoke: bool,
}

/// `GET /admin/users/{user}`.
pub(super) async fn show(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    Path(user): Path<String>,
) -> Result<Page<UserPage>, WebError> {
    let user = user.parse().map_err(|_| WebError::NotFound)?;
    Ok(Page(page(&house, &account, &visitor, user, None, None).await?))
}

/// What was wrong with the form of granting a role.
pub(super) type Wrong<'a> = Option<(&'a Fields, &'a [FieldError])>;

pub(super) async fn page(
    house: &House,
    account: &Account,
    visitor: &Visitor,
    user: UserId,
    wrong: Wrong<'_>,
    password: Option<String>,
) -> Result<UserPage, WebError> {
    let role = who_administers(account)?;
    let language = visitor.language;
    let t = language.t();
    let user = house.people.user_fetch(user).await?;
    let directory = house.directory();
    let dash = |text: &str| if text.is_empty() { "—".to_owned() } else { text.to_owned() };
    let facts = vec![
        (t("sign-in.user").to_owned(), user.login_name.clone()),
        (t("account.job").to_owned(), dash(&user.person.title)),
        (t("account.phone").to_owned(), dash(&user.person.phone)),
        (t("admin.made").to_owned(), minute(user.created_at)),
        (t("admin.signed-in").to_owned(), dash(&user.signed_in_at.map(minute).unwrap_or_default())),
        (
            t("account.factor").to_owned(),
            match user.second_factor_since {
                Some(since) => language.with("admin.factor-since", "day", minute(since)),
                None => t("account.factor-off").to_owned(),
            },
        ),
    ];
    let is_security = role == PlatformRole::SecurityAdministrator;
    let sessions =
        if is_security { house.people.session_list(user.person.id).await? } else { Vec::new() };
    let posts = user.posts.iter().flat_map(|(unit, roles)| {
        let unit_name = directory.name(*unit);
        roles.iter().map(move |role| PostRow {
            unit: *unit,
            unit_name: unit_name.clone(),
            role: role_id(*role),
            role_name: language.of(&role_words(*role)).to_owned(),
            can_revoke: is_security && *role != RoleName::Liaison,
        })
    });
    let roles = ROLES
        .iter()
        .map(|role| (role_id(*role).to_owned(), language.of(&role_words(*role)).to_owned()));
    let mut grant = Inputs::new(
        language,
        vec![
            Input::pick(language, "unit", "lights.unit", "/units/suggest").required(),
            Input::choice(language, "role", "admin.role", Choice::all(roles, "")).required(),
        ],
    );
    if let Some((form, errors)) = wrong {
        grant = grant.filled(form).wrong(language, errors);
    }
    let name = &user.person.display_name;
    Ok(UserPage {
        t,
        shell: shell(house, visitor, name).crumb("/admin/users", t("admin.users")).crumb_here(name),
        tabs: Tabs::of(account, t, "/admin/users"),
        id: user.person.id,
        is_active: user.person.active,
        must_change: user.must_change_password,
        facts,
        posts: posts.collect(),
        platform: user.platform.map(|role| language.of(&role.words()).to_owned()),
        is_system: role == PlatformRole::SystemAdministrator,
        is_security,
        is_oneself: user.person.id == account.session.person.id,
        has_second_factor: user.second_factor_since.is_some(),
        grant,
        platform_roles: PlatformRole::ALL
            .iter()
            .map(|role| (role.id().to_owned(), language.of(&role.words()).to_owned()))
            .collect(),
        sessions: sessions
            .into_iter()
            .map(|row| SessionLine {
                id: row.id,
                road: road_words(&row, t),
                opened: minute(row.created_at),
                used: minute(row.used_at),
                address: row.address,
                agent: row.agent,
            })
            .collect(),
        password,
    })
}

/// `GET /admin/users/new`.
pub(super) async fn blank(State(house): State<House>, who: SystemAdministrator) -> Page<FormPage> {
    Page(form_page(&house, &who.visitor, None, None, None))
}

fn form_page(
    house: &House,
    visitor: &Visitor,
    user: Option<&User>,
    wrong: Wrong<'_>,
    cancel: Option<String>,
) -> FormPage {
    let language = visitor.language;
    let t = language.t();
    let person = user.map(|user| &user.person);
    let text =
        |of: fn(&store::liaison::Person) -> &String| person.map(of).cloned().unwrap_or_default();
    let mut inputs = Vec::new();
    if user.is_none() {
        inputs.push(
            Input::line(language, "login_name", "sign-in.user")
                .help(language, "admin.login-help")
                .required(),
        );
    }
    inputs.push(
        Input::line(language, "display_name", "account.name")
            .value(text(|one| &one.display_name))
            .required(),
    );
    inputs.push(Input::line(language, "title", "account.job").value(text(|one| &one.title)));
    inputs.push(
        Input::of_type(language, "phone", "account.phone", "tel").value(text(|one| &one.phone)),
    );
    let mut inputs = Inputs::new(language, inputs);
    if let Some((form, errors)) = wrong {
        inputs = inputs.filled(form).wrong(language, errors);
    }
    match user {
        None => {
            let title = t("admin.user-new");
            let shell = shell(house, visitor, title)
                .crumb("/admin/users", t("admin.users"))
                .crumb_here(title);
            FormPage::new(shell, "/admin/users/new", "admin.user-make", inputs)
                .intro(t("admin.user-new-about"))
                .cancel("/admin/users")
        }
        Some(user) => {
            let title = t("admin.user-edit");
            let id = user.person.id;
            let shell = shell(house, visitor, title).crumb_here(
                language.fill("admin.user-edit-of", &[("name", &user.person.display_name)]),
            );
            FormPage::new(shell, &format!("/admin/users/{id}/edit"), "page.save", inputs)
                .hidden("version", user.version)
                .cancel(cancel.unwrap_or_else(|| format!("/admin/users/{id}")))
        }
    }
}

fn user_form(form: &Fields) -> UserForm {
    UserForm {
        login_name: form.get("login_name").to_owned(),
        display_name: form.get("display_name").to_owned(),
        title: form.get("title").to_owned(),
        phone: form.get("phone").to_owned(),
    }
}

/// `POST /admin/users/new`: the first password is shown on the answer and nowhere again.
pub(super) async fn create(
    State(house): State<House>,
    who: SystemAdministrator,
    form: Fields,
) -> Result<Response, WebError> {
    let by = who.account.session.authority();
    match house.people.user_create(by, &user_form(&form)).await {
        Ok(new) => {
            let (account, visitor) = (&who.account, &who.visitor);
            let password = Some(new.password);
            let page = page(&house, account, visitor, new.user, None, password).await?;
            Ok(Page(page).into_response())
        }
        Err(PeopleError::Fields(errors)) => {
            let wrong = Some((&form, errors.as_slice()));
            Ok(unprocessable(Page(form_page(&house, &who.visitor, None, wrong, None))))
        }
        Err(other) => Err(other.into()),
    }
}

/// Whether an account may be changed by whoever asks, and where they came from.
fn may_change(account: &Account, user: &User) -> Result<Option<String>, WebError> {
    let session = &account.session;
    if session.platform == Some(PlatformRole::SystemAdministrator) {
        return Ok(None);
    }
    let unit = user.posts.keys().find(|unit| {
        session.posts.get(unit).is_some_and(|roles| roles.contains(&RoleName::UnitAdmin))
    });
    unit.map(|unit| Some(format!("/units/{unit}"))).ok_or(WebError::NotFound)
}

/// `GET /admin/users/{user}/edit`.
pub(super) async fn edit(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    Path(user): Path<String>,
) -> Result<Page<FormPage>, WebError> {
    let user = user.parse().map_err(|_| WebError::NotFound)?;
    let user = house.people.user_fetch(user).await?;
    let back = may_change(&account, &user)?;
    Ok(Page(form_page(&house, &visitor, Some(&user), None, back)))
}

/// `POST /admin/users/{user}/edit`.
pub(super) async fn change(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    Path(user): Path<String>,
    form: Fields,
) -> Result<Response, WebError> {
    let user: UserId = user.parse().map_err(|_| WebError::NotFound)?;
    let known = house.people.user_fetch(user).await?;
    let back = may_change(&account, &known)?;
    let by = account.session.authority();
    let version = form.parsed("version").unwrap_or(0);
    let given = UserForm { login_name: known.login_name.clone(), ..user_form(&form) };
    let wrong = match house.people.user_change(by, user, version, &given).await {
        Ok(()) => {
            let to = back.unwrap_or_else(|| format!("/admin/users/{user}"));
            let name = &given.display_name;
            return Ok(Done::about(to, "admin.user-saved", name).into_response());
        }
        Err(PeopleError::Fields(errors)) => errors,
        Err(PeopleError::Refused(refusal @ PeopleRefusal::Stale)) => {
            vec![FieldError { field: String::new(), words: refusal.words() }]
        }
        Err(other) => return Err(other.into()),
    };
    let wrong = Some((&form, wrong.as_slice()));
    Ok(unprocessable(Page(form_page(&house, &visitor, Some(&known), wrong, back))))
}

/// `POST /admin/users/{user}/close`.
pub(super) async fn close(
    State(house): State<House>,
    who: SystemAdministrator,
    Path(user): Path<String>,
) -> Result<Done, WebError> {
    let user: UserId = user.parse().map_err(|_| WebError::NotFound)?;
    house.people.user_close(who.account.session.authority(), user).await?;
    Ok(Done::to(user_address(user), "admin.user-closed"))
}

/// `POST /admin/users/{user}/reopen`.
pub(super) async fn reopen(
    State(house): State<House>,
    who: SystemAdministrator,
    Path(user): Path<String>,
) -> Result<Done, WebError> {
    let user: UserId = user.parse().map_err(|_| WebError::NotFound)?;
    house.people.user_reopen(who.account.session.authority(), user).await?;
    Ok(Done::to(user_address(user), "admin.user-reopened"))
}

pub(super) fn user_address(user: UserId) -> String {
    format!("/admin/users/{}", escaped(&user.to_string()))
}
