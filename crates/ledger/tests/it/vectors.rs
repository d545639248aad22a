//! The test vectors of `docs/ledger.md`, read from that very document.

use std::collections::BTreeMap;

use ledger::{
    ConsistencyProof, Entry, Hash, Head, InclusionProof, Keys, Receipt, Rotation, SignedCheckpoint,
    Verifier, canonical, rebuild,
};

use crate::world::{
    Log, at, content, event, keys, log_signer, next_log_signer, receipts, witness_signer,
};

const DOCUMENT: &str = include_str!("../../../../docs/ledger.md");

/// The blocks of the document that are fenced as `vector NAME`, by name, without their last line feed.
fn vectors() -> BTreeMap<&'static str, &'static str> {
    let mut vectors = BTreeMap::new();
    for piece in DOCUMENT.split("```vector ").skip(1) {
        let (name, rest) = piece.split_once('\n').unwrap();
        let (text, _) = rest.split_once("\n```").unwrap();
        assert!(vectors.insert(name, text).is_none(), "{name} stands twice");
    }
    vectors
}

/// What the code makes of the same inputs.
fn made() -> BTreeMap<&'static str, String> {
    let mut made = BTreeMap::new();
    let lines = |lines: &[String]| lines.join("\n");
    let content = content(1);
    let named: Vec<String> = content
        .commitments()
        .iter()
        .map(|(name, commitment)| {
            let opening = &content.open(|_| true)[name];
            let value = canonical::to_text(&opening.value).unwrap();
            format!("{name}\n  value {value}\n  salt {}\n  commitment {commitment}", opening.salt)
        })
        .collect();
    made.insert("content", format!("seed {}\n{}", "01".repeat(16), lines(&named)));

    let entry = Entry::Event(event(1));
    made.insert("entry", entry.to_text().unwrap());
    made.insert("leaf", entry.leaf().unwrap().to_string());

    let roots: Vec<String> = (0..=8)
        .map(|size| {
            let entries = (0..size).map(|number| format!("entry {number}"));
            format!("{size} {}", rebuild(entries).unwrap().root())
        })
        .collect();
    made.insert("roots", lines(&roots));
    let hashes = |hashes: &[Hash]| lines(&hashes.iter().map(Hash::to_string).collect::<Vec<_>>());
    let log = Log::of(7);
    made.insert("inclusion", hashes(log.inclusion(4).hashes()));
    made.insert("consistency", hashes(log.consistency(3).hashes()));

    made.insert(
        "verifiers",
        lines(&[log_signer().verifier().to_string(), witness_signer().verifier().to_string()]),
    );
    let mut checkpoint = log.checkpoint(&log_signer());
    checkpoint.cosign(&witness_signer(), at(9)).unwrap();
    made.insert("checkpoint", checkpoint.to_string().trim_end().to_owned());
    made.insert("fingerprint", checkpoint.checkpoint().fingerprint().to_string());

    let rotation = Rotation::new(&log_signer(), &next_log_signer(), at(50)).unwrap();
    made.insert("rotation", Entry::Rotation(Box::new(rotation)).to_text().unwrap());

    let mut receipt = receipts(2, 2).1.swap_remove(0);
    receipt.openings.remove(&"informant".parse::<ledger::Label>().unwrap());
    made.insert("receipt", receipt.to_text().unwrap());
    made.insert("keys", keys().to_string().trim_end().to_owned());
    made
}

#[test]
fn the_document_says_what_the_code_does() {
    let (stated, made) = (vectors(), made());
    for (name, text) in &made {
        let stated = stated.get(name).copied();
        assert_eq!(stated, Some(text.as_str()), "vector {name} should be:\n{text}\n");
    }
    assert_eq!(stated.len(), made.len());
}

/// From here on only the document is used, as another implementation would.
#[test]
fn the_document_is_enough_to_verify_with() {
    let vectors = vectors();
    let leaf = Entry::parse(vectors["entry"].as_bytes()).unwrap().leaf().unwrap();
    assert_eq!(leaf.to_string(), vectors["leaf"]);

    let hashes = |name: &str| -> Vec<Hash> {
        vectors[name].lines().map(|line| line.parse().unwrap()).collect()
    };
    let heads: Vec<Head> = vectors["roots"]
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(size, root)| Head { size: size.parse().unwrap(), root: root.parse().unwrap() })
        .collect();
    let inclusion = InclusionProof::from_hashes(hashes("inclusion"));
    assert_eq!(inclusion.verify(Hash::leaf(b"entry 4"), 4, heads[7]), Ok(()));
    let consistency = ConsistencyProof::from_hashes(hashes("consistency"));
    assert_eq!(consistency.verify(heads[3], heads[7]), Ok(()));

    let mut verifiers = vectors["verifiers"].lines().map(|line| line.parse::<Verifier>().unwrap());
    let keys = Keys::new("government".parse().unwrap(), verifiers.next().unwrap())
        .unwrap()
        .witness("procuratorate".parse().unwrap(), verifiers.next().unwrap())
        .unwrap();
    let note = format!("{}\n", vectors["checkpoint"]);
    let checkpoint = SignedCheckpoint::parse(note.as_bytes()).unwrap();
    let standing = keys.judge(&checkpoint).unwrap();
    assert_eq!(standing.head, heads[7]);
    assert_eq!(standing.require_other_side(), Ok(()));
    let print = vectors["fingerprint"].parse().unwrap();
    assert_eq!(checkpoint.checkpoint().fingerprint(), print);

    let Entry::Rotation(rotation) = Entry::parse(vectors["rotation"].as_bytes()).unwrap() else {
        panic!()
    };
    assert_eq!(rotation.verify(), Ok(()));
    let receipt = Receipt::parse(vectors["receipt"].as_bytes()).unwrap();
    assert!(receipt.verify(&keys).unwrap().standing.require_other_side().is_ok());
    assert!(!vectors["receipt"].contains("张某"));
    let keys: Keys = vectors["keys"].parse().unwrap();
    assert!(receipt.verify(&keys).is_ok());
}
