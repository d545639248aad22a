//! A procedure file as it is written: every table and key, nothing checked yet.
//!
//! References keep the place where they stand, so that [`crate::check`] can name file and line.

use std::collections::BTreeMap;

use calendar::Words;
use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

/// A reference to something by its id, with its place in the file.
pub type Name = Spanned<String>;

/// One file of `procedures/`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcedureFile {
    /// What the procedure is called everywhere: kebab case, e.g. `suggestion`.
    pub id: Name,
    /// The day from which this version opens new matters; running matters keep theirs.
    pub version: Date,
    /// Clause of the notice it carries out, e.g. `二(三)`.
    pub clause: String,
    /// Its name.
    pub name: Words,
    /// One sentence on what it is for.
    pub summary: Words,
    /// `instrument:article` it rests on.
    #[serde(default)]
    pub basis: Vec<Name>,
    /// First part of a matter's number, e.g. `问题`.
    pub number: String,
    /// Procedures whose matters may be the parent; none means it is a root.
    #[serde(default)]
    pub under: Vec<Name>,
    /// Whether people open it (or only another matter's action does).
    #[serde(default = "yes")]
    pub opened_by_people: bool,
    /// The states people see as the main road, in order.
    pub main_path: Vec<Name>,
    /// No day in it lies before this one, unless its field says otherwise: a year mistyped is noticed.
    #[serde(default)]
    pub not_before: Option<Name>,
    /// Nor after this one.
    #[serde(default)]
    pub not_after: Option<Name>,
    /// How it is opened.
    pub open: OpenFile,
    /// Who takes part, by capacity.
    pub parties: BTreeMap<String, PartyFile>,
    /// What is written down.
    #[serde(default)]
    pub fields: Vec<FieldFile>,
    /// Where a matter can stand.
    pub states: Vec<StateFile>,
    /// What can be done.
    pub actions: Vec<ActionFile>,
    /// Who owes what to whom by when.
    #[serde(default)]
    pub obligations: Vec<ObligationFile>,
    /// Documents the acts make.
    #[serde(default)]
    pub documents: Vec<DocumentFile>,
}

fn yes() -> bool {
    true
}

/// Opening a matter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenFile {
    /// What the act is called, e.g. 提交线索.
    pub name: Words,
    /// A sentence for the one who opens.
    #[serde(default)]
    pub help: Words,
    /// The party the opener's unit becomes.
    pub by: Name,
    /// The role at that unit.
    #[serde(default)]
    pub role: RoleName,
    /// The state it starts in.
    pub to: Name,
    /// Fields that must be given.
    #[serde(default)]
    pub input: Vec<Name>,
    /// Fields that may be given.
    #[serde(default)]
    pub optional: Vec<Name>,
    /// Conditions, each with what is said when it does not hold.
    #[serde(default)]
    pub guards: Vec<GuardFile>,
    /// Obligations that start at once.
    #[serde(default)]
    pub starts: Vec<Name>,
    /// Articles.
    #[serde(default)]
    pub basis: Vec<Name>,
}

/// The part a person plays at a unit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum RoleName {
    /// 经办人: does the work and drafts.
    #[default]
    Handler,
    /// 审批领导: approves.
    Leader,
    /// 联络员: receives and signs for the unit; exactly one active per unit.
    Liaison,
    /// 内勤: enters and files.
    Clerk,
    /// 查阅: reads.
    Viewer,
    /// 单位管理员: keeps the unit's people.
    UnitAdmin,
}

/// The side a unit stands on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// 政府 and its departments, the police included.
    Government,
    /// 检察院.
    Procuratorate,
    /// 法院.
    Court,
}

/// One capacity in which a unit takes part.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyFile {
    /// Its name, e.g. 被建议单位.
    pub name: Words,
    /// The side it must be on; none means either.
    #[serde(default)]
    pub side: Option<Side>,
    /// Where the unit comes from when it is not chosen by hand.
    #[serde(default)]
    pub from: Option<PartySource>,
    /// May stay empty.
    #[serde(default)]
    pub optional: bool,
    /// Several units may hold it, each with its own obligations.
    #[serde(default)]
    pub many: bool,
}

/// How a party is found without asking.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum PartySource {
    /// The unit that guides that party's unit, e.g. the upper procuratorate.
    AboveOf(String),
    /// The same party of the parent matter.
    Parent(String),
    /// The unit field of that id, once an action fills it in: the party joins then, and nobody is asked
    /// for it at the opening.
    Field(String),
}

/// Who may read a field (`law.md` 8.1's four tiers, and the seal over informants).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Anyone may know it once it is published.
    Public,
    /// Both sides, within the scope of the matter.
    #[default]
    Shared,
    /// The procuratorate alone.
    Procuratorate,
    /// Police and procuratorate.
    Criminal,
    /// The handlers and leaders of the unit that wrote it, e.g. who informed.
    Sealed,
}

