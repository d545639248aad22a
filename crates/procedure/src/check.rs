//! Proves a procedure file before anything runs by it.
//!
//! Only this module makes a [`Procedure`]. Every problem names file and line and says how to mend it;
//! all problems are reported at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use calendar::{Law, Words};
use serde::Deserialize;
use toml::Spanned;

use crate::definition::{
    Action, Approval, Bound, Choice, Condition, Document, Extend, Field, FieldKind,
    ObligationKindOf, On, Options, Party, PartySource, Procedure, Relation, SYSTEM, Spawn, State,
    Take, Touch, When,
};
use crate::file::{
    ActionFile, FieldFile, GuardFile, Name, OnFile, OpenFile, PartyFile, ProcedureFile, TouchFile,
    WhenFile,
};
use crate::guard::{Guard, Question, Term};
use crate::rules::Source;

/// Something wrong in a procedure file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.file, self.line, self.what, self.mend)
    }
}

/// The code lists of `law/codes.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Codes {
    #[serde(default)]
    list: Vec<CodeList>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeList {
    id: String,
    #[expect(dead_code, reason = "read so that a list without a name is an error")]
    name: Words,
    #[serde(default)]
    #[expect(dead_code, reason = "read so that a misspelt key is an error")]
    basis: Vec<String>,
    option: Vec<crate::file::OptionFile>,
}

