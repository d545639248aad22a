//! Parts of pages that more than one page uses.

pub mod blank;
pub mod input;
pub mod line;
pub mod mark;
pub mod pager;
pub(crate) mod row_error;
