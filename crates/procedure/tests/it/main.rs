//! The rules as a whole: every file is sound, and no walk through it goes wrong.

mod family;
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod files;
mod walk;
