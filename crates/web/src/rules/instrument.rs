//! One instrument: what it is, when it was in force, what took its place, what rests on it.

use askama::Template;
use axum::extract::{Path, State};
use calendar::Instrument;
use jiff::civil::Date;

use super::{Mark, mark};
use crate::House;
use crate::error::WebError;
use crate::filters;
use crate::message::T;
use crate::session::{Account, Visitor};
use crate::shell::{Page, Shell};

#[derive(Debug, Template)]
#[template(path = "rules/instrument.html")]
pub(super) struct InstrumentPage {
    t: T,
    shell: Shell,
    id: String,
    number: String,
    from: String,
    until: String,
    /// Whether it is in force today.
    is_in_force: bool,
    note: String,
    mark: Mark,
    /// What it took the place of.
    before: Vec<(String, String)>,
    /// What took its place.
    after: Vec<(String, String)>,
    /// Limits that rest on it, with their articles.
    limits: Vec<(String, String, String)>,
    /// Procedures that cite it.
    procedures: Vec<(String, String)>,
}

/// `GET /rules/instruments/{instrument}`.
pub(super) async fn instrument(
    State(house): State<House>,
    _: Account,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Page<InstrumentPage>, WebError> {
    let language = visitor.language;
    let rules = house.store.rules();
    let law = rules.law();
    let one = law.instrument(&id).ok_or(WebError::NotFound)?;
    let name = language.of(&one.name).to_owned();
    let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
    let named = |other: &Instrument| (other.id.clone(), language.of(&other.name).to_owned());
    let limits = law.limits().filter_map(|limit| {
        let sources = limit.versions.iter().flat_map(|version| &version.sources);
        let mut articles: Vec<String> = sources
            .filter(|source| source.instrument == id)
            .map(|source| language.of(&source.words).replace(&format!("《{name}》"), ""))
            .collect();
        articles.dedup();
        let words = articles.join(language.say("rules.semicolon"));
        (!articles.is_empty())
            .then(|| (limit.id.clone(), language.of(&limit.name).to_owned(), words))
    });
    let beginning = format!("{id}:");
    let cites = |basis: &[String]| basis.iter().any(|code| code.starts_with(&beginning));
    let procedures = rules.procedures().filter(|procedure| {
        cites(&procedure.basis)
            || procedure.fields.iter().any(|field| cites(&field.basis))
            || procedure.actions.iter().any(|action| cites(&action.basis))
    });
    let shell = Shell::of(&house, &visitor, "rules", &name)
        .crumb("/rules", language.say("nav.rules"))
        .crumb("/rules/instruments", language.say("rules.instruments"))
        .crumb_here(&name);
    Ok(Page(InstrumentPage {
        t: language.t(),
        shell,
        number: one.number.clone(),
        from: day(one.from),
        until: day(one.until),
        is_in_force: one.in_force_on(house.today()),
        note: language.of(&one.note).to_owned(),
        mark: mark(one.verified, language),
        before: law.instruments().filter(|o| o.after.as_ref() == Some(&id)).map(named).collect(),
        after: law.followers(one).map(named).collect(),
        limits: limits.collect(),
        procedures: procedures
            .map(|one| (one.id.clone(), language.of(&one.name).to_owned()))
            .collect(),
        id,
    }))
}
