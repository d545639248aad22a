//! Legal time: when a period the law sets ends, and why on that day.
//!
//! Read in this order: [`Calendar`] knows which days are worked; [`Law`] knows the periods
//! ([`Limit`], each with dated [`LimitVersion`]s) and the instruments they stand in;
//! [`Calendar::deadline`] counts one period and answers with a [`Deadline`] that carries every
//! step of the way. Nothing here reads a clock, a file or a network: days, instants and texts are
//! arguments.
//!
//! ```
//! use calendar::{Counted, Due, Trigger};
//!
//! let (law, calendar) = calendar::embedded()?;
//! let received = "2024-08-02".parse()?;
//! let version = law.version_on("suggestion-reply-ordinary", received)?;
//! let deadline = calendar.deadline(&Counted::from_trigger(version, Trigger::Day(received)))?;
//! assert_eq!(deadline.raw, Due::On("2024-10-02".parse()?));
//! assert_eq!(deadline.due, Due::On("2024-10-08".parse()?)); // after the National Day holiday
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod article;
mod deadline;
mod embedded;
mod exclusion;
mod law;
mod limit;
mod moment;
mod table;
mod words;

pub use article::{Article, NotAnArticle, OutOfForce, Wanted};
pub use deadline::{CalendarError, Counted, Deadline, Step};
pub use embedded::{EmbeddedError, HOLIDAYS_CSV, INSTRUMENTS_TOML, LIMITS_TOML, embedded};
pub use exclusion::excluded_between;
pub use law::{Law, LawError, NotInForce, WhyNotInForce};
pub use limit::{
    Citation, Counting, Effect, Extension, ExtensionRule, Instrument, Limit, LimitVersion,
    Suggested, Unit, Verified,
};
pub use moment::{Due, SHANGHAI, Trigger, local_date, start_of_day};
pub use table::{Calendar, ListedDay, TableError, TableProblem};
pub use words::Words;
