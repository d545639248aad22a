//! SQL on SQLite and PostgreSQL: migrations, the one writer, and every question the pages ask.
//!
//! Read [`db`] for how a statement is run, [`dialect`] for where the engines differ, `migrations/` for
//! the tables.

pub mod clock;
pub mod db;
pub mod dialect;
pub mod error;
pub mod migration;
pub mod row;

pub use clock::Clock;
pub use db::{Database, Tx};
pub use dialect::Engine;
pub use error::{ConstraintName, StoreError};
pub use row::{FromValue, Row, Value};
