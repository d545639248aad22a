//! Urging (催办) whoever owes something.

use axum::extract::{Path, State as Given};
use axum::response::{IntoResponse, Response};
use procedure::decide::{Command, Request};

use super::{Room, timeline};
use crate::House;
use crate::error::WebError;
use crate::fields::Fields;
use crate::form::{act_error, key_of};
use crate::parts::mark::end;
use crate::session::{Done, SignedIn, own_page};

/// `POST /matters/{matter}/obligations/{number}/urge`: with the words given, else with the usual ones.
pub(super) async fn urge(
    Given(house): Given<House>,
    who: SignedIn,
    Path((id, number)): Path<(String, u32)>,
    fields: Fields,
) -> Result<Response, WebError> {
    let room = Room::enter(&house, &who, &id).await?;
    let (look, matter) = (room.look(&who), room.matter());
    let name = timeline::name(&look, matter, number);
    let owed = matter.obligations.iter().find(|owed| owed.number == number);
    let due = owed.map(|owed| end(owed.due)).unwrap_or_default();
    let usual = || look.fill("matter.urge-words", &[("name", &name), ("day", &due)]);
    let words = fields.given("words").map_or_else(usual, str::to_owned);
    let command = Command::Urge { obligation: number, words };
    let request = Request { matter: matter.id.clone(), seen: None, command };
    let next = own_page(fields.get("next"));
    match house.store.act(&who.actor(), request, key_of(&fields)).await {
        Ok(_) => {
            let to =
                if next == "/" && !fields.has("next") { format!("/matters/{id}") } else { next };
            Ok(Done::about(to, "matter.urge-done", name).into_response())
        }
        Err(error) => act_error(&house, &who, &id, None, error).await,
    }
}