/// What kind of thing a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// One line.
    Text,
    /// Paragraphs.
    LongText,
    /// Yes or no.
    Boolean,
    /// A day in Asia/Shanghai.
    Date,
    /// A minute in Asia/Shanghai.
    Instant,
    /// A whole number.
    Integer,
    /// One of the options.
    Choice,
    /// Some of the options.
    Choices,
    /// A unit.
    Unit,
    /// A division code of GB/T 2260.
    Division,
    /// A place on the map: longitude and latitude in degrees.
    Point,
    /// Attachments.
    Files,
    /// Articles of law, of instruments in force on the day that decides.
    Articles,
}

/// How a line of text is written, where not just anything will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A unified social credit code, see [`crate::uscc`].
    Uscc,
}

/// A field.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldFile {
    /// Its id.
    pub id: Name,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// Its label.
    pub label: Words,
    /// A sentence of help.
    #[serde(default)]
    pub help: Words,
    /// The article it serves.
    #[serde(default)]
    pub basis: Vec<Name>,
    /// Options written here.
    #[serde(default)]
    pub options: Vec<OptionFile>,
    /// Or the name of a list in `law/codes.toml`.
    #[serde(default)]
    pub options_from: Option<Name>,
    /// Who may read it.
    #[serde(default)]
    pub tier: Tier,
    /// Longest text in characters, most files, or largest number.
    #[serde(default)]
    pub max: Option<i64>,
    /// Smallest number.
    #[serde(default)]
    pub min: Option<i64>,
    /// A day or instant that has not come yet may be given.
    #[serde(default)]
    pub future: bool,
    /// A day or instant that may not lie before this day, or before the day of this other field.
    #[serde(default)]
    pub not_before: Option<Name>,
    /// A day or instant that may not lie after this day, or after the day of this other field.
    #[serde(default)]
    pub not_after: Option<Name>,
    /// How a line of text is written.
    #[serde(default)]
    pub format: Option<Format>,
    /// A unit: the party, of this matter or else of the nearest one above, whose unit it usually is.
    #[serde(default)]
    pub usually: Option<Name>,
    /// Articles: the field with the day whose law decides; none means the day of the act.
    #[serde(default)]
    pub law_on: Option<Name>,
    /// Articles: the field with the day the conduct began. Where it lies before the day that decides,
    /// the law of that day may be cited too.
    #[serde(default)]
    pub conduct_on: Option<Name>,
}

/// One option of a choice.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionFile {
    /// Its id.
    pub id: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A state.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateFile {
    /// Its id.
    pub id: Name,
    /// Its name.
    pub name: Words,
    /// The party that holds the pen; ends have none.
    #[serde(default)]
    pub holder: Option<Name>,
    /// The matter is over.
    #[serde(default)]
    pub end: bool,
    /// Why no time limit runs here, in words, when the law sets none.
    #[serde(default)]
    pub no_limit: Option<Words>,
    /// Parties that must not see the matter yet.
    #[serde(default)]
    pub hidden_from: Vec<Name>,
}

/// A condition and what is said when it does not hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardFile {
    /// The condition, see [`crate::guard`].
    pub must: Spanned<String>,
    /// The refusal.
    pub refusal: Words,
    /// The article.
    #[serde(default)]
    pub basis: Vec<Name>,
}

/// A conditional choice.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhenFile {
    /// The condition; none means always.
    #[serde(default)]
    pub when: Option<Spanned<String>>,
    /// What is then used.
    #[serde(rename = "use")]
    pub used: Name,
}

/// One step of approval.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalFile {
    /// The party whose person approves; none means the acting one.
    #[serde(default)]
    pub party: Option<Name>,
    /// The role.
    #[serde(default = "leader")]
    pub role: RoleName,
}

fn leader() -> RoleName {
    RoleName::Leader
}

/// An obligation touched by an action, on a day a field may give.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TouchFile {
    /// The obligation.
    pub obligation: Name,
    /// The field that holds the day; none means the day of the act.
    #[serde(default)]
    pub on: Option<Name>,
}

/// An extension of a running obligation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtendFile {
    /// The obligation.
    pub obligation: Name,
    /// Which of its limit's extension rules, counted from 0.
    #[serde(default)]
    pub rule: usize,
    /// The field with the number granted, where the rule leaves it open; none means the rule's own.
    #[serde(default)]
    pub number: Option<Name>,
}

/// A child matter an action opens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpawnFile {
    /// Its procedure.
    pub procedure: Name,
    /// Whether it hangs under this matter or under the root.
    #[serde(default)]
    pub under: SpawnUnder,
    /// Its parties: capacity there ← a party or unit field here.
    #[serde(default)]
    pub parties: BTreeMap<String, Name>,
    /// Its fields ← fields here.
    #[serde(default)]
    pub fields: BTreeMap<String, Name>,
}

