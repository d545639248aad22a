//! The API as programs meet it: over HTTP, with the real router and a real database. Every answer is
//! held against the schema that `/api/openapi.json` promises for it.

mod act;
mod answer;
mod attachment;
mod description;
mod draft;
mod job;
mod list;
pub mod program;
pub mod routes;
mod sight;
mod story;
