//! Units from a file: what it would do is shown first, then done as a whole or not at all.

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use procedure::FieldError;
use store::import::TABLE_BYTES_MAX;
use store::unit::{UnitChange, UnitPlan};

use super::{Tabs, shell};
use crate::House;
use crate::error::{WebError, unprocessable};
use crate::fields::{Fields, Sent};
use crate::filters;
use crate::job::ask::Ask;
use crate::job::export::begin;
use crate::message::{Language, T, words};
use crate::parts::input::{FormPage, Input, Inputs};
use crate::parts::row_error::ErrorRow;
use crate::session::{SystemAdministrator, Visitor};
use crate::shell::{Page, Shell};

/// Most rows of each kind that a preview shows; the counts are always whole.
const SHOWN_MAX: usize = 200;
/// Longest name of a file that is shown again, in characters.
const FILE_NAME_CHARS_MAX: usize = 100;

/// `GET /admin/units/import`.
pub(super) async fn blank(State(house): State<House>, who: SystemAdministrator) -> Page<FormPage> {
    Page(form_page(&house, &who.visitor, &[]))
}

fn form_page(house: &House, visitor: &Visitor, errors: &[FieldError]) -> FormPage {
    let language = visitor.language;
    let t = language.t();
    let input = Input::file(language, "file", "admin.import-file", ".csv,.xlsx")
        .help(language, "admin.import-help");
    let inputs = Inputs::new(language, vec![input]).wrong(language, errors);
    let title = t("admin.import");
    let shell =
        shell(house, visitor, title).crumb("/admin/units", t("admin.units")).crumb_here(title);
    FormPage::new(shell, "/admin/units/import", "admin.import-look", inputs)
        .intro(t("admin.import-about"))
        .with_files()
        .cancel("/admin/units")
}

/// What a file would do.
#[derive(Debug, Template)]
#[template(path = "admin/unit_import.html")]
struct PreviewPage {
    t: T,
    shell: Shell,
    tabs: Tabs,
    file: String,
    draft: Option<i64>,
    created: usize,
    changed: usize,
    unchanged: usize,
    error_count: usize,
    errors: Vec<ErrorRow>,
    new_rows: Vec<ChangeRow>,
    changed_rows: Vec<ChangeRow>,
}

#[derive(Debug)]
struct ChangeRow {
    line: u64,
    code: String,
    name: String,
    fields: Vec<(String, String, String)>,
}

/// `POST /admin/units/import`.
pub(super) async fn preview(
    State(house): State<House>,
    who: SystemAdministrator,
    request: Request,
) -> Result<Response, WebError> {
    let sent = Sent::read(request, TABLE_BYTES_MAX).await?;
    if sent.bytes.is_empty() {
        let errors =
            [FieldError { field: "file".to_owned(), words: words("admin.import-no-file") }];
        return Ok(unprocessable(Page(form_page(&house, &who.visitor, &errors))));
    }
    let by = who.account.session.authority();
    let preview = house.people.unit_import_preview(by, &sent.file_name, &sent.bytes).await?;
    let page = preview_page(&house, &who, sent.file_name, preview.draft, &preview.plan);
    if page.error_count > 0 {
        Ok(unprocessable(Page(page)))
    } else {
        Ok(Page(page).into_response())
    }
}

fn preview_page(
    house: &House,
    who: &SystemAdministrator,
    file: String,
    draft: Option<i64>,
    plan: &UnitPlan,
) -> PreviewPage {
    let language = who.visitor.language;
    let t = language.t();
    let title = t("admin.import");
    PreviewPage {
        t,
        shell: shell(house, &who.visitor, title)
            .crumb("/admin/units", t("admin.units"))
            .crumb("/admin/units/import", title)
            .crumb_here(t("admin.import-preview")),
        tabs: Tabs::of(&who.account, t, "/admin/units"),
        file,
        draft,
        created: plan.created.len(),
        changed: plan.changed.len(),
        unchanged: plan.unchanged,
        error_count: plan.errors.len(),
        errors: ErrorRow::first(&plan.errors, SHOWN_MAX, language),
        new_rows: changes(&plan.created, language),
        changed_rows: changes(&plan.changed, language),
    }
}

fn changes(changes: &[UnitChange], language: Language) -> Vec<ChangeRow> {
    changes
        .iter()
        .take(SHOWN_MAX)
        .map(|change| ChangeRow {
            line: change.line,
            code: change.entry.code.clone(),
            name: change.entry.name.clone(),
            fields: change
                .fields
                .iter()
                .map(|changed| {
                    let name = language.of(&changed.field.words()).to_owned();
                    (name, changed.before.clone(), changed.after.clone())
                })
                .collect(),
        })
        .collect()
}

/// `POST /admin/units/import/{draft}`: has done in the background what the preview showed.
pub(super) async fn apply(
    State(house): State<House>,
    who: SystemAdministrator,
    Path(draft): Path<i64>,
    form: Fields,
) -> Result<Response, WebError> {
    let file: String = form.get("file").chars().take(FILE_NAME_CHARS_MAX).collect();
    begin(&house, &who.account, &who.visitor, Ask::UnitImport { draft, file }).await
}
