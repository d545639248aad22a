//! The rule files this build was made with.

use crate::{Calendar, Law, LawError, TableError};

/// `law/limits.toml`.
pub const LIMITS_TOML: &str = include_str!("../../../law/limits.toml");
/// `law/instruments.toml`.
pub const INSTRUMENTS_TOML: &str = include_str!("../../../law/instruments.toml");
/// `law/holidays.csv`.
pub const HOLIDAYS_CSV: &str = include_str!("../../../law/holidays.csv");

/// The law and the holiday tables this build was made with. Tests prove that they parse.
///
/// # Errors
/// [`EmbeddedError`] when the files were broken at build time.
pub fn embedded() -> Result<(Law, Calendar), EmbeddedError> {
    let law = Law::parse(LIMITS_TOML, INSTRUMENTS_TOML).map_err(EmbeddedError::Law)?;
    let calendar = Calendar::parse(HOLIDAYS_CSV, "holidays.csv")?;
    Ok((law, calendar))
}

/// A rule file of this build is broken.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The limits or the instruments.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Law(Vec<LawError>),
    /// The holiday table.
    #[error(transparent)]
    Table(#[from] TableError),
}
