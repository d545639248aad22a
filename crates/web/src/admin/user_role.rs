//! What the security administrator does with an account: roles, locks, passwords.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use procedure::{Directory as _, FieldError, UnitId, UserId};
use store::people::PeopleError;
use store::role::{PlatformRole, role_read};

use super::user::{page, user_address};
use crate::House;
use crate::error::{WebError, unprocessable};
use crate::fields::Fields;
use crate::session::{Done, SecurityAdministrator};
use crate::shell::Page;

/// `POST /admin/users/{user}/grant`.
pub(super) async fn grant(
    State(house): State<House>,
    who: SecurityAdministrator,
    Path(user): Path<String>,
    form: Fields,
) -> Result<Response, WebError> {
    let user: UserId = user.parse().map_err(|_| WebError::NotFound)?;
    let errors = match (house.directory().find(form.get("unit")), role_read(form.get("role"))) {
        (Some(unit), Some(role)) => {
            let by = who.account.session.authority();
            match house.people.role_grant(by, user, unit, role).await {
                Ok(()) => return Ok(Done::to(user_address(user), "admin.granted").into_response()),
                Err(PeopleError::Refused(refusal)) => {
                    vec![FieldError { field: "role".to_owned(), words: refusal.words() }]
                }
                Err(other) => return Err(other.into()),
            }
        }
        (None, _) => {
            let words = crate::message::words("admin.no-such-unit");
            vec![FieldError { field: "unit".to_owned(), words }]
        }
        (Some(_), None) => return Err(WebError::NotFound),
    };
    let wrong = Some((&form, errors.as_slice()));
    let page = page(&house, &who.account, &who.visitor, user, wrong, None).await?;
    Ok(unprocessable(Page(page)))
}

/// `POST /admin/users/{user}/revoke`.
pub(super) async fn revoke(
    State(house): State<House>,
    who: SecurityAdministrator,
    Path(user): Path<String>,
    form: Fields,
) -> Result<Done, WebError> {
    let user: UserId = user.parse().map_err(|_| WebError::NotFound)?;
    let unit: UnitId = form.parsed("unit").ok_or(WebError::NotFound)?;
    let role = role_read(form.get("role")).ok_or(WebError::NotFound)?;
    house.people.role_revoke(who.account.session.authority(), user, unit, role).await?;
    Ok(Done::to(user_address(user), "admin.revoked"))
}

/// `POST /admin/users/{user}/platform-role`: makes the person one of the three administrators, or
/// takes that back.
pub(super) async fn platform(
    State(house): State<House>,
    who: SecurityAdministrator,
    Path(user): Path<String>,
    form: Fields,
) -> Result<Done, WebError> {
    let user: UserId = user.parse().map_err(|_| WebError::NotFound)?;
    let by = who.account.session.authority();
    if let Some(role) = form.given("role") {
        let role = PlatformRole::read(role).ok_or(WebError::NotFound)?;
        house.people.platform_role_grant(by, user, role).await?;
        Ok(Done::to(user_address(user), "admin.granted"))
    } else {
        house.people.platform_role_revoke(by, user).await?;
        Ok(Done::to(user_address(user), "admin.revoked"))
    }
}

/// `POST /admin/users/{user}/reset`: the new password is shown on the answer and nowhere again.
pub(super) async fn reset(
    State(house): State<House>,
    who: SecurityAdministrator,
    Path(user): Path<String>,
) -> Result<Response, WebError> {
    let user: UserId = user.parse().map_err(|_| WebError::NotFound)?;
    let new = house.people.password_reset(who.account.session.authority(), user).await?;
    let password = Some(new.password);
    let page = page(&house, &who.account, &who.visitor, user, None, password).await?;
    Ok(Page(page).into_response())
}

/// `POST /admin/users/{user}/unlock`.
pub(super) async fn unlock(
    State(house): State<House>,
    who: SecurityAdministrator,
    Path(user): Path<String>,
) -> Result<Done, WebError> {
    let user: UserId = user.parse().map_err(|_| WebError::NotFound)?;
    house.people.user_unlock(who.account.session.authority(), user).await?;
    Ok(Done::to(user_address(user), "admin.unlocked"))
}

/// `POST /admin/users/{user}/second-factor`: telephone and recovery codes are lost.
pub(super) async fn remove_second_factor(
    State(house): State<House>,
    who: SecurityAdministrator,
    Path(user): Path<String>,
) -> Result<Done, WebError> {
    let user: UserId = user.parse().map_err(|_| WebError::NotFound)?;
    house.people.second_factor_remove(who.account.session.authority(), user).await?;
    Ok(Done::to(user_address(user), "admin.factor-removed"))
}

/// `POST /admin/users/{user}/sessions/end`: the one named, or all.
pub(super) async fn end_sessions(
    State(house): State<House>,
    who: SecurityAdministrator,
    Path(user): Path<String>,
    form: Fields,
) -> Result<Done, WebError> {
    let user: UserId = user.parse().map_err(|_| WebError::NotFound)?;
    let session = match form.given("session") {
        Some(id) => Some(id.parse().map_err(|_| WebError::NotFound)?),
        None => None,
    };
    house.people.session_end_of(who.account.session.authority(), user, session).await?;
    Ok(Done::to(user_address(user), "admin.sessions-ended"))
}
