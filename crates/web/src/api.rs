//! The JSON API for programs: every act the pages do, with the same core.
//!
//! Read [`operation::operations`] first: it is the one table of what there is. The router, the checks of
//! addresses and `/api/openapi.json` are made from it, so that nothing is served that is not documented.
//! [`caller`] says who asks, [`body`] and [`input`] how JSON becomes what the rules read, [`problem`] how
//! an error is told.

mod act;
mod attachment;
mod body;
mod caller;
mod counter;
mod draft;
mod input;
mod job;
mod ledger;
mod limit;
mod matter;
mod near;
mod obligation;
mod openapi;
mod operation;
mod paging;
mod problem;
mod procedure;
mod query;
mod session;
mod unit;
mod view;

use axum::Router;

use crate::House;

pub(crate) use self::problem::Asker;

/// Where the API begins.
const ROOT: &str = "/api/v1";

/// The API.
pub(crate) fn routes() -> Router<House> {
    operation::operations()
        .into_iter()
        .fold(Router::new(), |router, operation| router.route(operation.path, operation.handler()))
}

/// Every method and path of the API, for tests that prove something of each.
#[must_use]
pub fn addresses() -> Vec<(String, &'static str)> {
    let all = operation::operations();
    all.iter().map(|one| (one.method.as_str().to_owned(), one.path)).collect()
}
