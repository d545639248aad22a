//! SQL on SQLite and PostgreSQL: migrations, the one writer, and every question the pages ask.
//!
//! Read [`db`] for how a statement is run, [`dialect`] for where the engines differ, `migrations/` for
//! the tables.

pub mod access;
mod administration;
pub mod answer;
pub mod attachment;
pub mod backup;
pub mod clock;
mod configuration;
pub mod counter;
pub mod db;
pub mod demo_people;
pub mod dialect;
pub mod directory;
pub mod division;
pub mod draft;
mod encryption;
pub mod error;
pub mod event;
mod family;
mod ids;
pub mod import;
pub mod job;
pub mod journal;
pub mod ledger;
pub mod liaison;
pub mod listed;
mod lock;
pub mod matter;
pub mod migration;
pub mod obligation;
pub mod password;
pub mod people;
mod projection;
pub mod provider;
pub mod punctuality;
pub mod randomness;
pub mod role;
pub mod row;
pub mod scope;
pub mod seal;
pub mod second_factor;
pub mod session;
pub mod setting;
pub mod sign_in;
pub mod store;
pub mod term;
pub mod token;
pub mod unit;
pub mod user;
pub mod vault;
pub mod view;
pub mod visibility;
pub mod writer;

pub use answer::{ActError, Done, DraftRef, Key, Refused};
pub use clock::Clock;
pub use db::{Database, Tx};
pub use dialect::Engine;
pub use error::{ConstraintName, Outage, StoreError};
pub use people::{Authority, People, PeopleError, PeopleRefusal};
pub use projection::known_field;
pub use row::{FromValue, Row, Value};
pub use scope::Scope;
pub use store::{Parts, Store};
