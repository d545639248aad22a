//! A whole matter, exported.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ledger::{
    Check, Checked, Difference, Entry, FileHash, Hashing, Listed, Manifest, ManifestError,
    ReceiptError, TrustError,
};
use proptest::prelude::*;

use crate::world::{MATTER, at, flipped, keys, log_signer, next_log_signer, receipts};

type Files = BTreeMap<String, Vec<u8>>;

fn photo() -> Vec<u8> {
    (0..200_000_u32).map(|number| number.to_le_bytes()[0] ^ number.to_le_bytes()[1]).collect()
}

/// The bundle of a matter of three events, the second of which names a photograph.
fn files() -> Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(make_files).clone()
}

fn make_files() -> Files {
    let (_, mut receipts) = receipts(40, 0);
    let mut hashing = Hashing::default();
    hashing.update(&photo());
    let (_, hash) = hashing.listed();
    // The events of the world name a file that is nowhere; here each names the photograph.
    let mut log = crate::world::Log::of(40);
    for receipt in &mut receipts {
        let Entry::Event(event) = &mut receipt.entry else { unreachable!() };
        event.files = [hash].into();
        receipt.index = log.append(receipt.entry.leaf().unwrap());
    }
    let mut checkpoint = log.checkpoint(&log_signer());
    checkpoint.cosign(&crate::world::witness_signer(), at(9000)).unwrap();
    let mut files: Files = [
        ("index.html".to_owned(), b"<!doctype html><title>x</title>".to_vec()),
        ("files/照片 1.jpg".to_owned(), photo()),
    ]
    .into();
    for (receipt, number) in receipts.iter_mut().zip(1..) {
        receipt.checkpoint = checkpoint.clone();
        receipt.inclusion = log.inclusion(receipt.index);
        let text = receipt.to_text().unwrap() + "\n";
        files.insert(format!("receipts/{number:04}.json"), text.into_bytes());
    }
    files
}

fn manifest(files: &Files) -> Manifest {
    Manifest {
        origin: log_signer().verifier().name().clone(),
        matter: MATTER.parse().unwrap(),
        at: at(10_000),
        size: 43,
        withheld: [].into(),
        withheld_files: [].into(),
        files: files.iter().map(|(path, bytes)| (path.clone(), Listed::of(bytes))).collect(),
    }
}

fn signed(files: &Files) -> String {
    manifest(files).sign(&log_signer()).unwrap().to_string()
}

fn check(manifest: &str, files: &Files) -> Checked {
    let keys = keys();
    let mut check = Check::new(manifest.as_bytes(), &keys).unwrap();
    for (path, bytes) in files {
        let mut file = check.begin(path);
        // In pieces that fit no block.
        bytes.chunks(1000).for_each(|piece| file.update(piece));
        check.end(file);
    }
    check.finish()
}

fn told(checked: &Checked) -> Vec<String> {
    checked.differences.iter().map(Difference::en).collect()
}

#[test]
fn a_bundle_as_exported_is_whole() {
    let files = files();
    let checked = check(&signed(&files), &files);
    assert!(checked.is_whole(), "{:?}", told(&checked));
    assert_eq!(checked.verdicts.len(), 3);
    assert_eq!(checked.require_other_side(), Ok(()));
    assert_eq!(checked.manifest, manifest(&files));
}

#[test]
fn a_change_is_found_to_the_block() {
    let files = files();
    let manifest = signed(&files);
    let mut changed = files.clone();
    changed.get_mut("files/照片 1.jpg").unwrap()[150_000] ^= 1;
    let checked = check(&manifest, &changed);
    assert_eq!(
        told(&checked)[0],
        "file changed: files/照片 1.jpg, between bytes 131073 and 196608"
    );
    assert_eq!(
        checked.differences[0].zh(),
        "文件有改动：files/照片 1.jpg，在第131073至第196608字节之间"
    );
    // And the events that name the photograph miss it.
    assert!(checked.differences.iter().any(|found| found.key() == "file-missing"));

    let mut changed = files.clone();
    changed.get_mut("index.html").unwrap()[3] ^= 1;
    assert_eq!(
        told(&check(&manifest, &changed)),
        ["file changed: index.html, between bytes 1 and 31"]
    );
}

#[test]
fn files_that_came_or_went_are_named() {
    let files = files();
    let manifest = signed(&files);
    let mut changed = files.clone();
    changed.remove("index.html");
    changed.insert("extra.txt".to_owned(), vec![1]);
    changed.get_mut("files/照片 1.jpg").unwrap().pop();
    assert_eq!(
        told(&check(&manifest, &changed))[..3],
        [
            "file not in the manifest, or twice: extra.txt",
            "file of another length: files/照片 1.jpg, 199999 bytes where 200000 are listed",
            "file missing: index.html",
        ]
    );
}

#[test]
fn an_event_left_out_is_named_even_if_the_log_itself_exports_so() {
    let mut files = files();
    files.remove("receipts/0002.json");
    let checked = check(&signed(&files), &files);
    assert_eq!(told(&checked), [format!("events 2 of matter {MATTER} are missing")]);
}

