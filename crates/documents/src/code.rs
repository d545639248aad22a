//! The verification code: a small QR code with an address, and the words beside it.

use crate::error::PrintError;
use fast_qr::{ECL, QRBuilder};
use serde_json::{Value, json};

/// The longest address: a larger code could not be read at its printed size.
const ADDRESS_BYTES_MAX: usize = 120;

/// Where a document can be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationCode {
    /// The address in the code.
    pub address: String,
    /// A line under 40 characters to print beside it, such as the code by itself.
    pub words: String,
}

impl VerificationCode {
    /// Rows of `0` and `1`, with the words: what the template draws.
    pub(crate) fn drawn(&self) -> Result<Value, PrintError> {
        if self.address.len() > ADDRESS_BYTES_MAX {
            return Err(PrintError::Code);
        }
        let code = QRBuilder::new(self.address.as_bytes())
            .ecl(ECL::M)
            .build()
            .map_err(|_| PrintError::Code)?;
        let rows: Vec<String> = (0..code.size)
            .map(|row| {
                code[row].iter().map(|module| if module.value() { '1' } else { '0' }).collect()
            })
            .collect();
        Ok(json!({ "rows": rows, "words": ["扫码核验", self.words] }))
    }
}
