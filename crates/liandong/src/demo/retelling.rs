//! Guiding cases retold on their real dates, from scripts in `data/demo/retelling/`.
//!
//! A script names its units and lists steps. A step says when, by which unit, and either `open`s a
//! procedure or does an action on the newest matter of the procedure `on` (`about = "CAPACITY:UNIT"`
//! chooses among several). Where the action needs approval, the leaders it waits for give it minutes
//! later. Nothing here knows any of the cases.

use std::collections::BTreeMap;

use calendar::SHANGHAI;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use procedure::definition::{Action, FieldKind, Procedure};
use procedure::{Command, Family, Matter, MatterId, OpenRequest, Raw, Request, UnitId};
use serde::Deserialize;
use store::directory::Directory;

use super::stage::Stage;
use super::{DemoError, fault, people};

/// The scripts, by file name.
const SCRIPTS: [(&str, &str); 3] = [
    ("guiding-case-49.toml", include_str!("../../../../data/demo/retelling/guiding-case-49.toml")),
    ("guiding-case-50.toml", include_str!("../../../../data/demo/retelling/guiding-case-50.toml")),
    (
        "guiding-case-162.toml",
        include_str!("../../../../data/demo/retelling/guiding-case-162.toml"),
    ),
];

/// How long an approval takes.
const APPROVAL: SignedDuration = SignedDuration::from_mins(8);
/// How long before the first step units and people are there.
const LEAD: SignedDuration = SignedDuration::from_hours(24);

/// A case to be retold.
#[derive(Debug)]
pub(super) struct Script {
    file: &'static str,
    units: BTreeMap<String, UnitId>,
    steps: Vec<(Timestamp, Step)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptFile {
    units: BTreeMap<String, String>,
    #[serde(rename = "step")]
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: toml::value::Datetime,
    by: String,
    #[serde(default)]
    open: Option<String>,
    #[serde(default, rename = "do")]
    action: Option<String>,
    #[serde(default)]
    on: Option<String>,
    #[serde(default)]
    about: Option<String>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    parties: BTreeMap<String, String>,
    #[serde(default)]
    fields: BTreeMap<String, OneOrMany>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn list(&self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text.clone()],
            Self::Many(texts) => texts.clone(),
        }
    }
}

impl Step {
    fn place(&self, file: &str) -> String {
        let what = self.open.as_deref().or(self.action.as_deref()).unwrap_or("?");
        format!("{file} {} {what}", self.at)
    }
}

impl Script {
    /// The units that act in it.
    pub(super) fn units(&self) -> impl Iterator<Item = UnitId> {
        self.units.values().copied()
    }

    fn unit(&self, place: &str, key: &str) -> Result<UnitId, DemoError> {
        let unit = self.units.get(key).copied();
        unit.ok_or_else(|| fault(place, format!("no unit is called `{key}` here")))
    }
}

/// When the demo's past begins: a day before the first step.
pub(super) fn curtain() -> Result<Timestamp, DemoError> {
    let mut first = Timestamp::MAX;
    for (file, text) in SCRIPTS {
        for step in read(file, text)?.steps {
            first = first.min(instant(file, &step)?);
        }
    }
    Ok(first.saturating_sub(LEAD).unwrap_or(first))
}

/// Every script, its units found.
pub(super) fn scripts(directory: &Directory) -> Result<Vec<Script>, DemoError> {
    SCRIPTS
        .into_iter()
        .map(|(file, text)| {
            let read = read(file, text)?;
            let units = read
                .units
                .into_iter()
                .map(|(key, code)| Ok((key, people::unit(directory, &code)?)))
                .collect::<Result<_, DemoError>>()?;
            let steps = read
                .steps
                .into_iter()
                .map(|step| Ok((instant(file, &step)?, step)))
                .collect::<Result<_, DemoError>>()?;
            Ok(Script { file, units, steps })
        })
        .collect()
}

fn read(file: &str, text: &str) -> Result<ScriptFile, DemoError> {
    toml::from_str(text).map_err(|error| fault(file, error.to_string()))
}

fn instant(file: &str, step: &Step) -> Result<Timestamp, DemoError> {
    let local: Option<DateTime> = step.at.to_string().parse().ok();
    let instant = local.and_then(|local| SHANGHAI.to_timestamp(local).ok());
    instant.ok_or_else(|| fault(step.place(file), "not a day and time"))
}

/// A case as it stands on the stage.
#[derive(Default)]
struct Told {
    /// The unit through whose eyes the family is read, and the problem.
    root: Option<(UnitId, MatterId)>,
    family: Family,
}

/// Plays the scripts, merged into one course of time; says how many acts that took.
pub(super) async fn play(stage: &Stage<'_>, scripts: &[Script]) -> Result<usize, DemoError> {
    let mut told: Vec<Told> = scripts.iter().map(|_| Told::default()).collect();
    let mut course: Vec<(Timestamp, usize, &Step)> = scripts
        .iter()
        .enumerate()
        .flat_map(|(number, script)| script.steps.iter().map(move |(at, step)| (*at, number, step)))
        .collect();
    course.sort_by_key(|(at, number, _)| (*at, *number));
    let mut acts = 0;
    for (at, number, step) in course {
        pass_until(stage, &mut told, at).await?;
        stage.at(at);
        if let (Some(script), Some(told)) = (scripts.get(number), told.get_mut(number)) {
            acts += take(stage, script, told, at, step).await?;
        }
    }
    Ok(acts)
}

