//! Administration: units and accounts by the system administrator, roles and locks by the security
//! administrator, the journal by the security auditor. None of the three sees a matter.

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use procedure::definition::RoleName;
use store::role::PlatformRole;

use crate::House;
use crate::error::WebError;
use crate::message::T;
use crate::session::{Account, Visitor};
use crate::shell::Shell;

mod calendar;
mod journal;
mod second_factor;
mod setting;
mod unit;
mod unit_import;
mod user;
mod user_role;

pub(crate) use journal::{
    columns as journal_columns, filters as journal_filters, length as journal_length,
    pour as journal_pour,
};

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/admin", get(show))
        // By the system administrator.
        .route("/admin/users/new", get(user::blank).post(user::create))
        .route("/admin/users/{user}/close", post(user::close))
        .route("/admin/users/{user}/reopen", post(user::reopen))
        .route("/admin/units", get(unit::list))
        .route("/admin/units/export", get(unit::export).post(unit::start))
        .route("/admin/units/new", get(unit::blank).post(unit::create))
        .route("/admin/units/{unit}/edit", get(unit::edit).post(unit::change))
        .route("/admin/units/import", get(unit_import::blank).post(unit_import::preview))
        .route("/admin/units/import/{draft}", post(unit_import::apply))
        .route("/admin/calendar", get(calendar::list).post(calendar::load))
        // By the system and the security administrator, each their own.
        .route("/admin/settings", get(setting::list).post(setting::change))
        // By any of the three; what each may do on it differs.
        .route("/admin/users", get(user::list))
        .route("/admin/users/{user}", get(user::show))
        // By the system administrator or an administrator of the person's unit.
        .route("/admin/users/{user}/edit", get(user::edit).post(user::change))
        // By the security administrator.
        .route("/admin/users/{user}/grant", post(user_role::grant))
        .route("/admin/users/{user}/revoke", post(user_role::revoke))
        .route("/admin/users/{user}/platform-role", post(user_role::platform))
        .route("/admin/users/{user}/reset", post(user_role::reset))
        .route("/admin/users/{user}/unlock", post(user_role::unlock))
        .route("/admin/users/{user}/second-factor", post(user_role::remove_second_factor))
        .route("/admin/users/{user}/sessions/end", post(user_role::end_sessions))
        .route("/admin/second-factor", get(second_factor::show).post(second_factor::change))
        // By the security auditor.
        .route("/admin/journal", get(journal::list))
        .route("/admin/journal/export", get(journal::export).post(journal::start))
}

/// `GET /admin`: to the page an administrator works on.
async fn show(State(house): State<House>, account: Account) -> Result<Redirect, WebError> {
    let session = &account.session;
    if let Some(role) = session.platform {
        return Ok(Redirect::to(match role {
            PlatformRole::SystemAdministrator | PlatformRole::SecurityAdministrator => {
                "/admin/users"
            }
            PlatformRole::SecurityAuditor => "/admin/journal",
        }));
    }
    let keeps = |(unit, roles): (&procedure::UnitId, &std::collections::BTreeSet<RoleName>)| {
        roles.contains(&RoleName::UnitAdmin).then(|| format!("/units/{unit}"))
    };
    let here = session.unit.filter(|unit| house.directory().get(*unit).is_some());
    let first = here.and_then(|unit| session.posts.get_key_value(&unit)).and_then(keeps);
    first
        .or_else(|| session.posts.iter().find_map(keeps))
        .map(|page| Redirect::to(&page))
        .ok_or_else(|| WebError::forbidden("admin.not-yours"))
}

/// The tabs above every page of administration, for the role of whoever looks.
#[derive(Debug, Clone)]
pub(crate) struct Tabs(Vec<(&'static str, &'static str, bool)>);

impl Tabs {
    fn of(account: &Account, t: T, here: &str) -> Self {
        let users = ("/admin/users", t("admin.users"));
        let tabs = match account.session.platform {
            Some(PlatformRole::SystemAdministrator) => vec![
                users,
                ("/admin/units", t("admin.units")),
                ("/admin/calendar", t("admin.calendar")),
                ("/admin/settings", t("admin.settings")),
            ],
            Some(PlatformRole::SecurityAdministrator) => vec![
                users,
                ("/admin/second-factor", t("account.factor")),
                ("/admin/settings", t("admin.settings")),
            ],
            Some(PlatformRole::SecurityAuditor) => {
                vec![("/admin/journal", t("admin.journal")), users]
            }
            None => Vec::new(),
        };
        Self(tabs.into_iter().map(|(href, words)| (href, words, href == here)).collect())
    }

    fn iter(&self) -> impl Iterator<Item = &(&'static str, &'static str, bool)> {
        self.0.iter()
    }
}

/// The shell of a page of administration.
fn shell(house: &House, visitor: &Visitor, title: &str) -> Shell {
    let t = visitor.language.t();
    let shell = Shell::of(house, visitor, "admin", title);
    let admin = t("nav.admin");
    if title == admin { shell.crumb_here(admin) } else { shell.crumb("/admin", admin) }
}
