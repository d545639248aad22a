//! Where and about what living problems arise: counties, their units, scenarios, all read from
//! `data/demo/`.

use std::collections::BTreeMap;

use procedure::UnitId;
use procedure::definition::Side;
use serde::Deserialize;
use store::directory::Directory;
use store::division::divisions;
use store::unit::{Unit, UnitLevel};

use super::photo::Scene;
use super::text::Texts;
use super::{DemoError, fault};

/// `data/demo/counties.csv`.
const COUNTIES_CSV: &str = include_str!("../../../../data/demo/counties.csv");
/// `data/demo/scenarios.toml`.
const SCENARIOS_TOML: &str = include_str!("../../../../data/demo/scenarios.toml");

/// Everything the living problems are cast from.
pub(super) struct Cast {
    /// Where.
    pub(super) counties: Vec<County>,
    /// About what.
    pub(super) scenarios: Vec<Scenario>,
    /// What people write.
    pub(super) texts: Texts,
}

/// A county, its middle, its townships and its units.
#[derive(Debug, Clone)]
pub(super) struct County {
    /// Six digits.
    pub(super) code: String,
    /// Its name, e.g. 凤翔区.
    pub(super) name: String,
    /// The middle, in microdegrees.
    pub(super) middle_e6: (i64, i64),
    /// A river there.
    pub(super) river: String,
    /// Its townships.
    pub(super) towns: Vec<String>,
    /// Departments by line of work.
    departments: BTreeMap<String, UnitId>,
    /// The procuratorate.
    pub(super) procuratorate: UnitId,
    /// The ecology bureau of the city.
    pub(super) city_bureau: UnitId,
    /// The court, by name: courts are not on the platform.
    pub(super) court: String,
}

impl County {
    /// The department of that line of work.
    pub(super) fn department(&self, line: &str) -> Option<UnitId> {
        self.departments.get(line).copied()
    }
}

/// What a problem may be about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    /// What it is called in the file, for messages.
    id: String,
    /// The line of work of the agency in charge.
    pub(super) line: String,
    scene: String,
    pub(super) categories: Vec<String>,
    pub(super) causes: Vec<String>,
    #[serde(default)]
    pub(super) ecology: Vec<String>,
    pub(super) severity: Vec<String>,
    /// Lines of business of the polluter; none when there is no enterprise.
    pub(super) trades: Vec<String>,
    pub(super) titles: Vec<String>,
    pub(super) facts: Vec<String>,
    pub(super) readings: String,
    pub(super) cause: String,
    /// Legal basis before the Code.
    pub(super) laws: String,
    /// Legal basis under the Code.
    pub(super) code: String,
    pub(super) unmet: String,
    pub(super) demands: String,
    /// `KIND:WORDS` of what the agency does.
    pub(super) acts: Vec<String>,
    /// What, measure, check, standard, reading before, reading after.
    pub(super) items: Vec<[String; 6]>,
}

impl Scenario {
    /// What its photos show.
    pub(super) fn scene(&self) -> Scene {
        Scene::read(&self.scene).unwrap_or(Scene::Heap)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioFile {
    scenario: Vec<Scenario>,
}

impl Cast {
    /// Reads the files and finds the units.
    pub(super) fn read(directory: &Directory) -> Result<Self, DemoError> {
        let file: ScenarioFile = toml::from_str(SCENARIOS_TOML)
            .map_err(|error| fault("data/demo/scenarios.toml", error.to_string()))?;
        if let Some(odd) = file.scenario.iter().find(|one| Scene::read(&one.scene).is_none()) {
            let wrong = format!("{}: there is no scene {}", odd.id, odd.scene);
            return Err(fault("data/demo/scenarios.toml", wrong));
        }
        let counties = COUNTIES_CSV
            .lines()
            .skip(1)
            .map(|line| county(directory, line))
            .collect::<Result<_, _>>()?;
        Ok(Self { counties, scenarios: file.scenario, texts: Texts::read()? })
    }
}

fn county(directory: &Directory, line: &str) -> Result<County, DemoError> {
    let wrong = |what: &str| fault("data/demo/counties.csv", format!("{line}: {what}"));
    let cells: Vec<&str> = line.split(',').collect();
    let [code, name, longitude, latitude, river] = cells.as_slice() else {
        return Err(wrong("five cells are needed"));
    };
    let middle_e6 = (degrees(longitude), degrees(latitude));
    let (Some(east), Some(north)) = middle_e6 else { return Err(wrong("not a place")) };
    let city = format!("{}00", code.get(..4).unwrap_or_default());
    let here = |unit: &&Unit| unit.division_code == *code && unit.level == UnitLevel::County;
    let departments: BTreeMap<String, UnitId> = directory
        .all()
        .filter(here)
        .filter(|unit| unit.side == Side::Government)
        .map(|unit| (unit.line.clone(), unit.id))
        .collect();
    let procuratorate = directory
        .all()
        .find(|unit| here(unit) && unit.line == "procuratorate")
        .ok_or_else(|| wrong("no procuratorate"))?;
    let city_bureau = directory
        .all()
        .find(|unit| {
            unit.division_code == city && unit.level == UnitLevel::City && unit.line == "ecology"
        })
        .ok_or_else(|| wrong("no ecology bureau of the city"))?;
    let towns: Vec<String> = divisions()
        .children(code)
        .map(|division| division.name.clone())
        .filter(|name| name.ends_with(['镇', '乡']) || name.ends_with("街道"))
        .collect();
    if towns.is_empty() {
        return Err(wrong("no townships"));
    }
    Ok(County {
        code: (*code).to_owned(),
        name: (*name).to_owned(),
        middle_e6: (east, north),
        river: (*river).to_owned(),
        towns,
        departments,
        procuratorate: procuratorate.id,
        city_bureau: city_bureau.id,
        court: procuratorate.name.replace("检察院", "法院"),
    })
}

/// `107.3200` as 107,320,000 microdegrees.
fn degrees(text: &str) -> Option<i64> {
    let (whole, rest) = text.split_once('.')?;
    let rest: String = rest.chars().chain("000000".chars()).take(6).collect();
    Some(whole.parse::<i64>().ok()? * 1_000_000 + rest.parse::<i64>().ok()?)
}
