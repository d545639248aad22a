//! The rule files, parsed and checked against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::Words;
use crate::limit::{
    Citation, Counting, ExtensionRule, Instrument, Limit, LimitVersion, Suggested, Unit, Verified,
};

/// Name of the file of limits, in messages.
const LIMITS: &str = "limits.toml";
/// Name of the file of instruments, in messages.
const INSTRUMENTS: &str = "instruments.toml";
/// Most names [`Law::near`] suggests.
const NEAR_MAX: usize = 3;
/// Longest chain of `before` or `after` that is followed.
const CHAIN_MAX: usize = 8;

/// Every limit and every instrument, checked: whatever one names, the other has.
#[derive(Clone, Debug, Default)]
pub struct Law {
    limits: BTreeMap<String, Limit>,
    instruments: BTreeMap<String, Instrument>,
    actors: BTreeMap<String, Words>,
    /// Ids of the limits in the order of the file, which follows the course of a case.
    order: Vec<String>,
}

/// A mistake in a rule file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}; {mend}")]
pub struct LawError {
    /// Which of the two files.
    pub file: &'static str,
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// How to mend it.
    pub mend: String,
}

/// No version of the limit was in force on the day asked about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words().en)]
pub struct NotInForce {
    /// The limit asked for.
    pub limit: String,
    /// The day asked about.
    pub on: Date,
    /// Why there is none.
    pub why: WhyNotInForce,
    /// The version of another limit that applied on that day, where the rules name one.
    pub applied: Option<Box<LimitVersion>>,
}

/// Why no version of a limit was in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNotInForce {
    /// There is no limit of this name; these are near.
    Unknown {
        /// Names that look alike, nearest first.
        near: Vec<String>,
    },
    /// The first version came into force later.
    NotYet {
        /// First day in force.
        from: Date,
    },
    /// The last version went out of force earlier.
    Ended {
        /// Last day in force.
        until: Date,
    },
    /// The day lies between two versions.
    Between {
        /// Last day of the earlier version.
        until: Date,
        /// First day of the later version.
        from: Date,
    },
}

impl NotInForce {
    /// The message in both languages.
    #[must_use]
    pub fn words(&self) -> Words {
        let (limit, on) = (&self.limit, self.on);
        let (zh, en) = match &self.why {
            WhyNotInForce::Unknown { near } => return unknown_words(limit, near),
            WhyNotInForce::NotYet { from } => (
                format!("“{limit}”自{from}起施行，{on}尚未施行"),
                format!("`{limit}` came into force on {from}, after {on}"),
            ),
            WhyNotInForce::Ended { until } => (
                format!("“{limit}”至{until}止有效，{on}已不适用"),
                format!("`{limit}` was in force until {until}, before {on}"),
            ),
            WhyNotInForce::Between { until, from } => (
                format!("“{limit}”在{until}之后、{from}之前没有有效规定，{on}不适用"),
                format!("`{limit}` had no text in force between {until} and {from}, on {on}"),
            ),
        };
        let applied = self.applied.as_deref().map_or_else(
            || Words::new("当时没有已知的期限规定", "no limit is known to have applied then"),
            applied_words,
        );
        Words::new(format!("{zh}；{}", applied.zh), format!("{en}; {}", applied.en))
    }
}

fn unknown_words(limit: &str, near: &[String]) -> Words {
    if near.is_empty() {
        return Words::new(
            format!("没有名为“{limit}”的期限；用 liandong law list 查看全部"),
            format!("there is no limit `{limit}`; `liandong law list` shows all"),
        );
    }
    let (zh, en) = (near.join("、"), near.join(", "));
    Words::new(
        format!("没有名为“{limit}”的期限；相近的有：{zh}"),
        format!("there is no limit `{limit}`; near: {en}"),
    )
}

fn applied_words(version: &LimitVersion) -> Words {
    let number = match (version.number, version.unit) {
        (Some(number), Some(unit)) => unit.words(number),
        _ => Words::new("无具体期限数", "no number"),
    };
    let sources = version.sources.iter().map(Citation::code).collect::<Vec<_>>().join(", ");
    Words::new(
        format!("当时适用的是“{}”（{}，{}，{sources}）", version.limit, version.name.zh, number.zh),
        format!(
            "what applied then: `{}` ({}, {}, {sources})",
            version.limit, version.name.en, number.en
        ),
    )
}

