//! The living problems, played day by day up to now.
//!
//! A working day has a handful of moments. At each, every story whose time has come looks at its family
//! and does the next thing its people mean to do; what all of them do at one moment goes to the store
//! together, so that the writer makes it durable with few commits. Between moments the clock stands
//! still, and whatever runs out is recorded at its own end.

use std::collections::BTreeMap;

use calendar::Words;
use futures_util::future::join_all;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use procedure::decide::World;
use procedure::definition::RoleName;
use procedure::{
    Actor, Command, Family, MatterId, OpenRequest, Raw, Refusal, Request, Rules, UnitId,
};
use store::draft::{Draft, DraftBody};
use store::{Done, Store};

use super::chance::Chance;
use super::photo::Photo;
use super::retelling::next_end;
use super::scenario::Cast;
use super::stage::Stage;
use super::story::{AFTER, BEFORE, Deed, Plan, What};
use super::{DemoError, fault};

/// Moments of a working day, in minutes after midnight; each comes up to [`JITTER`] minutes later.
const MOMENTS: [i64; 5] = [510, 585, 660, 870, 960];
/// How much later a moment may come.
const JITTER: i64 = 60;
/// How long after a deed a story looks again at the earliest.
const BREATH: SignedDuration = SignedDuration::from_mins(20);
/// Most deeds of one story; more means that it runs in circles.
const DEEDS_MAX: usize = 400;
/// How often progress is told, in days.
const TOLD_EVERY: usize = 60;

/// What was lived.
pub(super) struct Lived {
    /// Problems that came to light.
    pub(super) problems: usize,
    /// What people did.
    pub(super) acts: usize,
    /// What the rules refused: nothing, unless procedures and stories have parted ways.
    pub(super) refused: Vec<String>,
}

/// A story on its way.
struct Running {
    plan: Plan,
    root: Option<MatterId>,
    /// The family as last seen; none when it has changed since.
    family: Option<Family>,
    wake: Timestamp,
    /// When something in its family runs out.
    due: Option<Timestamp>,
    deeds: usize,
}

/// A deed ready to be sent.
struct Ready {
    story: usize,
    place: String,
    actor: Actor,
    asked: Asked,
}

enum Asked {
    Open(OpenRequest),
    Act(Request),
}

/// Plays the plans up to `now`.
pub(super) async fn play(
    stage: &mut Stage<'_>,
    cast: &Cast,
    plans: Vec<Plan>,
    now: Timestamp,
    progress: &(dyn Fn(&Words) + Sync),
) -> Result<Lived, DemoError> {
    let rules = stage.store.rules();
    let mut stories: Vec<Running> = plans.into_iter().map(|plan| begin(stage, plan)).collect();
    let mut lived = Lived { problems: 0, acts: 0, refused: Vec::new() };
    let Some(first) = stories.first().map(|story| story.wake) else { return Ok(lived) };
    let (mut day, last) = (calendar::local_date(first), calendar::local_date(now));
    let mut days = 0;
    while day <= last {
        for moment in moments(&rules, day).into_iter().filter(|moment| *moment <= now) {
            pass_until(stage, &mut stories, moment).await?;
            stage.at(moment);
            act(stage, cast, &rules, &mut stories, moment, &mut lived).await?;
        }
        days += 1;
        if days % TOLD_EVERY == 0 {
            let (problems, acts) = (lived.problems, lived.acts);
            progress(&Words::new(
                format!("{day}：{problems} 个问题，{acts} 次办理"),
                format!("{day}: {problems} problems, {acts} acts"),
            ));
        }
        day = day.saturating_add(jiff::Span::new().days(1));
    }
    pass_until(stage, &mut stories, now).await?;
    stage.at(now);
    drafts(stage, &stories).await?;
    Ok(lived)
}

fn begin(stage: &Stage<'_>, mut plan: Plan) -> Running {
    let directory = stage.store.directory();
    let [_, owner, procuratorate] = plan.sides();
    let officer = stage.name(procuratorate, RoleName::Handler).to_owned();
    let handler = stage.name(owner, RoleName::Handler).to_owned();
    let found = if plan.found_by_procuratorate() {
        "本院在履行公益监督职责中发现。"
    } else {
        "行政机关移送的公益诉讼案件线索。"
    };
    let names = &mut plan.names;
    names.insert("agency", directory.name(owner));
    names.insert("pros", directory.name(procuratorate));
    names.insert("officer", officer);
    names.insert("handler", handler);
    names.insert("source-words", found.to_owned());
    Running { wake: plan.starts_at, plan, root: None, family: None, due: None, deeds: 0 }
}

/// The moments of a day on which offices work.
fn moments(rules: &Rules, day: Date) -> Vec<Timestamp> {
    if !rules.calendar().is_workday(day) {
        return Vec::new();
    }
    let mut chance = Chance::about(0, &day.to_string());
    let midnight = calendar::start_of_day(day);
    let at = |minutes: i64| {
        midnight.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(midnight)
    };
    MOMENTS.iter().map(|minutes| at(minutes + chance.between(0, JITTER))).collect()
}

