//! Checkpoints, their signatures, and the keys that judge them.

use ledger::{
    Checkpoint, CheckpointError, KeyError, Keys, KeysError, NoteError, SignedCheckpoint, Signer,
    TrustError, Verifier,
};
use proptest::prelude::*;

use crate::world::{
    Dice, Log, at, flipped, keys, log_signer, next_log_signer, own_witness_signer, witness_signer,
};

fn cosigned() -> SignedCheckpoint {
    let mut checkpoint = Log::of(42).checkpoint(&log_signer());
    checkpoint.cosign(&witness_signer(), at(100)).unwrap();
    checkpoint
}

#[test]
fn a_checkpoint_comes_back_and_stands() {
    let checkpoint = cosigned();
    let read = SignedCheckpoint::parse(checkpoint.to_string().as_bytes()).unwrap();
    assert_eq!(read, checkpoint);
    let standing = keys().judge(&read).unwrap();
    assert_eq!(standing.head, Log::of(42).head());
    assert_eq!(standing.at, Some(at(42)));
    assert_eq!(standing.key, log_signer().verifier().id());
    let witness = &standing.witnesses[0];
    assert_eq!((witness.name.as_str(), witness.at), ("jcy.hanzhong.example/witness", at(100)));
    assert_eq!(standing.require_other_side(), Ok(()));
}

#[test]
fn a_witness_of_its_own_side_is_not_enough() {
    let mut checkpoint = Log::of(42).checkpoint(&log_signer());
    let alone = keys().judge(&checkpoint).unwrap();
    assert_eq!(alone.require_other_side(), Err(TrustError::NotWitnessed));
    checkpoint.cosign(&own_witness_signer(), at(1)).unwrap();
    let own = keys().judge(&checkpoint).unwrap();
    assert_eq!(own.witnesses.len(), 1);
    assert_eq!(own.require_other_side(), Err(TrustError::NotWitnessed));
}

#[test]
fn a_checkpoint_without_the_logs_own_signature_does_not_stand() {
    let mut stranger = Log::of(42).checkpoint(&next_log_signer());
    stranger.cosign(&witness_signer(), at(1)).unwrap();
    let id = log_signer().verifier().id();
    assert_eq!(keys().judge(&stranger), Err(TrustError::NotSigned { id }));
}

#[test]
fn the_words_of_one_log_are_not_anothers() {
    let name = "other.example/log".parse().unwrap();
    let other = Signer::generate(name, ledger::Purpose::Log, &mut Dice::new("log")).unwrap();
    let judged = keys().judge(&Log::of(42).checkpoint(&other));
    assert!(matches!(judged, Err(TrustError::OtherLog { .. })));
}

#[test]
fn signatures_of_unknown_keys_count_for_nothing_and_do_no_harm() {
    let mut checkpoint = cosigned();
    let name = "stranger.example".parse().unwrap();
    let stranger =
        Signer::generate(name, ledger::Purpose::Witness, &mut Dice::new("stranger")).unwrap();
    checkpoint.cosign(&stranger, at(1)).unwrap();
    assert_eq!(keys().judge(&checkpoint).unwrap().witnesses.len(), 1);
}

#[test]
fn a_key_signs_only_what_it_is_for() {
    let mut checkpoint = Log::of(1).checkpoint(&log_signer());
    assert_eq!(checkpoint.cosign(&log_signer(), at(1)), Err(KeyError::OtherPurpose));
    let said = checkpoint.checkpoint().clone();
    let by_witness = Checkpoint { origin: witness_signer().verifier().name().clone(), ..said };
    assert_eq!(
        by_witness.sign(&witness_signer()),
        Err(CheckpointError::Key(KeyError::OtherPurpose))
    );
    let said = checkpoint.checkpoint().clone();
    let of_another = Checkpoint { origin: "other.example".parse().unwrap(), ..said };
    assert_eq!(of_another.sign(&log_signer()), Err(CheckpointError::OtherOrigin));
}

