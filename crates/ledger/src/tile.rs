//! What proofs are computed from: stored hashes, read in runs.
//!
//! Storage keeps the hashes of complete subtrees at levels 0, 8, 16 … only: 256 of one such level
//! make a **tile**, under one hash of the next. That costs one hash in 255 beyond the leaves. All
//! levels between are computed again from at most one tile each.
//!
//! Storage may be asynchronous, and this crate is not: a [`Plan`] says beforehand which [`Run`]s
//! to read; the caller reads them however it likes into [`Tiles`]; [`Plan::compute`] does the rest.
//! Where reading is a plain call, implement [`Nodes`] and use [`Plan::compute_from`].

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{PlanError, TreeError};
use crate::hash::Hash;
use crate::proof::{ConsistencyProof, InclusionProof};
use crate::tree::{Frontier, Place, SIZE_MAX, STORED_EVERY};

/// How many hashes make a tile.
pub const TILE: u64 = 1 << STORED_EVERY;

/// A row of stored hashes of one level, within one tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// The level: 0, 8, 16 …
    pub level: u8,
    /// The index of the first, a multiple of [`TILE`].
    pub start: u64,
    /// How many: from 1 to [`TILE`].
    pub count: u16,
}

/// Where stored hashes come from.
pub trait Nodes {
    /// What can go wrong when reading.
    type Error;

    /// The hashes of a run, from left to right: exactly `run.count` of them.
    ///
    /// # Errors
    /// Whatever the storage says.
    fn read(&self, run: Run) -> Result<Vec<Hash>, Self::Error>;
}

/// Runs that were read.
#[derive(Debug, Clone, Default)]
pub struct Tiles(BTreeMap<(u8, u64), Vec<Hash>>);

impl Tiles {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a run.
    ///
    /// # Errors
    /// [`TreeError::WrongRun`] when there are not as many hashes as the run asks for.
    pub fn insert(&mut self, run: Run, hashes: Vec<Hash>) -> Result<(), TreeError> {
        if hashes.len() != usize::from(run.count) {
            return Err(TreeError::WrongRun { run, found: hashes.len() });
        }
        self.0.insert((run.level, run.start), hashes);
        Ok(())
    }

    /// The hash of a complete subtree, computed from the stored level at or below it.
    fn hash(&self, place: Place) -> Result<Hash, TreeError> {
        let above = place.level % STORED_EVERY;
        let stored = Place { level: place.level - above, index: place.index << above };
        let missing = || TreeError::Missing { place };
        let tile = self.0.get(&(stored.level, stored.index - stored.index % TILE));
        let from = usize::try_from(stored.index % TILE).map_err(|_| missing())?;
        let row = tile.and_then(|tile| tile.get(from..from + (1 << above))).ok_or_else(missing)?;
        let mut row = row.to_vec();
        while row.len() > 1 {
            let (pairs, _) = row.as_chunks::<2>();
            row = pairs.iter().map(|[left, right]| Hash::node(left, right)).collect();
        }
        row.first().copied().ok_or_else(missing)
    }
}

/// What to read, and what to make of it.
#[derive(Debug, Clone)]
pub struct Plan<Made> {
    /// Each hash to compute, as the complete subtrees whose hashes it is folded from.
    parts: Vec<Vec<Place>>,
    runs: Vec<Run>,
    make: fn(Vec<Hash>) -> Made,
}

impl Plan<InclusionProof> {
    /// For a proof that the leaf `index` stands in the tree of `size` leaves.
    ///
    /// # Errors
    /// [`TreeError::Outside`] when there is no such leaf, or the size is past [`SIZE_MAX`].
    pub fn inclusion(index: u64, size: u64) -> Result<Self, TreeError> {
        if index >= size || size > SIZE_MAX {
            return Err(TreeError::Outside { index, size });
        }
        let (mut low, mut high) = (0, size);
        let mut ranges = Vec::new();
        while high - low > 1 {
            let middle = low + split(high - low);
            if index < middle {
                ranges.push((middle, high));
                high = middle;
            } else {
                ranges.push((low, middle));
                low = middle;
            }
        }
        ranges.reverse();
        Ok(Self::of(size, &ranges, InclusionProof::from_hashes))
    }
}

