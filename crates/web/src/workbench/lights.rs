//! The lights of the units one guides or works beside: both sides by the same measure.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use procedure::UnitId;
use procedure::definition::Side;
use store::counter::UnitLights;
use store::directory::Directory;
use store::division::divisions;
use store::punctuality::Punctuality;
use store::unit::{Unit, UnitLevel, side_words};

use crate::House;
use crate::error::WebError;
use crate::fields::{Fields, Query};
use crate::filters;
use crate::message::T;
use crate::parts::mark::{Bar, Share};
use crate::parts::pager::{PAGE_ROWS, Pager, Rows, page_number};
use crate::session::SignedIn;
use crate::shell::{Page, Shell};

/// The lines whose units look at their whole division, not only at their own guidance tree.
const LOOKS_AT_DIVISION: [&str; 4] = ["gov", "gov-office", "ecology", "procuratorate"];

/// The page of lights.
#[derive(Debug, Template)]
#[template(path = "workbench/lights.html")]
pub(super) struct LightsPage {
    t: T,
    shell: Shell,
    unit: String,
    whole: Share,
    owing: i64,
    signing: i64,
    units: usize,
    year: i16,
    sides: Vec<(String, String)>,
    side: String,
    rows: Vec<Row>,
    pager: Option<Pager>,
}

#[derive(Debug)]
struct Row {
    href: String,
    name: String,
    side: String,
    division: String,
    liaison: String,
    late: i64,
    near: i64,
    ok: i64,
    signing: i64,
    bar: Bar,
    in_time: i64,
    late_year: i64,
    /// `92%`; empty where nothing came to an end this year.
    rate: String,
}

/// How one unit stands and how punctual it was.
struct Standing<'a> {
    unit: &'a Unit,
    light: UnitLights,
    punctuality: Punctuality,
}

/// `GET /lights`.
pub(super) async fn show(
    State(house): State<House>,
    who: SignedIn,
    Query(query): Query,
) -> Result<Page<LightsPage>, WebError> {
    let language = who.language;
    let directory = house.directory();
    let units = looked_at(&directory, who.unit);
    let side = store::unit::side_read(query.get("side"));
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let year = house.today().year();
    let standings = standings(&house, &directory, &ids, year).await?;
    let mut sides = BTreeMap::<Side, Punctuality>::new();
    let (mut whole, mut owing, mut signing) = (Share::default(), 0, 0);
    for Standing { unit, light, punctuality } in &standings {
        let one = share(light);
        whole.late += one.late;
        whole.near += one.near;
        whole.ok += one.ok;
        let sum = sides.entry(unit.side).or_default();
        sum.in_time += punctuality.in_time;
        sum.late += punctuality.late;
        owing += light.owing;
        signing += light.to_acknowledge;
    }
    let chosen: Vec<_> =
        standings.iter().filter(|one| side.is_none_or(|side| one.unit.side == side)).collect();
    let number = page_number(&query);
    let skipped = usize::try_from((number - 1) * PAGE_ROWS).unwrap_or(usize::MAX);
    let shown: Vec<_> = chosen.iter().skip(skipped).take(PAGE_ROWS as usize).collect();
    let shown_ids: Vec<UnitId> = shown.iter().map(|one| one.unit.id).collect();
    let liaisons = house.people.liaison_list(&shown_ids).await?;
    let rows: Vec<Row> = shown
        .into_iter()
        .map(|Standing { unit, light, punctuality }| {
            let share = share(light);
            let words = language.fill(
                "lights.bar",
                &[("late", &share.late), ("near", &share.near), ("ok", &share.ok)],
            );
            Row {
                href: format!("/units/{}", unit.id),
                name: unit.short_name.clone(),
                side: language.of(&side_words(unit.side)).to_owned(),
                division: division_name(unit),
                liaison: liaisons
                    .get(&unit.id)
                    .map(|person| person.display_name.clone())
                    .unwrap_or_default(),
                late: share.late,
                near: share.near,
                ok: share.ok,
                signing: light.to_acknowledge,
                bar: Bar { share, words },
                in_time: punctuality.in_time,
                late_year: punctuality.late,
                rate: percent(*punctuality),
            }
        })
        .collect();
    let total = Rows::Exactly(i64::try_from(chosen.len()).unwrap_or(i64::MAX));
    let pager = (!rows.is_empty() || number > 1)
        .then(|| Pager::new(language, &query, number, PAGE_ROWS, rows.len(), total));
    let title = language.say("lights.title");
    let shell = house.shell(&who, "home", title).await?.crumb_here(title);
    Ok(Page(LightsPage {
        t: language.t(),
        shell,
        unit: who.unit_name.clone(),
        whole,
        owing,
        signing,
        units: units.len(),
        year,
        sides: sides
            .into_iter()
            .map(|(side, sum)| (language.of(&side_words(side)).to_owned(), percent(sum)))
            .filter(|(_, rate)| !rate.is_empty())
            .collect(),
        side: query.get("side").to_owned(),
        rows,
        pager,
    }))
}

