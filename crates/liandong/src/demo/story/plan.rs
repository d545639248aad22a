//! Casting: who, where, about what, and how it will go.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use procedure::{Matter, Raw, Rules, UnitId};

use super::{BEFORE, Deed, PROBLEM, What};
use crate::demo::Size;
use crate::demo::chance::Chance;
use crate::demo::photo::Scene;
use crate::demo::scenario::{Cast, County, Scenario};
use crate::demo::text::{Names, filled};

/// How far back the living problems begin, in hours.
const BACK_HOURS: i64 = 425 * 24;
/// The first day of the Code (生态环境法典).
const CODE_FROM: &str = "2026-08-15T00:00:00+08:00";

/// How a problem will go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::demo) enum Intention {
    /// Repaired and replied in time.
    OnTime,
    /// Replied and repaired, but late.
    Late,
    /// A suggestion in an urgent matter.
    Urgent,
    /// An objection that is rejected.
    Disputed,
    /// An objection that leads to an amended letter.
    Amended,
    /// An objection that leads to withdrawal.
    Withdrawn,
    /// An objective cause stops the clock.
    Suspended,
    /// Repaired in part, then in full.
    Partial,
    /// Said to be repaired, but not.
    Unreal,
    /// No reply, no repair: it goes to court.
    Silent,
    /// Repaired without the procuratorate.
    Administrative,
    /// The same, but late.
    AdministrativeLate,
    /// The procuratorate files no case.
    NotFiled,
    /// There was nothing.
    Unfounded,
    /// Repaired, struck off, back again.
    Rebound,
}

use Intention::{
    Administrative, AdministrativeLate, Amended, Disputed, Late, NotFiled, OnTime, Partial,
    Rebound, Silent, Suspended, Unfounded, Unreal, Urgent, Withdrawn,
};

/// How many of a hundred problems go which way.
const SHARES: [(Intention, usize); 15] = [
    (OnTime, 19),
    (Late, 9),
    (Urgent, 7),
    (Disputed, 4),
    (Amended, 2),
    (Withdrawn, 2),
    (Suspended, 5),
    (Partial, 6),
    (Unreal, 4),
    (Silent, 6),
    (Administrative, 17),
    (AdministrativeLate, 7),
    (NotFiled, 4),
    (Unfounded, 4),
    (Rebound, 4),
];

/// Where a story stops for good, so that something waits for whoever tries the demo.
#[derive(Debug, Clone, Copy)]
pub(in crate::demo) struct Halt {
    procedure: &'static str,
    state: &'static str,
    /// Whether a draft waits for approval there.
    drafted: bool,
}

impl Halt {
    pub(super) fn holds(self, matter: &Matter) -> bool {
        matter.procedure == self.procedure
            && matter.state == self.state
            && matter.proposal.is_some() == self.drafted
    }
}

