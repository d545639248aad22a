//! The only reader of the machine's time.

use jiff::Timestamp;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl SystemClock {
    /// The present instant, as the machine has it.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's time")]
    pub(crate) fn read() -> Timestamp {
        Timestamp::now()
    }
}
