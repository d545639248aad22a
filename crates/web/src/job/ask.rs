//! What can be asked for as long work, kept with the job as JSON.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sheet::Pour;
use crate::House;
use crate::error::WebError;
use crate::fields::Fields;
use crate::message::Language;
use procedure::MatterId;
use store::job::Right;

/// A piece of long work. Lists are asked for as their address names them, so that a job means the same
/// as the page it was asked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(crate) enum Ask {
    /// A list of matters: the register or a mechanism, with its filters and columns.
    Matters {
        /// `register` or a mechanism's id.
        place: String,
        /// `?a=1&b=2`, or nothing.
        query: String,
    },
    /// The liaison book, with its filters.
    Liaisons {
        /// `?a=1&b=2`, or nothing.
        query: String,
    },
    /// Every unit, in the form in which they are imported.
    Units {
        /// As CSV, else as a workbook.
        is_csv: bool,
    },
    /// The administrators' journal, with its filters.
    Journal {
        /// `?a=1&b=2`, or nothing.
        query: String,
    },
    /// A matter as one file.
    Bundle {
        /// The matter.
        matter: MatterId,
        /// Its number, for people.
        number: String,
    },
    /// Units from a file that was looked at.
    UnitImport {
        /// The preview.
        draft: i64,
        /// The file's name.
        file: String,
    },
}

/// What a table says before its rows.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// The name of its sheets and of the file.
    pub(crate) title: String,
    /// The headings of its columns.
    pub(crate) columns: Vec<String>,
    /// What stands at the foot of a printed page.
    pub(crate) foot: String,
}

/// How many rows there will be, as far as that is known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// So many.
    Exactly(u64),
    /// More than so many.
    MoreThan(u64),
    /// Nobody has counted.
    Unknown,
}

/// Most rows of a list in the database that are handed out while one waits.
const LISTED_AT_ONCE_ROWS: u64 = 1_000;
/// Most rows of what lies in memory anyway that are handed out while one waits.
const DIRECTORY_AT_ONCE_ROWS: u64 = 5_000;

impl Ask {
    /// Its kind, as the store keeps it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Matters { .. } => "matters",
            Self::Liaisons { .. } => "liaisons",
            Self::Units { .. } => "units",
            Self::Journal { .. } => "journal",
            Self::Bundle { .. } => "bundle",
            Self::UnitImport { .. } => "unit-import",
        }
    }

    /// What it is, in words: 导出：问题台账.
    pub(crate) fn title(&self, house: &House, language: Language) -> String {
        let t = language.t();
        match self {
            Self::UnitImport { file, .. } => language.with("job.import", "file", file),
            Self::Bundle { number, .. } => language.with("job.bundle", "number", number),
            Self::Matters { .. }
            | Self::Liaisons { .. }
            | Self::Units { .. }
            | Self::Journal { .. } => {
                let list = match self {
                    Self::Matters { place, query } => {
                        crate::register::export::title(house, place, query, language)
                    }
                    Self::Liaisons { .. } => t("nav.liaison").to_owned(),
                    Self::Units { .. } => t("admin.units").to_owned(),
                    Self::Journal { .. } | Self::Bundle { .. } | Self::UnitImport { .. } => {
                        t("admin.journal").to_owned()
                    }
                };
                language.with("job.export", "list", list)
            }
        }
    }

    /// What narrows the list, in words.
    pub(crate) fn filters(&self, house: &House, language: Language) -> Vec<String> {
        match self {
            Self::Matters { place, query } => {
                crate::register::export::filters(house, place, query, language)
            }
            Self::Liaisons { query } => crate::liaison::filters(query, language),
            Self::Journal { query } => crate::admin::journal_filters(query, language),
            Self::Units { .. } | Self::Bundle { .. } | Self::UnitImport { .. } => Vec::new(),
        }
    }

    /// What stands in the journal: which list, how narrowed.
    pub(crate) fn noted(&self, rows: u64, sha256: &str) -> serde_json::Value {
        let (place, query) = match self {
            Self::Matters { place, query } => (place.as_str(), query.as_str()),
            Self::Liaisons { query } | Self::Journal { query } => ("", query.as_str()),
            Self::Units { .. } | Self::Bundle { .. } | Self::UnitImport { .. } => ("", ""),
        };
        // As people wrote it, not as an address must.
        let filter = Fields::read(query.trim_start_matches('?').as_bytes());
        let filter: Vec<String> = filter
            .pairs()
            .filter(|(_, value)| !value.trim().is_empty())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        json!({
            "list": self.kind(),
            "place": place,
            "filter": filter.join(" "),
            "rows": rows,
            "sha256": sha256,
        })
    }

    /// Whether so many rows are handed out while one waits.
    pub(crate) fn is_short(&self, length: Length) -> bool {
        let most = match self {
            Self::Matters { .. } | Self::Journal { .. } => LISTED_AT_ONCE_ROWS,
            Self::Liaisons { .. } | Self::Units { .. } => DIRECTORY_AT_ONCE_ROWS,
            Self::Bundle { .. } | Self::UnitImport { .. } => 0,
        };
        matches!(length, Length::Exactly(rows) if rows <= most)
    }

    /// How many rows there will be.
    pub(crate) async fn length(&self, house: &House, right: &Right) -> Result<Length, WebError> {
        match self {
            Self::Matters { place, query } => {
                crate::register::export::length(house, right, place, query).await
            }
            Self::Liaisons { query } => crate::liaison::length(house, query).await,
            Self::Units { .. } => {
                let units = u64::try_from(house.directory().len()).unwrap_or(u64::MAX);
                Ok(Length::Exactly(units))
            }
            Self::Journal { query } => {
                crate::admin::journal_length(house, right, query, LISTED_AT_ONCE_ROWS).await
            }
            Self::Bundle { .. } | Self::UnitImport { .. } => Ok(Length::Unknown),
        }
    }

    /// What stands before the rows; none for what is no table of ours.
    pub(crate) fn head(&self, house: &House, right: &Right, language: Language) -> Option<Head> {
        let (title, columns) = match self {
            Self::Matters { place, query } => (
                crate::register::export::title(house, place, query, language),
                crate::register::export::columns(house, place, query, language),
            ),
            Self::Liaisons { .. } => {
                (language.t()("nav.liaison").to_owned(), crate::liaison::columns(language))
            }
            Self::Journal { .. } => {
                (language.t()("admin.journal").to_owned(), crate::admin::journal_columns(language))
            }
            Self::Units { .. } | Self::Bundle { .. } | Self::UnitImport { .. } => return None,
        };
        let foot = [("name", &right.name as &dyn std::fmt::Display), ("day", &house.today())];
        let foot = language.fill("register.exported", &foot);
        Some(Head { title, columns, foot })
    }

    /// Pours the rows, group by group, as far as the asker may see them at this moment.
    pub(crate) async fn pour(
        &self,
        house: &House,
        right: &Right,
        language: Language,
        pour: &Pour,
    ) -> Result<(), WebError> {
        match self {
            Self::Matters { place, query } => {
                crate::register::export::pour(house, right, place, query, language, pour).await
            }
            Self::Liaisons { query } => crate::liaison::pour(house, query, language, pour).await,
            Self::Journal { query } => {
                crate::admin::journal_pour(house, right, query, language, pour).await
            }
            Self::Units { .. } | Self::Bundle { .. } | Self::UnitImport { .. } => Ok(()),
        }
    }
}