/// Lets run out what does before `moment`, each at its own end, and wakes its story.
async fn pass_until(
    stage: &Stage<'_>,
    stories: &mut [Running],
    moment: Timestamp,
) -> Result<(), DemoError> {
    loop {
        let next = stories.iter().filter_map(|story| story.due).min();
        let Some(end) = next.filter(|end| *end <= moment) else { return Ok(()) };
        stage.pass_time(end).await?;
        let over: Vec<usize> = stories
            .iter()
            .enumerate()
            .filter(|(_, story)| story.due.is_some_and(|due| due <= end))
            .map(|(number, _)| number)
            .collect();
        for number in &over {
            if let Some(story) = stories.get_mut(*number) {
                story.family = None;
                story.wake = story.wake.min(end);
            }
        }
        look(stage, stories, &over).await?;
    }
}

/// Reads the families of some stories anew where they have changed.
async fn look(
    stage: &Stage<'_>,
    stories: &mut [Running],
    which: &[usize],
) -> Result<(), DemoError> {
    let reads = which
        .iter()
        .filter_map(|number| {
            let story = stories.get(*number).filter(|story| story.family.is_none())?;
            Some((*number, story.plan.sides()[0], story.root.clone()?))
        })
        .map(|(number, unit, root)| async move {
            stage.family(unit, &root).await.map(|family| (number, family))
        });
    for read in join_all(reads).await {
        let (number, family) = read?;
        if let Some(story) = stories.get_mut(number) {
            story.due = next_end(&family);
            story.family = Some(family);
        }
    }
    Ok(())
}

