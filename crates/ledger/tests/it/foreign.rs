//! Whatever bytes come, the readers answer. `PROPTEST_CASES` sets how many are tried.

use std::sync::OnceLock;

use ledger::{
    Entry, Fingerprint, Frontier, Keys, Manifest, Name, Purpose, Receipt, Shown, SignedCheckpoint,
    Signer, Verifier, Witness, canonical,
};
use proptest::prelude::*;

use crate::world::{Log, event, keys, log_signer, receipts, witness_signer};

/// Every reader of this crate reads the bytes; what it makes of them is checked by whoever could.
fn read_all(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let name: Name = "n".parse().unwrap();
    let _ = canonical::parse(bytes, 1 << 20);
    if let Ok(entry) = Entry::parse(bytes) {
        assert_eq!(entry.to_text().unwrap().as_bytes(), bytes);
    }
    if let Ok(checkpoint) = SignedCheckpoint::parse(bytes) {
        assert_eq!(checkpoint.to_string().as_bytes(), bytes);
        let _ = keys().judge(&checkpoint);
    }
    if let Ok(receipt) = Receipt::parse(bytes) {
        let _ = receipt.verify(&keys());
    }
    if let Ok(shown) = Shown::parse(bytes) {
        let mut witness = Witness::new(log_signer().verifier().clone()).unwrap();
        let _ = witness.look(&shown, &witness_signer(), crate::world::at(1));
    }
    if let Ok(witness) = Witness::parse(bytes) {
        let _ = witness.to_text().unwrap();
    }
    if let Ok((manifest, note)) = Manifest::parse(bytes) {
        assert_eq!(manifest.text().unwrap(), note.text());
    }
    if let Ok(frontier) = Frontier::from_bytes(bytes) {
        assert_eq!(frontier.to_bytes(), bytes);
        let _ = frontier.root();
    }
    if let Ok(keys) = text.parse::<Keys>() {
        assert_eq!(keys.to_string().parse::<Keys>().unwrap(), keys);
    }
    if let Ok(verifier) = text.parse::<Verifier>() {
        assert_eq!(verifier.to_string(), text);
    }
    let _ = text.parse::<Fingerprint>();
    let _ = Signer::from_pkcs8_pem(name.clone(), Purpose::Log, &text);
    let _ = Verifier::from_spki_pem(name, Purpose::Witness, &text);
}

/// One good example of everything that is read.
fn examples() -> &'static [Vec<u8>] {
    static EXAMPLES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    EXAMPLES.get_or_init(make_examples)
}

fn make_examples() -> Vec<Vec<u8>> {
    let (log, receipts) = receipts(5, 2);
    let checkpoint = log.checkpoint(&log_signer());
    let mut witness = Witness::new(log_signer().verifier().clone()).unwrap();
    let shown = log.show(&log_signer(), 0);
    witness.look(&shown, &witness_signer(), crate::world::at(1)).unwrap();
    let files = [("a.txt".to_owned(), ledger::Listed::of(&vec![1; 70_000]))].into();
    let manifest = Manifest {
        origin: log_signer().verifier().name().clone(),
        matter: "m".parse().unwrap(),
        at: crate::world::at(1),
        size: 10,
        withheld: [].into(),
        withheld_files: [].into(),
        files,
    };
    vec![
        Entry::Event(event(1)).to_text().unwrap().into_bytes(),
        checkpoint.to_string().into_bytes(),
        receipts[0].to_text().unwrap().into_bytes(),
        shown.to_text().unwrap().into_bytes(),
        witness.to_text().unwrap().into_bytes(),
        manifest.sign(&log_signer()).unwrap().to_string().into_bytes(),
        Log::of(7).frontier.to_bytes(),
        keys().to_string().into_bytes(),
        log_signer().verifier().to_string().into_bytes(),
        checkpoint.checkpoint().fingerprint().to_string().into_bytes(),
        log_signer().to_pkcs8_pem().unwrap().into_bytes(),
        log_signer().verifier().to_spki_pem().unwrap().into_bytes(),
    ]
}

#[test]
fn the_examples_are_read() {
    for example in examples() {
        read_all(example);
    }
}

#[test]
fn every_shortened_example_is_read() {
    for example in examples() {
        for length in (0..example.len()).step_by(29) {
            read_all(&example[..length]);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn any_lines_are_read(lines in "([a-z0-9+/=— ]{0,40}\n){0,12}") {
        read_all(lines.as_bytes());
    }
}

proptest! {
    #[test]
    fn any_changed_example_is_read(
        which in 0_usize..12,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..6),
    ) {
        let mut bytes = examples()[which].clone();
        for (place, byte, how) in changes {
            if bytes.is_empty() {
                break;
            }
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                2 => _ = bytes.remove(place),
                _ => {
                    let piece = bytes[place..(place + usize::from(byte)).min(bytes.len())].to_vec();
                    bytes.splice(place..place, piece);
                }
            }
        }
        read_all(&bytes);
    }
}
