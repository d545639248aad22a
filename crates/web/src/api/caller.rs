//! Who asks: a person's program, by its token (接口令牌), for one unit with the person's roles there.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use procedure::{Actor, UserId};
use store::Scope;
use store::liaison::Person;

use crate::House;
use crate::error::WebError;
use crate::pace::Asker;

/// Whoever the token stands for. Cookies are never looked at here.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// The person.
    pub(super) person: Person,
    /// The token's id.
    pub(super) token: i64,
    /// Who acts.
    pub(super) actor: Actor,
    /// What they may see.
    pub(super) scope: Scope,
}

impl Caller {
    pub(super) fn user(&self) -> UserId {
        self.actor.user
    }
}

impl FromRequestParts<House> for Caller {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Self::Rejection> {
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(bearer).ok_or(WebError::SignedOut)?;
        let Some(holder) = house.people.api_token_fetch(token).await? else {
            house.count_request(&Asker::of_address(house, &parts.headers, &parts.extensions))?;
            return Err(WebError::SignedOut);
        };
        house.count_request(&Asker::Account(holder.actor.user))?;
        // A unit that has left the directory acts no more.
        let scope = Scope::of(&holder.actor, &house.directory()).ok_or(WebError::SignedOut)?;
        Ok(Self { person: holder.person, token: holder.id, actor: holder.actor, scope })
    }
}

/// The token of `Bearer TOKEN`.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn only_a_bearer_token_is_taken() {
        assert_eq!(bearer("Bearer ld_1"), Some("ld_1"));
        assert_eq!(bearer("bearer  ld_1 "), Some("ld_1"));
        for other in ["Basic ld_1", "Bearer", "Bearer ", "ld_1", ""] {
            assert_eq!(bearer(other), None, "{other:?}");
        }
    }
}
