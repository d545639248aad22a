//! What can go wrong with the database, told apart where callers act differently.

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

/// The name of a rule the database keeps, one name on both engines: a unique index by its own name,
/// a primary key as `TABLE_pkey`, a named check by its name, `foreign_key`, `not_null`, and
/// `TABLE_append_only`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstraintName(pub String);

impl ConstraintName {
    /// A row that is referred to does not exist, or one that others refer to was to go.
    pub const FOREIGN_KEY: &str = "foreign_key";
    /// A value that must be there is missing.
    pub const NOT_NULL: &str = "not_null";
}

impl PartialEq<str> for ConstraintName {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for ConstraintName {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for ConstraintName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What keeps the database or its files from taking anything in, while nothing is wrong with what was
/// asked; it passes, and then the same may be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// No space is left.
    Full,
    /// It may only be read.
    ReadOnly,
    /// The database server does not answer.
    Away,
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "no space is left",
            Self::ReadOnly => "it may only be read",
            Self::Away => "the server does not answer",
        })
    }
}

/// A failure of the store. Not a refusal: those are answers.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A rule the database keeps does not hold; callers turn the names they know into words.
    #[error("the database refuses: {0}")]
    Constraint(ConstraintName),
    /// The database was busy for too long or a statement ran out of time; trying again may help.
    #[error("the database did not answer in time: {operation}")]
    Timeout {
        /// What was asked of it.
        operation: String,
    },
    /// The database takes nothing in for the moment.
    #[error("the database takes nothing in, {outage}: {operation}")]
    Outage {
        /// Why not.
        outage: Outage,
        /// What was asked of it.
        operation: String,
        /// Its own words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database failed.
    #[error("the database failed: {operation}")]
    Database {
        /// What was asked of it.
        operation: String,
        /// Its own words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A column holds something else than the code expects.
    #[error("column {column} holds {found}, not {wanted}")]
    Column {
        /// Its place in the answer, from 0.
        column: usize,
        /// What it holds.
        found: &'static str,
        /// What was expected.
        wanted: &'static str,
    },
    /// A stored text does not parse: the database was changed by something else.
    #[error("a stored {what} cannot be read")]
    Damaged {
        /// What it should have been.
        what: &'static str,
        /// Why it is not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process has the SQLite file open for writing.
    #[error(
        "another process is using the database {path}; stop it first, or use PostgreSQL to run several"
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The address of the database is neither a path nor `postgres://…`.
    #[error("not the address of a database: {url:?}; give a path, `sqlite:PATH` or `postgres://…`")]
    Address {
        /// As given, without any password.
        url: String,
    },
    /// The log's key was changed in the log, and this process has not got the new one yet.
    #[error(
        "the log's key was changed; this process has only the old one and signs nothing with it"
    )]
    LogKeyChanged,
    /// The database was written by a newer version of the program.
    #[error(
        "the database is at migration {found}, this program knows only {known}; use a newer program"
    )]
    TooNew {
        /// The newest migration in the database.
        found: i64,
        /// The newest this program has.
        known: i64,
    },
    /// A file beside the database failed.
    #[error("{operation}: {path}")]
    File {
        /// What was tried.
        operation: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The database was handed over before its vault was opened: nothing could be sealed.
    #[error("the vault of the database has not been opened")]
    VaultClosed,
    /// The writer has stopped; the program is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether it is the broken rule of that name.
    #[must_use]
    pub fn is_constraint(&self, name: &str) -> bool {
        matches!(self, Self::Constraint(broken) if *broken == name)
    }

    /// What passes by itself, or when somebody makes room; none when it is a failure of another kind.
    #[must_use]
    pub fn outage(&self) -> Option<Outage> {
        match self {
            Self::Outage { outage, .. } => Some(*outage),
            Self::File { source, .. } => match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(Outage::Full),
                ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
                    Some(Outage::ReadOnly)
                }
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) fn damaged(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Damaged { what, source: source.into() }
    }
}
