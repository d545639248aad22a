//! The store on both engines: SQLite always, PostgreSQL when `LIANDONG_TEST_POSTGRES` names a cluster.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access;
mod act;
mod attachment;
mod backup;
mod crash;
mod database;
mod encryption;
mod job;
mod keyset;
mod ledger;
mod list;
mod listed;
mod people;
mod punctuality;
mod seal;
mod sight;
mod vault;
mod walk;
mod workbench;
mod world;
