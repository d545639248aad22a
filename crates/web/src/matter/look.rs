//! Through whose eyes a matter is shown: the rules, the names and the language words are made with.

use calendar::{Due, Trigger, Words};
use jiff::Timestamp;
use jiff::civil::Date;
use procedure::definition::RoleName;
use procedure::{Matter, Procedure, Rules, UnitId};
use store::Scope;
use store::directory::Directory;

use crate::message::Language;
use crate::parts::mark::minute;

/// Everything words about matters are made with.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) directory: &'a Directory,
    pub(crate) scope: &'a Scope,
    pub(crate) now: Timestamp,
    pub(crate) language: Language,
}

impl Look<'_> {
    /// Bilingual words in the reader's language.
    pub(crate) fn of(&self, words: &Words) -> String {
        self.language.of(words).to_owned()
    }

    /// The words of a message key.
    pub(crate) fn say(&self, key: &str) -> String {
        self.language.say(key).to_owned()
    }

    /// The words of a message key with its places filled.
    pub(crate) fn fill(&self, key: &str, places: &[(&str, &dyn std::fmt::Display)]) -> String {
        self.language.fill(key, places)
    }

    /// A unit's full name.
    pub(crate) fn unit(&self, unit: UnitId) -> String {
        self.directory.name(unit)
    }

    /// A unit's short name, for tables.
    pub(crate) fn unit_short(&self, unit: UnitId) -> String {
        match self.directory.get(unit) {
            Some(unit) if !unit.short_name.is_empty() => unit.short_name.clone(),
            _ => self.unit(unit),
        }
    }

    /// Several units by name.
    pub(crate) fn units<'u>(&self, units: impl IntoIterator<Item = &'u UnitId>) -> String {
        let names: Vec<_> = units.into_iter().map(|unit| self.unit(*unit)).collect();
        names.join(self.comma())
    }

    /// What stands between the members of a list.
    pub(crate) fn comma(&self) -> &'static str {
        match self.language {
            Language::Zh => "、",
            Language::En => ", ",
        }
    }

    /// A role at a unit.
    pub(crate) fn role(&self, role: RoleName) -> String {
        self.of(&procedure::decide::role_words(role))
    }

    /// Articles in full that are in force today; empty when there are none.
    pub(crate) fn cite(&self, basis: &[String]) -> String {
        self.cite_on(basis, self.today())
    }

    /// Articles in full, those whose instrument was in force on a day; empty when there are none.
    pub(crate) fn cite_on(&self, basis: &[String], day: Date) -> String {
        let semicolon = match self.language {
            Language::Zh => "；",
            Language::En => "; ",
        };
        let mut cited: Vec<String> = Vec::new();
        let mut before: Option<String> = None;
        for one in self.rules.law().citations_on(basis, day) {
            let words = self.of(&one.words);
            // Several articles of one instrument name it once.
            let title =
                self.rules.law().citation(&one.instrument).map(|whole| self.of(&whole.words));
            let is_same = before.as_ref() == Some(&one.instrument);
            match (title.filter(|_| is_same), cited.last_mut()) {
                (Some(title), Some(last)) => {
                    let article = words.strip_prefix(&title).unwrap_or(&words);
                    last.push_str(self.comma());
                    last.push_str(article.trim_start_matches([',', ' ']));
                }
                _ => cited.push(words),
            }
            before = Some(one.instrument);
        }
        cited.join(semicolon)
    }

    /// The procedure a matter runs.
    pub(crate) fn procedure(&self, matter: &Matter) -> Option<&Procedure> {
        self.rules.of(matter)
    }

    /// The name of a matter's state.
    pub(crate) fn state(&self, matter: &Matter) -> String {
        self.state_of(matter, &matter.state)
    }

    /// The name of one of the states of a matter's procedure.
    pub(crate) fn state_of(&self, matter: &Matter, state: &str) -> String {
        self.procedure(matter)
            .and_then(|procedure| procedure.state(state))
            .map_or_else(|| state.to_owned(), |state| self.of(&state.name))
    }

    /// The name of an action of a matter's procedure.
    pub(crate) fn action(&self, matter: &Matter, action: &str) -> String {
        self.procedure(matter)
            .and_then(|procedure| procedure.action(action))
            .map_or_else(|| action.to_owned(), |action| self.of(&action.name))
    }

    /// The name of a kind of obligation of a matter's procedure.
    pub(crate) fn obligation(&self, matter: &Matter, kind: &str) -> String {
        self.procedure(matter)
            .and_then(|procedure| procedure.obligation(kind))
            .map_or_else(|| kind.to_owned(), |kind| self.of(&kind.name))
    }

    /// The name of a kind of document of a matter's procedure.
    pub(crate) fn document(&self, matter: &Matter, kind: &str) -> String {
        self.procedure(matter)
            .and_then(|procedure| procedure.document(kind))
            .map_or_else(|| kind.to_owned(), |kind| self.of(&kind.name))
    }

    /// The name of a matter's procedure.
    pub(crate) fn kind(&self, matter: &Matter) -> String {
        self.procedure(matter)
            .map_or_else(|| matter.procedure.clone(), |procedure| self.of(&procedure.name))
    }

    /// What a capacity in a matter is called.
    pub(crate) fn party(&self, matter: &Matter, party: &str) -> String {
        self.procedure(matter)
            .and_then(|procedure| procedure.parties.get(party))
            .map_or_else(|| party.to_owned(), |party| self.of(&party.name))
    }

    /// The units that hold the pen now.
    pub(crate) fn holders<'m>(&self, matter: &'m Matter) -> &'m [UnitId] {
        let holder = self
            .procedure(matter)
            .and_then(|procedure| procedure.state(&matter.state))
            .and_then(|state| state.holder.as_deref());
        holder.map_or(&[], |party| matter.party(party))
    }

    /// Today in Asia/Shanghai.
    pub(crate) fn today(&self) -> Date {
        calendar::local_date(self.now)
    }
}

/// The day in Asia/Shanghai of an instant.
pub(crate) fn day(at: Timestamp) -> String {
    calendar::local_date(at).to_string()
}

/// What a period runs from: a day, or a minute where hours count.
pub(crate) fn trigger(from: Trigger, to: Due) -> String {
    match (from, to) {
        (Trigger::Instant(at), Due::At(_)) => minute(at),
        (from, _) => from.date().to_string(),
    }
}
