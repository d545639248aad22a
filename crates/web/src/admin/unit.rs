//! Units: the list, opening, changing, closing, and the whole directory as a file.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use procedure::{FieldError, UnitId};
use store::division::divisions;
use store::people::{PeopleError, PeopleRefusal};
use store::unit::{
    BASES, LINES, Unit, UnitField, UnitForm, UnitLevel, basis_words, line_words, side_words,
};

use super::{Tabs, shell};
use crate::House;
use crate::error::{WebError, unprocessable};
use crate::fields::{Fields, Query};
use crate::filters;
use crate::job::ask::Ask;
use crate::job::export::{answer, begin};
use crate::message::{Language, T};
use crate::parts::input::{Choice, FormPage, Input, Inputs};
use crate::parts::pager::{PAGE_ROWS, Pager, Rows, page_number};
use crate::session::{Done, SystemAdministrator, Visitor};
use crate::shell::{Page, Shell};
use crate::unit::LEVELS;

/// The list of units.
#[derive(Debug, Template)]
#[template(path = "admin/units.html")]
pub(super) struct UnitsPage {
    t: T,
    shell: Shell,
    tabs: Tabs,
    text: String,
    division: String,
    sides: Vec<Choice>,
    levels: Vec<Choice>,
    states: Vec<Choice>,
    total: String,
    rows: Vec<UnitRow>,
    pager: Option<Pager>,
}

#[derive(Debug)]
struct UnitRow {
    id: UnitId,
    code: String,
    name: String,
    side: String,
    level: String,
    line: String,
    above: String,
    is_active: bool,
    basis: String,
    is_doubtful: bool,
}

/// What a row rests on when it needs no checking.
const SURE: [&str; 3] = ["entered", "known", "seen-in-public-document"];

/// `GET /admin/units`.
pub(super) async fn list(
    State(house): State<House>,
    who: SystemAdministrator,
    Query(query): Query,
) -> Page<UnitsPage> {
    let language = who.visitor.language;
    let t = language.t();
    let directory = house.directory();
    let found = filtered(&directory, &query);
    let number = page_number(&query);
    let skipped = usize::try_from((number - 1) * PAGE_ROWS).unwrap_or(usize::MAX);
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let rows: Vec<UnitRow> = found
        .into_iter()
        .skip(skipped)
        .take(PAGE_ROWS as usize)
        .map(|unit| UnitRow {
            id: unit.id,
            code: unit.code.clone(),
            name: unit.name.clone(),
            side: language.of(&side_words(unit.side)).to_owned(),
            level: language.of(&unit.level.words()).to_owned(),
            line: language.of(&line_words(&unit.line)).to_owned(),
            above: unit.above.map(|above| directory.name(above)).unwrap_or_default(),
            is_active: unit.active,
            basis: language.of(&basis_words(&unit.basis)).to_owned(),
            is_doubtful: !SURE.contains(&unit.basis.as_str()),
        })
        .collect();
    let pager = (!rows.is_empty() || number > 1)
        .then(|| Pager::new(language, &query, number, PAGE_ROWS, rows.len(), Rows::Exactly(total)));
    let all = || std::iter::once((String::new(), t("page.all").to_owned()));
    let states = [("open", t("admin.open")), ("closed", t("admin.closed"))]
        .map(|(id, words)| (id.to_owned(), words.to_owned()));
    Page(UnitsPage {
        t,
        shell: shell(&house, &who.visitor, t("admin.units")).crumb_here(t("admin.units")).wide(),
        tabs: Tabs::of(&who.account, t, "/admin/units"),
        text: query.get("q").to_owned(),
        division: query.get("division").to_owned(),
        sides: Choice::all(all().chain(sides(language)), query.get("side")),
        levels: Choice::all(all().chain(levels(language)), query.get("level")),
        states: Choice::all(all().chain(states), query.get("state")),
        total: language.with("liaison.total", "n", total),
        rows,
        pager,
    })
}

