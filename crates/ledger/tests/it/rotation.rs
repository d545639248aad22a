//! The log's key changes, and whoever had the first key follows.

use ledger::{
    Entry, InForce, KeyChain, Keys, Receipt, Rotation, RotationError, SignedCheckpoint, Signer,
    TrustError,
};

use crate::world::{Log, at, keys, leaf, log_signer, next_log_signer, witness_signer};

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
