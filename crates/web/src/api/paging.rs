//! Long answers in pages: a page ends with the link to the next, and stays right while rows are added.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::body::Json;
use super::query::Asked;
use crate::fields::Fields;

/// Most rows of a page.
pub(super) const ROWS_MAX: u32 = 200;
/// Rows of a page when nothing is said.
pub(super) const ROWS_USUAL: u32 = 50;

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Rows<T> {
    /// The rows.
    pub(super) rows: Vec<T>,
    /// The address of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

impl<T> Rows<T> {
    /// A page cut from rows that were read one further than asked for; `mark` says where a row stands.
    pub(super) fn cut<R>(
        path: &str,
        fields: &Fields,
        mut read: Vec<R>,
        limit: u32,
        mark: impl Fn(&R) -> String,
        show: impl FnMut(R) -> T,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_more = read.len() > limit;
        read.truncate(limit);
        let next = read.last().filter(|_| is_more).map(mark);
        let rows = read.into_iter().map(show).collect();
        Self::marked(path, fields, rows, next.as_deref())
    }

    /// A page whose end is known otherwise: with the mark of the next, if there is one.
    pub(super) fn marked(path: &str, fields: &Fields, rows: Vec<T>, next: Option<&str>) -> Self {
        let next = next.map(|mark| {
            let query = fields.with("cursor", &sealed(mark)).query();
            format!("{path}{query}")
        });
        Self { rows, next }
    }

    /// Everything on one page.
    pub(super) fn all(rows: Vec<T>) -> Self {
        Self { rows, next: None }
    }
}

impl<T: Serialize> IntoResponse for Rows<T> {
    fn into_response(self) -> Response {
        let link = self.next.as_ref().map(|next| format!("<{next}>; rel=\"next\""));
        let link = link.and_then(|link| HeaderValue::from_str(&link).ok());
        let mut response = Json(self).into_response();
        if let Some(link) = link {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

impl Asked {
    /// Where the page before ended.
    pub(super) fn cursor<M>(&mut self, read: impl FnOnce(&str) -> Option<M>) -> Option<M> {
        let given = self.text("cursor")?;
        let mark = opened(&given).and_then(|text| read(&text));
        if mark.is_none() {
            self.faults().tell("cursor", "api.want-cursor", &[]);
        }
        mark
    }
}

/// Text nobody is tempted to read or to write: cursors are ours.
fn sealed(text: &str) -> String {
    let mut sealed = String::with_capacity(2 * text.len());
    for byte in text.bytes() {
        for half in [byte >> 4, byte & 15] {
            sealed.extend(char::from_digit(half.into(), 16));
        }
    }
    sealed
}

fn opened(sealed: &str) -> Option<String> {
    let is_hex = sealed.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex || !sealed.len().is_multiple_of(2) {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..sealed.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(sealed.get(at..at + 2)?, 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        assert_eq!(opened(&sealed("newest:0:0190b6a0")), Some("newest:0:0190b6a0".to_owned()));
        for wrong in ["", "1", "zz", "凤翔", "+1"] {
            assert!(opened(wrong).is_none_or(|text| text.is_empty()), "{wrong:?}");
        }
    }

    #[test]
    fn a_page_names_the_next_one_only_when_there_is_more() {
        let fields = Fields::read(b"procedure=problem&limit=2");
        let cut =
            |read: Vec<u32>| Rows::cut("/x", &fields, read, 2, ToString::to_string, |row| row);
        assert_eq!(cut(vec![1, 2]).next, None);
        let page = cut(vec![1, 2, 3]);
        assert_eq!(page.rows, [1, 2]);
        assert_eq!(page.next.as_deref(), Some("/x?procedure=problem&limit=2&cursor=32"));
    }
}
