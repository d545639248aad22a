//! The directory (单位名录): every unit in memory, for pickers, names and the rules.
//!
//! A [`Directory`] is a snapshot and never changes; [`Directories`] holds the newest one and is
//! refreshed after every change to a unit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use pinyin::ToPinyin as _;
use procedure::definition::Side;
use procedure::{UnitFacts, UnitId};

use crate::division::divisions;
use crate::unit::{Unit, UnitLevel};

/// Most suggestions a picker may ask for.
pub const SUGGESTIONS_MAX: usize = 50;
/// Deepest a guidance tree may be; a chain that is longer holds a circle.
pub const TREE_DEPTH_MAX: usize = 12;

/// The newest snapshot of the directory.
#[derive(Debug, Default)]
pub struct Directories(RwLock<Arc<Directory>>);

impl Directories {
    /// Starting with this snapshot.
    #[must_use]
    pub fn new(directory: Directory) -> Self {
        Self(RwLock::new(Arc::new(directory)))
    }

    /// The newest snapshot.
    #[must_use]
    pub fn load(&self) -> Arc<Directory> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a newer snapshot in its place.
    pub fn replace(&self, directory: Directory) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(directory);
    }
}

/// Every unit, as of one moment.
#[derive(Debug, Default)]
pub struct Directory {
    units: BTreeMap<UnitId, Unit>,
    below: BTreeMap<UnitId, Vec<UnitId>>,
    by_code: HashMap<String, UnitId>,
    by_name: HashMap<String, UnitId>,
    /// Short names and former names that lead to one unit only.
    by_other_name: HashMap<String, UnitId>,
    search: Vec<Entry>,
}

/// What is searched when somebody types.
#[derive(Debug)]
struct Entry {
    unit: UnitId,
    side: Side,
    level: UnitLevel,
    code: String,
    names: Vec<String>,
    /// First letters of the Chinese reading of each name: `fxqjcy` for 凤翔区检察院.
    initials: Vec<String>,
}

impl Directory {
    /// The snapshot of these units.
    #[must_use]
    pub fn new(units: impl IntoIterator<Item = Unit>) -> Self {
        let units: BTreeMap<UnitId, Unit> = units.into_iter().map(|unit| (unit.id, unit)).collect();
        let mut directory = Self::default();
        let mut others: BTreeMap<&str, BTreeSet<UnitId>> = BTreeMap::new();
        for unit in units.values() {
            if let Some(above) = unit.above {
                directory.below.entry(above).or_default().push(unit.id);
            }
            directory.by_code.insert(unit.code.to_uppercase(), unit.id);
            if !unit.active {
                continue;
            }
            directory.by_name.insert(unit.name.clone(), unit.id);
            for name in unit.aliases.iter().chain([&unit.short_name]) {
                others.entry(name).or_default().insert(unit.id);
            }
            directory.search.push(Entry::of(unit));
        }
        for (name, bearers) in others {
            if let (1, Some(unit)) = (bearers.len(), bearers.first()) {
                directory.by_other_name.insert(name.to_owned(), *unit);
            }
        }
        directory.units = units;
        directory
    }

    /// A unit, active or not.
    #[must_use]
    pub fn get(&self, id: UnitId) -> Option<&Unit> {
        self.units.get(&id)
    }

    /// The name of a unit; its number when there is none of that id.
    #[must_use]
    pub fn name(&self, id: UnitId) -> String {
        self.get(id).map_or_else(|| format!("#{id}"), |unit| unit.name.clone())
    }