#[test]
fn a_second_look_replaces_the_first_and_copies_are_merged() {
    let mut one = cosigned();
    one.cosign(&witness_signer(), at(200)).unwrap();
    assert_eq!(one.note().signatures().len(), 2);
    assert_eq!(keys().judge(&one).unwrap().witnesses[0].at, at(200));

    let mut other = Log::of(42).checkpoint(&log_signer());
    other.cosign(&own_witness_signer(), at(5)).unwrap();
    assert!(one.merge(&other));
    assert_eq!(keys().judge(&one).unwrap().witnesses.len(), 2);
    assert!(!one.merge(&Log::of(43).checkpoint(&log_signer())));
}

#[test]
fn lines_of_others_are_kept_and_lines_that_cannot_be_are_refused() {
    let said = Log::of(3).checkpoint(&log_signer()).checkpoint().clone();
    let with = |lines: &[&str]| {
        let extensions = lines.iter().map(|line| (*line).to_owned()).collect();
        Checkpoint { extensions, ..said.clone() }.sign(&log_signer())
    };
    let signed = with(&["of somebody else: 7"]).unwrap();
    let read = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
    assert_eq!(read.checkpoint().extensions, ["of somebody else: 7"]);
    for bad in [&[""][..], &["two\nlines"], &["time 7"], &["x"; 17]] {
        assert!(with(bad).is_err(), "{bad:?}");
    }
    assert_eq!(
        with(&["a\u{7}"]).err(),
        Some(CheckpointError::Note(NoteError::Control {
            byte: with(&[]).unwrap().note().text().len() + 1
        }))
    );
}

#[test]
fn every_part_has_one_spelling() {
    let text = cosigned().to_string();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        SignedCheckpoint::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    assert_eq!(refused("\n42\n", "\n042\n"), CheckpointError::Size);
    assert_eq!(refused("\n42\n", "\n+42\n"), CheckpointError::Size);
    assert_eq!(refused("\n42\n", "\n9007199254740992\n"), CheckpointError::Size);
    assert_eq!(refused("=\ntime", "\ntime"), CheckpointError::Root);
    assert_eq!(refused("=\ntime", "==\ntime"), CheckpointError::Root);
    assert_eq!(refused("\ntime 1", "\ntime 01"), CheckpointError::Extension { line: 4 });
    assert_eq!(refused("liandong.", "lian dong."), CheckpointError::Origin);
    let line = |line| CheckpointError::Note(NoteError::SignatureLine { line });
    assert_eq!(refused("— jcy", "- jcy"), line(2));
    assert_eq!(refused("— jcy", "—  jcy"), line(2));
    // An empty line before the last signature makes the first one text, and text has no empty line.
    assert_eq!(refused("\n— jcy", "\n\n— jcy"), CheckpointError::Extension { line: 5 });
    let unended = &text[..text.len() - 1];
    assert_eq!(
        SignedCheckpoint::parse(unended.as_bytes()).unwrap_err(),
        CheckpointError::Note(NoteError::Unsigned)
    );
    let many =
        text.clone() + &text.lines().last().map(|line| format!("{line}\n")).unwrap().repeat(40);
    assert_eq!(
        SignedCheckpoint::parse(many.as_bytes()).unwrap_err(),
        CheckpointError::Note(NoteError::TooManySignatures)
    );
    assert_eq!(
        SignedCheckpoint::parse(&vec![b'x'; 1 << 17]).unwrap_err(),
        CheckpointError::Note(NoteError::TooLong)
    );
}

#[test]
fn the_last_bits_of_a_root_have_one_spelling_too() {
    // 32 bytes leave two bits of the last base64 digit unused.
    let text = Log::of(42).checkpoint(&log_signer()).to_string();
    let root = text.lines().nth(2).unwrap();
    let last = root.as_bytes()[42];
    let other =
        root.replacen(&format!("{}=", char::from(last)), &format!("{}=", char::from(last + 1)), 1);
    assert_eq!(
        SignedCheckpoint::parse(text.replace(root, &other).as_bytes()).unwrap_err(),
        CheckpointError::Root
    );
}

