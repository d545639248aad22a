//! The rules as a whole: every file is sound, and no walk through it goes wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod civil;
mod evidence;
mod family;
mod files;
mod findings;
mod meeting;
mod notification;
mod offered;
mod story;
mod transfer;
mod walk;