impl Plan<ConsistencyProof> {
    /// For a proof that the tree of `new` leaves begins with the tree of `old` leaves.
    ///
    /// # Errors
    /// [`TreeError::Outside`] when `old` is larger than `new`, or `new` past [`SIZE_MAX`].
    pub fn consistency(old: u64, new: u64) -> Result<Self, TreeError> {
        if old > new || new > SIZE_MAX {
            return Err(TreeError::Outside { index: old, size: new });
        }
        let mut ranges = Vec::new();
        if old > 0 {
            let (mut low, mut high, mut whole) = (0, new, true);
            while old < high {
                let middle = low + split(high - low);
                if old <= middle {
                    ranges.push((middle, high));
                    high = middle;
                } else {
                    ranges.push((low, middle));
                    low = middle;
                    whole = false;
                }
            }
            if !whole {
                ranges.push((low, high));
            }
        }
        ranges.reverse();
        Ok(Self::of(new, &ranges, ConsistencyProof::from_hashes))
    }
}

impl Plan<Vec<Hash>> {
    /// For the right edge of the tree of `size` leaves; see [`Frontier::from_hashes`].
    ///
    /// # Errors
    /// [`TreeError::Outside`] past [`SIZE_MAX`].
    pub fn frontier(size: u64) -> Result<Self, TreeError> {
        if size > SIZE_MAX {
            return Err(TreeError::Outside { index: 0, size });
        }
        let parts = complete(0, size).into_iter().map(|place| vec![place]).collect();
        Ok(Self::of_parts(size, parts, |hashes| hashes))
    }
}

impl Frontier {
    /// The frontier of `size` leaves from what [`Plan::frontier`] computed.
    ///
    /// # Errors
    /// [`TreeError::NotAFrontier`] when the hashes are not as many as the size asks for.
    pub fn from_hashes(size: u64, hashes: Vec<Hash>) -> Result<Self, TreeError> {
        Self::from_edge(size, hashes).ok_or(TreeError::NotAFrontier)
    }
}

impl<Made> Plan<Made> {
    fn of(size: u64, ranges: &[(u64, u64)], make: fn(Vec<Hash>) -> Made) -> Self {
        let parts = ranges.iter().map(|(low, high)| complete(*low, *high)).collect();
        Self::of_parts(size, parts, make)
    }

    fn of_parts(size: u64, parts: Vec<Vec<Place>>, make: fn(Vec<Hash>) -> Made) -> Self {
        let tiles: BTreeSet<(u8, u64)> = parts
            .iter()
            .flatten()
            .map(|place| {
                let above = place.level % STORED_EVERY;
                (place.level - above, (place.index << above) / TILE)
            })
            .collect();
        let runs = tiles
            .into_iter()
            .map(|(level, tile)| {
                let start = tile * TILE;
                let there = (size >> level) - start;
                Run { level, start, count: u16::try_from(there.min(TILE)).unwrap_or(u16::MAX) }
            })
            .collect();
        Self { parts, runs, make }
    }

    /// What to read.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Computes from what was read.
    ///
    /// # Errors
    /// [`TreeError::Missing`] when a run was not read.
    pub fn compute(&self, tiles: &Tiles) -> Result<Made, TreeError> {
        let hashes = self.parts.iter().map(|places| fold(tiles, places));
        Ok((self.make)(hashes.collect::<Result<_, _>>()?))
    }

    /// Reads what the plan asks for and computes.
    ///
    /// # Errors
    /// [`PlanError`]: the storage's error, or that it gave too few hashes.
    pub fn compute_from<N: Nodes>(&self, nodes: &N) -> Result<Made, PlanError<N::Error>> {
        let mut tiles = Tiles::new();
        for run in &self.runs {
            tiles.insert(*run, nodes.read(*run).map_err(PlanError::Storage)?)?;
        }
        Ok(self.compute(&tiles)?)
    }
}

/// The hash over neighbouring complete subtrees, the last of which may be the tree's ragged edge.
fn fold(tiles: &Tiles, places: &[Place]) -> Result<Hash, TreeError> {
    let mut from_the_right = places.iter().rev();
    let Some(last) = from_the_right.next() else { return Ok(Hash::empty()) };
    from_the_right
        .try_fold(tiles.hash(*last)?, |right, place| Ok(Hash::node(&tiles.hash(*place)?, &right)))
}

/// The largest power of two smaller than `count`, which is at least two.
fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

/// The complete subtrees a range of leaves falls into, largest first. The range begins at a
/// multiple of the power of two that is not smaller than its length.
fn complete(low: u64, high: u64) -> Vec<Place> {
    let count = high - low;
    let mut from = low;
    (0..=SIZE_MAX.trailing_ones())
        .rev()
        .filter(|bit| count >> bit & 1 == 1)
        .map(|bit| {
            let index = from >> bit;
            from += 1 << bit;
            Place { level: u8::try_from(bit).unwrap_or(u8::MAX), index }
        })
        .collect()
}