#[test]
fn a_fingerprint_stands_for_the_first_three_lines_only() {
    let one = Log::of(42).checkpoint(&log_signer());
    let later = Checkpoint { at: Some(at(999)), ..one.checkpoint().clone() };
    assert_eq!(one.checkpoint().fingerprint(), later.fingerprint());
    let other = Log::of(43).checkpoint(&log_signer());
    assert_ne!(one.checkpoint().fingerprint(), other.checkpoint().fingerprint());
    let line = one.checkpoint().minutes_zh();
    assert!(line.starts_with("日志“liandong.hanzhong.example/2026”截至第42条"), "{line}");
    assert!(line.ends_with(&one.checkpoint().fingerprint().to_string()));
}

#[test]
fn keys_come_back_from_every_form() {
    let signer = log_signer();
    let name = || signer.verifier().name().clone();
    let pem = signer.to_pkcs8_pem().unwrap();
    let again = Signer::from_pkcs8_pem(name(), ledger::Purpose::Log, &pem).unwrap();
    assert_eq!(again.verifier(), signer.verifier());
    let pem = signer.verifier().to_spki_pem().unwrap();
    let public = Verifier::from_spki_pem(name(), ledger::Purpose::Log, &pem).unwrap();
    assert_eq!(&public, signer.verifier());
    let line = signer.verifier().to_string();
    assert_eq!(&line.parse::<Verifier>().unwrap(), signer.verifier());
    assert_eq!(again.sign(b"x").unwrap(), signer.sign(b"x").unwrap());

    let other_id = line.replacen(&signer.verifier().id().to_string(), "00000000", 1);
    assert_eq!(other_id.parse::<Verifier>(), Err(KeyError::OtherId));
    assert_eq!("name".parse::<Verifier>(), Err(KeyError::NotAVerifier));
    assert_eq!("x".repeat(5000).parse::<Verifier>(), Err(KeyError::TooLong));
    // A key of another curve: the header says P-256.
    let p256 = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n\
        6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n\
        -----END PUBLIC KEY-----\n";
    let refused = Verifier::from_spki_pem(name(), ledger::Purpose::Log, p256);
    assert_eq!(refused.err(), Some(KeyError::NotAPublicKey));
}

#[test]
fn a_list_of_keys_is_written_and_read() {
    let text = keys().to_string();
    assert_eq!(text.parse::<Keys>().unwrap(), keys());
    let remarked = text.replace("witness procuratorate", "\n# 检察院\nwitness  procuratorate");
    assert_eq!(remarked.parse::<Keys>().unwrap(), keys());

    let refused = |from: &str, to: &str| text.replacen(from, to, 1).parse::<Keys>().unwrap_err();
    assert_eq!(refused("liandong-keys/1", "liandong-keys/2"), KeysError::OtherVersion);
    assert_eq!(refused("log 0", "log 1"), KeysError::Line { line: 2 });
    assert_eq!(refused("log 0", "logs 0"), KeysError::Line { line: 2 });
    assert_eq!(refused("witness procuratorate", "witness"), KeysError::Line { line: 3 });
    assert_eq!(refused("log 0 government ", "# "), KeysError::NoLog);
    let twice =
        text.replacen("witness p", &format!("{}\nwitness p", text.lines().nth(1).unwrap()), 1);
    assert_eq!(twice.parse::<Keys>().unwrap_err(), KeysError::Line { line: 3 });
    let swapped = format!("liandong-keys/1\nlog 0 government {}\n", witness_signer().verifier());
    assert_eq!(swapped.parse::<Keys>().unwrap_err(), KeysError::Line { line: 2 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_flipped_bit_never_stands_with_the_other_side(bit: prop::sample::Index) {
        let text = cosigned().to_string();
        let changed = flipped(text.as_bytes(), bit.index(text.len() * 8));
        let stands = SignedCheckpoint::parse(&changed).ok().and_then(|checkpoint| {
            let standing = keys().judge(&checkpoint).ok()?;
            standing.require_other_side().ok()
        });
        prop_assert_eq!(stands, None);
    }
}
