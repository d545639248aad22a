//! Arbitrary bytes for everything that reads what others wrote.
//!
//! A [`Target`] takes bytes and hands them to one parser, or to the whole of the pages. Whatever they
//! are, nothing may panic, nothing may be answered by a failure of ours, and what was read must be
//! written as it was read. `corpus/` keeps inputs that lead far into each target, `crashes/` those that
//! once broke something; the tests read both again, `cargo xtask fuzz` looks for more.
#![expect(clippy::panic, reason = "a panic is how a target says what it has found")]

mod law;
mod procedures;
mod record;
mod request;
mod table;

use std::path::{Path, PathBuf};

/// One thing that reads.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folders.
    pub name: &'static str,
    /// Reads arbitrary bytes.
    pub read: fn(&[u8]),
}

const fn target(name: &'static str, read: fn(&[u8])) -> Target {
    Target { name, read }
}

/// Everything that is tried.
pub const TARGETS: [Target; 13] = [
    target("articles", law::articles),
    target("deadline", law::deadline),
    target("holidays", law::holidays),
    target("law", law::files),
    target("codes", procedures::codes),
    target("field", procedures::field),
    target("guard", procedures::guard),
    target("procedure", procedures::file),
    target("keys", record::keys),
    target("note", record::note),
    target("receipt", record::receipt),
    target("units", table::units),
    target("request", request::whole),
];

/// The target of that name.
#[must_use]
pub fn of_name(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}

/// The folder of this crate.
#[must_use]
pub fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    home().join("..").join(path)
}

/// Bytes as text, cut at lines that hold only `%%`.
pub(crate) fn parts(bytes: &[u8]) -> Option<Vec<&str>> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.split("\n%%\n").collect())
}
