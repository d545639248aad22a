//! The state chart of a procedure, drawn from its file as SVG.
//!
//! The main path runs straight down the middle; what leaves it stands beside it. Read [`graph`], then
//! `chart` for what is drawn, `rank`, `order`, `place` and `route` for where it goes, `svg` for how it looks.
//!
//! The picture carries no script and no style sheet, so it may stand in a page under a strict policy:
//! every mark has a class for the page and a presentation attribute for readers without one.

mod chart;
mod order;
mod place;
mod rank;
mod route;
mod svg;
mod text;

#[cfg(test)]
mod tests;

use calendar::Words;

use crate::definition::Procedure;

/// The language a chart is lettered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    Chinese,
    /// English.
    English,
}

impl Language {
    /// The text in this language.
    #[must_use]
    pub fn of(self, words: &Words) -> &str {
        match self {
            Self::Chinese => &words.zh,
            Self::English => &words.en,
        }
    }
}

/// The state chart of a procedure as an SVG document.
///
/// `marked` is the id of the state a matter is in now; that box and the ways out of it stand out. An
/// id the procedure does not have marks nothing. Equal arguments give equal bytes.
#[must_use]
pub fn graph(procedure: &Procedure, language: Language, marked: Option<&str>) -> String {
    let mut chart = chart::Chart::of(procedure, language);
    rank::rank(&mut chart);
    let placed = place::place(order::candidates(&chart));
    svg::draw(&placed, &svg::Captions { procedure, language, marked })
}
