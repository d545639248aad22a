//! Tables of units, CSV and XLSX.

use store::directory::Directory;
use store::import::{table_read, unit_rows};
use store::unit::plan::plan;

use crate::law::said;

/// Reads a table of units as the import does, up to the plan of what would change.
pub(crate) fn units(bytes: &[u8]) {
    let table = match table_read("units", bytes) {
        Ok(table) => table,
        Err(error) => {
            said(&error.line_zh());
            return said(&error.to_string());
        }
    };
    match unit_rows(&table) {
        Ok(rows) => {
            for error in plan(&Directory::default(), "units", &rows).errors {
                said(&error.line_zh());
            }
        }
        Err(errors) => errors.iter().for_each(|error| said(&error.to_string())),
    }
}