    /// The unit of that code, active or not.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<&Unit> {
        self.by_code.get(&code.trim().to_uppercase()).and_then(|id| self.get(*id))
    }

    /// Every unit, active or not, by id.
    pub fn all(&self) -> impl Iterator<Item = &Unit> {
        self.units.values()
    }

    /// How many units there are, active or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether there is no unit yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The units a unit guides directly.
    pub fn below(&self, id: UnitId) -> impl Iterator<Item = &Unit> {
        self.below.get(&id).into_iter().flatten().filter_map(|below| self.get(*below))
    }

    /// A unit and every unit under it in the guidance tree, highest first.
    #[must_use]
    pub fn tree(&self, id: UnitId) -> Vec<UnitId> {
        let mut found = vec![id];
        let mut seen = BTreeSet::from([id]);
        let mut next = 0;
        while let Some(unit) = found.get(next).copied() {
            next += 1;
            for below in self.below.get(&unit).into_iter().flatten() {
                if seen.insert(*below) {
                    found.push(*below);
                }
            }
        }
        found
    }

    /// The units above one in the guidance tree, nearest first.
    pub fn above(&self, id: UnitId) -> impl Iterator<Item = &Unit> {
        let first = self.get(id).and_then(|unit| unit.above);
        std::iter::successors(first.and_then(|id| self.get(id)), |unit| {
            unit.above.and_then(|above| self.get(above))
        })
        .take(TREE_DEPTH_MAX)
    }

    /// Active units of a line (条线) on a side whose own division is this one, by code.
    pub fn in_division<'a>(
        &'a self,
        division: &'a str,
        side: Side,
        line: &'a str,
    ) -> impl Iterator<Item = &'a Unit> {
        self.all().filter(move |unit| {
            unit.active && unit.side == side && unit.division_code == division && unit.line == line
        })
    }

    /// Active units for a picker that searches by typing, the likeliest first; at most `limit`.
    ///
    /// Parts of the text separated by spaces must all occur. Names, short names, former names and
    /// codes are searched; letters also as the first letters of the Chinese reading (`fxjcy`);
    /// characters left out in between are forgiven (凤翔检察).
    #[must_use]
    pub fn suggest(&self, text: &str, side: Option<Side>, limit: usize) -> Vec<&Unit> {
        let text = text.trim().to_lowercase();
        let parts: Vec<&str> = text.split_whitespace().collect();
        if parts.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(u8, UnitLevel, &Entry)> = self
            .search
            .iter()
            .filter(|entry| side.is_none_or(|side| entry.side == side))
            .filter_map(|entry| {
                let ranks = parts.iter().map(|part| entry.rank(part));
                ranks
                    .reduce(|a, b| Some(a?.max(b?)))
                    .flatten()
                    .map(|rank| (rank, entry.level, entry))
            })
            .collect();
        found.sort_by(|a, b| (a.0, a.1, &a.2.code).cmp(&(b.0, b.1, &b.2.code)));
        let limit = limit.min(SUGGESTIONS_MAX);
        found.into_iter().take(limit).filter_map(|(_, _, entry)| self.get(entry.unit)).collect()
    }
}

impl Entry {
    fn of(unit: &Unit) -> Self {
        let mut names = vec![unit.name.to_lowercase(), unit.short_name.to_lowercase()];
        names.dedup();
        names.extend(unit.aliases.iter().map(|alias| alias.to_lowercase()));
        let initials = names.iter().map(|name| initials(name)).collect();
        let code = unit.code.to_lowercase();
        Self { unit: unit.id, side: unit.side, level: unit.level, code, names, initials }
    }

    /// How well a text fits, 0 best.
    fn rank(&self, text: &str) -> Option<u8> {
        let any = |fits: &dyn Fn(&String) -> bool| self.names.iter().any(fits);
        if self.code == text || any(&|name| name == text) {
            Some(0)
        } else if any(&|name| name.starts_with(text)) {
            Some(1)
        } else if any(&|name| name.contains(text)) {
            Some(2)
        } else if self.code.starts_with(text) {
            Some(3)
        } else if text.is_ascii() {
            if self.initials.iter().any(|initials| initials.contains(text)) {
                Some(4)
            } else {
                self.initials.iter().any(|initials| in_order(text, initials)).then_some(6)
            }
        } else {
            any(&|name| in_order(text, name)).then_some(5)
        }
    }
}

/// Whether the characters of `text` occur in `name` in that order, others between them or not.
fn in_order(text: &str, name: &str) -> bool {
    let mut name = name.chars();
    text.chars().all(|wanted| name.any(|one| one == wanted))
}

/// The first letter of the reading of each Chinese character; other characters as they are.
pub(crate) fn initials(name: &str) -> String {
    name.chars()
        .map(|one| {
            one.to_pinyin().and_then(|reading| reading.first_letter().chars().next()).unwrap_or(one)
        })
        .collect()
}

impl procedure::matter::Directory for Directory {
    fn unit(&self, id: UnitId) -> Option<UnitFacts> {
        self.get(id).map(|unit| UnitFacts {
            id,
            side: unit.side,
            above: unit.above,
            name: unit.name.clone(),
        })
    }

    /// An active unit by id, code, exact name, or a short or former name that only one bears.
    fn find(&self, text: &str) -> Option<UnitId> {
        let text = text.trim();
        let by_id = text.parse().ok().filter(|id| self.units.contains_key(id));
        by_id
            .or_else(|| self.by_code.get(&text.to_uppercase()).copied())
            .or_else(|| self.by_name.get(text).copied())
            .or_else(|| self.by_other_name.get(text).copied())
            .filter(|id| self.get(*id).is_some_and(|unit| unit.active))
    }

    fn division(&self, text: &str) -> Option<String> {
        divisions().find(text).map(|division| division.code.clone())
    }
}
