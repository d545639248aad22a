//! The rules as a whole: every file is sound, and no walk through it goes wrong.

mod family;
mod files;
mod walk;