#[test]
fn what_was_kept_back_is_told_by_the_log_and_missed_by_nobody() {
    let mut files = files();
    files.remove("receipts/0002.json");
    files.remove("files/照片 1.jpg");
    let mut hashing = Hashing::default();
    hashing.update(&photo());
    let kept = Manifest {
        withheld: [(MATTER.parse().unwrap(), 2)].into(),
        withheld_files: [hashing.listed().1].into(),
        ..manifest(&files)
    };
    let note = kept.sign(&log_signer()).unwrap().to_string();
    let checked = check(&note, &files);
    assert!(checked.is_whole(), "{:?}", told(&checked));
    assert_eq!(checked.manifest, kept);
    // Nobody but the log can say so, and only in one order.
    let forged = note.replace("withheld 2 ", "withheld 3 ");
    assert!(Check::new(forged.as_bytes(), &keys()).is_err());
    let line = format!("withheld 2 {MATTER}\n");
    let twice = note.replace(&line, &format!("{line}{line}"));
    assert!(Manifest::parse(twice.as_bytes()).is_err());
}

#[test]
fn a_receipt_that_proves_nothing_is_named() {
    let mut files = files();
    let receipt = files.get_mut("receipts/0002.json").unwrap();
    let text = String::from_utf8(receipt.clone()).unwrap();
    *receipt = text.replace(r#""action":"serve""#, r#""action":"reply""#).into_bytes();
    let checked = check(&signed(&files), &files);
    let found = checked.differences.iter().find(|found| found.key() == "receipt").unwrap();
    let Difference::Receipt { path, error } = found else { panic!() };
    assert_eq!(path, "receipts/0002.json");
    assert!(matches!(**error, ReceiptError::Proof(_)));
}

#[test]
fn the_receipt_of_another_matter_does_not_belong() {
    let files = files();
    let mut other = manifest(&files);
    other.matter = "another".parse().unwrap();
    let checked = check(&other.sign(&log_signer()).unwrap().to_string(), &files);
    assert!(checked.differences.iter().all(|found| found.key() == "other-matter"));
    assert_eq!(checked.differences.len(), 3);
}

#[test]
fn a_manifest_of_another_key_is_not_believed() {
    let keys = keys();
    let files = files();
    let forged = manifest(&files).sign(&next_log_signer()).unwrap().to_string();
    assert!(matches!(
        Check::new(forged.as_bytes(), &keys),
        Err(ManifestError::Trust(TrustError::NotSigned { .. }))
    ));
}

#[test]
fn paths_that_lead_out_are_refused() {
    for path in ["../x", "/x", "a//b", "a/./b", "a\\b", "C:x", "a\nb", "", "manifest.txt", "a/.."] {
        let files: Files = [(path.to_owned(), vec![])].into();
        assert!(matches!(manifest(&files).text(), Err(ManifestError::Path(_))), "{path:?}");
    }
}

#[test]
fn a_manifest_has_one_spelling() {
    let files = files();
    let text = signed(&files);
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        Manifest::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    assert!(matches!(refused("bundle/1", "bundle/2"), ManifestError::Line { line: 1 }));
    assert!(matches!(refused("time 1", "time 01"), ManifestError::Line { line: 4 }));
    assert!(matches!(refused("size 43", "size x"), ManifestError::Line { line: 5 }));
    assert!(matches!(refused("file 31 ", "file 031 "), ManifestError::Line { .. }));
    assert!(matches!(refused("block ", "blok "), ManifestError::Line { line: 7 }));
    assert!(matches!(refused("file 31 ", "file 99999 "), ManifestError::Path(_)));
    assert!(matches!(refused(" index.html", " a.html"), ManifestError::Path(_)));
}

#[test]
fn blocks_are_counted_at_their_edges() {
    for (length, blocks) in [(0, 0), (1, 0), (65_536, 0), (65_537, 2), (131_072, 2), (131_073, 3)] {
        assert_eq!(Listed::of(&vec![7; length]).blocks.len(), blocks, "{length}");
    }
    let (_, hash) = Hashing::default().listed();
    assert_eq!(
        hash.to_string(),
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert!(matches!(hash, FileHash::Sha256(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn one_flipped_bit_anywhere_is_found_and_named(which: prop::sample::Index, bit: prop::sample::Index) {
        let files = files();
        let manifest = signed(&files);
        let which = which.index(files.len() + 1);
        let Some(path) = files.keys().nth(which).cloned() else {
            let changed = flipped(manifest.as_bytes(), bit.index(manifest.len() * 8));
            prop_assert!(Check::new(&changed, &keys()).is_err());
            return Ok(());
        };
        let mut changed = files.clone();
        let bytes = changed.get_mut(&path).unwrap();
        *bytes = flipped(bytes, bit.index(bytes.len() * 8));
        let checked = check(&manifest, &changed);
        let named = checked.differences.iter().any(|found| {
            matches!(found, Difference::Changed { path: at, .. } if *at == path)
        });
        prop_assert!(named, "{:?}", told(&checked));
    }
}
