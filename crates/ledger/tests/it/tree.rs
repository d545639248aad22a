//! The tree, against the definitions of RFC 6962 written down as they stand there.

use ledger::tile::TILE;
use ledger::{
    ConsistencyProof, Frontier, Hash, Head, InclusionProof, Place, Plan, ProofError, Tiles,
    TreeError, rebuild,
};
use proptest::prelude::*;

use crate::world::{Log, leaf};

/// MTH(D[n]) of RFC 6962, section 2.1.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(b""),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(split(many.len()));
            Hash::node(&root(left), &root(right))
        }
    }
}

/// PATH(m, D[n]), section 2.1.1.
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut hashes, beside) = if index < k {
        (path(index, left), root(right))
    } else {
        (path(index - k, right), root(left))
    };
    hashes.push(beside);
    hashes
}

/// SUBPROOF(m, D[n], b), section 2.1.2.
fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { Vec::new() } else { vec![root(leaves)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut hashes, beside) = if m <= k {
        (subproof(m, left, whole), root(right))
    } else {
        (subproof(m - k, right, false), root(left))
    };
    hashes.push(beside);
    hashes
}

/// The largest power of two smaller than `n`.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(leaf).collect()
}

fn head(leaves: &[Hash]) -> Head {
    Head { size: leaves.len() as u64, root: root(leaves) }
}

const SIZES: u64 = 600;

#[test]
fn the_frontier_has_the_root_of_the_definition_at_every_size() {
    let all = leaves(SIZES);
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root(), root(&[]));
    for (index, leaf) in all.iter().enumerate() {
        assert_eq!(frontier.append(*leaf), Ok(index as u64));
        assert_eq!(frontier.root(), root(&all[..=index]), "size {}", index + 1);
        assert_eq!(Frontier::from_bytes(&frontier.to_bytes()), Ok(frontier.clone()));
    }
}

#[test]
fn what_is_stored_is_one_hash_in_255_beyond_the_leaves() {
    let log = Log::of(70_000);
    let expected = 70_000 + 70_000 / TILE + 70_000 / TILE / TILE;
    assert_eq!(log.memory.0.len() as u64, expected);
    assert!(log.memory.0.keys().all(|place| place.level % 8 == 0));
    let over = Place { level: 16, index: 0 };
    assert_eq!(log.memory.0[&over], Log::of(65_536).frontier.root());
}

#[test]
fn every_inclusion_proof_is_that_of_the_definition_and_holds() {
    let log = Log::of(SIZES);
    let all = leaves(SIZES);
    // Every leaf at the sizes around the powers of two and tiles, some leaves at all others.
    for size in 1..=SIZES {
        let step = if size < 34 || [255, 256, 257, 511, 512, 513].contains(&size) { 1 } else { 37 };
        let head = head(&all[..usize::try_from(size).unwrap()]);
        for index in (0..size).step_by(step).chain([size - 1]) {
            let proof = log.inclusion_at(index, size);
            let at = usize::try_from(index).unwrap();
            assert_eq!(proof.hashes(), path(at, &all[..usize::try_from(size).unwrap()]));
            assert_eq!(proof.verify(all[at], index, head), Ok(()), "{index} in {size}");
        }
    }
}

#[test]
fn every_consistency_proof_is_that_of_the_definition_and_holds() {
    let log = Log::of(SIZES);
    let all = leaves(SIZES);
    let heads: Vec<Head> =
        (0..=SIZES).map(|size| head(&all[..usize::try_from(size).unwrap()])).collect();
    for new in 1..=SIZES {
        let step = if new < 34 || [255, 256, 257, 511, 512, 513].contains(&new) { 1 } else { 41 };
        for old in (1..=new).step_by(step).chain([new]) {
            let plan = Plan::consistency(old, new).unwrap();
            let proof = plan.compute_from(&log.memory).unwrap();
            let (m, n) = (usize::try_from(old).unwrap(), usize::try_from(new).unwrap());
            assert_eq!(proof.hashes(), subproof(m, &all[..n], true), "{old} to {new}");
            assert_eq!(proof.verify(heads[m], heads[n]), Ok(()), "{old} to {new}");
        }
    }
}

