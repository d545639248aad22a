//! A problem with everything that can hang under it, acted out by the people of a world: the builder
//! of the tests of matters.

use procedure::decide::{Command, Request};
use procedure::definition::{Action, Field, FieldKind, Procedure, RoleName};
use procedure::{Actor, MatterId, OpenRequest, Raw, UnitId};
use store::Scope;

use crate::world::World;

/// 凤翔区人民检察院.
pub const PROCURATORATE: &str = "J61030500";
/// 凤翔区生态环境部门.
pub const BUREAU: &str = "G61030501";

/// What is typed into a form, by field.
pub fn raw(pairs: &[(&str, &str)]) -> Raw {
    let mut raw = Raw::new();
    for (field, value) in pairs {
        raw.entry((*field).to_owned()).or_default().push((*value).to_owned());
    }
    raw
}

/// Somebody at a unit as reads know them.
pub fn scope(world: &World, code: &str, role: RoleName) -> Scope {
    let Actor { user, unit, roles } = world.person(code, role).actor();
    let side = world.people.directory().get(unit).unwrap().side;
    Scope { user, unit, side, police: false, roles }
}

/// Acts as the person an action is for, with lawful values in every field that must be given, and has
/// it approved when it needs approval.
pub async fn act(
    world: &World,
    code: &str,
    matter: &MatterId,
    action: &str,
    given: &[(&str, &str)],
) -> store::Done {
    let whole = scope(world, code, RoleName::Handler);
    let sight = world.store.matter_fetch(&whole, matter).await.unwrap().unwrap();
    let rules = world.store.rules();
    let procedure = rules.of(&sight.seen.matter).unwrap();
    let action = procedure.action(action).unwrap();
    let command =
        Command::Act { action: action.id.clone(), input: filled(world, procedure, action, given) };
    let request = Request { matter: matter.clone(), seen: None, command };
    let actor = world.person(code, action.role).actor();
    let mut done = world.store.act(&actor, request, None).await.unwrap();
    for step in &action.approvals {
        let unit = step.party.as_ref().map(|party| sight.seen.matter.party(party)[0]);
        done = approve(world, unit.unwrap_or(actor.unit), matter).await;
    }
    done
}

/// The leader of a unit approves what waits.
pub async fn approve(world: &World, unit: UnitId, matter: &MatterId) -> store::Done {
    let leader = world.persons[&(unit, RoleName::Leader)].actor();
    let request = Request { matter: matter.clone(), seen: None, command: Command::Approve };
    world.store.act(&leader, request, None).await.unwrap()
}

fn filled(world: &World, procedure: &Procedure, action: &Action, given: &[(&str, &str)]) -> Raw {
    let mut input = raw(given);
    let needed = action.required_when.iter().map(|rule| &rule.used);
    for id in action.input.iter().chain(needed) {
        let field = procedure.field(id).unwrap();
        input.entry(id.clone()).or_insert_with(|| vec![lawful(world, field)]);
    }
    input
}

fn lawful(world: &World, field: &Field) -> String {
    let today = calendar::local_date(world.store.now());
    match field.kind {
        FieldKind::Text | FieldKind::LongText => match world.words {
            Some(words) => {
                let most = usize::try_from(field.max.unwrap_or(200)).unwrap();
                words.chars().take(most).collect()
            }
            None => format!("{}已写明。", field.label.zh),
        },
        FieldKind::Boolean => "true".to_owned(),
        FieldKind::Date if field.future => {
            today.checked_add(jiff::Span::new().days(45)).unwrap().to_string()
        }
        FieldKind::Date => today.to_string(),
        FieldKind::Instant => format!("{today}T08:30"),
        FieldKind::Integer => field.min.unwrap_or(1).to_string(),
        FieldKind::Choice | FieldKind::Choices => field.options[0].id.clone(),
        FieldKind::Unit => BUREAU.to_owned(),
        FieldKind::Division => "610305".to_owned(),
        FieldKind::Point => "107.39,34.52".to_owned(),
        FieldKind::Articles => "《行政处罚法》第二十七条".to_owned(),
        FieldKind::Files => unreachable!("files are uploaded: {}", field.id),
    }
}

/// Fields and what is typed into them.
pub type Typed<'a> = &'a [(&'a str, &'a str)];

