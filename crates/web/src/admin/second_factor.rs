//! Which roles ask for a second factor, and how many of their people have one.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use store::role::AnyRole;

use super::{Tabs, shell};
use crate::House;
use crate::error::WebError;
use crate::fields::Fields;
use crate::filters;
use crate::message::T;
use crate::session::{Done, SecurityAdministrator};
use crate::shell::{Page, Shell};

/// The roles with their people.
#[derive(Debug, Template)]
#[template(path = "admin/second_factor.html")]
pub(super) struct SecondFactorPage {
    t: T,
    shell: Shell,
    tabs: Tabs,
    rows: Vec<RoleRow>,
}

#[derive(Debug)]
struct RoleRow {
    id: &'static str,
    name: String,
    is_asked: bool,
    people: i64,
    enrolled: i64,
    missing: i64,
}

/// `GET /admin/second-factor`.
pub(super) async fn show(
    State(house): State<House>,
    who: SecurityAdministrator,
) -> Result<Page<SecondFactorPage>, WebError> {
    let language = who.visitor.language;
    let t = language.t();
    let standing = house.people.second_factor_standing(who.account.session.authority()).await?;
    let settings = house.people.settings();
    let rows = AnyRole::all().map(|role| {
        let standing = standing.get(&role).copied().unwrap_or_default();
        RoleRow {
            id: role.id(),
            name: language.of(&role.words()).to_owned(),
            is_asked: settings.second_factor_roles().contains(&role),
            people: standing.people,
            enrolled: standing.enrolled,
            missing: standing.people - standing.enrolled,
        }
    });
    let title = t("account.factor");
    Ok(Page(SecondFactorPage {
        t,
        shell: shell(&house, &who.visitor, title).crumb_here(title),
        tabs: Tabs::of(&who.account, t, "/admin/second-factor"),
        rows: rows.collect(),
    }))
}

/// `POST /admin/second-factor`.
pub(super) async fn change(
    State(house): State<House>,
    who: SecurityAdministrator,
    form: Fields,
) -> Result<Done, WebError> {
    let roles: BTreeSet<AnyRole> = form.all("role").filter_map(AnyRole::read).collect();
    house.people.second_factor_roles_change(who.account.session.authority(), &roles).await?;
    Ok(Done::to("/admin/second-factor", "admin.settings-saved"))
}
