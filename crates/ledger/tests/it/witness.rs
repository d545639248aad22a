//! The witness: it signs what has grown, and keeps what has not.

use ledger::witness::EVIDENCE_MAX;
use ledger::{
    ConsistencyProof, Entry, KeyError, Look, ProvedRotation, Refused, Rotation, Shown, SplitView,
    StateError, TrustError, WhySplit, Witness,
};
use proptest::prelude::*;

use crate::world::{Log, at, keys, leaf, log_signer, next_log_signer, witness_signer};

fn witness() -> Witness {
    Witness::new(log_signer().verifier().clone()).unwrap()
}

fn look(witness: &mut Witness, shown: &Shown) -> Look {
    let look = witness.look(shown, &witness_signer(), at(1000)).unwrap();
    // Whatever happened, the state survives being written down.
    let text = witness.to_text().unwrap();
    assert_eq!(&Witness::parse(text.as_bytes()).unwrap(), witness);
    assert!(!look.zh().is_empty() && !look.en().is_empty());
    look
}

/// A log like [`Log::of`] in which the entry `forged` says something else.
fn forged(leaves: u64, forged: u64) -> Log {
    let mut log = Log::default();
    for number in 0..leaves {
        log.append(if number == forged { leaf(u64::MAX) } else { leaf(number) });
    }
    log
}

#[test]
fn what_has_grown_is_cosigned() {
    let mut witness = witness();
    for (seen, size) in [(0, 5), (5, 5), (5, 6), (6, 300), (300, 1024)] {
        assert_eq!(witness.size(), seen);
        let shown = Log::of(size).show(&log_signer(), seen);
        let Look::Cosigned { checkpoint, first } = look(&mut witness, &shown) else { panic!() };
        assert_eq!(first, seen == 0);
        assert_eq!(keys().judge(&checkpoint).unwrap().require_other_side(), Ok(()));
        assert_eq!(witness.size(), size);
        assert_eq!(witness.last().unwrap().1, at(1000));
    }
    assert!(witness.evidence().is_empty());
}

#[test]
fn two_roots_of_one_size_convict_the_log_and_stop_the_witness() {
    let mut witness = witness();
    look(&mut witness, &Log::of(9).show(&log_signer(), 0));
    let Look::SplitView(split) = look(&mut witness, &forged(9, 4).show(&log_signer(), 9)) else {
        panic!()
    };
    assert_eq!(split.why, WhySplit::TwoRoots);
    assert_eq!(split.seen.checkpoint().head, Log::of(9).head());
    assert_eq!(split.shown.checkpoint().head, forged(9, 4).head());
    assert!(split.zh().starts_with("【严重】"));
    // Anybody with the log's key can check it.
    assert_eq!(split.verify(keys().log()), Ok(true));
    let text = split.to_text().unwrap();
    assert_eq!(SplitView::parse(text.as_bytes()).unwrap(), *split);
    for other in [text.replace("evidence/1", "evidence/2"), text.replace("two-roots", "none")] {
        assert!(SplitView::parse(other.as_bytes()).is_err());
    }

    let honest = Log::of(10).show(&log_signer(), 9);
    assert!(matches!(look(&mut witness, &honest), Look::SplitView(again) if again == split));
    assert_eq!(witness.size(), 9);
    assert_eq!(witness.evidence().len(), 1);
}

#[test]
fn a_history_that_did_not_grow_is_not_cosigned_and_kept() {
    let mut witness = witness();
    look(&mut witness, &Log::of(9).show(&log_signer(), 0));
    let other = forged(20, 4).show(&log_signer(), 9);
    let Look::SplitView(split) = look(&mut witness, &other) else { panic!() };
    assert_eq!(split.why, WhySplit::NoProof);
    assert_eq!(split.verify(keys().log()), Ok(true));
    assert_eq!(split.proof, other.consistency);
    // Shown again, it is not kept twice; the honest log goes on.
    look(&mut witness, &other);
    assert_eq!(witness.evidence().len(), 1);
    let honest = Log::of(21).show(&log_signer(), 9);
    assert!(matches!(look(&mut witness, &honest), Look::Cosigned { .. }));
    assert_eq!(witness.evidence().len(), 1);
}

#[test]
fn an_accusation_is_taken_back_when_the_proof_comes() {
    let mut witness = witness();
    look(&mut witness, &Log::of(9).show(&log_signer(), 0));
    let mut shown = Log::of(20).show(&log_signer(), 9);
    let proof = std::mem::take(&mut shown.consistency);
    assert!(matches!(look(&mut witness, &shown), Look::SplitView(_)));
    shown.consistency = proof;
    assert!(matches!(look(&mut witness, &shown), Look::Cosigned { .. }));
    assert!(witness.evidence().is_empty());
}

#[test]
fn an_old_checkpoint_is_no_harm_unless_it_is_of_another_history() {
    let mut witness = witness();
    let log = Log::of(20);
    look(&mut witness, &log.show(&log_signer(), 0));
    let old = |log: &Log, consistency| Shown {
        checkpoint: log.checkpoint(&log_signer()),
        consistency,
        rotations: Vec::new(),
    };
    let unproved = old(&Log::of(9), ConsistencyProof::default());
    assert_eq!(look(&mut witness, &unproved), Look::Behind { shown: 9, seen: 20, proved: false });
    let proved = old(&Log::of(9), log.consistency(9));
    assert_eq!(look(&mut witness, &proved), Look::Behind { shown: 9, seen: 20, proved: true });
    let other = old(&forged(9, 4), log.consistency(9));
    assert!(
        matches!(look(&mut witness, &other), Look::SplitView(split) if split.why == WhySplit::NoProof)
    );
    assert_eq!(witness.size(), 20);
}

