//! The program as people and machines meet it: its commands, its pages in a real browser, its
//! API over the wire. Run by `cargo xtask test`, which brings PostgreSQL and a browser.

mod browser;
mod command;
mod http;
mod page;
mod program;
mod smoke;
