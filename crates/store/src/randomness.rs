//! Where random bytes come from: an argument, like the time, so that a test can know them.

use std::fmt::Write as _;

/// A source of random bytes.
pub trait Randomness: Send + Sync + std::fmt::Debug {
    /// Fills the buffer.
    ///
    /// # Errors
    /// [`NoRandomness`] when the machine gives none; nothing secret may be made then.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The machine gave no random bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the machine gives no random bytes: {0}")]
pub struct NoRandomness(pub String);

/// The machine's own cryptographic source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(buffer).map_err(|error| NoRandomness(error.to_string()))
    }
}

/// A fresh secret of 256 bits, as 64 hexadecimal digits.
///
/// # Errors
/// [`NoRandomness`].
pub fn secret(randomness: &dyn Randomness) -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; 32];
    randomness.fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
