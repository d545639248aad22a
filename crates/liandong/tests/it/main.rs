//! The program as people and machines meet it: its commands, its pages in a real browser, its
//! API over the wire. Run by `cargo xtask test`, which brings PostgreSQL and a browser.

#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says why it was skipped"
)]

mod browser;
mod command;
mod fault;
mod http;
mod ledger;
mod log_key;
mod long_work;
mod page;
mod power;
mod program;
mod provider;
mod serve;
mod smoke;
mod story;
mod tls;
mod upload;
