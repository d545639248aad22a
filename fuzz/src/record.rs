//! What the ledger reads: receipts, manifests, notes, checkpoints, keys, what a witness is shown and keeps.

use std::sync::LazyLock;

use ledger::{
    Check, Checkpoint, Entry, Fingerprint, Keys, Manifest, Purpose, Receipt, Shown,
    SignedCheckpoint, SignedNote, Signer, SplitView, Verifier, Witness, canonical,
};

use crate::law::said;

/// Most bytes of a text that is not one of those with a limit of their own.
const BYTES_MAX: usize = 1 << 20;

/// Keys of the tests alone.
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let verifier = |name: &str, purpose, file: &str| {
        let path = crate::repository(&format!("crates/ledger/tests/keys/{file}"));
        let pem = std::fs::read_to_string(path).unwrap_or_default();
        let name = name.parse().unwrap_or_else(|_| panic!("{name}"));
        let signer = Signer::from_pkcs8_pem(name, purpose, &pem);
        signer.unwrap_or_else(|error| panic!("{error}")).verifier().clone()
    };
    let side = |name: &str| name.parse().unwrap_or_else(|_| panic!("{name}"));
    Keys::new(
        side("government"),
        verifier("liandong.hanzhong.example/2026", Purpose::Log, "log.pem"),
    )
    .and_then(|keys| {
        let witness = verifier("jcy.hanzhong.example/witness", Purpose::Witness, "witness.pem");
        keys.witness(side("procuratorate"), witness)
    })
    .unwrap_or_else(|error| panic!("{error}"))
});

/// Reads a receipt, and judges it.
pub(crate) fn receipt(bytes: &[u8]) {
    match Receipt::parse(bytes) {
        Ok(receipt) => {
            if let Err(error) = receipt.verify(&KEYS) {
                said(&error.to_string());
            }
            let written = receipt.to_text().unwrap_or_else(|error| panic!("{error}"));
            let again = Receipt::parse(written.as_bytes());
            assert!(again.is_ok(), "a receipt as it writes itself: {written}");
        }
        Err(error) => said(&error.to_string()),
    }
    if let Err(error) = canonical::parse(bytes, BYTES_MAX) {
        said(&error.to_string());
    }
    if let Err(error) = Entry::parse(bytes) {
        said(&error.to_string());
    }
    match Shown::parse(bytes) {
        Ok(shown) => drop(shown.to_text()),
        Err(error) => said(&error.to_string()),
    }
    if let Err(error) = SplitView::parse(bytes) {
        said(&error.to_string());
    }
    if let Err(error) = Witness::parse(bytes) {
        said(&error.to_string());
    }
}

/// Reads a signed note: a checkpoint, or the manifest of an exported matter.
pub(crate) fn note(bytes: &[u8]) {
    if let Ok(note) = SignedNote::parse(bytes, BYTES_MAX) {
        assert_eq!(note.to_string().as_bytes(), bytes, "a note is what it says");
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(checkpoint) = Checkpoint::parse_text(text)
    {
        assert_eq!(checkpoint.text(), text, "a checkpoint is what it says");
    }
    match SignedCheckpoint::parse(bytes) {
        Ok(signed) => drop(KEYS.judge(&signed)),
        Err(error) => said(&error.to_string()),
    }
    if let Err(error) = Manifest::parse(bytes) {
        said(&error.to_string());
    }
    if let Ok(mut check) = Check::new(bytes, &KEYS) {
        for path in ["index.html", "receipts/1.json", "../x"] {
            let mut file = check.begin(path);
            file.update(bytes);
            check.end(file);
        }
        drop(check.finish());
    }
}

/// Reads a list of keys, one key in each form it has, and a fingerprint.
pub(crate) fn keys(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match text.parse::<Keys>() {
        Ok(keys) => {
            let written = keys.to_string();
            assert!(written.parse::<Keys>().is_ok(), "keys as they write themselves: {written}");
        }
        Err(error) => said(&error.to_string()),
    }
    if let Ok(key) = text.parse::<Verifier>() {
        assert_eq!(key.to_string().parse::<Verifier>().ok(), Some(key));
    }
    if let Ok(fingerprint) = text.parse::<Fingerprint>() {
        assert_eq!(fingerprint.to_string().parse::<Fingerprint>().ok(), Some(fingerprint));
    }
    let Ok(name) = "any.example".parse::<ledger::Name>() else { return };
    drop(Verifier::from_spki_pem(name.clone(), Purpose::Log, text));
    drop(Signer::from_pkcs8_pem(name, Purpose::Log, text));
}
