//! The rules everybody goes by: procedures with their state charts, limits, instruments.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use calendar::{Counted, Limit, LimitVersion, Trigger, Verified, Words};
use jiff::civil::Date;
use procedure::Procedure;
use procedure::graph::graph;
use store::role::role_words;

mod day;
mod instrument;

use crate::House;
use crate::error::WebError;
use crate::fields::Query;
use crate::filters;
use crate::message::{Language, T};
use crate::parts::mark::end;
use crate::session::{Account, Visitor};
use crate::shell::{Page, Shell};

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/rules", get(procedures))
        .route("/rules/procedures/{procedure}", get(procedure))
        .route("/rules/limits", get(limits))
        .route("/rules/limits/{limit}", get(limit))
        .route("/rules/instruments", get(instruments))
        .route("/rules/instruments/{instrument}", get(instrument::instrument))
        .route("/rules/days/{day}", get(day::day))
}

/// The list of procedures.
#[derive(Debug, Template)]
#[template(path = "rules/procedures.html")]
struct ProceduresPage {
    t: T,
    shell: Shell,
    rows: Vec<ProcedureRow>,
}

#[derive(Debug)]
struct ProcedureRow {
    id: String,
    name: String,
    summary: String,
    clause: String,
    version: Date,
    states: usize,
    obligations: usize,
}

/// `GET /rules`.
async fn procedures(
    State(house): State<House>,
    _: Account,
    visitor: Visitor,
) -> Page<ProceduresPage> {
    let language = visitor.language;
    let rules = house.store.rules();
    let rows = rules.procedures().map(|one| ProcedureRow {
        id: one.id.clone(),
        name: language.of(&one.name).to_owned(),
        summary: language.of(&one.summary).to_owned(),
        clause: one.clause.clone(),
        version: one.version,
        states: one.states.len(),
        obligations: one.obligations.len(),
    });
    let title = language.say("rules.procedures");
    let shell = Shell::of(&house, &visitor, "rules", title).crumb_here(language.say("nav.rules"));
    Page(ProceduresPage { t: language.t(), shell, rows: rows.collect() })
}

/// One procedure.
#[derive(Debug, Template)]
#[template(path = "rules/procedure.html")]
struct ProcedurePage {
    t: T,
    shell: Shell,
    summary: String,
    clause: String,
    version: Date,
    basis: Vec<String>,
    parties: Vec<(String, String)>,
    chart: Chart,
    acts: Vec<ActRow>,
    owed: Vec<OwedRow>,
    documents: Vec<(String, String)>,
}

/// An SVG the engine drew: safe as it stands.
#[derive(Debug)]
struct Chart(String);

impl std::fmt::Display for Chart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::FastWritable for Chart {
    fn write_into(
        &self,
        to: &mut dyn std::fmt::Write,
        _: &dyn askama::Values,
    ) -> askama::Result<()> {
        Ok(to.write_str(&self.0)?)
    }
}

impl askama::filters::HtmlSafe for Chart {}

#[derive(Debug)]
struct ActRow {
    name: String,
    help: String,
    from: String,
    to: String,
    by: String,
    role: String,
    basis: String,
}

#[derive(Debug)]
struct OwedRow {
    name: String,
    debtor: String,
    creditor: String,
    limits: Vec<(String, String)>,
    is_period: bool,
}

