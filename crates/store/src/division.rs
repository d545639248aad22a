//! Divisions (行政区划): GB/T 2260 codes, with the townships of Shaanxi.
//!
//! [`divisions`] is the table this build was made with. Codes and names that have been given up since
//! the notice of 2019 (凤翔县 610322 → 凤翔区 610305) still lead to the division that took their place,
//! because old papers carry them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// `data/divisions/divisions_china.csv`: every province, city and county.
const CHINA_CSV: &str = include_str!("../../../data/divisions/divisions_china.csv");
/// `data/divisions/shaanxi_divisions.csv`: Shaanxi with its townships.
const SHAANXI_CSV: &str = include_str!("../../../data/divisions/shaanxi_divisions.csv");
/// `data/divisions/shaanxi_divisions_2019-04.csv`: Shaanxi as it was two months after the notice.
const SHAANXI_2019_CSV: &str =
    include_str!("../../../data/divisions/shaanxi_divisions_2019-04.csv");

/// The province whose names win when a name exists in several.
const HOME_PROVINCE: &str = "61";

/// How far down a division lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DivisionLevel {
    /// 省级.
    Province,
    /// 市级.
    City,
    /// 县级.
    County,
    /// 乡级.
    Township,
}

impl DivisionLevel {
    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "province" => Self::Province,
            "city" => Self::City,
            "county" => Self::County,
            "township" => Self::Township,
            _ => return None,
        })
    }
}

/// One division.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// Six digits, nine for a township.
    pub code: String,
    /// Its own name, e.g. 凤翔区.
    pub name: String,
    /// Its name with all above it, e.g. 陕西省宝鸡市凤翔区.
    pub full_name: String,
    /// How far down it lies.
    pub level: DivisionLevel,
    /// The code of the division it belongs to; none for a province.
    pub parent: Option<String>,
}

/// The table of divisions.
#[derive(Debug)]
pub struct Divisions {
    by_code: BTreeMap<String, Division>,
    /// Every name and full name, to the codes that bear it.
    by_name: BTreeMap<String, Vec<String>>,
    /// Codes given up, to the code in force.
    successors: BTreeMap<String, String>,
}

/// The divisions this build was made with. Tests prove that every row of the files was read.
#[must_use]
pub fn divisions() -> &'static Divisions {
    static TABLE: LazyLock<Divisions> = LazyLock::new(Divisions::embedded);
    &TABLE
}

impl Divisions {
    fn embedded() -> Self {
        let mut by_code = BTreeMap::new();
        for row in rows(CHINA_CSV).chain(rows(SHAANXI_CSV)) {
            let [code, name, level, _kind, parent] = row.as_slice() else { continue };
            let Some(level) = DivisionLevel::read(level) else { continue };
            by_code.entry((*code).to_owned()).or_insert_with(|| Division {
                code: (*code).to_owned(),
                name: (*name).to_owned(),
                full_name: String::new(),
                level,
                parent: (!parent.is_empty()).then(|| (*parent).to_owned()),
            });
        }
        let full_names: Vec<(String, String)> =
            by_code.keys().map(|code| (code.clone(), spelled_out(&by_code, code, 4))).collect();
        for (code, full_name) in full_names {
            if let Some(division) = by_code.get_mut(&code) {
                division.full_name = full_name;
            }
        }
        let mut table = Self { by_code, by_name: BTreeMap::new(), successors: BTreeMap::new() };
        table.name_all();
        table.add_successors();
        table
    }

    fn name_all(&mut self) {
        for division in self.by_code.values() {
            // Under a city both 宝鸡市凤翔区 and 陕西省宝鸡市凤翔区 are written.
            let without_province = self
                .ancestors(&division.code)
                .last()
                .filter(|top| top.code != division.code)
                .and_then(|top| division.full_name.strip_prefix(top.name.as_str()));
            let names =
                [Some(division.name.as_str()), Some(division.full_name.as_str()), without_province];
            let names: BTreeSet<&str> = names.into_iter().flatten().collect();
            for name in names {
                self.by_name.entry(name.to_owned()).or_default().push(division.code.clone());
            }
        }
    }

    /// A division of 2019 whose code is gone lives on under the same stem in the same city.
    fn add_successors(&mut self) {
        for row in rows(SHAANXI_2019_CSV) {
            let [code, name, _level, parent] = row.as_slice() else { continue };
            if self.by_code.contains_key(*code) {
                continue;
            }
            let successor = self.by_code.values().find(|division| {
                division.parent.as_deref() == Some(*parent) && stem(&division.name) == stem(name)
            });
            if let Some(division) = successor {
                let now = division.code.clone();
                self.by_name.entry((*name).to_owned()).or_insert_with(|| vec![now.clone()]);
                self.successors.insert((*code).to_owned(), now);
            }
        }
    }