impl Law {
    /// Parses both files and checks them against each other.
    ///
    /// # Errors
    /// Every mistake found, each with its file, line and mend: unreadable TOML, unknown or missing
    /// keys, missing languages, double ids, versions that overlap, a counting that does not fit its
    /// number, and instruments, actors or limits that are named but do not exist.
    pub fn parse(limits_toml: &str, instruments_toml: &str) -> Result<Self, Vec<LawError>> {
        let mut reader = Reader::default();
        reader.read_instruments(instruments_toml);
        reader.read_limits(limits_toml);
        reader.check_references();
        reader.finish()
    }

    /// A limit by its id.
    #[must_use]
    pub fn limit(&self, id: &str) -> Option<&Limit> {
        self.limits.get(id)
    }

    /// All limits, in the order of the file.
    pub fn limits(&self) -> impl Iterator<Item = &Limit> {
        self.order.iter().filter_map(|id| self.limits.get(id))
    }

    /// An instrument by its code, e.g. `J2`.
    #[must_use]
    pub fn instrument(&self, id: &str) -> Option<&Instrument> {
        self.instruments.get(id)
    }

    /// All instruments, by code.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.instruments.values()
    }

    /// The words for an actor's key, e.g. `pros.chief`.
    #[must_use]
    pub fn actor(&self, key: &str) -> Option<&Words> {
        self.actors.get(key)
    }

    /// A citation such as `J2:70` or `J2` in full.
    ///
    /// `None` when the instrument is unknown.
    #[must_use]
    pub fn citation(&self, code: &str) -> Option<Citation> {
        citation(&self.instruments, code)
    }

    /// The ids that look most like one that does not exist, nearest first; at most three.
    #[must_use]
    pub fn near(&self, id: &str) -> Vec<&str> {
        let id = id.trim().to_lowercase();
        let mut ranked: Vec<(usize, &str)> = self
            .limits
            .keys()
            .filter_map(|known| likeness(&id, known).map(|rank| (rank, known.as_str())))
            .collect();
        ranked.sort_unstable();
        ranked.into_iter().take(NEAR_MAX).map(|(_, known)| known).collect()
    }

    /// The version of a limit that applies to a trigger on a day.
    ///
    /// # Errors
    /// [`NotInForce`] when the limit is unknown, not yet or no longer in force on that day. It says
    /// what applied then.
    ///
    /// # Source
    /// The text in force on the trigger day decides.
    pub fn version_on(&self, id: &str, on: Date) -> Result<&LimitVersion, NotInForce> {
        let not_in_force = |why, applied| NotInForce { limit: id.to_owned(), on, why, applied };
        let Some(limit) = self.limits.get(id) else {
            let near = self.near(id).into_iter().map(str::to_owned).collect();
            return Err(not_in_force(WhyNotInForce::Unknown { near }, None));
        };
        if let Some(version) = limit.version_on(on) {
            return Ok(version);
        }
        let earlier = limit.versions.iter().filter_map(|v| v.until).filter(|u| *u < on).max();
        let later = limit.versions.iter().map(|v| v.from).filter(|from| *from > on).min();
        let why = match (earlier, later) {
            (Some(until), Some(from)) => WhyNotInForce::Between { until, from },
            (Some(until), None) => WhyNotInForce::Ended { until },
            (None, Some(from)) => WhyNotInForce::NotYet { from },
            // A limit always has a version, and one without an end would have been found.
            (None, None) => WhyNotInForce::Unknown { near: Vec::new() },
        };
        let applied = self.applied_on(limit, on, later.is_some());
        Err(not_in_force(why, applied.cloned().map(Box::new)))
    }

    /// What applied on a day instead of a limit: its predecessors or its successors.
    fn applied_on<'a>(
        &'a self,
        limit: &'a Limit,
        on: Date,
        earlier: bool,
    ) -> Option<&'a LimitVersion> {
        let mut limit = limit;
        for _ in 0..CHAIN_MAX {
            let next = if earlier { &limit.before } else { &limit.after };
            limit = self.limits.get(next.as_ref()?)?;
            if let Some(version) = limit.version_on(on) {
                return Some(version);
            }
        }
        None
    }
}