/// How it goes, how many days ago it began, where it stops (procedure, state, whether a draft waits),
/// and whose duty it is.
type Shown = (Intention, i64, Option<(&'static str, &'static str, bool)>, &'static str);

/// Problems of the district whose people the page of signing in offers.
const SHOWN: [Shown; 22] = [
    (OnTime, 33, Some(("suggestion", "served", false)), "ecology"),
    (OnTime, 26, Some(("suggestion", "served", false)), "ecology"),
    (OnTime, 27, Some(("suggestion", "served", false)), "water"),
    (OnTime, 79, Some(("suggestion", "in-correction", true)), "ecology"),
    (Silent, 84, Some(("suggestion", "in-correction", false)), "ecology"),
    (Silent, 81, Some(("suggestion", "in-correction", false)), "ecology"),
    (Late, 92, None, "ecology"),
    (Silent, 104, Some(("suggestion", "correction-over", false)), "ecology"),
    (Urgent, 36, Some(("suggestion", "in-correction", false)), "ecology"),
    (Disputed, 36, Some(("suggestion", "objection-review", false)), "ecology"),
    (Suspended, 60, Some(("suggestion", "suspended", false)), "ecology"),
    (Partial, 74, None, "water"),
    (Unreal, 84, None, "ecology"),
    (
        Silent,
        150,
        Some(("administrative-public-interest-case", "first-instance", false)),
        "ecology",
    ),
    (OnTime, 5, Some(("clue", "submitted", false)), "water"),
    (OnTime, 6, Some(("clue", "submitted", false)), "housing"),
    (OnTime, 17, Some(("clue", "evaluating", true)), "agriculture"),
    (OnTime, 26, Some(("suggestion", "drafting", true)), "ecology"),
    (Administrative, 60, Some(("problem", "awaiting-acceptance", false)), "ecology"),
    (Administrative, 70, Some(("problem", "in-repair", true)), "ecology"),
    (AdministrativeLate, 70, None, "ecology"),
    (Rebound, 330, None, "ecology"),
];
/// That district.
const SHOWN_COUNTY: &str = "610305";
/// How much faster things go there, in percent of the usual time, so that they come where they stop.
const SHOWN_PACE: i64 = 30;

/// A living problem before it happens.
#[derive(Debug, Clone)]
pub(in crate::demo) struct Plan {
    pub(in crate::demo) seed: u64,
    pub(in crate::demo) starts_at: Timestamp,
    pub(in crate::demo) intention: Intention,
    pub(super) halt: Option<Halt>,
    /// Percent of the usual time.
    pace: i64,
    pub(super) finder: UnitId,
    pub(super) owner: UnitId,
    pub(super) procuratorate: UnitId,
    city_bureau: UnitId,
    /// Whether the procuratorate is asked to join from the start.
    supervised: bool,
    pub(in crate::demo) title: String,
    pub(in crate::demo) names: Names,
    pub(in crate::demo) scene: Scene,
    pub(super) items: Vec<[String; 6]>,
    pub(super) acts: Vec<(String, String)>,
    place: String,
    division: String,
    point: String,
    categories: Vec<String>,
    causes: Vec<String>,
    ecology: Vec<String>,
    severity: String,
    facts: String,
    readings: String,
    polluter: String,
}

/// Every living problem, the oldest first.
pub(in crate::demo) fn plans(cast: &Cast, rules: &Rules, size: Size, now: Timestamp) -> Vec<Plan> {
    // Only what the rules of this installation know can be lived.
    let known = |id: &str| rules.procedure(id).is_some();
    if !known(PROBLEM) {
        return Vec::new();
    }
    let mut plans = Vec::with_capacity(size.problems);
    let shown = SHOWN.len().min(size.problems / 4);
    for (number, (intention, days, halt, line)) in SHOWN.into_iter().take(shown).enumerate() {
        let mut chance = Chance::about(size.seed, &format!("shown {number}"));
        let county = cast.counties.iter().find(|county| county.code == SHOWN_COUNTY);
        let fits: Vec<&Scenario> = cast.scenarios.iter().filter(|one| one.line == line).collect();
        let (Some(county), Some(scenario)) = (county, chance.pick(&fits)) else { continue };
        let starts_at = chance.later(before(now, days * 24), 0, 8);
        let halt = halt.map(|(procedure, state, drafted)| Halt { procedure, state, drafted });
        let way = Way { intention, starts_at, halt, pace: SHOWN_PACE };
        plans.extend(plan(county, scenario, way, &mut chance));
    }
    for number in shown..size.problems {
        let mut chance = Chance::about(size.seed, &format!("problem {number}"));
        let back = chance.between(6, BACK_HOURS);
        let intention = intention(&mut chance);
        let (Some(county), Some(scenario)) =
            (chance.pick(&cast.counties), chance.pick(&cast.scenarios))
        else {
            continue;
        };
        let way = Way { intention, starts_at: before(now, back), halt: None, pace: 100 };
        plans.extend(plan(county, scenario, way, &mut chance));
    }
    plans.sort_by_key(|plan| (plan.starts_at, plan.seed));
    plans
}

fn before(now: Timestamp, hours: i64) -> Timestamp {
    now.saturating_sub(SignedDuration::from_hours(hours)).unwrap_or(now)
}

fn intention(chance: &mut Chance) -> Intention {
    let mut draw = chance.below(SHARES.iter().map(|(_, share)| share).sum());
    for (intention, share) in SHARES {
        if draw < share {
            return intention;
        }
        draw -= share;
    }
    OnTime
}

/// How a problem goes and when.
#[derive(Clone, Copy)]
struct Way {
    intention: Intention,
    starts_at: Timestamp,
    halt: Option<Halt>,
    pace: i64,
}

fn plan(county: &County, scenario: &Scenario, way: Way, chance: &mut Chance) -> Option<Plan> {
    let owner = county.department(&scenario.line)?;
    let ecology = county.department("ecology")?;
    let administrative = matches!(way.intention, Administrative | AdministrativeLate | Unfounded);
    // Whoever finds it is not whoever should have acted.
    let finder = match (scenario.line == "ecology", administrative) {
        (true, true) => county.city_bureau,
        (true, false) if chance.percent(25) => county.city_bureau,
        (true, false) => county.procuratorate,
        (false, false) if chance.percent(30) => county.procuratorate,
        (false, _) => ecology,
    };
    let town = chance.pick(&county.towns)?.clone();
    let village = village(chance);
    let mut names: Names = BTreeMap::new();
    let place = format!("{}{town}{village}", county.name);
    let polluter = polluter(county, scenario, chance).unwrap_or_default();
    names.insert("county", county.name.clone());
    names.insert("town", town);
    names.insert("village", village);
    names.insert("place", place.clone());
    names.insert("river", county.river.clone());
    names.insert("court", county.court.clone());
    let offender = if polluter.is_empty() { "有关责任人" } else { &polluter };
    names.insert("polluter", offender.to_owned());
    names.insert("n1", chance.between(2, 6).to_string());
    names.insert("n2", chance.between(12, 58).to_string());
    names.insert("cause", scenario.cause.clone());
    names.insert("unmet", scenario.unmet.clone());
    names.insert("demands", scenario.demands.clone());
    let under_code = CODE_FROM.parse().is_ok_and(|from: Timestamp| way.starts_at >= from);
    let laws = if under_code { &scenario.code } else { &scenario.laws };
    names.insert("laws", laws.clone());
    let told = chance.below(scenario.titles.len());
    let title = filled(scenario.titles.get(told)?, &names);
    let facts = filled(scenario.facts.get(told)?, &names);
    names.insert("harm", facts.clone());
    let readings = filled(&scenario.readings, &names);
    let mut items = scenario.items.clone();
    items.truncate(usize::try_from(chance.between(1, 3)).unwrap_or(1));
    let measure = items.first().map(|item| item[1].clone()).unwrap_or_default();
    names.insert("measure", measure);
    let acts = scenario
        .acts
        .iter()
        .filter_map(|act| act.split_once(':'))
        .map(|(kind, words)| (kind.to_owned(), filled(words, &names)))
        .collect();
    let (east, north) = county.middle_e6;
    let east = east + chance.between(-55_000, 55_000);
    let north = north + chance.between(-45_000, 45_000);
    let point = |micro: i64| format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000);
    Some(Plan {
        seed: chance.between(0, i64::MAX - 1).unsigned_abs(),
        starts_at: way.starts_at,
        intention: way.intention,
        halt: way.halt,
        pace: way.pace,
        finder,
        owner,
        procuratorate: county.procuratorate,
        city_bureau: county.city_bureau,
        supervised: chance.percent(40),
        title,
        names,
        scene: scenario.scene(),
        items,
        acts,
        place,
        division: county.code.clone(),
        point: format!("{},{}", point(east), point(north)),
        categories: scenario.categories.clone(),
        causes: scenario.causes.clone(),
        ecology: scenario.ecology.clone(),
        severity: chance.pick(&scenario.severity).cloned().unwrap_or_default(),
        facts,
        readings,
        polluter,
    })
}

