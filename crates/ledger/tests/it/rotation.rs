//! The log's key changes, and whoever had the first key follows.

use ledger::{
    Entry, InForce, KeyChain, Keys, Look, Proved, ProvedRotation, Receipt, ReceiptError, Rotation,
    RotationError, Shown, SignedCheckpoint, Signer, TrustError, Witness,
};

use crate::world::{
    Log, at, content, event, keys, leaf, log_signer, next_log_signer, witness_signer,
};

fn change(old: &Signer, new: &Signer) -> Entry {
    Entry::Rotation(Box::new(Rotation::new(old, new, at(50)).unwrap()))
}

/// Ten leaves, a change of keys at index 10, five leaves; and the receipt of the change.
fn changed() -> (Log, Receipt) {
    let mut log = Log::of(10);
    let entry = change(&log_signer(), &next_log_signer());
    let index = log.append(entry.leaf().unwrap());
    (0..5).for_each(|number| _ = log.append(leaf(number)));
    let receipt = Receipt {
        openings: [].into(),
        inclusion: log.inclusion(index),
        checkpoint: log.checkpoint(&next_log_signer()),
        rotations: Vec::new(),
        entry,
        index,
    };
    (log, receipt)
}

fn judge(keys: &Keys, checkpoint: &SignedCheckpoint) -> Result<(), TrustError> {
    keys.judge(checkpoint).map(|_| ())
}

#[test]
fn after_the_change_the_new_key_signs_and_the_old_one_no_more() {
    let (log, receipt) = changed();
    let mut keys = keys();
    assert!(judge(&keys, &log.checkpoint(&next_log_signer())).is_err());
    keys.follow(std::slice::from_ref(&receipt)).unwrap();

    assert_eq!(judge(&keys, &log.checkpoint(&next_log_signer())), Ok(()));
    let (old, new) = (log_signer().verifier().id(), next_log_signer().verifier().id());
    assert_eq!(
        judge(&keys, &log.checkpoint(&log_signer())),
        Err(TrustError::NotSigned { id: new })
    );
    assert_eq!(judge(&keys, &Log::of(10).checkpoint(&log_signer())), Ok(()));
    assert_eq!(
        judge(&keys, &Log::of(10).checkpoint(&next_log_signer())),
        Err(TrustError::NotSigned { id: old })
    );
    assert_eq!(keys.to_string().parse::<Keys>().unwrap(), keys);
    assert!(keys.to_string().contains("\nlog 11 government liandong"));
}

#[test]
fn the_receipt_of_a_change_says_so() {
    let (_, receipt) = changed();
    let read = Receipt::parse(receipt.to_text().unwrap().as_bytes()).unwrap();
    assert_eq!(read, receipt);
    let mut keys = keys();
    keys.follow(std::slice::from_ref(&receipt)).unwrap();
    let verdict = read.verify(&keys).unwrap();
    assert!(verdict.proved.iter().any(|proved| proved.key() == "says-rotation"));
}

#[test]
fn a_change_nobody_signed_is_not_followed() {
    let (_, receipt) = changed();
    let mut forged = receipt.clone();
    let Entry::Rotation(rotation) = &mut forged.entry else { unreachable!() };
    rotation.old_signature = rotation.new_signature;
    let mut keys_then = keys();
    assert!(matches!(
        keys_then.follow(&[forged]),
        Err(RotationError::Signature(ledger::KeyError::BadSignature))
    ));
    assert_eq!(keys_then, keys());
}

#[test]
fn a_change_that_does_not_stand_in_the_log_is_not_followed() {
    let (log, receipt) = changed();
    let elsewhere = Receipt { index: 11, ..receipt.clone() };
    assert!(matches!(keys().follow(&[elsewhere]), Err(RotationError::Receipt(_))));
    // Nor one whose checkpoint the old key signed.
    let by_the_old = Receipt { checkpoint: log.checkpoint(&log_signer()), ..receipt };
    assert!(matches!(keys().follow(&[by_the_old]), Err(RotationError::Receipt(_))));
}

#[test]
fn a_change_from_a_key_that_is_not_in_force_is_not_followed() {
    let (_, receipt) = changed();
    let twice = [receipt.clone(), receipt];
    assert!(matches!(keys().follow(&twice), Err(RotationError::OtherKey)));
    let (_, receipts) = crate::world::receipts(3, 3);
    assert!(matches!(keys().follow(&receipts), Err(RotationError::NotARotation)));
}

#[test]
fn two_changes_are_followed_in_their_order_only() {
    let mut log = Log::of(4);
    let there = change(&log_signer(), &next_log_signer());
    let back = change(&next_log_signer(), &log_signer());
    let first = log.append(there.leaf().unwrap());
    log.append(leaf(7));
    let second = log.append(back.leaf().unwrap());
    let checkpoint = log.checkpoint(&log_signer());
    let receipt = |entry: Entry, index| Receipt {
        openings: [].into(),
        inclusion: log.inclusion(index),
        checkpoint: checkpoint.clone(),
        rotations: Vec::new(),
        entry,
        index,
    };
    let both = [receipt(there, first), receipt(back, second)];
    let mut followed = keys();
    followed.follow(&both).unwrap();
    let froms: Vec<u64> = followed.log().keys().iter().map(|InForce { from, .. }| *from).collect();
    assert_eq!(froms, [0, 5, 7]);
    assert_eq!(followed.log().in_force(6), Some(next_log_signer().verifier()));

    let [first, second] = both;
    assert!(keys().follow(&[second, first]).is_err());
}