/// Everybody whose time has come does the next thing.
async fn act(
    stage: &mut Stage<'_>,
    cast: &Cast,
    rules: &Rules,
    stories: &mut [Running],
    moment: Timestamp,
    lived: &mut Lived,
) -> Result<(), DemoError> {
    let awake: Vec<usize> = stories
        .iter()
        .enumerate()
        .filter(|(_, story)| story.wake <= moment)
        .map(|(number, _)| number)
        .collect();
    let mut ready = Vec::new();
    look(stage, stories, &awake).await?;
    for number in awake {
        let Some(story) = stories.get_mut(number) else { continue };
        let mut deeds = story.plan.deeds(rules, story.family.as_ref(), moment);
        deeds.sort_by_key(|deed| deed.not_before);
        let Some(deed) = deeds.into_iter().next().filter(|_| story.deeds < DEEDS_MAX) else {
            story.wake = Timestamp::MAX;
            continue;
        };
        if deed.not_before > moment {
            story.wake = deed.not_before;
            continue;
        }
        ready.push(prepare(stage, cast, rules, story, number, deed).await?);
    }
    // Sent in one order, so that numbers and ids are the same on every run.
    let answers = join_all(ready.iter().map(|deed| send(stage.store, deed))).await;
    for (deed, answer) in ready.iter().zip(answers) {
        let Some(story) = stories.get_mut(deed.story) else { continue };
        story.wake = moment.saturating_add(BREATH).unwrap_or(moment);
        match answer {
            Ok(done) => {
                lived.acts += 1;
                story.deeds += 1;
                if story.root.is_none() {
                    lived.problems += 1;
                    story.root = Some(done.root);
                }
                story.family = None;
            }
            Err(DemoError::Refused { step, refusal }) => {
                tracing::warn!(step, %refusal, "a story of the demo cannot go on");
                lived.refused.push(format!("{step}: {refusal}"));
                story.wake = Timestamp::MAX;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn send(store: &Store, deed: &Ready) -> Result<Done, DemoError> {
    let answer = match &deed.asked {
        Asked::Open(request) => store.open_matter(&deed.actor, request.clone(), None).await,
        Asked::Act(request) => store.act(&deed.actor, request.clone(), None).await,
    };
    answer.map_err(|error| super::stage::told(&deed.place, error))
}

async fn prepare(
    stage: &mut Stage<'_>,
    cast: &Cast,
    rules: &Rules,
    story: &Running,
    number: usize,
    deed: Deed,
) -> Result<Ready, DemoError> {
    let (plan, family) = (&story.plan, story.family.as_ref());
    let today = calendar::local_date(stage.store.now());
    let mut chance = Chance::about(plan.seed, &format!("words {}", story.deeds));
    let place = |what: &str| format!("{:?} “{}” {what}", plan.intention, plan.title);
    let text = |name: &str, chance: &mut Chance| {
        cast.texts.pick(name, &plan.names, chance).unwrap_or_default()
    };
    let of = |matter: MatterId, command| Asked::Act(Request { matter, seen: None, command });
    let (place, role, asked) = match deed.what {
        What::Open { procedure: id, parent, parties, given } => {
            let place = place(&format!("open {id}"));
            let procedure =
                rules.opening(id, today).ok_or_else(|| fault(&place, "no such procedure"))?;
            let act = &procedure.open;
            let input = cast.texts.input(procedure, act, &given, today, &plan.names, &mut chance);
            let input = with_photos(stage, plan, deed.unit, family, input).await?;
            let title = if parent.is_none() { plan.title.clone() } else { String::new() };
            let procedure = id.to_owned();
            let request = OpenRequest { procedure, parent, title, parties, input };
            (place, act.role, Asked::Open(request))
        }
        What::Act { matter: id, action, given } => {
            let place = place(action);
            let matter = family.and_then(|family| family.get(&id));
            let procedure = matter.and_then(|matter| rules.of(matter));
            let act = procedure.and_then(|procedure| procedure.action(action));
            let (Some(procedure), Some(act)) = (procedure, act) else {
                return Err(fault(&place, "no such action"));
            };
            let input = cast.texts.input(procedure, act, &given, today, &plan.names, &mut chance);
            let input = with_photos(stage, plan, deed.unit, family, input).await?;
            let command = Command::Act { action: action.to_owned(), input };
            (place, act.role, of(id, command))
        }
        What::Approve { matter, role } => {
            let request = Request { matter: matter.clone(), seen: None, command: Command::Approve };
            let leader = stage.actor(deed.unit, role)?;
            // What was right when it was drafted may not be any more: then it goes back.
            let refusal =
                family.and_then(|family| refusal(stage, rules, family, &leader, &request));
            match refusal {
                None => (place("approve"), role, Asked::Act(request)),
                Some(refusal) => {
                    let reason = refusal.words.zh;
                    (place("return"), role, of(matter, Command::Return { reason }))
                }
            }
        }
        What::Return { matter, role } => {
            let reason = text("return", &mut chance);
            (place("return"), role, of(matter, Command::Return { reason }))
        }
        What::Urge { matter, obligation } => {
            let words = text("urge", &mut chance);
            let command = Command::Urge { obligation, words };
            (place("urge"), RoleName::Handler, of(matter, command))
        }
    };
    let actor = stage.actor(deed.unit, role)?;
    Ok(Ready { story: number, place, actor, asked })
}

/// What the rules would say to a request now.
fn refusal(
    stage: &Stage<'_>,
    rules: &Rules,
    family: &Family,
    actor: &Actor,
    request: &Request,
) -> Option<Refusal> {
    let directory = stage.store.directory();
    let world = World { rules, directory: &*directory, now: stage.store.now() };
    // Ids of matters that will never be: the decision is thrown away.
    let mut made = 0_u32;
    let mut new_id = || {
        made += 1;
        let id = format!("00000000-0000-7000-8000-{made:012x}").parse();
        id.unwrap_or_else(|_| request.matter.clone())
    };
    procedure::decide(world, family.clone(), actor, request, &mut new_id).err()
}

/// Puts the person's own picture where one is to be given.
async fn with_photos(
    stage: &mut Stage<'_>,
    plan: &Plan,
    unit: UnitId,
    family: Option<&Family>,
    mut input: Raw,
) -> Result<Raw, DemoError> {
    for value in input.values_mut().flatten() {
        let repaired = match value.as_str() {
            BEFORE => false,
            AFTER => true,
            _ => continue,
        };
        *value = stage.photo(unit, Photo { scene: plan.scene, repaired }, family).await?;
    }
    Ok(input)
}

/// A few things half written, for the people whom the page of signing in offers.
async fn drafts(stage: &Stage<'_>, stories: &[Running]) -> Result<(), DemoError> {
    let mut kept: BTreeMap<UnitId, usize> = BTreeMap::new();
    for story in stories.iter().filter(|story| story.plan.is_shown()) {
        let [finder, owner, _] = story.plan.sides();
        let Some(root) = &story.root else { continue };
        let family = stage.family(finder, root).await?;
        let waits = family
            .matters()
            .find(|matter| matter.state == "in-correction" && matter.proposal.is_none());
        let Some(letter) = waits else { continue };
        let count = kept.entry(owner).or_default();
        if *count >= 2 {
            continue;
        }
        *count += 1;
        let actor = stage.actor(owner, RoleName::Handler)?;
        let text = "已成立整改专班，正在汇总各科室材料：";
        let draft = Draft {
            form: "act/reply".to_owned(),
            matter: Some(letter.id.clone()),
            unit: owner,
            body: DraftBody {
                input: Raw::from([("reply-measures".to_owned(), vec![text.to_owned()])]),
                ..DraftBody::default()
            },
            refusal: None,
            saved_at: stage.store.now(),
        };
        stage.store.draft_put(actor.user, &draft).await?;
    }
    Ok(())
}