fn village(chance: &mut Chance) -> String {
    const FIRST: [&str; 12] =
        ["东", "西", "南", "北", "上", "下", "新", "小", "前", "后", "三", "柳"];
    const LAST: [&str; 10] = ["沟", "湾", "坡", "庄", "堡", "原", "寨", "河", "坪", "岭"];
    let first = chance.pick(&FIRST).copied().unwrap_or("东");
    let last = chance.pick(&LAST).copied().unwrap_or("沟");
    format!("{first}{last}村")
}

/// An enterprise that does not exist and says so.
fn polluter(county: &County, scenario: &Scenario, chance: &mut Chance) -> Option<String> {
    const STEMS: [&str; 18] = [
        "秦垣",
        "渭原",
        "岐丰",
        "陇源",
        "汉泽",
        "丹沐",
        "延垦",
        "榆朔",
        "泾川源",
        "周原新",
        "华岳",
        "终南",
        "雍城",
        "洛澄",
        "昆明池",
        "金锁",
        "安澜",
        "禾丰",
    ];
    let trade = chance.pick(&scenario.trades)?;
    let stem = chance.pick(&STEMS)?;
    let home: String = county.name.chars().take(2).collect();
    Some(format!("{home}{stem}{trade}有限公司（虚构）"))
}

impl Plan {
    /// The units that act in it beside those above them.
    pub(in crate::demo) fn units(&self) -> impl Iterator<Item = UnitId> {
        [self.finder, self.owner, self.procuratorate, self.city_bureau].into_iter()
    }