#[test]
fn a_plan_reads_a_few_tiles_and_no_more_than_the_tree_has() {
    let size = 1_000_000;
    for index in [0, 1, 255, 256, 65_535, 65_536, 999_935, 999_936, 999_999] {
        let plan = Plan::inclusion(index, size).unwrap();
        assert!(plan.runs().len() <= 6, "{index} reads {} runs", plan.runs().len());
        for run in plan.runs() {
            assert_eq!(run.level % 8, 0);
            assert_eq!(run.start % TILE, 0);
            assert!(run.count > 0 && u64::from(run.count) <= TILE);
            assert!(run.start + u64::from(run.count) <= size >> run.level);
        }
    }
    assert!(Plan::frontier(size).unwrap().runs().len() <= 3);
}

#[test]
fn a_frontier_is_found_again_from_what_is_stored() {
    for size in [0, 1, 2, 255, 256, 257, 600, 65_535, 65_536, 65_537, 70_000] {
        let log = Log::of(size);
        let hashes = Plan::frontier(size).unwrap().compute_from(&log.memory).unwrap();
        assert_eq!(Frontier::from_hashes(size, hashes), Ok(log.frontier), "{size}");
    }
}

#[test]
fn rebuilding_gives_the_tree_that_was_appended_to() {
    let entries = (0..1000).map(|number| format!("entry {number}"));
    assert_eq!(rebuild(entries), Ok(Log::of(1000).frontier));
}

#[test]
fn what_lies_outside_is_refused() {
    assert_eq!(Plan::inclusion(3, 3).err(), Some(TreeError::Outside { index: 3, size: 3 }));
    assert!(Plan::inclusion(0, u64::MAX).is_err());
    assert!(Plan::consistency(4, 3).is_err());
    assert!(Plan::consistency(0, u64::MAX).is_err());
    assert!(Plan::frontier(u64::MAX).is_err());
    let missing = Plan::inclusion(0, 2).unwrap().compute(&Tiles::new());
    assert!(matches!(missing, Err(TreeError::Missing { .. })));
    let mut tiles = Tiles::new();
    let run = Plan::inclusion(0, 2).unwrap().runs()[0];
    assert!(matches!(tiles.insert(run, vec![]), Err(TreeError::WrongRun { found: 0, .. })));
}