/// Opens a matter as a handler.
pub async fn open(
    world: &World,
    code: &str,
    procedure: &str,
    parent: Option<&MatterId>,
    (title, parties, input): (&str, Typed<'_>, Typed<'_>),
) -> MatterId {
    let rules = world.store.rules();
    let today = calendar::local_date(world.store.now());
    let definition = rules.opening(procedure, today).unwrap();
    let request = OpenRequest {
        procedure: procedure.to_owned(),
        parent: parent.cloned(),
        title: title.to_owned(),
        parties: raw(parties),
        input: filled(world, definition, &definition.open, input),
    };
    let actor = world.person(code, definition.open.role).actor();
    world.store.open_matter(&actor, request, None).await.unwrap().matter
}

/// Puts a file into the house as a handler; says how a form names it.
pub async fn upload(world: &World, code: &str, name: &str, bytes: &[u8]) -> String {
    let scope = scope(world, code, RoleName::Handler);
    let mut upload = world.store.attachment_begin(&scope, name).await.unwrap();
    upload.write(bytes).await.unwrap();
    upload.finish().await.unwrap().raw()
}

/// The smallest picture there is: one pixel.
pub const PIXEL_PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4,
    0x89, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x38, 0xc1, 0xc5, 0xf5,
    0x1f, 0x00, 0x04, 0x56, 0x01, 0xdc, 0x51, 0xd6, 0x8d, 0xf8, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45,
    0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

/// The matters of the story.
pub struct Story {
    pub problem: MatterId,
    pub clue: MatterId,
    pub case: MatterId,
    pub suggestion: MatterId,
    pub repair: MatterId,
}

/// From a problem to a clue on which filing was decided; problem and clue.
pub async fn clue_filed(world: &World) -> (MatterId, MatterId) {
    let problem = open(
        world,
        PROCURATORATE,
        "problem",
        None,
        (
            world.words.unwrap_or("长青能源化工甲醇项目锅炉颗粒物超标排放"),
            &[("owner", BUREAU), ("supervisor", PROCURATORATE)],
            &[
                ("place", "长青镇工业园"),
                ("point", "107.39,34.52"),
                ("polluter-name", "陕西长青能源化工有限公司"),
            ],
        ),
    )
    .await;
    let clue = open(
        world,
        BUREAU,
        "clue",
        Some(&problem),
        (
            "",
            &[("receiver", PROCURATORATE)],
            &[("informant", "赵某某"), ("harm", "颗粒物持续超标。")],
        ),
    )
    .await;
    act(world, BUREAU, &clue, "submit", &[]).await;
    act(world, PROCURATORATE, &clue, "register", &[]).await;
    act(world, PROCURATORATE, &clue, "begin-evaluation", &[]).await;
    act(world, PROCURATORATE, &clue, "decide-filing", &[]).await;
    (problem, clue)
}

/// A suggestion in the making, and what it hangs under.
pub struct Letter {
    pub problem: MatterId,
    pub clue: MatterId,
    pub case: MatterId,
    pub suggestion: MatterId,
}

/// From there to a suggestion that is being drafted.
pub async fn suggestion_drafted(world: &World) -> Letter {
    let (problem, clue) = clue_filed(world).await;
    let done = act(world, PROCURATORATE, &clue, "open-case", &[]).await;
    let case = done.opened[0].clone();
    act(world, PROCURATORATE, &case, "serve-filing", &[]).await;
    act(world, PROCURATORATE, &case, "conclude-investigation", &[]).await;
    let suggestion =
        act(world, PROCURATORATE, &case, "start-suggestion", &[]).await.opened[0].clone();
    Letter { problem, clue, case, suggestion }
}

/// From there to a suggestion that waits to be signed for.
pub async fn suggestion_served(world: &World) -> Letter {
    let letter = suggestion_drafted(world).await;
    let suggestion = letter.suggestion.clone();
    act(
        world,
        PROCURATORATE,
        &suggestion,
        "issue",
        &[("demands", "依法全面履行监管职责，责令限期整改。\n确保达标排放。")],
    )
    .await;
    act(world, PROCURATORATE, &suggestion, "serve-directly", &[]).await;
    letter
}

/// From a problem to a suggestion that was served and acknowledged and waits for its reply.
pub async fn suggestion_awaiting_reply(world: &World) -> Story {
    let Letter { problem, clue, case, suggestion } = suggestion_served(world).await;
    act(world, BUREAU, &suggestion, "acknowledge", &[]).await;
    let photo = upload(world, BUREAU, "整改前.png", PIXEL_PNG).await;
    let done = act(
        world,
        BUREAU,
        &suggestion,
        "add-repair-item",
        &[
            ("item-what", "锅炉除尘器提标改造"),
            ("item-photos", &photo),
            ("item-reading", "72 mg/m³"),
        ],
    )
    .await;
    let repair = done.opened[0].clone();
    Story { problem, clue, case, suggestion, repair }
}