/// `GET /rules/procedures/{procedure}`.
async fn procedure(
    State(house): State<House>,
    _: Account,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Page<ProcedurePage>, WebError> {
    let language = visitor.language;
    let rules = house.store.rules();
    let procedure = rules.procedure(&id).ok_or(WebError::NotFound)?;
    let law = rules.law();
    let name = language.of(&procedure.name).to_owned();
    let shell = Shell::of(&house, &visitor, "rules", &name)
        .crumb("/rules", language.say("nav.rules"))
        .crumb_here(&name);
    let parties = procedure.parties.values().map(|party| {
        let side = party.side.map_or_else(String::new, |side| {
            language.of(&store::unit::side_words(side)).to_owned()
        });
        (language.of(&party.name).to_owned(), side)
    });
    let documents = procedure.documents.iter().map(|document| {
        (language.of(&document.name).to_owned(), party_name(procedure, &document.issuer, language))
    });
    let owed = procedure.obligations.iter().map(|kind| OwedRow {
        name: language.of(&kind.name).to_owned(),
        debtor: party_name(procedure, &kind.debtor, language),
        creditor: party_name(procedure, &kind.creditor, language),
        limits: kind
            .limit
            .iter()
            .map(|choice| {
                let name = law.limit(&choice.used).map(|limit| language.of(&limit.name).to_owned());
                (choice.used.clone(), name.unwrap_or_else(|| choice.used.clone()))
            })
            .collect(),
        is_period: kind.kind == procedure::definition::ObligationKind::Period,
    });
    Ok(Page(ProcedurePage {
        t: language.t(),
        summary: language.of(&procedure.summary).to_owned(),
        clause: procedure.clause.clone(),
        version: procedure.version,
        basis: cited(&house, &procedure.basis, language),
        parties: parties.collect(),
        chart: Chart(graph(procedure, chart_language(language), None)),
        acts: acts(&house, procedure, language),
        owed: owed.collect(),
        documents: documents.collect(),
        shell,
    }))
}

/// The language of a chart.
#[must_use]
pub(crate) fn chart_language(language: Language) -> procedure::graph::Language {
    match language {
        Language::Zh => procedure::graph::Language::Chinese,
        Language::En => procedure::graph::Language::English,
    }
}

/// Articles in full words; one whose instrument is not in force today says until or from when.
fn cited(house: &House, basis: &[String], language: Language) -> Vec<String> {
    let (rules, today) = (house.store.rules(), house.today());
    let law = rules.law();
    let words = |code: &String| {
        let Some(citation) = law.citation(code) else { return code.clone() };
        let words = language.of(&citation.words).to_owned();
        match law.not_in_force(&citation.instrument, today) {
            None => words,
            Some(out) => match (out.until, out.not_before) {
                (Some(day), _) => language
                    .fill("form.law-named", &[("name", &words), ("days", &until(day, language))]),
                (None, Some(day)) => language
                    .fill("form.law-named", &[("name", &words), ("days", &from(day, language))]),
                (None, None) => words,
            },
        }
    };
    basis.iter().map(words).collect()
}

fn until(day: Date, language: Language) -> String {
    language.with("form.law-until", "day", day)
}

fn from(day: Date, language: Language) -> String {
    language.with("form.law-from", "day", day)
}

fn party_name(procedure: &Procedure, party: &str, language: Language) -> String {
    if party == procedure::definition::SYSTEM {
        return language.say("rules.system").to_owned();
    }
    procedure
        .parties
        .get(party)
        .map_or_else(|| party.to_owned(), |party| language.of(&party.name).to_owned())
}

fn state_name(procedure: &Procedure, state: &str, language: Language) -> String {
    procedure
        .state(state)
        .map_or_else(|| state.to_owned(), |state| language.of(&state.name).to_owned())
}

fn acts(house: &House, procedure: &Procedure, language: Language) -> Vec<ActRow> {
    let and = language.say("shell.and");
    let joined = |names: Vec<String>| names.join(and);
    std::iter::once(&procedure.open)
        .chain(&procedure.actions)
        .map(|action| ActRow {
            name: language.of(&action.name).to_owned(),
            help: language.of(&action.help).to_owned(),
            from: joined(
                action.from.iter().map(|state| state_name(procedure, state, language)).collect(),
            ),
            to: joined(
                action.to.iter().map(|to| state_name(procedure, &to.used, language)).collect(),
            ),
            by: joined(
                action.by.iter().map(|party| party_name(procedure, party, language)).collect(),
            ),
            role: if action.by_system() {
                String::new()
            } else {
                language.of(&role_words(action.role)).to_owned()
            },
            basis: cited(house, &action.basis, language).join(language.say("rules.semicolon")),
        })
        .collect()
}

/// The list of limits.
#[derive(Debug, Template)]
#[template(path = "rules/limits.html")]
struct LimitsPage {
    t: T,
    shell: Shell,
    text: String,
    actor: String,
    only_unverified: bool,
    actors: Vec<(String, String)>,
    rows: Vec<LimitRow>,
}

#[derive(Debug)]
struct LimitRow {
    id: String,
    name: String,
    actor: String,
    trigger: String,
    number: String,
    sources: String,
    mark: Mark,
}

/// How far the text of a rule was checked.
#[derive(Debug)]
struct Mark {
    class: &'static str,
    words: String,
}

fn mark(verified: Verified, language: Language) -> Mark {
    let class = match verified {
        Verified::Read => "state end",
        Verified::PartlyRead => "state",
        Verified::FromMemory | Verified::Decision => "state draft",
    };
    Mark { class, words: language.of(&verified.words()).to_owned() }
}

/// `GET /rules/limits`.
async fn limits(
    State(house): State<House>,
    _: Account,
    visitor: Visitor,
    Query(query): Query,
) -> Page<LimitsPage> {
    let language = visitor.language;
    let rules = house.store.rules();
    let law = rules.law();
    let text = query.get("q").to_lowercase();
    let actor = query.get("actor");
    let only_unverified = query.has("unverified");
    let says = |words: &Words| {
        words.zh.to_lowercase().contains(&text) || words.en.to_lowercase().contains(&text)
    };
    let rows: Vec<LimitRow> = law
        .limits()
        .filter(|limit| text.is_empty() || limit.id.contains(&text) || says(&limit.name))
        .filter(|limit| actor.is_empty() || limit.actor.split('.').next() == Some(actor))
        .filter(|limit| {
            !only_unverified
                || limit.newest().is_some_and(|version| version.verified != Verified::Read)
        })
        .map(|limit| row(&house, limit, language))
        .collect();
    let mut actors: Vec<(String, String)> = Vec::new();
    for limit in law.limits() {
        let key = limit.actor.split('.').next().unwrap_or_default();
        if !actors.iter().any(|(known, _)| known == key)
            && let Some(words) = law.actor(key)
        {
            actors.push((key.to_owned(), language.of(words).to_owned()));
        }
    }
    let title = language.say("rules.limits");
    let shell = Shell::of(&house, &visitor, "rules", title)
        .crumb("/rules", language.say("nav.rules"))
        .crumb_here(title)
        .wide();
    Page(LimitsPage {
        t: language.t(),
        shell,
        text: query.get("q").to_owned(),
        actor: actor.to_owned(),
        only_unverified,
        actors,
        rows,
    })
}

fn row(house: &House, limit: &Limit, language: Language) -> LimitRow {
    let rules = house.store.rules();
    let newest = limit.newest();
    let actor = rules.law().actor(&limit.actor);
    LimitRow {
        id: limit.id.clone(),
        name: language.of(&limit.name).to_owned(),
        actor: actor.map_or_else(|| limit.actor.clone(), |words| language.of(words).to_owned()),
        trigger: language.of(&limit.trigger).to_owned(),
        number: newest.map_or_else(String::new, |version| number(version, language)),
        sources: newest.map_or_else(String::new, |version| sources(version, language)),
        mark: mark(newest.map_or(Verified::FromMemory, |version| version.verified), language),
    }
}

fn number(version: &LimitVersion, language: Language) -> String {
    match (version.number, version.unit) {
        (Some(number), Some(unit)) => language.of(&unit.words(number)).to_owned(),
        _ => match version.suggested {
            Some(suggested) => match suggested.counting.unit() {
                Some(unit) => language.with(
                    "rules.internal-number",
                    "number",
                    language.of(&unit.words(suggested.number)),
                ),
                None => language.say("rules.no-number").to_owned(),
            },
            None => language.say("rules.no-number").to_owned(),
        },
    }
}

fn sources(version: &LimitVersion, language: Language) -> String {
    let all: Vec<&str> = version.sources.iter().map(|one| language.of(&one.words)).collect();
    all.join(language.say("rules.semicolon"))
}

/// One limit.
#[derive(Debug, Template)]
#[template(path = "rules/limit.html")]
struct LimitPage {
    t: T,
    shell: Shell,
    id: String,
    actor: String,
    trigger: String,
    lapse: String,
    exclusions: String,
    versions: Vec<VersionRow>,
    used_by: Vec<(String, String)>,
    from: String,
    answer: Option<Answer>,
    error: Option<String>,
}

#[derive(Debug)]
struct VersionRow {
    from: String,
    until: String,
    number: String,
    counting: String,
    extensions: Vec<String>,
    sources: String,
    note: String,
    mark: Mark,
}

/// A day counted by the limit, with the way there.
#[derive(Debug)]
struct Answer {
    due: String,
    provisional: bool,
    tolerant: Option<String>,
    steps: Vec<(String, String)>,
    basis: Vec<String>,
}

/// `GET /rules/limits/{limit}`, with `?from=` an example counted on the spot.
async fn limit(
    State(house): State<House>,
    _: Account,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Page<LimitPage>, WebError> {
    let language = visitor.language;
    let rules = house.store.rules();
    let law = rules.law();
    let limit = law.limit(&id).ok_or(WebError::NotFound)?;
    let name = language.of(&limit.name).to_owned();
    let (answer, error) = match query.given("from") {
        None => (None, None),
        Some(from) => match answer(&house, limit, from, language) {
            Ok(answer) => (Some(answer), None),
            Err(words) => (None, Some(language.of(&words).to_owned())),
        },
    };
    let used_by = rules
        .procedures()
        .filter(|one| {
            one.obligations.iter().any(|kind| kind.limit.iter().any(|choice| choice.used == id))
        })
        .map(|one| (one.id.clone(), language.of(&one.name).to_owned()));
    let versions = limit.versions.iter().rev().map(|version| VersionRow {
        from: version.from.to_string(),
        until: version.until.map_or_else(String::new, |until| until.to_string()),
        number: number(version, language),
        counting: language.of(&version.counting.words()).to_owned(),
        extensions: version
            .extensions
            .iter()
            .map(|rule| {
                let approver = law.actor(&rule.approver).map_or("", |words| language.of(words));
                language.fill(
                    "rules.extension",
                    &[("words", &language.of(&rule.words)), ("approver", &approver)],
                )
            })
            .collect(),
        sources: sources(version, language),
        note: language.of(&version.note).to_owned(),
        mark: mark(version.verified, language),
    });
    let shell = Shell::of(&house, &visitor, "rules", &name)
        .crumb("/rules", language.say("nav.rules"))
        .crumb("/rules/limits", language.say("rules.limits"))
        .crumb_here(&name);
    Ok(Page(LimitPage {
        t: language.t(),
        shell,
        actor: law.actor(&limit.actor).map_or("", |words| language.of(words)).to_owned(),
        trigger: language.of(&limit.trigger).to_owned(),
        lapse: language.of(&limit.lapse).to_owned(),
        exclusions: language.of(&limit.exclusions).to_owned(),
        versions: versions.collect(),
        used_by: used_by.collect(),
        from: query.given("from").map_or_else(|| house.today().to_string(), str::to_owned),
        answer,
        error,
        id,
    }))
}

fn answer(house: &House, limit: &Limit, from: &str, language: Language) -> Result<Answer, Words> {
    let rules = house.store.rules();
    let trigger = from
        .parse::<Trigger>()
        .or_else(|_| {
            from.parse::<jiff::civil::DateTime>().map_err(|_| ()).and_then(|at| {
                calendar::SHANGHAI.to_timestamp(at).map(Trigger::Instant).map_err(|_| ())
            })
        })
        .map_err(|()| crate::message::words("rules.wrong-date"))?;
    let version = rules
        .law()
        .version_on(&limit.id, trigger.date())
        .map_err(|not_in_force| not_in_force.words())?;
    let counted = Counted::from_trigger(version, trigger);
    let deadline = rules.calendar().deadline(&counted).map_err(|error| error.words())?;
    Ok(Answer {
        due: end(deadline.due),
        provisional: deadline.provisional,
        tolerant: deadline.due_tolerant.map(|day| day.to_string()),
        steps: deadline
            .steps
            .iter()
            .map(|step| (end(step.date), language.of(&step.words).to_owned()))
            .collect(),
        basis: deadline
            .basis
            .iter()
            .filter(|one| rules.law().not_in_force(&one.instrument, trigger.date()).is_none())
            .map(|one| language.of(&one.words).to_owned())
            .collect(),
    })
}

/// The list of instruments.
#[derive(Debug, Template)]
#[template(path = "rules/instruments.html")]
struct InstrumentsPage {
    t: T,
    shell: Shell,
    rows: Vec<InstrumentRow>,
}

#[derive(Debug)]
struct InstrumentRow {
    id: String,
    name: String,
    number: String,
    from: String,
    until: String,
    note: String,
    mark: Mark,
}

/// `GET /rules/instruments`.
async fn instruments(
    State(house): State<House>,
    _: Account,
    visitor: Visitor,
) -> Page<InstrumentsPage> {
    let language = visitor.language;
    let rules = house.store.rules();
    let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
    let rows = rules.law().instruments().map(|one| InstrumentRow {
        id: one.id.clone(),
        name: language.of(&one.name).to_owned(),
        number: one.number.clone(),
        from: day(one.from),
        until: day(one.until),
        note: language.of(&one.note).to_owned(),
        mark: mark(one.verified, language),
    });
    let title = language.say("rules.instruments");
    let shell = Shell::of(&house, &visitor, "rules", title)
        .crumb("/rules", language.say("nav.rules"))
        .crumb_here(title)
        .wide();
    Page(InstrumentsPage { t: language.t(), shell, rows: rows.collect() })
}
