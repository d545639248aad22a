//! The record as those who use it see it: one binary, a module a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bundle;
mod checkpoint;
mod entry;
mod foreign;
mod openssl;
mod receipt;
mod rotation;
mod second;
mod tree;
mod vectors;
mod witness;
mod world;
