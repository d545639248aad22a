//! What stands after the `?`: only what the table names, each at most as often as it says.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use procedure::UnitId;
use procedure::matter::Directory as _;

use super::body::Faults;
use super::operation::{Parameter, Place};
use crate::House;
use crate::error::WebError;
use crate::fields::{Fields, Query};

/// Refuses names the table does not hold, and a second value where one is meant.
pub(super) async fn check(
    parameters: std::sync::Arc<[Parameter]>,
    request: Request,
    next: Next,
) -> Response {
    let given = Fields::read(request.uri().query().unwrap_or_default().as_bytes());
    let mut faults = Faults::default();
    let known = || parameters.iter().filter(|one| one.place == Place::Query);
    let mut names: Vec<&str> = Vec::new();
    for (name, value) in given.pairs() {
        match known().find(|one| one.name == name) {
            None => faults.unknown(name, name, known().map(|one| one.name)),
            // Nothing between two signs is more likely a slip than a wish.
            Some(_) if value.trim().is_empty() => faults.tell(name, "api.empty", &[]),
            Some(one) if !one.many && names.contains(&name) => {
                faults.tell(name, "api.once", &[]);
            }
            Some(_) => names.push(name),
        }
    }
    match faults.finish() {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// The values after the `?`, read one by one.
#[derive(Debug)]
pub(super) struct Asked {
    fields: Fields,
    faults: Faults,
}

impl Asked {
    pub(super) fn of(Query(fields): Query) -> Self {
        Self { fields, faults: Faults::default() }
    }

    /// As it was given, for the link to the next page.
    pub(super) fn fields(&self) -> &Fields {
        &self.fields
    }

    pub(super) fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// A text that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.fields.given(name).map(str::to_owned)
    }

    /// One of several words.
    pub(super) fn one_of<T: Copy>(&mut self, name: &str, all: &[(&str, T)]) -> Option<T> {
        let given = self.fields.given(name)?;
        let found = all.iter().find(|(word, _)| *word == given).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = all.iter().map(|(word, _)| *word).collect();
            let words = words.join(" | ");
            self.faults.tell(name, "api.one-of", &[("given", &given), ("words", &words)]);
        }
        found
    }

    /// A day.
    pub(super) fn day(&mut self, name: &str) -> Option<Date> {
        let given = self.fields.given(name)?;
        let day = given.parse().ok().filter(|_| given.len() == 10);
        if day.is_none() {
            self.faults.tell(name, "api.want-day", &[("given", &given)]);
        }
        day
    }

    /// A unit by id, code or exact name.
    pub(super) fn unit(&mut self, house: &House, name: &str) -> Option<UnitId> {
        let given = self.fields.given(name)?;
        let unit = house.directory().find(given);
        if unit.is_none() {
            self.faults.tell(name, "api.no-unit", &[("given", &given)]);
        }
        unit
    }

    /// How many rows, from 1 to `most`.
    pub(super) fn limit(&mut self, most: u32, usual: u32) -> u32 {
        let Some(given) = self.fields.given("limit") else { return usual };
        match given.parse() {
            Ok(limit) if (1..=most).contains(&limit) => limit,
            _ => {
                self.faults.tell("limit", "api.want-limit", &[("most", &most)]);
                usual
            }
        }
    }

    /// Tells every fault.
    pub(super) fn finish(&mut self) -> Result<(), WebError> {
        std::mem::take(&mut self.faults).finish()
    }
}
