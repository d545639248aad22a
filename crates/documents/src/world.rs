//! What a template may see while it is set: the templates, its input, the fonts, and nothing else.
//! No clock, no network, no other file.

use crate::error::Fault;
use crate::press::Press;
use serde_json::Value;
use std::fmt;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime};
use typst::syntax::{FileId, Source, Span, VirtualPath};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World};

/// One document being set.
pub(crate) struct Sheet<'a> {
    press: &'a Press,
    main: FileId,
    input: Bytes,
    seal: Option<Bytes>,
}

pub(crate) fn file_id(name: &str) -> FileId {
    FileId::new(None, VirtualPath::new(name))
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(
        press: &'a Press,
        template: &str,
        input: &Value,
        seal: Option<&[u8]>,
    ) -> Self {
        Self {
            press,
            main: file_id(template),
            input: Bytes::from_string(input.to_string()),
            seal: seal.map(|png| Bytes::new(png.to_vec())),
        }
    }

    /// The first error, in our words.
    pub(crate) fn fault(&self, errors: &[SourceDiagnostic]) -> Fault {
        let Some(error) = errors.first() else {
            return Fault {
                file: name_of(self.main),
                line: None,
                what: "cannot be set".into(),
                mend: "mend the template".into(),
            };
        };
        let source = error.span.id().and_then(|id| self.press.sources.get(&id));
        match source {
            Some(source) => fault_of(source, error.span, &error.message, &error.hints),
            None => Fault {
                file: name_of(self.main),
                line: None,
                what: error.message.to_string(),
                mend: mend(&error.hints),
            },
        }
    }
}

/// An error in a template, with its line.
pub(crate) fn fault_of<W: fmt::Display, H: fmt::Display>(
    source: &Source,
    span: Span,
    what: &W,
    hints: &[H],
) -> Fault {
    let line = source
        .range(span)
        .and_then(|range| source.lines().byte_to_line(range.start))
        .map(|line| line + 1);
    Fault { file: name_of(source.id()), line, what: what.to_string(), mend: mend(hints) }
}

fn name_of(id: FileId) -> String {
    id.vpath().as_rootless_path().to_string_lossy().into_owned()
}

fn mend<H: fmt::Display>(hints: &[H]) -> String {
    match hints.first() {
        Some(hint) => hint.to_string(),
        None => "mend the template".into(),
    }
}

impl World for Sheet<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.press.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.press.shelf.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.press
            .sources
            .get(&id)
            .cloned()
            .ok_or_else(|| FileError::NotFound(id.vpath().as_rootless_path().to_owned()))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let path = id.vpath().as_rootless_path();
        match (path.to_str(), &self.seal) {
            (Some("input.json"), _) => Ok(self.input.clone()),
            (Some("seal.png"), Some(seal)) => Ok(seal.clone()),
            _ => Err(FileError::NotFound(path.to_owned())),
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.press.shelf.font(index)
    }

    fn today(&self, _offset: Option<i64>) -> Option<Datetime> {
        // A document's day is given, never read off the wall.
        None
    }
}
