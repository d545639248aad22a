//! Looking for harmful content (查毒) in a file that comes in, when a scanner is set up: before the file is in
//! its place. It is given the bytes in the clear, one after another, and no path: none of them lies in the
//! clear on the disk. A file is taken in only when the scanner says it is clean.

use std::io::Read;
use std::sync::Arc;

use super::UploadError;
use crate::store::{Inner, Store};

/// What a scanner says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanned {
    /// Nothing harmful was found.
    Clean,
    /// Something harmful was found.
    Infected,
    /// It could not look: it broke, took too long, or is not there.
    Failed(String),
}

/// Looks at files that come in. Called on a thread that may wait.
pub trait Scanner: Send + Sync {
    /// Looks at all the bytes of a file.
    fn scan(&self, content: Box<dyn Read + Send>) -> Scanned;
}

impl Store {
    /// Has every file that comes in from now on looked at; the first scanner set up stays.
    pub fn scans_by(&self, scanner: Arc<dyn Scanner>) {
        drop(self.inner().scanner.set(scanner));
    }
}

/// Has a file looked at when there is a scanner.
pub(super) async fn scan(
    inner: &Inner,
    content: impl FnOnce() -> std::io::Result<Box<dyn Read + Send>>,
) -> Result<(), UploadError> {
    let Some(scanner) = inner.scanner.get().cloned() else { return Ok(()) };
    let content = content().map_err(|source| super::failed(&inner.files, source))?;
    match super::blocking(move || scanner.scan(content)).await? {
        Scanned::Clean => Ok(()),
        Scanned::Infected => {
            tracing::warn!("a file was not taken in: the scanner found something harmful in it");
            Err(UploadError::Infected)
        }
        Scanned::Failed(why) => {
            tracing::error!(why = ?why, "a file was not taken in: the scanner could not look at it");
            Err(UploadError::NotScanned)
        }
    }
}
