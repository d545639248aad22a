//! Official documents (公文、法律文书) that could go out with a seal.
//!
//! Read [`Press`] first: it owns templates, kinds and fonts, checked when it opens. A [`Draft`] is plain
//! data; [`Press::number`] refuses it while anything the law asks for is missing, and names the article; [`Press::print`]
//! makes a PDF/A-2b of the [`Numbered`] document, the same bytes every time. What people write is [`Text`]:
//! paragraphs, levels, tables, handed to the templates as data, never as markup.
//!
//! The crate knows no procedure, no unit, no clock: kinds are `documents/*/kinds.toml` with a template each,
//! and everything else is an argument. A detached signature is made by the caller over [`Sealed::pdf`].

mod code;
mod docx;
mod dossier;
mod draft;
mod error;
mod font;
mod input;
mod kind;
mod layout;
mod number;
mod press;
mod text;
mod title;
mod world;

pub use code::VerificationCode;
pub use dossier::{Bound, Cover, DOSSIER_DOCUMENTS_MAX, DOSSIER_PAGES_MAX, Dossier, Entry};
pub use draft::{Draft, Numbered, Sealed};
pub use error::{Fault, Faults, Missing, PrintError, Refused};
pub use kind::{Form, Item, Kind};
pub use layout::{Layout, Line, PageLayout, Rule};
pub use number::{NotANumber, NumberPattern, OfficialNumber};
pub use press::{DRAFT_CHARACTERS_MAX, Marks, Materials, PAGES_MAX, Press};
pub use text::{
    Block, CELL_CHARACTERS_MAX, ITEM_CHARACTERS_MAX, ITEM_ROWS_MAX, NotText, TABLE_COLUMNS_MAX,
    Text,
};