    /// Finder, agency in charge, procuratorate.
    pub(in crate::demo) fn sides(&self) -> [UnitId; 3] {
        [self.finder, self.owner, self.procuratorate]
    }

    /// Whether the procuratorate came upon it itself.
    pub(in crate::demo) fn found_by_procuratorate(&self) -> bool {
        self.finder == self.procuratorate
    }

    /// Whether it is there for the people whom the page of signing in offers.
    pub(in crate::demo) fn is_shown(&self) -> bool {
        self.pace == SHOWN_PACE
    }

    /// Hours at this plan's pace.
    pub(super) fn pace(&self, hours: i64) -> i64 {
        hours * self.pace / 100
    }

    /// Whether the procuratorate takes part.
    pub(super) fn is_case(&self) -> bool {
        !matches!(self.intention, Administrative | AdministrativeLate | Unfounded)
    }

    /// Where the problem came to light, as the clue's list says it.
    pub(super) fn clue_source(&self) -> &'static str {
        if self.finder == self.procuratorate { "casework" } else { "referred" }
    }

    /// The act that registers the problem.
    pub(super) fn opening(&self) -> Deed {
        let mut chance = Chance::about(self.seed, "opening");
        let sources: &[&str] = if self.finder == self.procuratorate {
            &["casework", "report", "media", "platform-data"]
        } else {
            &["patrol", "report", "petition", "monitoring", "provincial-inspection", "campaign"]
        };
        let source = chance.pick(sources).copied().unwrap_or("patrol");
        let mut given = super::raw(&[
            ("place", &self.place),
            ("division", &self.division),
            ("point", &self.point),
            ("severity", &self.severity),
            ("source", source),
            ("facts", &self.facts),
            ("photos", BEFORE),
        ]);
        given.insert("categories".to_owned(), self.categories.clone());
        given.insert("causes".to_owned(), self.causes.clone());
        let more = [("readings", &self.readings), ("polluter-name", &self.polluter)];
        for (field, value) in more.into_iter().filter(|(_, value)| !value.is_empty()) {
            given.insert(field.to_owned(), vec![value.clone()]);
        }
        if !self.ecology.is_empty() {
            given.insert("ecology-objects".to_owned(), self.ecology.clone());
        }
        let mut parties = Raw::new();
        parties.insert("owner".to_owned(), vec![self.owner.to_string()]);
        if self.supervised || self.finder == self.procuratorate {
            let supervisor = self.procuratorate.to_string();
            parties.insert("supervisor".to_owned(), vec![supervisor]);
        }
        let what = What::Open { procedure: PROBLEM, parent: None, parties, given };
        Deed { not_before: self.starts_at, unit: self.finder, what }
    }
}