#[test]
fn the_word_of_another_key_is_not_the_logs() {
    let mut witness = witness();
    look(&mut witness, &Log::of(9).show(&log_signer(), 0));
    let before = witness.clone();
    let stranger = forged(9, 4).show(&next_log_signer(), 9);
    assert!(matches!(
        look(&mut witness, &stranger),
        Look::Refused(Refused::Trust(TrustError::NotSigned { .. }))
    ));
    assert_eq!(witness, before);
    let wrong = witness.look(&Log::of(10).show(&log_signer(), 9), &log_signer(), at(1));
    assert_eq!(wrong, Err(KeyError::OtherPurpose));
    assert_eq!(witness, before);
}

fn changed_keys(log: &mut Log) -> ProvedRotation {
    let rotation = Rotation::new(&log_signer(), &next_log_signer(), at(3)).unwrap();
    let index = log.append(Entry::Rotation(Box::new(rotation.clone())).leaf().unwrap());
    (0..3).for_each(|number| _ = log.append(leaf(number)));
    ProvedRotation { rotation, index, inclusion: log.inclusion(index) }
}

#[test]
fn a_change_of_keys_is_followed_while_looking() {
    let mut witness = witness();
    let mut log = Log::of(9);
    look(&mut witness, &log.show(&log_signer(), 0));
    let rotation = changed_keys(&mut log);
    let without = log.show(&next_log_signer(), 9);
    assert!(matches!(look(&mut witness, &without), Look::Refused(Refused::Trust(_))));
    let with = Shown { rotations: vec![rotation], ..without };
    assert_eq!(Shown::parse(with.to_text().unwrap().as_bytes()).unwrap(), with);
    assert!(matches!(look(&mut witness, &with), Look::Cosigned { .. }));
    assert_eq!(witness.log().in_force(13), Some(next_log_signer().verifier()));
}

#[test]
fn a_stolen_key_cannot_lead_the_witness_into_another_history() {
    let mut witness = witness();
    look(&mut witness, &Log::of(9).show(&log_signer(), 0));
    let mut other = forged(9, 4);
    let rotation = changed_keys(&mut other);
    let shown = Shown { rotations: vec![rotation], ..other.show(&next_log_signer(), 9) };
    assert!(matches!(look(&mut witness, &shown), Look::SplitView(_)));
    assert_eq!(witness.log().in_force(100), Some(log_signer().verifier()));
}

#[test]
fn a_change_of_keys_in_the_past_or_elsewhere_is_refused() {
    let mut log = Log::of(9);
    let rotation = changed_keys(&mut log);
    let mut seen_all = Witness::new(next_log_signer().verifier().clone()).unwrap();
    look(&mut seen_all, &log.show(&next_log_signer(), 0));
    let shown = Shown { rotations: vec![rotation.clone()], ..log.show(&next_log_signer(), 13) };
    assert!(matches!(look(&mut seen_all, &shown), Look::Refused(Refused::Rotation(_))));

    let mut witness = witness();
    let elsewhere = ProvedRotation { index: 10, ..rotation };
    let shown = Shown { rotations: vec![elsewhere], ..log.show(&next_log_signer(), 0) };
    assert!(matches!(look(&mut witness, &shown), Look::Refused(Refused::Rotation(_))));
}

#[test]
fn evidence_is_bounded() {
    let mut witness = witness();
    look(&mut witness, &Log::of(2).show(&log_signer(), 0));
    for size in 0..EVIDENCE_MAX as u64 + 3 {
        look(&mut witness, &forged(size + 3, 0).show(&log_signer(), 2));
    }
    assert_eq!(witness.evidence().len(), EVIDENCE_MAX);
}

#[test]
fn a_state_that_contradicts_itself_is_refused() {
    let mut witness = witness();
    look(&mut witness, &Log::of(9).show(&log_signer(), 0));
    let text = witness.to_text().unwrap();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} in {text}");
        Witness::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    assert!(matches!(refused("witness/1", "witness/2"), StateError::OtherVersion));
    assert!(matches!(refused("\\n9\\n", "\\n8\\n"), StateError::Contradiction(_)));
    assert!(matches!(refused("\"from\": 0", "\"from\": 1"), StateError::Contradiction(_)));
    assert!(matches!(refused("\"last\"", "\"lost\""), StateError::NotJson(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However the log grows, and whatever it forges, the witness never cosigns two histories.
    #[test]
    fn no_two_histories_are_ever_cosigned(
        steps in prop::collection::vec((1_u64..40, any::<bool>()), 1..12),
    ) {
        let mut witness = witness();
        let mut cosigned: Vec<ledger::Head> = Vec::new();
        let mut size = 0;
        for (grow, honest) in steps {
            size += grow;
            let log = if honest { Log::of(size) } else { forged(size, 0) };
            let shown = log.show(&log_signer(), witness.size().min(size));
            if let Look::Cosigned { checkpoint, .. } = look(&mut witness, &shown) {
                cosigned.push(checkpoint.checkpoint().head);
            }
        }
        let last = *cosigned.last().unwrap();
        let all_honest = Log::of(last.size);
        let all_forged = forged(last.size, 0);
        let log = if last == all_honest.head() { all_honest } else { all_forged };
        for head in cosigned {
            prop_assert!(log.consistency(head.size).verify(head, last).is_ok());
        }
    }
}