impl Limit {
    /// The version in force on a day.
    #[must_use]
    pub fn version_on(&self, day: Date) -> Option<&LimitVersion> {
        self.versions.iter().rev().find(|version| version.in_force_on(day))
    }

    /// The newest version.
    #[must_use]
    pub fn newest(&self) -> Option<&LimitVersion> {
        self.versions.last()
    }
}

/// How far a known id is from what was typed; `None` when they have nothing in common.
fn likeness(typed: &str, known: &str) -> Option<usize> {
    let distance = edit_distance(typed, known);
    let typo = distance <= 2.max(typed.len() / 4);
    let part = typed.len() >= 3 && known.contains(typed);
    let shared = known.split('-').filter(|w| w.len() >= 3 && typed.split('-').any(|t| t == *w));
    let shared = shared.count();
    if typo {
        Some(distance)
    } else if part {
        Some(100 + known.len())
    } else if shared > 0 {
        Some(1000 + distance - shared.min(distance))
    } else {
        None
    }
}

/// Single-character insertions, deletions and replacements from one text to the other.
fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = Vec::with_capacity(row.len());
        next.push(left);
        for (b, above) in to.iter().zip(row.iter().skip(1)) {
            let best = (diagonal + usize::from(a != *b)).min(left + 1).min(above + 1);
            diagonal = *above;
            left = best;
            next.push(best);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// `J2:70` or `J2`, in full.
fn citation(instruments: &BTreeMap<String, Instrument>, code: &str) -> Option<Citation> {
    let (id, article) = code.split_once(':').unwrap_or((code, ""));
    let instrument = instruments.get(id)?;
    let words = if article.is_empty() {
        Words::new(format!("《{}》", instrument.name.zh), instrument.name.en.clone())
    } else {
        crate::article::in_full(&instrument.name, article)
    };
    Some(Citation { instrument: id.to_owned(), article: article.to_owned(), words })
}

/// An instrument as written.
type RawInstrument = Instrument;

/// A limit as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimit {
    id: Spanned<String>,
    name: Spanned<Words>,
    actor: Spanned<String>,
    trigger: Spanned<Words>,
    #[serde(default = "lapse_unsaid")]
    lapse: Spanned<Words>,
    #[serde(default)]
    exclusions: Words,
    before: Option<Spanned<String>>,
    after: Option<Spanned<String>>,
    versions: Vec<Spanned<RawVersion>>,
}

fn lapse_unsaid() -> Spanned<Words> {
    Spanned::new(0..0, Words::new("法律未规定后果", "the law states no consequence"))
}

/// A version as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVersion {
    from: Date,
    until: Option<Date>,
    number: Option<u32>,
    unit: Option<Unit>,
    counting: Counting,
    suggested: Option<Suggested>,
    #[serde(default)]
    extensions: Vec<Spanned<ExtensionRule>>,
    #[serde(default)]
    sources: Vec<Spanned<String>>,
    verified: Verified,
    #[serde(default)]
    note: Words,
}

/// A name in the file of limits that must exist elsewhere.
struct Reference {
    line: usize,
    kind: ReferenceKind,
    name: String,
}

#[derive(Clone, Copy)]
enum ReferenceKind {
    Actor,
    Limit,
}

/// Both files being read: what was understood, and every mistake.
#[derive(Default)]
struct Reader {
    law: Law,
    references: Vec<Reference>,
    errors: Vec<LawError>,
}

/// A text with its lines.
struct Text<'a> {
    file: &'static str,
    text: &'a str,
}

