//! The rules of one installation: its procedures in all versions, its law, its calendar.

use std::collections::BTreeMap;

use calendar::{Calendar, Law};
use jiff::civil::Date;

use crate::check::{self, Problem};
use crate::definition::Procedure;
use crate::matter::Matter;

/// Everything `decide` goes by.
#[derive(Debug, Clone)]
pub struct Rules {
    procedures: BTreeMap<String, Vec<Procedure>>,
    law: Law,
    calendar: Calendar,
}

/// A procedure file: where it stands and what is written in it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its path, for messages.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl Rules {
    /// Reads and checks procedure files against the law and the code lists.
    ///
    /// # Errors
    /// Every problem found, each with file, line and mend.
    pub fn read(
        files: &[Source<'_>],
        codes: Source<'_>,
        law: Law,
        calendar: Calendar,
    ) -> Result<Self, Vec<Problem>> {
        let checked = check::check(files, codes, &law)?;
        let mut procedures = BTreeMap::<String, Vec<Procedure>>::new();
        for procedure in checked {
            procedures.entry(procedure.id.clone()).or_default().push(procedure);
        }
        for versions in procedures.values_mut() {
            versions.sort_by_key(|procedure| procedure.version);
        }
        Ok(Self { procedures, law, calendar })
    }

    /// The law.
    #[must_use]
    pub fn law(&self) -> &Law {
        &self.law
    }

    /// The calendar.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The same rules with another calendar.
    #[must_use]
    pub fn with_calendar(&self, calendar: Calendar) -> Self {
        Self { calendar, ..self.clone() }
    }

    /// The version that opens new matters on a day: the newest in force, else the oldest there is,
    /// so that an old case can still be entered.
    #[must_use]
    pub fn opening(&self, id: &str, on: Date) -> Option<&Procedure> {
        let versions = self.procedures.get(id)?;
        versions.iter().rev().find(|procedure| procedure.version <= on).or_else(|| versions.first())
    }

    /// The version a matter runs.
    #[must_use]
    pub fn of(&self, matter: &Matter) -> Option<&Procedure> {
        self.version(&matter.procedure, matter.version)
    }

    /// Every version of one, oldest first.
    #[must_use]
    pub fn versions(&self, id: &str) -> &[Procedure] {
        self.procedures.get(id).map_or(&[], Vec::as_slice)
    }

    /// The version of one that bears a day.
    #[must_use]
    pub fn version(&self, id: &str, version: Date) -> Option<&Procedure> {
        self.versions(id).iter().find(|procedure| procedure.version == version)
    }

    /// The newest version of every procedure, by id.
    pub fn procedures(&self) -> impl Iterator<Item = &Procedure> {
        self.procedures.values().filter_map(|versions| versions.last())
    }

    /// The newest version of one.
    #[must_use]
    pub fn procedure(&self, id: &str) -> Option<&Procedure> {
        self.procedures.get(id)?.last()
    }

    /// Procedures people may open under one, roots for `None`.
    pub fn openable(&self, under: Option<&str>) -> impl Iterator<Item = &Procedure> {
        self.procedures().filter(move |procedure| {
            procedure.opened_by_people
                && match under {
                    None => procedure.is_root(),
                    Some(parent) => procedure.under.iter().any(|id| id == parent),
                }
        })
    }
}