#[test]
fn only_keys_of_one_log_follow_one_another() {
    assert!(matches!(
        Rotation::new(&log_signer(), &witness_signer(), at(1)),
        Err(RotationError::OtherLog)
    ));
    assert!(KeyChain::new(witness_signer().verifier().clone()).is_err());
}

/// The log of [`changed`] as a receipt carries its change, and the receipt of a later event.
pub(crate) fn after_the_change() -> (Log, Receipt) {
    let (mut log, change) = changed();
    let entry = Entry::Event(event(1));
    let index = log.append(entry.leaf().unwrap());
    let Entry::Rotation(rotation) = change.entry else { unreachable!() };
    let proved = ProvedRotation {
        rotation: *rotation,
        index: change.index,
        inclusion: log.inclusion(change.index),
    };
    let receipt = Receipt {
        openings: content(1).open(|_| true),
        inclusion: log.inclusion(index),
        checkpoint: log.checkpoint(&next_log_signer()),
        rotations: vec![proved],
        entry,
        index,
    };
    (log, receipt)
}

#[test]
fn a_receipt_leads_from_the_first_key_to_the_one_that_signed() {
    let (_, receipt) = after_the_change();
    let read = Receipt::parse(receipt.to_text().unwrap().as_bytes()).unwrap();
    assert_eq!(read, receipt);
    let verdict = read.verify(&keys()).unwrap();
    let new = next_log_signer().verifier().id();
    assert_eq!(verdict.standing.key, new);
    assert!(verdict.proved.contains(&Proved::Followed { keys: vec![(11, new)] }));

    // Whoever knows the change is not told of it, and it must be the same.
    let known = keys().followed(&receipt.rotations, receipt.checkpoint.checkpoint().head).unwrap();
    let verdict = read.verify(&known).unwrap();
    assert!(!verdict.proved.iter().any(|proved| proved.key() == "followed"));
    let alone = Receipt { rotations: Vec::new(), ..receipt.clone() };
    assert!(alone.verify(&known).is_ok());
    assert!(matches!(alone.verify(&keys()), Err(ReceiptError::Trust(_))));
}

#[test]
fn a_receipt_does_not_lead_to_a_key_the_old_one_did_not_sign_for() {
    let (log, receipt) = after_the_change();
    let refused = |change: &dyn Fn(&mut ProvedRotation)| {
        let mut forged = receipt.clone();
        change(&mut forged.rotations[0]);
        let error = forged.verify(&keys()).unwrap_err();
        assert!(matches!(error, ReceiptError::Keys(_)), "{error:?}");
        assert!(error.zh().contains("密钥更换不能成立"), "{}", error.zh());
    };
    refused(&|proved| proved.rotation.old_signature = proved.rotation.new_signature);
    refused(&|proved| proved.rotation.at = at(51));
    refused(&|proved| proved.index += 1);
    refused(&|proved| proved.index = u64::MAX);
    refused(&|proved| proved.inclusion = log.inclusion(0));
    refused(&|proved| {
        proved.rotation = Rotation::new(&next_log_signer(), &log_signer(), at(50)).unwrap();
    });
    // The old key signs nothing of what comes after.
    let by_the_old = Receipt { checkpoint: log.checkpoint(&log_signer()), ..receipt };
    assert!(matches!(by_the_old.verify(&keys()), Err(ReceiptError::Trust(_))));
}

#[test]
fn a_witness_follows_the_change_whenever_it_first_looked() {
    let (log, receipt) = after_the_change();
    let shown = |seen: u64, rotations: &[ProvedRotation]| Shown {
        checkpoint: receipt.checkpoint.clone(),
        consistency: log.consistency(seen),
        rotations: rotations.to_vec(),
    };
    let look = |memory: &mut Witness, shown: &Shown| {
        memory.look(shown, &witness_signer(), at(99)).unwrap()
    };
    // From the first key, from both, and from a look before the change.
    let followed = keys().followed_to(&shown(0, &receipt.rotations)).unwrap();
    let before = Log::of(10);
    let mut watching = Witness::of(keys().log().clone());
    look(&mut watching, &before.show(&log_signer(), 0));
    for memory in [Witness::of(keys().log().clone()), Witness::of(followed.log().clone()), watching]
    {
        let mut memory = Witness::parse(memory.to_text().unwrap().as_bytes()).unwrap();
        let size = memory.size();
        let refused = look(&mut memory.clone(), &shown(size, &[]));
        let knows = memory.log().keys().len() == 2;
        assert_eq!(matches!(refused, Look::Refused(_)), !knows, "{refused:?}");
        let cosigned = look(&mut memory, &shown(size, &receipt.rotations));
        assert!(matches!(cosigned, Look::Cosigned { .. }), "{cosigned:?}");
        assert_eq!(memory.log(), followed.log());
    }
    let mut forged = receipt.rotations.clone();
    forged[0].rotation.old_signature = forged[0].rotation.new_signature;
    assert!(keys().followed_to(&shown(0, &forged)).is_err());
    let refused = look(&mut Witness::of(keys().log().clone()), &shown(0, &forged));
    assert!(matches!(refused, Look::Refused(_)), "{refused:?}");
}