fn filtered<'a>(directory: &'a store::directory::Directory, query: &Fields) -> Vec<&'a Unit> {
    let text = query.get("q").to_lowercase();
    let side = store::unit::side_read(query.get("side"));
    let level = UnitLevel::read(query.get("level"));
    let active = match query.get("state") {
        "open" => Some(true),
        "closed" => Some(false),
        _ => None,
    };
    let within = query.given("division").and_then(|text| divisions().find(text));
    let table = divisions();
    let mut found: Vec<&Unit> = directory
        .all()
        .filter(|unit| {
            side.is_none_or(|side| unit.side == side)
                && level.is_none_or(|level| unit.level == level)
                && active.is_none_or(|active| unit.active == active)
                && within.is_none_or(|area| {
                    unit.division_code == area.code
                        || table.is_within(&unit.division_code, &area.code)
                })
                && (text.is_empty()
                    || unit.name.to_lowercase().contains(&text)
                    || unit.short_name.to_lowercase().contains(&text)
                    || unit.code.to_lowercase().starts_with(&text))
        })
        .collect();
    found.sort_by(|a, b| a.code.cmp(&b.code));
    found
}

fn sides(language: Language) -> impl Iterator<Item = (String, String)> {
    ["government", "procuratorate", "court"].into_iter().filter_map(move |id| {
        let side = store::unit::side_read(id)?;
        Some((id.to_owned(), language.of(&side_words(side)).to_owned()))
    })
}

fn levels(language: Language) -> impl Iterator<Item = (String, String)> {
    LEVELS
        .into_iter()
        .map(move |level| (level.id().to_owned(), language.of(&level.words()).to_owned()))
}

/// `GET /admin/units/export?as=csv|xlsx`.
pub(super) async fn export(
    State(house): State<House>,
    who: SystemAdministrator,
    Query(query): Query,
) -> Result<Response, WebError> {
    answer(&house, &who.account, &who.visitor, asked(&query), "/admin/units".to_owned()).await
}

/// `POST` to the same: begun in the background.
pub(super) async fn start(
    State(house): State<House>,
    who: SystemAdministrator,
    Query(query): Query,
) -> Result<Response, WebError> {
    begin(&house, &who.account, &who.visitor, asked(&query)).await
}

fn asked(query: &Fields) -> Ask {
    Ask::Units { is_csv: query.get("as") == "csv" }
}

/// `GET /admin/units/new`.
pub(super) async fn blank(State(house): State<House>, who: SystemAdministrator) -> Page<FormPage> {
    Page(form_page(&house, &who.visitor, None, None))
}

/// `POST /admin/units/new`.
pub(super) async fn create(
    State(house): State<House>,
    who: SystemAdministrator,
    form: Fields,
) -> Result<Response, WebError> {
    let by = who.account.session.authority();
    match house.people.unit_create(by, &unit_form(&form, true)).await {
        Ok(unit) => {
            let name = form.get("name");
            Ok(Done::about(format!("/units/{unit}"), "admin.unit-made", name).into_response())
        }
        Err(PeopleError::Fields(errors)) => {
            let wrong = Some((&form, errors.as_slice()));
            Ok(unprocessable(Page(form_page(&house, &who.visitor, None, wrong))))
        }
        Err(other) => Err(other.into()),
    }
}

/// `GET /admin/units/{unit}/edit`.
pub(super) async fn edit(
    State(house): State<House>,
    who: SystemAdministrator,
    Path(unit): Path<String>,
) -> Result<Page<FormPage>, WebError> {
    let unit: UnitId = unit.parse().map_err(|_| WebError::NotFound)?;
    let directory = house.directory();
    let unit = directory.get(unit).ok_or(WebError::NotFound)?;
    Ok(Page(form_page(&house, &who.visitor, Some(unit), None)))
}

/// `POST /admin/units/{unit}/edit`.
pub(super) async fn change(
    State(house): State<House>,
    who: SystemAdministrator,
    Path(unit): Path<String>,
    form: Fields,
) -> Result<Response, WebError> {
    let id: UnitId = unit.parse().map_err(|_| WebError::NotFound)?;
    let directory = house.directory();
    let unit = directory.get(id).ok_or(WebError::NotFound)?;
    let by = who.account.session.authority();
    let version = form.parsed("version").unwrap_or(0);
    let errors = match house.people.unit_change(by, id, version, &unit_form(&form, false)).await {
        Ok(()) => {
            let name = form.get("name");
            return Ok(
                Done::about(format!("/units/{id}"), "admin.unit-saved", name).into_response()
            );
        }
        Err(PeopleError::Fields(errors)) => errors,
        Err(PeopleError::Refused(
            refusal @ (PeopleRefusal::Stale | PeopleRefusal::UnitOwes { .. }),
        )) => vec![FieldError { field: String::new(), words: refusal.words() }],
        Err(other) => return Err(other.into()),
    };
    let wrong = Some((&form, errors.as_slice()));
    Ok(unprocessable(Page(form_page(&house, &who.visitor, Some(unit), wrong))))
}

