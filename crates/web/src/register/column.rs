//! The columns a list can have.

use procedure::Procedure;

use crate::fields::Fields;
use crate::parts::line::Line;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Number,
    Other,
    Place,
    Category,
    Severity,
    Enterprise,
    State,
    Holder,
    Opener,
    Light,
    Due,
    Opened,
    Changed,
}

/// All columns beside the title, in their order.
pub(super) const COLUMNS: [Column; 13] = [
    Column::Number,
    Column::Other,
    Column::Place,
    Column::Category,
    Column::Severity,
    Column::Enterprise,
    Column::State,
    Column::Holder,
    Column::Opener,
    Column::Light,
    Column::Due,
    Column::Opened,
    Column::Changed,
];

/// The columns of roots shown when none are chosen.
const USUAL: [Column; 7] = [
    Column::Number,
    Column::Place,
    Column::Category,
    Column::State,
    Column::Holder,
    Column::Light,
    Column::Due,
];

/// The same of what hangs under a root: siblings share its title and kind, and differ by who stands on
/// the other side.
const USUAL_BELOW: [Column; 7] = [
    Column::Number,
    Column::Other,
    Column::Place,
    Column::State,
    Column::Holder,
    Column::Light,
    Column::Due,
];

/// The columns of an address (`column=…`), in their order; the usual ones of the procedure when it names
/// none.
pub(super) fn chosen(query: &Fields, procedure: &Procedure) -> Vec<Column> {
    let asked: Vec<&str> = query.all("column").collect();
    if asked.is_empty() {
        return if procedure.is_root() { USUAL } else { USUAL_BELOW }.to_vec();
    }
    COLUMNS.into_iter().filter(|column| asked.contains(&column.id())).collect()
}

impl Column {
    /// Its id in addresses.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Other => "other",
            Self::Place => "place",
            Self::Category => "category",
            Self::Severity => "severity",
            Self::Enterprise => "enterprise",
            Self::State => "state",
            Self::Holder => "holder",
            Self::Opener => "opener",
            Self::Light => "light",
            Self::Due => "due",
            Self::Opened => "opened",
            Self::Changed => "changed",
        }
    }

    /// The key of its words.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Number => "column.number",
            Self::Other => "column.other",
            Self::Place => "column.place",
            Self::Category => "column.category",
            Self::Severity => "column.severity",
            Self::Enterprise => "column.enterprise",
            Self::State => "column.state",
            Self::Holder => "column.holder",
            Self::Opener => "column.opener",
            Self::Light => "column.light",
            Self::Due => "column.due",
            Self::Opened => "column.opened",
            Self::Changed => "column.changed",
        }
    }

    /// How its cells are laid out: numbers and days never break, names not where there is room.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Number | Self::Due | Self::Opened | Self::Changed => "nowrap",
            Self::Other | Self::State | Self::Holder | Self::Opener | Self::Light => "short",
            Self::Place | Self::Category | Self::Severity | Self::Enterprise => "",
        }
    }

    /// What it says of a matter, as text.
    pub(super) fn text(self, line: &Line) -> String {
        match self {
            Self::Number => line.number.clone(),
            Self::Other => line.other.clone(),
            Self::Place => line.place.clone(),
            Self::Category => line.categories.clone(),
            Self::Severity => line.severity.clone(),
            Self::Enterprise => line.enterprise.clone(),
            Self::State => line.state.word.clone(),
            Self::Holder => line.holder.clone(),
            Self::Opener => line.opener.clone(),
            Self::Light => {
                let word = line.light.as_ref().map_or("", |light| light.word.as_str());
                if line.below.is_empty() {
                    word.to_owned()
                } else {
                    format!("{word} · {}", line.below)
                }
            }
            Self::Due => line.due.clone(),
            Self::Opened => line.opened.clone(),
            Self::Changed => line.changed.clone(),
        }
    }
}
