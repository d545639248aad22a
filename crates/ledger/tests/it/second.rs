//! A second implementation, `tests/second/verify.py`, written from `docs/ledger.md` alone in another
//! language and without a library: it says of every receipt what this crate says.

use std::path::Path;
use std::process::Command;

use ledger::{Keys, Receipt};

use crate::rotation::after_the_change;
use crate::world::{flipped, keys, receipts};

/// What the second implementation says of a receipt: whether it holds, and its words.
fn second(folder: &Path, keys: &Keys, receipt: &[u8]) -> (bool, String) {
    let (list, file) = (folder.join("keys.txt"), folder.join("receipt.json"));
    std::fs::write(&list, keys.to_string()).unwrap();
    std::fs::write(&file, receipt).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/second/verify.py");
    let output = Command::new("python3").arg(script).args([list, file]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    (code == Some(0), said)
}

#[test]
fn a_second_implementation_written_from_the_document_says_the_same() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: there is no python3 on this machine");
        return;
    }
    let folder = std::env::temp_dir().join(format!("liandong-second-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (_, all) = receipts(5, 4);
    let (_, rotated) = after_the_change();
    for (receipt, words) in [(&all[1], "the other side"), (&rotated, "serve stood in the log")] {
        let text = receipt.to_text().unwrap();
        let (holds, said) = second(&folder, &keys(), text.as_bytes());
        assert!(holds && said.contains(words), "{said}");
        // Bits flipped here and there: what one refuses the other refuses.
        for bit in (0..text.len() * 8).step_by(text.len() * 8 / 40 + 1) {
            let changed = flipped(text.as_bytes(), bit);
            let ours = Receipt::parse(&changed).and_then(|receipt| receipt.verify(&keys()));
            // A bit in the id of a signature makes it one of an unknown key, which counts for nothing.
            let (theirs, said) = second(&folder, &keys(), &changed);
            assert_eq!(theirs, ours.is_ok(), "bit {bit}: {said} {ours:?}");
        }
    }
    let alone = Receipt { rotations: Vec::new(), ..rotated };
    let (holds, said) = second(&folder, &keys(), alone.to_text().unwrap().as_bytes());
    assert!(!holds && said.contains("in force"), "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
}
