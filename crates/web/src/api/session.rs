//! Where the person a token stands for is signed in, and ending that.

use axum::extract::{Path, State};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use store::session::{Road, SessionRow};

use super::body::Json;
use super::caller::Caller;
use super::paging::Rows;
use super::view::Instant;
use crate::House;
use crate::error::{WebError, nothing_to_show};

/// A session in a browser.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SessionView {
    /// Its id.
    id: i64,
    /// When it was opened.
    opened_at: Instant,
    /// When it was last used, to the minute.
    used_at: Instant,
    /// From which network address.
    address: String,
    /// What the browser calls itself.
    agent: String,
    /// By which road: `password`, `provider` (the identity provider), `demo`.
    road: &'static str,
    /// Whether two factors were given.
    two_factors: bool,
}

impl From<SessionRow> for SessionView {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id,
            opened_at: row.created_at.into(),
            used_at: row.used_at.into(),
            address: row.address,
            agent: row.agent,
            road: match row.road {
                Road::Password => "password",
                Road::Provider => "provider",
                Road::Demo => "demo",
            },
            two_factors: row.is_two_factor,
        }
    }
}

/// `GET /sessions`.
pub(super) async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<Rows<SessionView>>, WebError> {
    let sessions = house.people.session_list(caller.user()).await?;
    Ok(Json(Rows::all(sessions.into_iter().map(SessionView::from).collect())))
}

/// `DELETE /sessions/{session}`: signed out there, at once.
pub(super) async fn end(
    State(house): State<House>,
    caller: Caller,
    Path(session): Path<String>,
) -> Result<Response, WebError> {
    let session = session.parse().map_err(|_| WebError::NotFound)?;
    house.people.session_revoke(caller.user(), session).await?;
    Ok(nothing_to_show())
}