/// The fields of the form, as text; the code of a unit never changes.
fn unit_form(form: &Fields, is_new: bool) -> UnitForm {
    UnitField::ALL
        .into_iter()
        .filter(|field| is_new || *field != UnitField::Code)
        .fold(UnitForm::default(), |unit, field| unit.with(field, form.get(field.id())))
}

fn form_page(
    house: &House,
    visitor: &Visitor,
    unit: Option<&Unit>,
    wrong: Option<(&Fields, &[FieldError])>,
) -> FormPage {
    let language = visitor.language;
    let t = language.t();
    let directory = house.directory();
    let known = unit.map(|unit| UnitForm::of(unit, &directory));
    let value = |field: UnitField| {
        known.as_ref().and_then(|form| form.0.get(&field).cloned()).unwrap_or_default()
    };
    let options = |field: UnitField| -> Option<Vec<(String, String)>> {
        let triples = |table: &[(&str, &str, &str)], words: fn(&str) -> calendar::Words| {
            table
                .iter()
                .map(|(id, _, _)| ((*id).to_owned(), language.of(&words(id)).to_owned()))
                .collect()
        };
        Some(match field {
            UnitField::Side => sides(language).collect(),
            UnitField::Level => levels(language).collect(),
            UnitField::Line => triples(LINES, line_words),
            UnitField::Basis => triples(BASES, basis_words),
            UnitField::Active => vec![
                ("yes".to_owned(), t("admin.open").to_owned()),
                ("no".to_owned(), t("admin.closed").to_owned()),
            ],
            UnitField::Code
            | UnitField::Name
            | UnitField::ShortName
            | UnitField::DivisionCode
            | UnitField::ParentCode
            | UnitField::Aliases
            | UnitField::Phone
            | UnitField::Note => return None,
        })
    };
    let fields =
        UnitField::ALL.into_iter().filter(|field| unit.is_none() || *field != UnitField::Code);
    let inputs = fields.map(|field| {
        let (name, key) = (field.id(), "admin.units");
        let input = match (options(field), field) {
            (Some(options), _) => Input::choice(language, name, key, Choice::all(options, "")),
            (None, UnitField::DivisionCode) => {
                Input::pick(language, name, key, "/divisions/suggest")
                    .help(language, "admin.division-help")
            }
            (None, UnitField::ParentCode) => Input::pick(language, name, key, "/units/suggest")
                .help(language, "admin.parent-help"),
            (None, UnitField::Aliases) => {
                Input::line(language, name, key).help(language, "admin.aliases-help")
            }
            (None, UnitField::Note) => Input::area(language, name, key),
            (None, _) => Input::line(language, name, key),
        };
        let optional = matches!(
            field,
            UnitField::ParentCode | UnitField::Aliases | UnitField::Phone | UnitField::Note
        );
        let input = input.label(language.of(&field.words())).value(value(field));
        if optional { input } else { input.required() }
    });
    let mut inputs = Inputs::new(language, inputs.collect());
    if let Some((form, errors)) = wrong {
        inputs = inputs.filled(form).wrong(language, errors);
    }
    let (title, action, button, cancel) = match unit {
        None => (
            t("admin.unit-new"),
            "/admin/units/new".to_owned(),
            "admin.unit-make",
            "/admin/units".to_owned(),
        ),
        Some(unit) => {
            let page = format!("/units/{}", unit.id);
            (t("admin.unit-edit"), format!("/admin/units/{}/edit", unit.id), "page.save", page)
        }
    };
    let mut shell = shell(house, visitor, title).crumb("/admin/units", t("admin.units"));
    if let Some(unit) = unit {
        shell = shell.crumb(format!("/units/{}", unit.id), &unit.name);
    }
    let page = FormPage::new(shell.crumb_here(title), &action, button, inputs).cancel(cancel);
    match unit {
        Some(unit) => page.hidden("version", unit.version),
        None => page,
    }
}
