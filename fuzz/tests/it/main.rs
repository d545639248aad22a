//! What was kept is read again: inputs that lead far, and those that once broke something; and each
//! target reads some thousand inputs made of them at random.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use fuzz::TARGETS;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

/// Inputs made at random for each target.
const CASES: u32 = 400;

fn kept(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    found.sort();
    found
}

#[test]
fn what_was_kept_breaks_nothing() {
    for target in TARGETS {
        let corpus = kept(&fuzz::home().join("corpus").join(target.name));
        assert!(!corpus.is_empty(), "{} has no corpus", target.name);
        let crashes = kept(&fuzz::home().join("crashes").join(target.name));
        for (path, bytes) in corpus.into_iter().chain(crashes) {
            let read = std::panic::catch_unwind(|| (target.read)(&bytes));
            assert!(read.is_ok(), "{} breaks on {}", target.name, path.display());
        }
    }
}

#[test]
fn every_folder_belongs_to_a_target() {
    for folder in ["corpus", "crashes"] {
        // Until something broke there are no crashes to keep, and no folder of them.
        for entry in std::fs::read_dir(fuzz::home().join(folder)).into_iter().flatten() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(fuzz::of_name(&name).is_some(), "{folder}/{name} belongs to no target");
        }
    }
}

/// A kept input with some of it cut out, written over, or put in from another.
fn bent(corpus: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let one = proptest::sample::select(corpus.clone());
    let other = proptest::sample::select(corpus);
    let change = (any::<Index>(), any::<Index>(), 0..5_u8, any::<u8>());
    (one, other, vec(change, 1..6)).prop_map(|(mut one, other, changes)| {
        for (from, to, what, byte) in changes {
            if one.is_empty() || other.is_empty() {
                break;
            }
            let (a, b) = (from.index(one.len()), to.index(one.len()));
            let (a, b) = (a.min(b), a.max(b));
            match what {
                0 => drop(one.drain(a..b)),
                1 => one[a] = byte,
                2 => one.insert(a, byte),
                3 => {
                    let (from, to) = (from.index(other.len()), to.index(other.len()));
                    let some = other[from.min(to)..from.max(to)].to_vec();
                    drop(one.splice(a..b, some));
                }
                _ => {
                    let some = one[a..b].to_vec();
                    drop(one.splice(a..a, some));
                }
            }
            one.truncate(1 << 16);
        }
        one
    })
}

#[test]
fn what_is_made_of_it_at_random_breaks_nothing() {
    for target in TARGETS {
        let corpus = kept(&fuzz::home().join("corpus").join(target.name));
        let corpus = corpus.into_iter().map(|(_, bytes)| bytes).collect();
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let read = TestRunner::new(config).run(&bent(corpus), |bytes| {
            (target.read)(&bytes);
            Ok(())
        });
        if let Err(broken) = read {
            panic!("{}: {broken}", target.name);
        }
    }
}