#[test]
fn a_frontier_of_other_bytes_is_refused() {
    let bytes = Log::of(5).frontier.to_bytes();
    assert!(Frontier::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    assert!(Frontier::from_bytes(&[]).is_err());
    assert!(Frontier::from_bytes(&u64::MAX.to_be_bytes()).is_err());
}

#[test]
fn a_full_tree_takes_no_more() {
    let full = Frontier::from_hashes((1 << 53) - 1, vec![leaf(0); 53]).unwrap();
    assert_eq!(full.clone().append(leaf(1)), Err(TreeError::Full));
}

#[test]
fn the_empty_tree_is_the_beginning_of_every_tree_and_only_it() {
    let empty = Head { size: 0, root: Hash::empty() };
    let other = Head { size: 0, root: leaf(0) };
    let some = Log::of(3).head();
    let proof = ConsistencyProof::default();
    assert_eq!(proof.verify(empty, some), Ok(()));
    assert_eq!(proof.verify(other, some), Err(ProofError::OtherRoot));
    let long = ConsistencyProof::from_hashes(vec![leaf(0)]);
    assert_eq!(long.verify(empty, some), Err(ProofError::TooManyHashes));
    assert_eq!(proof.verify(some, empty), Err(ProofError::Shrunk { old: 3, new: 0 }));
}

fn change(hashes: &[Hash], bit: usize) -> Vec<Hash> {
    let mut changed = hashes.to_vec();
    changed[bit / 256].0[bit / 8 % 32] ^= 1 << (bit % 8);
    changed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_changed_inclusion_proof_holds(size in 2_u64..2000, at: prop::sample::Index, bit: prop::sample::Index) {
        let index = at.index(usize::try_from(size).unwrap()) as u64;
        let log = Log::of(size);
        let (head, proof, leaf) = (log.head(), log.inclusion(index), leaf(index));
        prop_assert!(proof.verify(leaf, index, head).is_ok());

        let hashes = proof.hashes();
        let changed = InclusionProof::from_hashes(change(hashes, bit.index(hashes.len() * 256)));
        prop_assert_eq!(changed.verify(leaf, index, head), Err(ProofError::OtherRoot));
        let shorter = InclusionProof::from_hashes(hashes[1..].to_vec());
        prop_assert!(shorter.verify(leaf, index, head).is_err());
        let longer = InclusionProof::from_hashes([hashes, &[leaf]].concat());
        prop_assert!(longer.verify(leaf, index, head).is_err());

        let changed = change(&[leaf, head.root], bit.index(512));
        let other = Head { root: changed[1], ..head };
        prop_assert!(proof.verify(changed[0], index, other).is_err());
        for other in [index ^ 1, index + 1, index.wrapping_sub(1), size - 1 - index, size, u64::MAX] {
            if other != index {
                prop_assert!(proof.verify(leaf, other, head).is_err(), "index {}", other);
            }
        }
        let smaller = Head { size: index, ..head };
        prop_assert!(proof.verify(leaf, index, smaller).is_err());
    }

    #[test]
    fn no_changed_consistency_proof_holds(new in 2_u64..2000, at: prop::sample::Index, bit: prop::sample::Index) {
        let old = 1 + at.index(usize::try_from(new - 1).unwrap()) as u64;
        let (before, log) = (Log::of(old).head(), Log::of(new));
        let (after, proof) = (log.head(), log.consistency(old));
        prop_assert!(proof.verify(before, after).is_ok());

        let hashes = proof.hashes();
        let changed = ConsistencyProof::from_hashes(change(hashes, bit.index(hashes.len() * 256)));
        prop_assert_eq!(changed.verify(before, after), Err(ProofError::OtherRoot));
        prop_assert!(ConsistencyProof::from_hashes(hashes[1..].to_vec()).verify(before, after).is_err());
        let longer = ConsistencyProof::from_hashes([hashes, &[after.root]].concat());
        prop_assert!(longer.verify(before, after).is_err());

        let roots = change(&[before.root, after.root], bit.index(512));
        let (other_before, other_after) =
            (Head { root: roots[0], ..before }, Head { root: roots[1], ..after });
        prop_assert!(proof.verify(other_before, other_after).is_err());
        prop_assert!(proof.verify(after, before).is_err());
    }

    #[test]
    fn a_log_that_changed_an_old_entry_has_no_proof(new in 2_u64..2000, at: prop::sample::Index) {
        let old = 1 + at.index(usize::try_from(new - 1).unwrap()) as u64;
        let before = Log::of(old).head();
        let mut forged = Log::default();
        for number in 0..new {
            forged.append(leaf(if number == old / 2 { u64::MAX } else { number }));
        }
        prop_assert_eq!(
            forged.consistency(old).verify(before, forged.head()),
            Err(ProofError::OtherRoot)
        );
    }

    #[test]
    fn any_proof_of_any_hashes_ends_in_an_answer(
        hashes in prop::collection::vec(any::<[u8; 32]>(), 0..80),
        index: u64,
        old: u64,
        new: u64,
    ) {
        let hashes: Vec<Hash> = hashes.into_iter().map(Hash).collect();
        let (one, other) =
            (Head { size: old, root: leaf(1) }, Head { size: new, root: leaf(2) });
        prop_assert!(InclusionProof::from_hashes(hashes.clone()).verify(leaf(0), index, one).is_err());
        prop_assert!(ConsistencyProof::from_hashes(hashes).verify(one, other).is_err());
    }
}
