//! The columns a list can have.

use crate::fields::Fields;
use crate::parts::line::Line;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Number,
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
pub(super) const COLUMNS: [Column; 12] = [
    Column::Number,
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

/// The columns shown when none are chosen.
const USUAL: [Column; 7] = [
    Column::Number,
    Column::Place,
    Column::Category,
    Column::State,
    Column::Holder,
    Column::Light,
    Column::Due,
];

/// The columns of an address (`column=…`), in their order.
pub(super) fn chosen(query: &Fields) -> Vec<Column> {
    let asked: Vec<&str> = query.all("column").collect();
    if asked.is_empty() {
        return USUAL.to_vec();
    }
    COLUMNS.into_iter().filter(|column| asked.contains(&column.id())).collect()
}

impl Column {
    /// Its id in addresses.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Number => "number",
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

    /// What it says of a matter, as text.
    pub(super) fn text(self, line: &Line) -> String {
        match self {
            Self::Number => line.number.clone(),
            Self::Place => line.place.clone(),
            Self::Category => line.categories.clone(),
            Self::Severity => line.severity.clone(),
            Self::Enterprise => line.enterprise.clone(),
            Self::State => line.state.word.clone(),
            Self::Holder => line.holder.clone(),
            Self::Opener => line.opener.clone(),
            Self::Light => line.light.as_ref().map_or_else(String::new, |light| light.word.clone()),
            Self::Due => line.due.clone(),
            Self::Opened => line.opened.clone(),
            Self::Changed => line.changed.clone(),
        }
    }
}