/// Where a spawned matter hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpawnUnder {
    /// Under the matter whose action it was.
    #[default]
    This,
    /// Under the root problem, beside that matter.
    Root,
}

/// What makes the system act by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnFile {
    /// A child (or other matter this one opened) of that procedure …
    #[serde(default)]
    pub child: Option<Name>,
    /// … or the parent, of that procedure …
    #[serde(default)]
    pub parent: Option<Name>,
    /// … enters one of these states.
    pub state: Vec<Name>,
}

/// An action.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionFile {
    /// Its id.
    pub id: Name,
    /// Its name.
    pub name: Words,
    /// A sentence for the one who acts.
    #[serde(default)]
    pub help: Words,
    /// States it is possible in.
    pub from: Vec<Name>,
    /// Where it leads; none means the state stays.
    #[serde(default)]
    pub to: Option<Name>,
    /// Or where it leads by condition; the first that holds, else the state stays.
    #[serde(default)]
    pub to_when: Vec<WhenFile>,
    /// Parties that may do it; `system` for what the law or another matter brings about.
    pub by: Vec<Name>,
    /// The role at that party's unit.
    #[serde(default)]
    pub role: RoleName,
    /// May be done by a party that does not hold the pen.
    #[serde(default)]
    pub out_of_turn: bool,
    /// Fields that must be given.
    #[serde(default)]
    pub input: Vec<Name>,
    /// Fields that may be given.
    #[serde(default)]
    pub optional: Vec<Name>,
    /// Fields that must be given on a condition.
    #[serde(default)]
    pub required_when: Vec<WhenFile>,
    /// Approvals before it takes effect.
    #[serde(default)]
    pub approvals: Vec<ApprovalFile>,
    /// Conditions.
    #[serde(default)]
    pub guards: Vec<GuardFile>,
    /// Obligations that start.
    #[serde(default)]
    pub starts: Vec<Name>,
    /// Obligations whose clock stops.
    #[serde(default)]
    pub suspends: Vec<TouchFile>,
    /// Obligations whose clock goes on.
    #[serde(default)]
    pub resumes: Vec<TouchFile>,
    /// Obligations that are extended.
    #[serde(default)]
    pub extends: Vec<ExtendFile>,
    /// Obligations that fall away.
    #[serde(default)]
    pub ends: Vec<Name>,
    /// Matters it opens.
    #[serde(default)]
    pub spawns: Vec<SpawnFile>,
    /// Documents it makes.
    #[serde(default)]
    pub documents: Vec<Name>,
    /// Articles.
    #[serde(default)]
    pub basis: Vec<Name>,
    /// Passes the confirm page: it cannot be undone.
    #[serde(default)]
    pub consequential: bool,
    /// What makes the system do it.
    #[serde(default)]
    pub on: Option<OnFile>,
    /// Fields here ← what the matter in `on` says: `field:ID`, `due:OBLIGATION`, `state`.
    #[serde(default)]
    pub take: BTreeMap<String, Spanned<String>>,
}

/// Whether running out is a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObligationKind {
    /// Somebody owes an act; running out is a lapse.
    #[default]
    Obligation,
    /// Time that must pass; running out is only its end.
    Period,
}

/// An obligation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObligationFile {
    /// Its id.
    pub id: Name,
    /// What is owed, e.g. 书面回复.
    pub name: Words,
    /// Obligation or period.
    #[serde(default)]
    pub kind: ObligationKind,
    /// Who owes it.
    pub debtor: Name,
    /// To whom.
    pub creditor: Name,
    /// Limits by condition: the first that holds and is in force on the day it starts.
    #[serde(default)]
    pub limit: Vec<WhenFile>,
    /// The field that holds the day or instant it runs from; none means the act.
    #[serde(default)]
    pub from: Option<Name>,
    /// A field whose day is the end, before any limit: a date agreed or stated in a letter.
    #[serde(default)]
    pub until: Option<Name>,
    /// Actions that meet it.
    #[serde(default)]
    pub met_by: Vec<Name>,
    /// `record`, or the system action that follows.
    pub on_lapse: Name,
    /// It stays owed when the matter ends: what has happened must still be filed or reported.
    #[serde(default)]
    pub outlives: bool,
}

/// A document kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentFile {
    /// Its id.
    pub id: Name,
    /// Its name, e.g. 检察建议书.
    pub name: Words,
    /// The party that issues it.
    pub issuer: Name,
    /// Parties it is for.
    #[serde(default)]
    pub recipients: Vec<Name>,
    /// The field that holds its number (文号).
    #[serde(default)]
    pub number: Option<Name>,
    /// Fields that are its contents, in order.
    #[serde(default)]
    pub contents: Vec<Name>,
    /// Articles.
    #[serde(default)]
    pub basis: Vec<Name>,
}
