//! What goes wrong: at start with templates and fonts, later with one document.

use calendar::Words;
use std::fmt;

/// Something wrong with the press's material, found at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file it is in.
    pub file: String,
    /// The line, from 1, when it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
        }
        write!(out, ": {}; {}", self.what, self.mend)
    }
}

/// The press cannot open; every fault is in the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} fault(s) in document templates or fonts: {}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" · "))]
pub struct Faults(pub Vec<Fault>);

/// Something a document must say and does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The item in the draft: an item of the kind, or a part of its head (`to`, `number` …).
    pub item: String,
    /// What people call it.
    pub name: Words,
    /// The article that asks for it.
    pub article: Option<Words>,
}

impl Missing {
    /// The sentence in both languages.
    #[must_use]
    pub fn sentence(&self) -> Words {
        let (zh, en) = (&self.name.zh, &self.name.en);
        match &self.article {
            Some(article) => Words {
                zh: format!("缺少“{zh}”（{}）", article.zh),
                en: format!("“{en}” is missing ({})", article.en),
            },
            None => Words { zh: format!("缺少“{zh}”"), en: format!("“{en}” is missing") },
        }
    }
}

/// Why a draft cannot be numbered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No kind of that name.
    #[error("no kind of document “{0}”")]
    NoKind(String),
    /// Items the law asks for are not written.
    #[error("missing: {}", .0.iter().map(|missing| missing.sentence().en).collect::<Vec<_>>().join("; "))]
    Missing(Vec<Missing>),
    /// An item the kind does not have: it would not be printed.
    #[error("the kind has no item “{0}”")]
    NoItem(String),
    /// A part of the head is longer than a head can be, or has a line end in it.
    #[error("“{0}” is too long, or not one line")]
    NotALine(&'static str),
    /// Too much in all.
    #[error("{characters} characters in all, at most {most}")]
    TooLong {
        /// How many there are.
        characters: usize,
        /// The most there may be.
        most: usize,
    },
    /// Characters no font has.
    #[error("no font has {}", .0.iter().collect::<String>())]
    NoGlyph(Vec<char>),
    /// A kind that is not numbered was given a number.
    #[error("this kind of document bears no number")]
    NotNumbered,
}

/// Why a document was not printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The draft is not one that can be printed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The template does not work with this draft.
    #[error("template: {0}")]
    Template(Fault),
    /// The finished pages do not meet PDF/A.
    #[error("PDF/A: {0}")]
    Export(String),
    /// More pages than a document may have.
    #[error("{pages} pages, at most {most}")]
    TooManyPages {
        /// How many there are.
        pages: usize,
        /// The most there may be.
        most: usize,
    },
    /// The verification address is too long for a small code.
    #[error("the verification address is too long")]
    Code,
    /// The seal's image is not a PNG of reasonable size.
    #[error("the seal's image must be a PNG of at most {most} bytes")]
    Seal {
        /// The most bytes.
        most: usize,
    },
    /// Not finished within the time given.
    #[error("not printed within {wait_ms} ms")]
    TimedOut {
        /// How long was waited.
        wait_ms: u128,
    },
    /// As many documents as may be are being printed.
    #[error("the press is busy")]
    Busy,
    /// The DOCX could not be packed.
    #[error("DOCX: {0}")]
    Docx(String),
    /// A PDF handed over for a dossier cannot be bound.
    #[error("“{title}” cannot be bound: {what}")]
    Unbindable {
        /// Its entry in the catalogue.
        title: String,
        /// What is wrong with it.
        what: String,
    },
    /// A dossier of nothing, or of too much.
    #[error("a dossier holds 1 to {documents} documents and at most {pages} pages")]
    DossierSize {
        /// The most documents.
        documents: usize,
        /// The most pages.
        pages: usize,
    },
}