/// Reads and checks files together, since procedures name one another.
pub(crate) fn check(
    files: &[Source<'_>],
    codes: Source<'_>,
    law: &Law,
) -> Result<Vec<Procedure>, Vec<Problem>> {
    let mut problems = Vec::new();
    let lists = match toml::from_str::<Codes>(codes.text) {
        Ok(codes) => codes.list.into_iter().map(|list| (list.id, options(list.option))).collect(),
        Err(error) => {
            problems.push(syntax(codes, &error));
            BTreeMap::new()
        }
    };
    let mut parsed = Vec::new();
    for source in files {
        match toml::from_str::<ProcedureFile>(source.text) {
            Ok(file) => parsed.push((*source, file)),
            Err(error) => problems.push(syntax(*source, &error)),
        }
    }
    let known = Known {
        law,
        lists: &lists,
        procedures: parsed.iter().map(|(_, file)| (file.id.get_ref().as_str(), file)).collect(),
    };
    let mut procedures = Vec::new();
    for (source, file) in &parsed {
        let mut checker = Checker { source: *source, file, known: &known, problems: Vec::new() };
        let procedure = checker.procedure();
        checker.prove(&procedure);
        problems.append(&mut checker.problems);
        procedures.push(procedure);
    }
    let mut seen = BTreeMap::new();
    for (source, file) in &parsed {
        let key = (file.id.get_ref().clone(), file.version);
        if let Some(first) = seen.insert(key, source.path) {
            problems.push(Problem {
                file: source.path.to_owned(),
                line: line_at(source.text, file.id.span().start),
                what: format!(
                    "`{}` version {} stands in {first} too",
                    file.id.get_ref(),
                    file.version
                ),
                mend: "give this version its own date".to_owned(),
            });
        }
    }
    problems.sort();
    if problems.is_empty() { Ok(procedures) } else { Err(problems) }
}

fn syntax(source: Source<'_>, error: &toml::de::Error) -> Problem {
    Problem {
        file: source.path.to_owned(),
        line: error.span().map_or(1, |span| line_at(source.text, span.start)),
        what: error.message().replace('\n', " "),
        mend: "see the keys described in crates/procedure/src/file.rs".to_owned(),
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn options(written: Vec<crate::file::OptionFile>) -> Options {
    written
        .into_iter()
        .map(|option| Choice { id: option.id, words: Words { zh: option.zh, en: option.en } })
        .collect()
}

fn names(written: &[Name]) -> Vec<String> {
    written.iter().map(|name| name.get_ref().clone()).collect()
}

fn name(written: Option<&Name>) -> Option<String> {
    written.map(|name| name.get_ref().clone())
}

struct Known<'a> {
    law: &'a Law,
    lists: &'a BTreeMap<String, Options>,
    procedures: HashMap<&'a str, &'a ProcedureFile>,
}

struct Checker<'a> {
    source: Source<'a>,
    file: &'a ProcedureFile,
    known: &'a Known<'a>,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn problem(&mut self, at: usize, what: String, mend: impl Into<String>) {
        self.problems.push(Problem {
            file: self.source.path.to_owned(),
            line: line_at(self.source.text, at),
            what,
            mend: mend.into(),
        });
    }

    // ---- from file to procedure, name by name ---------------------------------------------------

    fn procedure(&mut self) -> Procedure {
        let file = self.file;
        self.both(file.id.span().start, "name", &file.name);
        self.both(file.id.span().start, "summary", &file.summary);
        self.unique("state", file.states.iter().map(|state| &state.id));
        self.unique("field", file.fields.iter().map(|field| &field.id));
        self.unique("action", file.actions.iter().map(|action| &action.id));
        self.unique("obligation", file.obligations.iter().map(|owed| &owed.id));
        self.unique("document", file.documents.iter().map(|document| &document.id));
        self.articles(&file.basis);
        for parent in &file.under {
            self.procedure_name(parent);
        }
        file.main_path.iter().for_each(|state| self.state_name(state));
        Procedure {
            id: file.id.get_ref().clone(),
            version: file.version,
            clause: file.clause.clone(),
            name: file.name.clone(),
            summary: file.summary.clone(),
            basis: names(&file.basis),
            number: file.number.clone(),
            under: names(&file.under),
            opened_by_people: file.opened_by_people,
            main_path: names(&file.main_path),
            open: self.open(&file.open),
            parties: self.parties(),
            fields: file.fields.iter().map(|field| self.field(field)).collect(),
            states: file.states.iter().map(|state| self.state(state)).collect(),
            actions: file.actions.iter().map(|action| self.action(action)).collect(),
            obligations: file.obligations.iter().map(|owed| self.obligation(owed)).collect(),
            documents: file.documents.iter().map(|document| self.document(document)).collect(),
        }
    }

    fn unique<'n>(&mut self, kind: &str, ids: impl Iterator<Item = &'n Name>) {
        let mut seen = BTreeSet::new();
        for id in ids {
            if !seen.insert(id.get_ref().clone()) {
                let what = format!("{kind} `{}` stands twice", id.get_ref());
                self.problem(id.span().start, what, "give one of them another id");
            }
        }
    }

    fn both(&mut self, at: usize, what: &str, words: &Words) {
        if words.zh.trim().is_empty() || words.en.trim().is_empty() {
            let what = format!("the {what} lacks Chinese or English");
            self.problem(at, what, "write { zh = \"…\", en = \"…\" }");
        }
    }

    fn half(&mut self, at: usize, what: &str, words: &Words) {
        if words.is_half() {
            self.both(at, what, words);
        }
    }

    fn parties(&mut self) -> BTreeMap<String, Party> {
        let file = self.file;
        let at = file.id.span().start;
        let mut parties = BTreeMap::new();
        for (id, party) in &file.parties {
            self.both(at, &format!("name of party `{id}`"), &party.name);
            match &party.from {
                Some(PartySource::AboveOf(other)) if !file.parties.contains_key(other) => {
                    let what = format!("party `{id}` comes from above of `{other}`, which is none");
                    self.problem(at, what, "name a party of this file");
                }
                Some(PartySource::Parent(other)) => {
                    for parent in &file.under {
                        let parent = self.known.procedures.get(parent.get_ref().as_str());
                        if parent.is_some_and(|parent| !parent.parties.contains_key(other)) {
                            let what = format!(
                                "party `{id}` comes from the parent's `{other}`, which is none"
                            );
                            self.problem(at, what, "name a party of every procedure in `under`");
                        }
                    }
                }
                Some(PartySource::Field(field)) => self.joins_later(id, party, field),
                Some(PartySource::AboveOf(_)) | None => {}
            }
            parties.insert(
                id.clone(),
                Party {
                    id: id.clone(),
                    name: party.name.clone(),
                    side: party.side,
                    from: party.from.clone(),
                    optional: party.optional,
                    many: party.many,
                },
            );
        }
        parties
    }

    /// A party that comes from a field joins when an action fills that in; until then it is empty.
    fn joins_later(&mut self, id: &str, party: &PartyFile, field: &str) {
        let file = self.file;
        let at = file.id.span().start;
        let unit = file.fields.iter().any(|known| {
            known.id.get_ref() == field && known.kind == FieldKind::Unit && field == id
        });
        if !unit {
            let what =
                format!("party `{id}` comes from field `{field}`, which is no unit of that name");
            self.problem(at, what, "give the party and a field of type unit one id");
        }
        let filled = file.actions.iter().any(|action| {
            let asked = action.input.iter().chain(&action.optional);
            asked.map(Name::get_ref).chain(action.take.keys()).any(|filled| filled == field)
        });
        if unit && !filled {
            let what = format!("party `{id}` never joins: no action asks for field `{field}`");
            self.problem(at, what, "let an action ask for it, or choose the party at the opening");
        }
        if !party.optional {
            let what = format!("party `{id}` joins later but may not stay empty until then");
            self.problem(at, what, "write optional = true");
        }
    }

    fn field(&mut self, field: &FieldFile) -> Field {
        let at = field.id.span().start;
        self.both(at, &format!("label of `{}`", field.id.get_ref()), &field.label);
        self.half(at, &format!("help of `{}`", field.id.get_ref()), &field.help);
        self.articles(&field.basis);
        let chosen = match &field.options_from {
            Some(list) => self.known.lists.get(list.get_ref()).cloned().unwrap_or_else(|| {
                let what = format!("there is no code list `{}`", list.get_ref());
                self.problem(list.span().start, what, "name a list of law/codes.toml");
                Options::new()
            }),
            None => options(field.options.clone()),
        };
        let choosing = matches!(field.kind, FieldKind::Choice | FieldKind::Choices);
        if choosing == chosen.is_empty() {
            let what = format!(
                "field `{}` has options where it needs none, or none where it needs some",
                field.id.get_ref()
            );
            self.problem(at, what, "give options to choices, and to nothing else");
        }
        for option in &chosen {
            self.both(
                at,
                &format!("option `{}` of `{}`", option.id, field.id.get_ref()),
                &option.words,
            );
        }
        if field.format.is_some() && field.kind != FieldKind::Text {
            let what = format!("`{}` is no line of text, so it has no format", field.id.get_ref());
            self.problem(at, what, "write type = \"text\", or leave the format out");
        }
        for day in field.law_on.iter().chain(&field.conduct_on) {
            self.day_of_law(field, day);
        }
        if let Some(party) = &field.usually {
            self.usual_party(field, party);
        }
        Field {
            id: field.id.get_ref().clone(),
            kind: field.kind,
            label: field.label.clone(),
            help: field.help.clone(),
            basis: names(&field.basis),
            options: chosen,
            tier: field.tier,
            max: field.max,
            min: field.min,
            future: field.future,
            not_before: self.bound(field, field.not_before.as_ref(), self.file.not_before.as_ref()),
            not_after: self.bound(field, field.not_after.as_ref(), self.file.not_after.as_ref()),
            format: field.format,
            usually: name(field.usually.as_ref()),
            law_on: name(field.law_on.as_ref()),
            conduct_on: name(field.conduct_on.as_ref()),
        }
    }

    /// A bound of a day: the field's own, else that of the file.
    fn bound(
        &mut self,
        field: &FieldFile,
        own: Option<&Name>,
        all: Option<&Name>,
    ) -> Option<Bound> {
        let is_day = |kind: FieldKind| matches!(kind, FieldKind::Date | FieldKind::Instant);
        if let Some(bound) = own.filter(|_| !is_day(field.kind)) {
            let what = format!("`{}` holds no day that could be bounded", field.id.get_ref());
            self.problem(bound.span().start, what, "bound fields of type \"date\" or \"instant\"");
        }
        let bound = own.or(all).filter(|_| is_day(field.kind))?;
        if let Ok(day) = bound.get_ref().parse() {
            return Some(Bound::Day(day));
        }
        self.field_name(bound);
        let known = self.file.fields.iter().find(|known| known.id.get_ref() == bound.get_ref());
        if known.is_some_and(|known| !is_day(known.kind)) {
            let what = format!("`{}` holds no day", bound.get_ref());
            self.problem(bound.span().start, what, "name a day, or a field that holds one");
        }
        Some(Bound::Field(bound.get_ref().clone()))
    }

    /// A unit that is usually that of a party, here or above.
    fn usual_party(&mut self, field: &FieldFile, party: &Name) {
        let at = party.span().start;
        if field.kind != FieldKind::Unit {
            let what = format!("`{}` names no unit, so no party's usually", field.id.get_ref());
            self.problem(at, what, "write `usually` under fields of type \"unit\"");
        }
        let (mut seen, mut next) = (BTreeSet::new(), vec![self.file]);
        while let Some(file) = next.pop() {
            if file.parties.contains_key(party.get_ref()) {
                return;
            }
            let above = file.under.iter().map(|parent| parent.get_ref().as_str());
            let new = above.filter(|parent| seen.insert(*parent));
            next.extend(new.filter_map(|parent| self.known.procedures.get(parent).copied()));
        }
        let what = format!("there is no party `{}` here or above", party.get_ref());
        self.problem(at, what, "name a party of this file or of one it hangs under");
    }

    /// A field that says by the law of which day another cites articles.
    fn day_of_law(&mut self, field: &FieldFile, day: &Name) {
        self.field_name(day);
        let at = day.span().start;
        if field.kind != FieldKind::Articles {
            let what = format!("`{}` cites no law, so no day decides", field.id.get_ref());
            self.problem(
                at,
                what,
                "write `law_on` and `conduct_on` under fields of type \"articles\"",
            );
        }
        let known = self.file.fields.iter().find(|known| known.id.get_ref() == day.get_ref());
        let is_day = |known: &FieldFile| matches!(known.kind, FieldKind::Date | FieldKind::Instant);
        if known.is_some_and(|known| !is_day(known)) {
            let what = format!("`{}` holds no day", day.get_ref());
            self.problem(at, what, "name a field of type \"date\" or \"instant\"");
        }
    }

    fn state(&mut self, state: &crate::file::StateFile) -> State {
        let at = state.id.span().start;
        self.both(at, &format!("name of state `{}`", state.id.get_ref()), &state.name);
        if let Some(words) = &state.no_limit {
            self.both(at, &format!("no_limit of state `{}`", state.id.get_ref()), words);
        }
        if let Some(holder) = &state.holder {
            self.party_name(holder);
        }
        state.hidden_from.iter().for_each(|party| self.party_name(party));
        State {
            id: state.id.get_ref().clone(),
            name: state.name.clone(),
            holder: name(state.holder.as_ref()),
            end: state.end,
            no_limit: state.no_limit.clone(),
            hidden_from: names(&state.hidden_from),
        }
    }

    fn open(&mut self, open: &OpenFile) -> Action {
        let at = open.to.span().start;
        self.both(at, "name of open", &open.name);
        self.half(at, "help of open", &open.help);
        self.party_name(&open.by);
        self.state_name(&open.to);
        open.input.iter().chain(&open.optional).for_each(|field| self.field_name(field));
        open.starts.iter().for_each(|owed| self.obligation_name(owed));
        self.articles(&open.basis);
        Action {
            id: "open".to_owned(),
            name: open.name.clone(),
            help: open.help.clone(),
            from: Vec::new(),
            to: vec![When { when: None, used: open.to.get_ref().clone() }],
            by: vec![open.by.get_ref().clone()],
            role: open.role,
            out_of_turn: true,
            input: names(&open.input),
            optional: names(&open.optional),
            required_when: Vec::new(),
            approvals: Vec::new(),
            guards: self.guards(&open.guards),
            starts: names(&open.starts),
            suspends: Vec::new(),
            resumes: Vec::new(),
            extends: Vec::new(),
            ends: Vec::new(),
            spawns: Vec::new(),
            documents: Vec::new(),
            basis: names(&open.basis),
            consequential: false,
            on: None,
            take: BTreeMap::new(),
        }
    }

    fn action(&mut self, action: &ActionFile) -> Action {
        let at = action.id.span().start;
        let id = action.id.get_ref();
        self.both(at, &format!("name of action `{id}`"), &action.name);
        self.half(at, &format!("help of action `{id}`"), &action.help);
        self.articles(&action.basis);
        action.from.iter().chain(&action.to).for_each(|state| self.state_name(state));
        for party in action.by.iter().filter(|party| party.get_ref() != SYSTEM) {
            self.party_name(party);
        }
        if action.by.is_empty() || action.from.is_empty() {
            let what = format!("action `{id}` lacks `by` or `from`");
            self.problem(at, what, "say which parties may do it, and in which states");
        }
        action.input.iter().chain(&action.optional).for_each(|field| self.field_name(field));
        let owed = action.starts.iter().chain(&action.ends);
        owed.chain(action.suspends.iter().chain(&action.resumes).map(|touch| &touch.obligation))
            .chain(action.extends.iter().map(|extend| &extend.obligation))
            .for_each(|owed| self.obligation_name(owed));
        for document in &action.documents {
            if !self.file.documents.iter().any(|known| known.id.get_ref() == document.get_ref()) {
                let what = format!("there is no document `{}`", document.get_ref());
                self.problem(document.span().start, what, "declare it under [[documents]]");
            }
        }
        let mut to = self.whens(&action.to_when);
        for state in &action.to_when {
            self.state_name(&state.used);
        }
        to.extend(action.to.iter().map(|to| When { when: None, used: to.get_ref().clone() }));
        let required_when = self.whens(&action.required_when);
        for rule in &action.required_when {
            self.field_name(&rule.used);
            let asked = action.input.iter().chain(&action.optional);
            if !asked.into_iter().any(|field| field.get_ref() == rule.used.get_ref()) {
                let what = format!("`{}` is required but not asked for", rule.used.get_ref());
                self.problem(rule.used.span().start, what, "list it under `optional`");
            }
        }
        Action {
            id: id.clone(),
            name: action.name.clone(),
            help: action.help.clone(),
            from: names(&action.from),
            to,
            by: names(&action.by),
            role: action.role,
            out_of_turn: action.out_of_turn,
            input: names(&action.input),
            optional: names(&action.optional),
            required_when,
            approvals: self.approvals(action),
            guards: self.guards(&action.guards),
            starts: names(&action.starts),
            suspends: self.touches(&action.suspends),
            resumes: self.touches(&action.resumes),
            extends: self.extends(action),
            ends: names(&action.ends),
            spawns: action.spawns.iter().map(|spawn| self.spawn(spawn)).collect(),
            documents: names(&action.documents),
            basis: names(&action.basis),
            consequential: action.consequential,
            on: self.on(action),
            take: self.take(action),
        }
    }

    fn approvals(&mut self, action: &ActionFile) -> Vec<Approval> {
        let steps = action.approvals.iter();
        steps
            .map(|step| {
                if let Some(party) = &step.party {
                    self.party_name(party);
                }
                Approval { party: name(step.party.as_ref()), role: step.role }
            })
            .collect()
    }

    fn touches(&mut self, touches: &[TouchFile]) -> Vec<Touch> {
        touches
            .iter()
            .map(|touch| {
                if let Some(on) = &touch.on {
                    self.field_name(on);
                }
                Touch {
                    obligation: touch.obligation.get_ref().clone(),
                    on: name(touch.on.as_ref()),
                }
            })
            .collect()
    }

    fn extends(&mut self, action: &ActionFile) -> Vec<Extend> {
        for extend in &action.extends {
            if let Some(number) = &extend.number {
                self.field_name(number);
            }
            let owed = self
                .file
                .obligations
                .iter()
                .find(|o| o.id.get_ref() == extend.obligation.get_ref());
            for limit in owed.into_iter().flat_map(|owed| &owed.limit) {
                let versions =
                    self.known.law.limit(limit.used.get_ref()).map(|limit| &limit.versions);
                let open_number = |rule: &calendar::ExtensionRule| {
                    rule.number.is_none() && extend.number.is_none()
                };
                let fails = versions
                    .into_iter()
                    .flatten()
                    .any(|version| version.extensions.get(extend.rule).is_none_or(open_number));
                if fails {
                    let what = format!(
                        "limit `{}` has no extension rule {} with a number",
                        limit.used.get_ref(),
                        extend.rule
                    );
                    self.problem(extend.obligation.span().start, what, "name a rule of law/limits.toml, and a `number` field where the law leaves it open");
                }
            }
        }
        let plain = |extend: &crate::file::ExtendFile| Extend {
            obligation: extend.obligation.get_ref().clone(),
            rule: extend.rule,
            number: name(extend.number.as_ref()),
        };
        action.extends.iter().map(plain).collect()
    }

    fn spawn(&mut self, spawn: &crate::file::SpawnFile) -> Spawn {
        self.procedure_name(&spawn.procedure);
        let child = self.known.procedures.get(spawn.procedure.get_ref().as_str()).copied();
        let at = spawn.procedure.span().start;
        for (there, here) in &spawn.parties {
            if child.is_some_and(|child| !child.parties.contains_key(there)) {
                let what = format!("`{}` has no party `{there}`", spawn.procedure.get_ref());
                self.problem(at, what, "name one of its parties");
            }
            let field = self.file.fields.iter().any(|field| field.id.get_ref() == here.get_ref());
            if !field && !self.file.parties.contains_key(here.get_ref()) {
                let what = format!("`{}` is neither a party nor a field here", here.get_ref());
                self.problem(here.span().start, what, "name a party or a unit field of this file");
            }
        }
        for (there, here) in &spawn.fields {
            self.field_name(here);
            let has = |child: &ProcedureFile| child.fields.iter().any(|f| f.id.get_ref() == there);
            if child.is_some_and(|child| !has(child)) {
                let what = format!("`{}` has no field `{there}`", spawn.procedure.get_ref());
                self.problem(at, what, "name one of its fields");
            }
        }
        if let Some(child) = child {
            for (id, party) in &child.parties {
                if !party.optional && party.from.is_none() && !spawn.parties.contains_key(id) {
                    let what = format!(
                        "`{}` is opened without its party `{id}`",
                        spawn.procedure.get_ref()
                    );
                    self.problem(at, what, "give it under `parties`");
                }
            }
        }
        let plain = |map: &BTreeMap<String, Name>| {
            map.iter().map(|(there, here)| (there.clone(), here.get_ref().clone())).collect()
        };
        Spawn {
            procedure: spawn.procedure.get_ref().clone(),
            under: spawn.under,
            parties: plain(&spawn.parties),
            fields: plain(&spawn.fields),
        }
    }

    fn on(&mut self, action: &ActionFile) -> Option<On> {
        let on = action.on.as_ref()?;
        let (relation, procedure) = match (&on.child, &on.parent) {
            (Some(child), None) => (Relation::Child, child),
            (None, Some(parent)) => (Relation::Parent, parent),
            _ => {
                let what = format!(
                    "action `{}`: `on` needs either `child` or `parent`",
                    action.id.get_ref()
                );
                self.problem(action.id.span().start, what, "name one procedure");
                return None;
            }
        };
        if !action.by.iter().any(|party| party.get_ref() == SYSTEM) {
            let what = format!("action `{}` has `on` but is not by system", action.id.get_ref());
            self.problem(action.id.span().start, what, "write by = [\"system\"]");
        }
        self.procedure_name(procedure);
        self.moved_states(procedure, on);
        Some(On { relation, procedure: procedure.get_ref().clone(), states: names(&on.state) })
    }

    fn moved_states(&mut self, procedure: &Name, on: &OnFile) {
        let Some(moved) = self.known.procedures.get(procedure.get_ref().as_str()).copied() else {
            return;
        };
        for state in &on.state {
            if !moved.states.iter().any(|known| known.id.get_ref() == state.get_ref()) {
                let what = format!("`{}` has no state `{}`", procedure.get_ref(), state.get_ref());
                self.problem(state.span().start, what, "name one of its states");
            }
        }
    }

    fn take(&mut self, action: &ActionFile) -> BTreeMap<String, Take> {
        let moved = action.on.as_ref().and_then(|on| on.child.as_ref().or(on.parent.as_ref()));
        let moved = moved.and_then(|id| self.known.procedures.get(id.get_ref().as_str()).copied());
        let mut takes = BTreeMap::new();
        for (field, from) in &action.take {
            let at = from.span().start;
            if !self.file.fields.iter().any(|known| known.id.get_ref() == field) {
                let what = format!("there is no field `{field}`");
                self.problem(at, what, "declare it under [[fields]]");
            }
            let text = from.get_ref().as_str();
            let take = match text.split_once(':') {
                None if text == "state" => Some((Take::State, true)),
                Some(("field", id)) => Some((
                    Take::Field(id.to_owned()),
                    moved.is_some_and(|m| m.fields.iter().any(|f| f.id.get_ref() == id)),
                )),
                Some(("due", id)) => Some((
                    Take::Due(id.to_owned()),
                    moved.is_some_and(|m| m.obligations.iter().any(|o| o.id.get_ref() == id)),
                )),
                _ => None,
            };
            if let Some((take, true)) = take {
                takes.insert(field.clone(), take);
            } else {
                let what = format!("`{text}` says nothing about the matter that moved");
                self.problem(
                    at,
                    what,
                    "write `field:ID`, `due:OBLIGATION` or `state` of that procedure",
                );
            }
        }
        takes
    }

    fn obligation(&mut self, owed: &crate::file::ObligationFile) -> ObligationKindOf {
        let at = owed.id.span().start;
        let id = owed.id.get_ref();
        self.both(at, &format!("name of obligation `{id}`"), &owed.name);
        self.party_name(&owed.debtor);
        self.party_name(&owed.creditor);
        owed.from.iter().chain(&owed.until).for_each(|field| self.field_name(field));
        for limit in &owed.limit {
            if self.known.law.limit(limit.used.get_ref()).is_none() {
                let near = self.known.law.near(limit.used.get_ref()).join(", ");
                let what = format!("there is no limit `{}`", limit.used.get_ref());
                self.problem(
                    limit.used.span().start,
                    what,
                    format!("name a limit of law/limits.toml, e.g. {near}"),
                );
            }
        }
        if owed.limit.is_empty() && owed.until.is_none() {
            let what = format!("obligation `{id}` has neither `limit` nor `until`");
            self.problem(at, what, "name a limit, or the field that states the day");
        }
        for action in &owed.met_by {
            if action.get_ref() != "open" {
                self.action_name(action);
            }
        }
        let lapse = owed.on_lapse.get_ref();
        let follows = (lapse != "record").then(|| lapse.clone());
        if follows.is_some() {
            self.action_name(&owed.on_lapse);
            let system = self.file.actions.iter().any(|action| {
                action.id.get_ref() == lapse && action.by.iter().any(|by| by.get_ref() == SYSTEM)
            });
            if !system {
                let what = format!("what follows a lapse of `{id}` is not a system action");
                self.problem(
                    owed.on_lapse.span().start,
                    what,
                    "write by = [\"system\"] there, or on_lapse = \"record\"",
                );
            }
        }
        ObligationKindOf {
            id: id.clone(),
            name: owed.name.clone(),
            kind: owed.kind,
            debtor: owed.debtor.get_ref().clone(),
            creditor: owed.creditor.get_ref().clone(),
            limit: self.whens(&owed.limit),
            from: name(owed.from.as_ref()),
            until: name(owed.until.as_ref()),
            met_by: names(&owed.met_by),
            on_lapse: follows,
            outlives: owed.outlives,
        }
    }

    fn document(&mut self, document: &crate::file::DocumentFile) -> Document {
        let at = document.id.span().start;
        self.both(at, &format!("name of document `{}`", document.id.get_ref()), &document.name);
        self.party_name(&document.issuer);
        document.recipients.iter().for_each(|party| self.party_name(party));
        document.number.iter().chain(&document.contents).for_each(|field| self.field_name(field));
        self.articles(&document.basis);
        Document {
            id: document.id.get_ref().clone(),
            name: document.name.clone(),
            issuer: document.issuer.get_ref().clone(),
            recipients: names(&document.recipients),
            number: name(document.number.as_ref()),
            contents: names(&document.contents),
            basis: names(&document.basis),
        }
    }

    fn guards(&mut self, guards: &[GuardFile]) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for guard in guards {
            self.both(guard.must.span().start, "refusal", &guard.refusal);
            self.articles(&guard.basis);
            if let Some(must) = self.guard(&guard.must) {
                conditions.push(Condition {
                    must,
                    refusal: guard.refusal.clone(),
                    basis: names(&guard.basis),
                });
            }
        }
        conditions
    }

    fn whens(&mut self, whens: &[WhenFile]) -> Vec<When> {
        whens
            .iter()
            .map(|when| When {
                when: when.when.as_ref().and_then(|text| self.guard(text)),
                used: when.used.get_ref().clone(),
            })
            .collect()
    }

    fn guard(&mut self, text: &Spanned<String>) -> Option<Guard> {
        match Guard::parse(text.get_ref()) {
            Ok(guard) => {
                let mut unknown = Vec::new();
                guard.terms(&mut |term| unknown.extend(self.unknown_in(term)));
                for what in unknown {
                    self.problem(text.span().start, what, "name something of this file");
                }
                Some(guard)
            }
            Err(error) => {
                self.problem(
                    text.span().start,
                    error.to_string(),
                    "see crates/procedure/src/guard.rs",
                );
                None
            }
        }
    }

    fn unknown_in(&self, term: &Term) -> Option<String> {
        let field = |id: &str| self.file.fields.iter().any(|field| field.id.get_ref() == id);
        let child = |id: &str| self.known.procedures.get(id).copied();
        match term {
            Term::Field(id) => (!field(id)).then(|| format!("there is no field `{id}`")),
            Term::Ask(question, names) => {
                let first = names.first().map_or("", String::as_str);
                match question {
                    Question::Has => {
                        (!field(first)).then(|| format!("there is no field `{first}`"))
                    }
                    Question::Party => (!self.file.parties.contains_key(first))
                        .then(|| format!("there is no party `{first}`")),
                    Question::Made if names.len() > 2 => {
                        Some("`made` takes a document, or two".to_owned())
                    }
                    Question::Made => names
                        .iter()
                        .find(|id| !self.file.documents.iter().any(|d| d.id.get_ref() == *id))
                        .map(|id| format!("there is no document `{id}`")),
                    Question::Met
                    | Question::Lapsed
                    | Question::Running
                    | Question::Started
                    | Question::Over
                    | Question::Extended => {
                        let owed = self.file.obligations.iter().any(|o| o.id.get_ref() == first);
                        (!owed).then(|| format!("there is no obligation `{first}`"))
                    }
                    Question::Count | Question::Open => match child(first) {
                        None => Some(format!("there is no procedure `{first}`")),
                        Some(child) => names
                            .iter()
                            .skip(1)
                            .find(|state| !child.states.iter().any(|s| s.id.get_ref() == *state))
                            .map(|state| format!("`{first}` has no state `{state}`")),
                    },
                    Question::Taken => match (child(first), names.get(1), names.get(2)) {
                        (Some(child), Some(party), Some(id)) => {
                            let fits = child.parties.contains_key(party) && field(id);
                            (!fits).then(|| format!("`taken({first}, {party}, {id})` names a party or field that is none"))
                        }
                        _ => Some(
                            "`taken` needs a procedure, a party of it and a field here".to_owned(),
                        ),
                    },
                }
            }
            Term::Text(_) | Term::Number(_) | Term::Truth(_) | Term::Today => None,
        }
    }

    // ---- names ----------------------------------------------------------------------------------

    fn named(&mut self, kind: &str, name: &Name, known: bool) {
        if !known {
            let what = format!("there is no {kind} `{}`", name.get_ref());
            self.problem(name.span().start, what, format!("declare that {kind}, or mend the name"));
        }
    }

    fn state_name(&mut self, name: &Name) {
        let known = self.file.states.iter().any(|state| state.id.get_ref() == name.get_ref());
        self.named("state", name, known);
    }

    fn field_name(&mut self, name: &Name) {
        let known = self.file.fields.iter().any(|field| field.id.get_ref() == name.get_ref());
        self.named("field", name, known);
    }

    fn party_name(&mut self, name: &Name) {
        self.named("party", name, self.file.parties.contains_key(name.get_ref()));
    }

    fn action_name(&mut self, name: &Name) {
        let known = self.file.actions.iter().any(|action| action.id.get_ref() == name.get_ref());
        self.named("action", name, known);
    }

    fn obligation_name(&mut self, name: &Name) {
        let known = self.file.obligations.iter().any(|owed| owed.id.get_ref() == name.get_ref());
        self.named("obligation", name, known);
    }

    fn procedure_name(&mut self, name: &Name) {
        let known = self.known.procedures.contains_key(name.get_ref().as_str());
        self.named("procedure", name, known);
    }

    fn articles(&mut self, basis: &[Name]) {
        for article in basis {
            let parts = article.get_ref().split_once(':');
            let known = parts.is_some_and(|(instrument, article)| {
                !article.is_empty() && self.known.law.instrument(instrument).is_some()
            });
            if !known {
                let what =
                    format!("`{}` names no article of a known instrument", article.get_ref());
                self.problem(
                    article.span().start,
                    what,
                    "write INSTRUMENT:ARTICLE with an instrument of law/instruments.toml",
                );
            }
        }
    }

    // ---- what must hold of the whole ------------------------------------------------------------

    fn prove(&mut self, procedure: &Procedure) {
        self.prove_reachable(procedure);
        self.prove_waiting(procedure);
        self.prove_unambiguous(procedure);
        self.prove_outliving(procedure);
    }

    fn prove_reachable(&mut self, procedure: &Procedure) {
        let forward = edges(procedure);
        let start = procedure.open.to.iter().map(|to| to.used.as_str());
        let reached = closure(start, &forward);
        let mut backward = BTreeMap::<&str, BTreeSet<&str>>::new();
        for (from, to) in &forward {
            for to in to {
                backward.entry(to).or_default().insert(from);
            }
        }
        let ends = procedure.states.iter().filter(|state| state.end).map(|state| state.id.as_str());
        let ending = closure(ends, &backward);
        for state in &self.file.states {
            let id = state.id.get_ref().as_str();
            if !reached.contains(id) {
                let what = format!("state `{id}` cannot be reached");
                self.problem(state.id.span().start, what, "let an action lead there, or remove it");
            }
            if !ending.contains(id) {
                let what = format!("no end can be reached from state `{id}`");
                self.problem(state.id.span().start, what, "let an action lead on from there");
            }
        }
    }

    fn prove_waiting(&mut self, procedure: &Procedure) {
        for (written, state) in self.file.states.iter().zip(&procedure.states) {
            if state.end {
                continue;
            }
            let at = written.id.span().start;
            let from_here =
                || procedure.actions.iter().filter(|action| action.from.contains(&state.id));
            let Some(holder) = &state.holder else {
                let what = format!("state `{}` waits but nobody holds the pen", state.id);
                self.problem(at, what, "name its `holder`");
                continue;
            };
            let holder_acts = from_here().any(|action| action.by.contains(holder));
            let system_acts = from_here().any(Action::by_system);
            if !holder_acts && !system_acts {
                let what = format!("`{holder}` holds the pen in `{}` but can do nothing", state.id);
                self.problem(at, what, "give it an action, or another holder");
            }
            let timed = procedure.obligations.iter().any(|owed| {
                let met_here = from_here().any(|action| owed.met_by.contains(&action.id));
                let leading_here =
                    procedure.actions.iter().chain([&procedure.open]).any(|action| {
                        action.starts.contains(&owed.id)
                            && action.to.iter().any(|to| to.used == state.id)
                    });
                let ends_here = owed
                    .on_lapse
                    .as_ref()
                    .is_some_and(|lapse| from_here().any(|action| action.id == *lapse));
                met_here || leading_here || ends_here
            });
            if !timed && state.no_limit.is_none() {
                let what = format!("state `{}` waits without an obligation", state.id);
                self.problem(at, what, "start one, or say under `no_limit` that the law sets none");
            }
        }
    }

    /// What stays owed in an end can be done there, by an act that needs no pen.
    fn prove_outliving(&mut self, procedure: &Procedure) {
        let forward = edges(procedure);
        for (written, owed) in self.file.obligations.iter().zip(&procedure.obligations) {
            if !owed.outlives {
                continue;
            }
            let starts = procedure
                .actions
                .iter()
                .chain([&procedure.open])
                .filter(|action| action.starts.contains(&owed.id));
            let begins = starts.flat_map(|action| {
                let stays = action.to.is_empty().then_some(&action.from);
                let to = action.to.iter().map(|to| to.used.as_str());
                to.chain(stays.into_iter().flatten().map(String::as_str)).collect::<Vec<_>>()
            });
            let reached = closure(begins, &forward);
            let can_be_met = |state: &State| {
                procedure.actions.iter().any(|action| {
                    owed.met_by.contains(&action.id)
                        && action.out_of_turn
                        && action.from.contains(&state.id)
                })
            };
            let ends = procedure.states.iter().filter(|state| state.end);
            let stuck = ends
                .filter(|state| reached.contains(state.id.as_str()))
                .find(|state| !can_be_met(state));
            if let Some(state) = stuck {
                let what = format!(
                    "`{}` is still owed in `{}` but cannot be done there",
                    owed.id, state.id
                );
                let mend = "let an action that meets it start there, with out_of_turn = true";
                self.problem(written.id.span().start, what, mend);
            }
        }
    }

    fn prove_unambiguous(&mut self, procedure: &Procedure) {
        for (index, action) in procedure.actions.iter().enumerate() {
            for (written, other) in self.file.actions.iter().zip(&procedure.actions).skip(index + 1)
            {
                let state = action.from.iter().find(|state| other.from.contains(state));
                let party = action.by.iter().find(|party| other.by.contains(party));
                let (Some(state), Some(party)) = (state, party) else { continue };
                let alike = action.name.zh == other.name.zh || action.name.en == other.name.en;
                if alike && party != SYSTEM {
                    let what = format!(
                        "`{}` and `{}` look alike to `{party}` in `{state}`",
                        action.id, other.id
                    );
                    self.problem(written.id.span().start, what, "give them different names");
                }
            }
        }
    }
}

fn edges(procedure: &Procedure) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut edges = BTreeMap::<&str, BTreeSet<&str>>::new();
    for action in &procedure.actions {
        for from in &action.from {
            let to = edges.entry(from).or_default();
            to.extend(action.to.iter().map(|to| to.used.as_str()));
        }
    }
    edges
}

fn closure<'a>(
    start: impl Iterator<Item = &'a str>,
    edges: &BTreeMap<&'a str, BTreeSet<&'a str>>,
) -> BTreeSet<&'a str> {
    let mut open: Vec<&str> = start.collect();
    let mut found = BTreeSet::new();
    while let Some(state) = open.pop() {
        if found.insert(state) {
            open.extend(edges.get(state).into_iter().flatten());
        }
    }
    found
}