/// Lets run out what does before `at`, each at its own end.
async fn pass_until(stage: &Stage<'_>, told: &mut [Told], at: Timestamp) -> Result<(), DemoError> {
    loop {
        let next = told.iter().filter_map(|case| next_end(&case.family)).min();
        let Some(end) = next.filter(|end| *end < at) else { return Ok(()) };
        stage.pass_time(end).await?;
        for case in told.iter_mut() {
            look(stage, case).await?;
        }
    }
}

/// When the next running obligation of a family has run out.
pub(super) fn next_end(family: &Family) -> Option<Timestamp> {
    let owed = family.matters().flat_map(|matter| &matter.obligations);
    let ends = owed.filter(|owed| owed.is_running()).map(procedure::matter::Obligation::ends_at);
    // An instant is over only after it.
    ends.min().map(|end| end.saturating_add(SignedDuration::from_secs(1)).unwrap_or(end))
}

async fn look(stage: &Stage<'_>, told: &mut Told) -> Result<(), DemoError> {
    if let Some((unit, root)) = &told.root {
        told.family = stage.family(*unit, root).await?;
    }
    Ok(())
}

async fn take(
    stage: &Stage<'_>,
    script: &Script,
    told: &mut Told,
    at: Timestamp,
    step: &Step,
) -> Result<usize, DemoError> {
    let place = step.place(script.file);
    let unit = script.unit(&place, &step.by)?;
    let rules = stage.store.rules();
    let matter = match &step.on {
        Some(procedure) => Some(find(script, told, &place, procedure, step.about.as_deref())?),
        None => None,
    };
    let acted = if let Some(id) = &step.open {
        let today = calendar::local_date(at);
        let procedure = rules
            .opening(id, today)
            .ok_or_else(|| fault(&place, format!("there is no procedure {id}")))?;
        let request = OpenRequest {
            procedure: id.clone(),
            parent: matter.map(|matter| matter.id),
            title: step.title.clone(),
            parties: parties(script, &place, &step.parties)?,
            input: input(script, &place, procedure, &procedure.open, &step.fields)?,
        };
        let actor = stage.actor(unit, procedure.open.role)?;
        stage.open(&place, &actor, request).await?
    } else {
        let matter = matter.ok_or_else(|| fault(&place, "`on` is missing"))?;
        let id = step.action.as_deref().unwrap_or_default();
        let procedure = rules.of(&matter).ok_or_else(|| fault(&place, "no such version"))?;
        let action = procedure
            .action(id)
            .ok_or_else(|| fault(&place, format!("{} has no action {id}", procedure.id)))?;
        let input = input(script, &place, procedure, action, &step.fields)?;
        let command = Command::Act { action: id.to_owned(), input };
        let actor = stage.actor(unit, action.role)?;
        stage.act(&place, &actor, Request { matter: matter.id, seen: None, command }).await?
    };
    told.root.get_or_insert((unit, acted.root.clone()));
    look(stage, told).await?;
    let approved = approve(stage, told, &place, &acted.matter, at).await?;
    Ok(1 + approved)
}

/// The leaders a draft waits for approve it, one after the other.
async fn approve(
    stage: &Stage<'_>,
    told: &mut Told,
    place: &str,
    matter: &MatterId,
    mut at: Timestamp,
) -> Result<usize, DemoError> {
    let mut approved = 0;
    while let Some(proposal) = told.family.get(matter).and_then(|matter| matter.proposal.as_ref()) {
        at = at.saturating_add(APPROVAL).unwrap_or(at);
        stage.at(at);
        let leader = stage.actor(proposal.waits_for, proposal.role)?;
        let request = Request { matter: matter.clone(), seen: None, command: Command::Approve };
        stage.act(place, &leader, request).await?;
        approved += 1;
        look(stage, told).await?;
    }
    Ok(approved)
}

fn find(
    script: &Script,
    told: &Told,
    place: &str,
    procedure: &str,
    about: Option<&str>,
) -> Result<Matter, DemoError> {
    let about = match about {
        None => None,
        Some(text) => {
            let (capacity, key) = text
                .split_once(':')
                .ok_or_else(|| fault(place, "`about` is written CAPACITY:UNIT"))?;
            Some((capacity, script.unit(place, key)?))
        }
    };
    let fits = |matter: &&Matter| {
        matter.procedure == procedure
            && about.is_none_or(|(capacity, unit)| matter.party(capacity).contains(&unit))
    };
    let newest = told.family.matters().filter(fits).last().cloned();
    newest.ok_or_else(|| fault(place, format!("there is no {procedure} yet")))
}

fn parties(
    script: &Script,
    place: &str,
    given: &BTreeMap<String, String>,
) -> Result<Raw, DemoError> {
    given
        .iter()
        .map(|(party, key)| Ok((party.clone(), vec![script.unit(place, key)?.to_string()])))
        .collect()
}

/// What is filled in; a field the act does not ask for is a mistake of the script.
fn input(
    script: &Script,
    place: &str,
    procedure: &Procedure,
    action: &Action,
    given: &BTreeMap<String, OneOrMany>,
) -> Result<Raw, DemoError> {
    let mut input = Raw::new();
    for (id, value) in given {
        if !action.fields().any(|asked| asked == id) {
            return Err(fault(place, format!("`{}` does not ask for {id}", action.id)));
        }
        let mut values = value.list();
        if procedure.field(id).is_some_and(|field| field.kind == FieldKind::Unit) {
            for value in &mut values {
                *value = script.unit(place, value)?.to_string();
            }
        }
        input.insert(id.clone(), values);
    }
    Ok(input)
}
