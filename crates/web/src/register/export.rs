//! A list as an Excel file: what is seen, with the same filters and columns.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use store::matter::PAGE_ROWS_MAX;

use super::{Asked, Place, XLSX, column, file, nav_key};
use crate::House;
use crate::error::WebError;
use crate::fields::Query;
use crate::message::Language;
use crate::parts::line::{Line, Reader};
use crate::session::SignedIn;

/// Most rows of one file; narrow the list for more.
const EXPORT_ROWS_MAX: usize = 50_000;
/// Widest column, in characters.
const COLUMN_CHARS_MAX: usize = 48;

/// `GET /register/export` and `GET /{mechanism}/export`.
pub(super) async fn export(
    State(house): State<House>,
    who: SignedIn,
    uri: Uri,
    Query(query): Query,
) -> Result<Response, WebError> {
    let language = who.language;
    let rules = house.store.rules();
    let place = Place::of(&uri, &query, &rules)?;
    let procedure = place.procedure.ok_or(WebError::NotFound)?;
    let asked = Asked::read(&house, &query, procedure);
    let reader = Reader::new(&house, language);
    let mut lines: Vec<Line> = Vec::new();
    let mut after = None;
    while lines.len() < EXPORT_ROWS_MAX {
        let rows = house
            .store
            .matter_export(&who.scope, &asked.filter, after.as_ref(), PAGE_ROWS_MAX)
            .await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id.clone());
        lines.extend(rows.into_iter().map(|row| reader.line(row)));
    }
    lines.truncate(EXPORT_ROWS_MAX);
    let columns = column::chosen(&query);
    let title = language.t()(nav_key(place.id));
    let made = language.fill("register.exported", &[("name", &who.name), ("day", &house.today())]);
    // Writing a large file takes a while of a core; other requests go on meanwhile.
    let bytes =
        tokio::task::spawn_blocking(move || workbook(language, title, &made, &columns, &lines))
            .await
            .map_err(WebError::internal)?
            .map_err(WebError::internal)?;
    Ok(file(XLSX, &format!("{title}-{}.xlsx", house.today()), bytes))
}

fn workbook(
    language: Language,
    title: &str,
    made: &str,
    columns: &[column::Column],
    lines: &[Line],
) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(title)?;
    let head = Format::new().set_bold();
    let t = language.t();
    let mut heads = vec![t("column.title").to_owned()];
    heads.extend(columns.iter().map(|column| t(column.key()).to_owned()));
    let mut widths: Vec<usize> = heads.iter().map(|words| width(words)).collect();
    for (at, words) in (0_u16..).zip(&heads) {
        sheet.write_string_with_format(0, at, words, &head)?;
    }
    for (at, line) in (1_u32..).zip(lines) {
        let mut cells = vec![line.title.clone()];
        cells.extend(columns.iter().map(|column| column.text(line)));
        for ((place, words), widest) in (0_u16..).zip(&cells).zip(&mut widths) {
            // Always as text: a title that begins with `=` is no formula.
            sheet.write_string(at, place, words)?;
            *widest = (*widest).max(width(words));
        }
    }
    for (at, widest) in (0_u16..).zip(&widths) {
        let widest = u16::try_from(widest.min(&COLUMN_CHARS_MAX) + 2).unwrap_or(u16::MAX);
        sheet.set_column_width(at, f64::from(widest))?;
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_footer(format!("&L{made}&R&P / &N"));
    workbook.save_to_buffer()
}

/// How wide a text stands: a Chinese character takes two places.
fn width(text: &str) -> usize {
    text.chars().map(|one| if one.is_ascii() { 1 } else { 2 }).sum()
}
