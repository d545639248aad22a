//! Holidays by year: which are loaded, and loading a further one.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use jiff::civil::Date;
use procedure::FieldError;
use store::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use store::store::CalendarPutError;

use super::{Tabs, shell};
use crate::House;
use crate::error::{WebError, unprocessable};
use crate::fields::{Query, Sent};
use crate::filters;
use crate::message::{T, words};
use crate::parts::input::{Input, Inputs};
use crate::session::{Done, SystemAdministrator};
use crate::shell::{Page, Shell};

/// Largest holiday table.
const TABLE_BYTES_MAX: usize = 1024 * 1024;

/// The page of holidays.
#[derive(Debug, Template)]
#[template(path = "admin/calendar.html")]
pub(super) struct CalendarPage {
    t: T,
    shell: Shell,
    tabs: Tabs,
    years: Vec<i16>,
    year: i16,
    days: Vec<DayRow>,
    inputs: Inputs,
}

#[derive(Debug)]
struct DayRow {
    day: Date,
    weekday: &'static str,
    name: String,
    is_make_up: bool,
}

/// `GET /admin/calendar?year=`.
pub(super) async fn list(
    State(house): State<House>,
    who: SystemAdministrator,
    Query(query): Query,
) -> Page<CalendarPage> {
    Page(page(&house, &who, query.parsed("year"), &[]))
}

fn page(
    house: &House,
    who: &SystemAdministrator,
    year: Option<i16>,
    errors: &[FieldError],
) -> CalendarPage {
    let language = who.visitor.language;
    let t = language.t();
    let rules = house.store.rules();
    let calendar = rules.calendar();
    let mut years: Vec<i16> = calendar.years().collect();
    years.reverse();
    let year = year.filter(|year| years.contains(year)).or_else(|| years.first().copied());
    let year = year.unwrap_or_default();
    let days =
        calendar.listed_days().filter(|listed| listed.day.year() == year).map(|listed| DayRow {
            day: listed.day,
            weekday: crate::shell::weekday(language, listed.day.weekday()),
            name: listed.name.to_owned(),
            is_make_up: listed.is_make_up,
        });
    let input = Input::file(language, "file", "admin.calendar-file", ".csv")
        .help(language, "admin.calendar-help");
    let title = t("admin.calendar");
    CalendarPage {
        t,
        shell: shell(house, &who.visitor, title).crumb_here(title),
        tabs: Tabs::of(&who.account, t, "/admin/calendar"),
        years,
        year,
        days: days.collect(),
        inputs: Inputs::new(language, vec![input]).wrong(language, errors),
    }
}

/// `POST /admin/calendar`: loads a table; open ends that were provisional are reckoned anew.
pub(super) async fn load(
    State(house): State<House>,
    who: SystemAdministrator,
    request: Request,
) -> Result<Response, WebError> {
    let sent = Sent::read(request, TABLE_BYTES_MAX).await?;
    let wrong = |words| vec![FieldError { field: "file".to_owned(), words }];
    let by = who.account.session.authority();
    let errors = match std::str::from_utf8(&sent.bytes) {
        Err(_) => wrong(words("admin.calendar-not-utf8")),
        Ok("") => wrong(words("admin.import-no-file")),
        Ok(csv) => match house.store.calendar_put(csv, &sent.file_name, by).await {
            Ok(put) => {
                note(&house, &who, &put.years).await?;
                let years: Vec<String> = put.years.iter().map(ToString::to_string).collect();
                let language = who.visitor.language;
                let said = language.fill(
                    "admin.calendar-counts",
                    &[
                        ("years", &years.join(language.say("shell.and"))),
                        ("recounted", &put.recounted),
                    ],
                );
                return Ok(
                    Done::about("/admin/calendar", "admin.calendar-loaded", said).into_response()
                );
            }
            Err(CalendarPutError::Table(error)) => wrong(error.words()),
            Err(CalendarPutError::NoYear) => wrong(words("admin.calendar-no-year")),
            Err(CalendarPutError::Store(error)) => return Err(error.into()),
        },
    };
    Ok(unprocessable(Page(page(&house, &who, None, &errors))))
}

/// Writes into the journal which years were loaded.
async fn note(house: &House, who: &SystemAdministrator, years: &[i16]) -> Result<(), WebError> {
    let entry = AdminEntry {
        at: house.now(),
        by: who.account.session.authority(),
        act: AdminAct::CalendarLoaded,
        target: Target::Platform,
        unit: None,
        detail: serde_json::json!({ "years": years }),
    };
    let mut tx = house.store.database().write().await?;
    admin_event_append(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(())
}
