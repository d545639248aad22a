//! The pages as somebody with a browser meets them.

#![allow(missing_docs, unreachable_pub, clippy::pedantic, reason = "these are tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "these are tests"
)]

mod account;
mod admin;
mod api;
mod attack;
mod https;
mod jobs;
mod lights;
mod matter_browser;
mod matter_form;
mod matter_law;
mod matter_page;
mod matter_story;
mod matter_upload;
mod messages;
mod pace;
mod pages;
mod receipt;
mod register;
mod routes;
mod sign_in;
mod world;
