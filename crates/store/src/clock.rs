//! What the clock says, handed down from the program.

use jiff::Timestamp;

/// The platform's clock. Only the program makes one that reads the machine's; the demo's and the
/// tests' can be moved.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}