    /// The division of that code, or the one that took its place.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&Division> {
        self.by_code
            .get(code)
            .or_else(|| self.successors.get(code).and_then(|now| self.by_code.get(now)))
    }

    /// The division of that code or exact name. A name borne by several is one in Shaanxi when
    /// exactly one of them lies there and is no township; otherwise it names none.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<&Division> {
        let text = text.trim();
        if let Some(division) = self.get(text) {
            return Some(division);
        }
        let bearers: Vec<&Division> =
            self.by_name.get(text)?.iter().filter_map(|code| self.by_code.get(code)).collect();
        let at_home = |division: &&&Division| division.code.starts_with(HOME_PROVINCE);
        let proper = |division: &&&Division| division.level != DivisionLevel::Township;
        only(bearers.iter())
            .or_else(|| only(bearers.iter().filter(at_home)))
            .or_else(|| only(bearers.iter().filter(at_home).filter(proper)))
            .or_else(|| only(bearers.iter().filter(proper)))
            .copied()
    }

    /// The division itself and everything above it, lowest first.
    pub fn ancestors(&self, code: &str) -> impl Iterator<Item = &Division> {
        std::iter::successors(self.get(code), |division| {
            division.parent.as_deref().and_then(|parent| self.get(parent))
        })
        .take(4)
    }

    /// The divisions directly under one, by code.
    pub fn children<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a Division> {
        self.by_code.values().filter(move |division| division.parent.as_deref() == Some(code))
    }

    /// Whether `code` is `area` or lies in it.
    #[must_use]
    pub fn is_within(&self, code: &str, area: &str) -> bool {
        let Some(area) = self.get(area) else { return false };
        self.ancestors(code).any(|division| division.code == area.code)
    }

    /// Divisions for a picker that searches by typing: what starts with the text first, Shaanxi
    /// first, higher levels first; at most `limit`.
    #[must_use]
    pub fn suggest(&self, text: &str, limit: usize) -> Vec<&Division> {
        let text = text.trim();
        if text.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(u8, bool, DivisionLevel, &Division)> = self
            .by_code
            .values()
            .filter_map(|division| {
                let rank = if division.name == text || division.code == text {
                    0
                } else if division.name.starts_with(text) || division.code.starts_with(text) {
                    1
                } else if division.full_name.contains(text) {
                    2
                } else {
                    return None;
                };
                let abroad = !division.code.starts_with(HOME_PROVINCE);
                Some((rank, abroad, division.level, division))
            })
            .collect();
        if let Some(successor) = self.successors.get(text).and_then(|now| self.by_code.get(now)) {
            found.push((0, false, successor.level, successor));
        }
        found.sort_by(|a, b| (a.1, a.0, a.2, &a.3.code).cmp(&(b.1, b.0, b.2, &b.3.code)));
        found.into_iter().map(|(_, _, _, division)| division).take(limit).collect()
    }

    /// Every division, by code.
    pub fn all(&self) -> impl Iterator<Item = &Division> {
        self.by_code.values()
    }
}

/// The data rows of an embedded file; these files quote nothing.
fn rows(csv: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    csv.lines().skip(1).map(|line| line.trim_end().split(',').collect())
}

fn spelled_out(by_code: &BTreeMap<String, Division>, code: &str, depth: u8) -> String {
    let Some(division) = by_code.get(code) else { return String::new() };
    let above = division.parent.as_deref().filter(|_| depth > 0);
    let mut name = above.map_or_else(String::new, |above| spelled_out(by_code, above, depth - 1));
    name.push_str(&division.name);
    name
}

/// The name without its last character, which tells the kind: 凤翔 of 凤翔县 and of 凤翔区.
fn stem(name: &str) -> &str {
    name.char_indices().next_back().map_or("", |(at, _)| name.get(..at).unwrap_or(""))
}

fn only<T>(mut many: impl Iterator<Item = T>) -> Option<T> {
    many.next().filter(|_| many.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_files_is_there() {
        let table = divisions();
        for row in rows(CHINA_CSV).chain(rows(SHAANXI_CSV)) {
            assert_eq!(row.len(), 5, "{row:?}");
            let division = table.by_code.get(row[0]).unwrap();
            assert!(division.full_name.ends_with(row[1]), "{row:?}");
            assert!(row[4].is_empty() || table.by_code.contains_key(row[4]), "{row:?}");
        }
        for row in rows(SHAANXI_2019_CSV) {
            assert!(table.get(row[0]).is_some(), "{row:?}");
        }
    }

    #[test]
    fn codes_and_names_given_up_since_2019_lead_to_their_successors() {
        let table = divisions();
        for (old_code, old_name, now) in [
            ("610322", "凤翔县", "610305"),
            ("610623", "子长县", "610681"),
            ("610928", "旬阳县", "610981"),
        ] {
            assert_eq!(table.get(old_code).unwrap().code, now);
            assert_eq!(table.find(old_name).unwrap().code, now);
        }
        assert_eq!(table.successors.len(), 3);
    }

    #[test]
    fn a_name_is_found_when_it_can_mean_only_one_place() {
        let find = |text| divisions().find(text).map(|division| division.code.as_str());
        assert_eq!(find("凤翔区"), Some("610305"));
        assert_eq!(find("宝鸡市凤翔区"), Some("610305"));
        assert_eq!(find("陕西省宝鸡市凤翔区"), Some("610305"));
        assert_eq!(find("新城区"), Some("610102"), "呼和浩特 has one too; ours wins");
        assert_eq!(find("陕西省"), Some("610000"));
        assert_eq!(find("西湖区"), None, "several, none of them ours");
        assert_eq!(find("城关镇"), None);
        assert_eq!(find("999999"), None);
        assert_eq!(find(""), None);
    }

    #[test]
    fn a_township_lies_within_its_county_city_and_province() {
        let table = divisions();
        let township = table.children("610305").next().unwrap();
        assert_eq!(township.level, DivisionLevel::Township);
        for area in ["610305", "610322", "610300", "610000"] {
            assert!(table.is_within(&township.code, area), "{area}");
        }
        assert!(!table.is_within(&township.code, "610100"));
    }

    #[test]
    fn suggestions_show_our_own_places_first() {
        let found = divisions().suggest("凤", 5);
        assert!(found.iter().all(|division| division.code.starts_with("61")));
        assert_eq!(divisions().suggest("610322", 3)[0].code, "610305");
        assert!(divisions().suggest("  ", 3).is_empty());
    }
}