impl Text<'_> {
    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        1 + before.bytes().filter(|byte| *byte == b'\n').count()
    }

    fn error(&self, span: &Range<usize>, problem: impl Into<String>, mend: &str) -> LawError {
        LawError {
            file: self.file,
            line: self.line(span),
            problem: problem.into(),
            mend: mend.to_owned(),
        }
    }

    fn toml_error(&self, error: &toml::de::Error, place: &Range<usize>) -> LawError {
        let span = error.span().unwrap_or_else(|| place.clone());
        let problem = error.message().lines().collect::<Vec<_>>().join(", ");
        self.error(&span, problem, "see the entries beside it for the form")
    }
}

impl Reader {
    /// The entries under a key that holds an array of tables; other keys are a mistake.
    fn entries<'t>(
        &mut self,
        text: &Text<'t>,
        table: DeTable<'t>,
        key: &str,
    ) -> Vec<Spanned<DeValue<'t>>> {
        let mut found = Vec::new();
        for (name, value) in table {
            let span = name.span();
            match value.into_inner() {
                DeValue::Array(entries) if name.get_ref() == key => found.extend(entries),
                _ => self.errors.push(text.error(
                    &span,
                    format!("unexpected key `{}`", name.get_ref()),
                    &format!("write entries as [[{key}]]"),
                )),
            }
        }
        found
    }

    fn table<'t>(&mut self, text: &Text<'t>) -> Option<DeTable<'t>> {
        match DeTable::parse(text.text) {
            Ok(table) => Some(table.into_inner()),
            Err(error) => {
                self.errors.push(text.toml_error(&error, &(0..0)));
                None
            }
        }
    }

    fn read_instruments(&mut self, toml: &str) {
        let text = Text { file: INSTRUMENTS, text: toml };
        let Some(table) = self.table(&text) else { return };
        let mut followed = Vec::new();
        for entry in self.entries(&text, table, "instrument") {
            let span = entry.span();
            match RawInstrument::deserialize(ValueDeserializer::from(entry)) {
                Ok(instrument) => {
                    followed.extend(instrument.after.clone().map(|after| (span.clone(), after)));
                    self.add_instrument(&text, &span, instrument);
                }
                Err(error) => self.errors.push(text.toml_error(&error, &span)),
            }
        }
        for (span, after) in followed {
            if !self.law.instruments.contains_key(&after) {
                let problem = format!("`after` names no instrument `{after}`");
                self.errors.push(text.error(&span, problem, "write the id of another instrument"));
            }
        }
    }

    fn add_instrument(&mut self, text: &Text<'_>, span: &Range<usize>, instrument: Instrument) {
        self.check_words(text, span, "name", &instrument.name);
        if instrument.note.is_half() {
            self.check_words(text, span, "note", &instrument.note);
        }
        if let (Some(from), Some(until)) = (instrument.from, instrument.until)
            && until < from
        {
            self.errors.push(text.error(
                span,
                format!("`{}` ends on {until} before it begins on {from}", instrument.id),
                "correct one of the two days",
            ));
        }
        let id = instrument.id.clone();
        if self.law.instruments.insert(id.clone(), instrument).is_some() {
            self.errors.push(text.error(
                span,
                format!("instrument `{id}` is listed twice"),
                "keep one of the two entries",
            ));
        }
    }

    fn read_limits(&mut self, toml: &str) {
        let text = Text { file: LIMITS, text: toml };
        let Some(mut table) = self.table(&text) else { return };
        if let Some((_, actors)) = table.remove_entry("actors") {
            let span = actors.span();
            match BTreeMap::<String, Words>::deserialize(ValueDeserializer::from(actors)) {
                Ok(actors) => self.add_actors(&text, &span, actors),
                Err(error) => self.errors.push(text.toml_error(&error, &span)),
            }
        }
        for entry in self.entries(&text, table, "limit") {
            let span = entry.span();
            match RawLimit::deserialize(ValueDeserializer::from(entry)) {
                Ok(limit) => self.add_limit(&text, limit),
                Err(error) => self.errors.push(text.toml_error(&error, &span)),
            }
        }
    }

    fn add_actors(
        &mut self,
        text: &Text<'_>,
        span: &Range<usize>,
        actors: BTreeMap<String, Words>,
    ) {
        for (key, words) in &actors {
            self.check_words(text, span, key, words);
        }
        self.law.actors = actors;
    }

    fn add_limit(&mut self, text: &Text<'_>, raw: RawLimit) {
        let span = raw.id.span();
        let id = raw.id.into_inner();
        if !is_id(&id) {
            self.errors.push(text.error(
                &span,
                format!("`{id}` is not an id"),
                "write small letters, digits and hyphens",
            ));
        }
        self.check_words(text, &raw.name.span(), "name", raw.name.get_ref());
        self.check_words(text, &raw.trigger.span(), "trigger", raw.trigger.get_ref());
        self.check_words(text, &raw.lapse.span(), "lapse", raw.lapse.get_ref());
        self.refer(text, &raw.actor, ReferenceKind::Actor);
        for other in raw.before.iter().chain(&raw.after) {
            self.refer(text, other, ReferenceKind::Limit);
        }
        let mut limit = Limit {
            id: id.clone(),
            name: raw.name.into_inner(),
            actor: raw.actor.into_inner(),
            trigger: raw.trigger.into_inner(),
            lapse: raw.lapse.into_inner(),
            exclusions: raw.exclusions,
            before: raw.before.map(Spanned::into_inner),
            after: raw.after.map(Spanned::into_inner),
            versions: Vec::with_capacity(raw.versions.len()),
        };
        for version in raw.versions {
            self.add_version(text, &mut limit, version);
        }
        self.check_versions(text, &span, &limit);
        if self.law.limits.insert(id.clone(), limit).is_some() {
            self.errors.push(text.error(
                &span,
                format!("limit `{id}` is listed twice"),
                "keep one of the two entries",
            ));
        } else {
            self.law.order.push(id);
        }
    }

    fn add_version(&mut self, text: &Text<'_>, limit: &mut Limit, raw: Spanned<RawVersion>) {
        let span = raw.span();
        let raw = raw.into_inner();
        self.check_number(text, &span, &raw);
        for extension in &raw.extensions {
            let rule = extension.get_ref();
            self.check_words(text, &extension.span(), "words", &rule.words);
            self.references.push(Reference {
                line: text.line(&extension.span()),
                kind: ReferenceKind::Actor,
                name: rule.approver.clone(),
            });
        }
        let sources = self.cite(text, &span, &raw);
        if raw.note.is_half() {
            self.check_words(text, &span, "note", &raw.note);
        }
        limit.versions.push(LimitVersion {
            limit: limit.id.clone(),
            name: limit.name.clone(),
            trigger: limit.trigger.clone(),
            from: raw.from,
            until: raw.until,
            number: raw.number,
            unit: raw.unit.or_else(|| raw.counting.unit()),
            counting: raw.counting,
            suggested: raw.suggested,
            extensions: raw.extensions.into_iter().map(Spanned::into_inner).collect(),
            sources,
            verified: raw.verified,
            note: raw.note,
        });
    }

    /// A number and its counting belong together; nothing is inferred from the digit.
    fn check_number(&mut self, text: &Text<'_>, span: &Range<usize>, raw: &RawVersion) {
        let counts = raw.counting != Counting::None;
        let mut wrong = |problem: String, mend: &str| {
            self.errors.push(text.error(span, problem, mend));
        };
        match raw.number {
            None if counts => wrong(
                "the counting needs a number".to_owned(),
                "add `number`, or write counting = \"none\"",
            ),
            Some(_) if !counts => wrong(
                "counting \"none\" has no number".to_owned(),
                "remove `number`, or name the counting; a project's own number is `suggested`",
            ),
            Some(0) => wrong("number 0 is no period".to_owned(), "write the law's number"),
            Some(_) | None => {}
        }
        if raw.unit.is_some() && raw.unit != raw.counting.unit() {
            wrong(
                "the unit does not fit the counting".to_owned(),
                "months go with `month`, days with `day`, working days with `working-day`, hours \
                 with `hour`",
            );
        }
        match raw.suggested {
            Some(_) if counts => {
                wrong("a suggested number beside the law's own".to_owned(), "remove `suggested`");
            }
            Some(Suggested { number, counting }) if number == 0 || counting == Counting::None => {
                wrong("the suggested number counts nothing".to_owned(), "name number and counting");
            }
            Some(_) | None => {}
        }
        if raw.until.is_some_and(|until| until < raw.from) {
            wrong(
                "the version ends before it begins".to_owned(),
                "`from` is the first day in force, `until` the last",
            );
        }
    }

    /// The sources in full. At least one must have been in force when the version began.
    fn cite(&mut self, text: &Text<'_>, span: &Range<usize>, raw: &RawVersion) -> Vec<Citation> {
        let mut cited = Vec::with_capacity(raw.sources.len());
        let mut in_force = false;
        for source in &raw.sources {
            let Some(citation) = citation(&self.law.instruments, source.get_ref()) else {
                self.errors.push(text.error(
                    &source.span(),
                    format!("`{}` names no instrument of {INSTRUMENTS}", source.get_ref()),
                    "write the code, a colon and the article, e.g. \"J2:70\"",
                ));
                in_force = true;
                continue;
            };
            let instrument = self.law.instruments.get(&citation.instrument);
            in_force |= instrument.is_some_and(|instrument| {
                instrument.from.is_none_or(|from| from <= raw.from)
                    && instrument.until.is_none_or(|until| raw.from <= until)
            });
            cited.push(citation);
        }
        if raw.sources.is_empty() && raw.verified != Verified::Decision {
            self.errors.push(text.error(span, "a version without a source", "name `sources`"));
        } else if !raw.sources.is_empty() && !in_force {
            self.errors.push(text.error(
                span,
                format!("none of the sources was in force on {}", raw.from),
                "correct `from`, or cite the instrument that was in force",
            ));
        }
        cited
    }

    fn check_versions(&mut self, text: &Text<'_>, span: &Range<usize>, limit: &Limit) {
        if limit.versions.is_empty() {
            let problem = format!("`{}` has no version", limit.id);
            self.errors.push(text.error(span, problem, "add one with `from`"));
        }
        for (earlier, later) in limit.versions.iter().zip(limit.versions.iter().skip(1)) {
            if earlier.until.is_none_or(|until| later.from <= until) {
                self.errors.push(text.error(
                    span,
                    format!(
                        "versions of `{}` from {} and from {} overlap or are out of order",
                        limit.id, earlier.from, later.from
                    ),
                    "list versions by date, and end each the day before the next begins",
                ));
            }
        }
    }

    fn check_words(&mut self, text: &Text<'_>, span: &Range<usize>, key: &str, words: &Words) {
        if words.zh.trim().is_empty() || words.en.trim().is_empty() {
            self.errors.push(text.error(
                span,
                format!("`{key}` lacks a language"),
                "write both: { zh = \"…\", en = \"…\" }",
            ));
        }
    }

    fn refer(&mut self, text: &Text<'_>, name: &Spanned<String>, kind: ReferenceKind) {
        self.references.push(Reference {
            line: text.line(&name.span()),
            kind,
            name: name.get_ref().clone(),
        });
    }

    /// Whatever is named must exist.
    fn check_references(&mut self) {
        let mut told = BTreeSet::new();
        for Reference { line, kind, name } in std::mem::take(&mut self.references) {
            let (known, what, mend) = match kind {
                ReferenceKind::Actor => {
                    (self.law.actors.contains_key(&name), "actor", "add it under [actors]")
                }
                ReferenceKind::Limit => {
                    (self.law.limits.contains_key(&name), "limit", "write the id of a limit")
                }
            };
            if !known && told.insert((line, name.clone())) {
                self.errors.push(LawError {
                    file: LIMITS,
                    line,
                    problem: format!("there is no {what} `{name}`"),
                    mend: mend.to_owned(),
                });
            }
        }
    }

    fn finish(mut self) -> Result<Law, Vec<LawError>> {
        if self.errors.is_empty() {
            return Ok(self.law);
        }
        self.errors.sort_by(|a, b| (a.file, a.line).cmp(&(b.file, b.line)));
        Err(self.errors)
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
