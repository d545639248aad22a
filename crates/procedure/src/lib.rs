//! Procedures (程序) as data, and the pure core that runs them.
//!
//! Read [`mod@file`] for how a procedure is written, [`matter`] for what a matter is, [`mod@decide`] for what
//! may happen to it, [`mod@walk`] for how that is put to the proof. Nothing here reads a clock, a file, a database or the network, and nothing knows
//! a procedure by name.

pub mod check;
pub mod decide;
pub mod definition;
pub mod file;
pub mod graph;
pub mod guard;
pub mod id;
pub mod matter;
pub mod refusal;
pub mod rules;
pub mod uscc;
pub mod value;
pub mod walk;

pub use check::Problem;
pub use decide::{
    Command, Decision, Offer, OpenRequest, Request, decide, offers, open, pass_time, recount,
};
pub use definition::Procedure;
pub use id::{MatterId, UnitId, UserId};
pub use matter::{Actor, By, Directory, Event, Family, Matter, UnitFacts, What};
pub use refusal::{Refusal, Why};
pub use rules::{Rules, Source};
pub use value::{FieldError, Point, Raw, Value};