/// How each of these units stands and was in a year: those with something open by their lights, worst
/// first, then those with only a record, least punctual first.
async fn standings<'a>(
    house: &House,
    directory: &'a Directory,
    ids: &[UnitId],
    year: i16,
) -> Result<Vec<Standing<'a>>, WebError> {
    let lights = house.store.lights(ids).await?;
    let mut records = house.store.punctuality(ids, year).await?;
    let mut found: Vec<Standing<'a>> = lights
        .into_iter()
        .filter_map(|light| {
            let punctuality = records.remove(&light.unit).unwrap_or_default();
            directory.get(light.unit).map(|unit| Standing { unit, light, punctuality })
        })
        .collect();
    let mut past: Vec<Standing<'a>> = records
        .into_iter()
        .filter_map(|(unit, punctuality)| {
            let light = UnitLights { unit, owing: 0, overdue: 0, near: 0, to_acknowledge: 0 };
            directory.get(unit).map(|unit| Standing { unit, light, punctuality })
        })
        .collect();
    past.sort_by_key(|one| (one.punctuality.percent(), one.unit.id));
    found.extend(past);
    Ok(found)
}

fn share(light: &UnitLights) -> Share {
    Share {
        late: light.overdue,
        near: light.near,
        ok: (light.owing - light.overdue - light.near).max(0),
    }
}

/// `92%`; empty where nothing came to an end.
fn percent(punctuality: Punctuality) -> String {
    punctuality.percent().map(|percent| format!("{percent}%")).unwrap_or_default()
}

/// The units whose numbers somebody at a unit may look at: its own guidance tree, and for those who
/// coordinate, both sides of its division.
fn looked_at(directory: &Directory, unit: UnitId) -> Vec<&Unit> {
    let mut found: BTreeMap<UnitId, &Unit> = directory
        .tree(unit)
        .into_iter()
        .filter_map(|id| directory.get(id))
        .map(|unit| (unit.id, unit))
        .collect();
    if let Some(own) = directory.get(unit)
        && LOOKS_AT_DIVISION.contains(&own.line.as_str())
    {
        let table = divisions();
        let inside = directory.all().filter(|other| {
            other.active
                && (own.level == UnitLevel::Province
                    || table.is_within(&other.division_code, &own.division_code))
        });
        found.extend(inside.map(|unit| (unit.id, unit)));
    }
    found.into_values().collect()
}

/// Whether somebody at one unit may look at the numbers of another: its own, those it guides, and for
/// those who coordinate, both sides of its division.
pub(crate) fn looks_at(directory: &Directory, unit: UnitId, other: UnitId) -> bool {
    looked_at(directory, unit).iter().any(|one| one.id == other)
}

fn division_name(unit: &Unit) -> String {
    divisions()
        .get(&unit.division_code)
        .map_or_else(|| unit.division_code.clone(), |division| division.name.clone())
}

impl LightsPage {
    fn with_side(side: &str) -> String {
        let query = Fields::default().with("side", side).query();
        format!("/lights{query}")
    }
}
