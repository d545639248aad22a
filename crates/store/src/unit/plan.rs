//! What forms and files say of units, and what writing it would do.
//!
//! A [`UnitForm`] is text and unchecked. [`plan`] holds rows of them against the directory and says
//! what would be created and changed, or what is wrong; one form on a page is a plan of one row. Only a
//! plan without errors is written.

use std::collections::{BTreeMap, BTreeSet};

use calendar::Words;
use procedure::UnitId;
use procedure::definition::Side;
use serde::{Deserialize, Serialize};

use super::{
    BASES, LEVELS, LINES, PHONE_CHARS_MAX, SIDES, UNIT_ALIASES_MAX, UNIT_CODE_CHARS_MAX,
    UNIT_NAME_CHARS_MAX, UNIT_NOTE_CHARS_MAX, Unit, UnitLevel, basis_words, line_words, side_id,
    side_read, side_words, triple_read,
};
use crate::directory::{Directory, TREE_DEPTH_MAX};
use crate::division::divisions;
use crate::import::RowError;

/// What is said of a unit, one by one; the columns of the file and the fields of the form.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum UnitField {
    /// Its code.
    Code,
    /// Its name.
    Name,
    /// Its short name.
    ShortName,
    /// Its side.
    Side,
    /// Its level.
    Level,
    /// The division it works in.
    DivisionCode,
    /// The code of the unit that guides it.
    ParentCode,
    /// Its line.
    Line,
    /// What the row rests on.
    Basis,
    /// Its former names, with `|` between them.
    Aliases,
    /// Its telephone number.
    Phone,
    /// Whether it is active.
    Active,
    /// What else is to be known.
    Note,
}

impl UnitField {
    /// All, in the order of the file.
    pub const ALL: [Self; 13] = [
        Self::Code,
        Self::Name,
        Self::ShortName,
        Self::Side,
        Self::Level,
        Self::DivisionCode,
        Self::ParentCode,
        Self::Line,
        Self::Basis,
        Self::Aliases,
        Self::Phone,
        Self::Active,
        Self::Note,
    ];

    /// Its name in forms and its column in English files.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Name => "name",
            Self::ShortName => "short_name",
            Self::Side => "side",
            Self::Level => "level",
            Self::DivisionCode => "division_code",
            Self::ParentCode => "parent_code",
            Self::Line => "line",
            Self::Basis => "basis",
            Self::Aliases => "aliases",
            Self::Phone => "phone",
            Self::Active => "active",
            Self::Note => "note",
        }
    }

    /// Its label; the Chinese one is its column in Chinese files.
    #[must_use]
    pub fn words(self) -> Words {
        match self {
            Self::Code => Words::new("单位代码", "code"),
            Self::Name => Words::new("单位名称", "name"),
            Self::ShortName => Words::new("简称", "short name"),
            Self::Side => Words::new("所属方", "side"),
            Self::Level => Words::new("层级", "level"),
            Self::DivisionCode => Words::new("行政区划代码", "division code"),
            Self::ParentCode => Words::new("上级单位代码", "code of the unit above"),
            Self::Line => Words::new("条线", "line of work"),
            Self::Basis => Words::new("依据", "basis"),
            Self::Aliases => Words::new("曾用名", "former names"),
            Self::Phone => Words::new("联系电话", "telephone"),
            Self::Active => Words::new("状态", "active"),
            Self::Note => Words::new("备注", "note"),
        }
    }

    /// The field a column heading means, in either language.
    #[must_use]
    pub fn read(heading: &str) -> Option<Self> {
        let heading = heading.trim();
        Self::ALL.into_iter().find(|field| {
            let words = field.words();
            field.id().eq_ignore_ascii_case(heading)
                || words.zh == heading
                || words.en.eq_ignore_ascii_case(heading)
        })
    }
}

/// What a form or a row says of a unit. A field that is absent keeps what the unit has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnitForm(pub BTreeMap<UnitField, String>);

impl UnitForm {
    /// With this field.
    #[must_use]
    pub fn with(mut self, field: UnitField, text: impl Into<String>) -> Self {
        self.0.insert(field, text.into());
        self
    }

    /// What the unit has now, as a form to change.
    #[must_use]
    pub fn of(unit: &Unit, directory: &Directory) -> Self {
        let entry = UnitEntry::of(unit, directory);
        Self(UnitField::ALL.into_iter().map(|field| (field, entry.text(field))).collect())
    }

    fn get(&self, field: UnitField) -> Option<&str> {
        self.0.get(&field).map(|text| text.trim())
    }
}

/// What is known of a unit, checked by itself: every name in it may still lead nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitEntry {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its short name.
    pub short_name: String,
    /// Its side.
    pub side: Side,
    /// Its level.
    pub level: UnitLevel,
    /// The division it works in.
    pub division_code: String,
    /// The code of the unit that guides it.
    pub parent_code: Option<String>,
    /// Its line.
    pub line: String,
    /// What the row rests on.
    pub basis: String,
    /// Its former names.
    pub aliases: Vec<String>,
    /// Its telephone number.
    pub phone: String,
    /// Whether it is active.
    pub active: bool,
    /// What else is to be known.
    pub note: String,
}

impl UnitEntry {
    /// What is known of a unit now.
    #[must_use]
    pub fn of(unit: &Unit, directory: &Directory) -> Self {
        let above = unit.above.and_then(|above| directory.get(above));
        Self {
            code: unit.code.clone(),
            name: unit.name.clone(),
            short_name: unit.short_name.clone(),
            side: unit.side,
            level: unit.level,
            division_code: unit.division_code.clone(),
            parent_code: above.map(|above| above.code.clone()),
            line: unit.line.clone(),
            basis: unit.basis.clone(),
            aliases: unit.aliases.clone(),
            phone: unit.phone.clone(),
            active: unit.active,
            note: unit.note.clone(),
        }
    }

    /// One field as text, as it stands in an English file.
    #[must_use]
    pub fn text(&self, field: UnitField) -> String {
        match field {
            UnitField::Code => self.code.clone(),
            UnitField::Name => self.name.clone(),
            UnitField::ShortName => self.short_name.clone(),
            UnitField::Side => side_id(self.side).to_owned(),
            UnitField::Level => self.level.id().to_owned(),
            UnitField::DivisionCode => self.division_code.clone(),
            UnitField::ParentCode => self.parent_code.clone().unwrap_or_default(),
            UnitField::Line => self.line.clone(),
            UnitField::Basis => self.basis.clone(),
            UnitField::Aliases => self.aliases.join("|"),
            UnitField::Phone => self.phone.clone(),
            UnitField::Active => if self.active { "yes" } else { "no" }.to_owned(),
            UnitField::Note => self.note.clone(),
        }
    }

    /// One field as text, as it stands in a Chinese file and on Chinese pages.
    #[must_use]
    pub fn text_zh(&self, field: UnitField) -> String {
        match field {
            UnitField::Side => side_words(self.side).zh,
            UnitField::Level => self.level.words().zh,
            UnitField::Line => line_words(&self.line).zh,
            UnitField::Basis => basis_words(&self.basis).zh,
            UnitField::Active => if self.active { "启用" } else { "停用" }.to_owned(),
            UnitField::Code
            | UnitField::Name
            | UnitField::ShortName
            | UnitField::DivisionCode
            | UnitField::ParentCode
            | UnitField::Aliases
            | UnitField::Phone
            | UnitField::Note => self.text(field),
        }
    }
}

/// What writing some rows would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitPlan {
    /// Units that would be created.
    pub created: Vec<UnitChange>,
    /// Units that would be changed.
    pub changed: Vec<UnitChange>,
    /// How many rows say what is so already.
    pub unchanged: usize,
    /// What is wrong; when anything is, nothing may be written.
    pub errors: Vec<RowError>,
}

/// One unit that would be created or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitChange {
    /// The line of the file.
    pub line: u64,
    /// The unit, when it exists.
    pub unit: Option<UnitId>,
    /// What would be known of it.
    pub entry: UnitEntry,
    /// What differs; every filled field for a new unit.
    pub fields: Vec<Changed>,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The field.
    pub field: UnitField,
    /// What it was.
    pub before: String,
    /// What it would be.
    pub after: String,
}

/// What is wrong with one field of one row.
type Wrong = (UnitField, String, Words);

/// Holds rows against the directory: what would be created and changed, and what is wrong.
#[must_use]
pub fn plan(directory: &Directory, file: &str, rows: &[(u64, UnitForm)]) -> UnitPlan {
    let mut errors: BTreeMap<(u64, UnitField), RowError> = BTreeMap::new();
    let mut note = |line: u64, (field, value, words): Wrong| {
        errors.entry((line, field)).or_insert_with(|| RowError {
            file: file.to_owned(),
            line,
            column: field.id().to_owned(),
            label: field.words(),
            value,
            words,
        });
    };
    let mut entries: Vec<(u64, Option<UnitId>, UnitEntry)> = Vec::new();
    let mut lines_by_code: BTreeMap<String, u64> = BTreeMap::new();
    for (line, form) in rows {
        let code = form.get(UnitField::Code).unwrap_or_default().to_uppercase();
        let known = directory.by_code(&code);
        let before = known.map(|unit| UnitEntry::of(unit, directory));
        match read_entry(form, before.as_ref()) {
            Ok(entry) => {
                if let Some(first) = lines_by_code.insert(entry.code.clone(), *line) {
                    note(*line, twice_in_file(&entry.code, first));
                }
                entries.push((*line, known.map(|unit| unit.id), entry));
            }
            Err(wrongs) => wrongs.into_iter().for_each(|wrong| note(*line, wrong)),
        }
    }
    for (line, wrong) in check_together(directory, &entries) {
        note(line, wrong);
    }
    let errors: Vec<RowError> = errors.into_values().collect();
    let mut plan = UnitPlan { errors, ..UnitPlan::default() };
    for (line, unit, entry) in entries {
        let before =
            unit.and_then(|id| directory.get(id)).map(|unit| UnitEntry::of(unit, directory));
        let text_before =
            |field| before.as_ref().map(|before| before.text(field)).unwrap_or_default();
        let fields: Vec<Changed> = UnitField::ALL
            .into_iter()
            .map(|field| Changed { field, before: text_before(field), after: entry.text(field) })
            .filter(|changed| changed.before != changed.after)
            .collect();
        match (unit, fields.is_empty()) {
            (_, true) => plan.unchanged += 1,
            (None, false) => plan.created.push(UnitChange { line, unit, entry, fields }),
            (Some(_), false) => plan.changed.push(UnitChange { line, unit, entry, fields }),
        }
    }
    plan
}

/// One row by itself: text becomes types, once.
fn read_entry(form: &UnitForm, known: Option<&UnitEntry>) -> Result<UnitEntry, Vec<Wrong>> {
    let mut wrongs: Vec<Wrong> = Vec::new();
    let text = |field: UnitField| -> String {
        form.get(field)
            .map_or_else(|| known.map(|entry| entry.text(field)).unwrap_or_default(), str::to_owned)
    };
    let mut keep = |field: UnitField, value: &str, problem: Option<Words>| {
        if let Some(words) = problem {
            wrongs.push((field, value.to_owned(), words));
        }
    };

    let code = text(UnitField::Code).to_uppercase();
    keep(UnitField::Code, &code, code_problem(&code));
    let name = text(UnitField::Name);
    keep(UnitField::Name, &name, name_problem(&name, UNIT_NAME_CHARS_MAX));
    let short_name = text(UnitField::ShortName);
    let short_problem = name_problem(&short_name, UNIT_NAME_CHARS_MAX);
    keep(UnitField::ShortName, &short_name, short_problem.filter(|_| !short_name.is_empty()));
    let short_name = if short_name.is_empty() { name.clone() } else { short_name };

    let side_text = text(UnitField::Side);
    let side = side_read(&side_text);
    let sides = || one_of(SIDES.iter().map(|(_, named)| (named.0, named.1)));
    keep(UnitField::Side, &side_text, side.is_none().then(sides));
    let level_text = text(UnitField::Level);
    let level = UnitLevel::read(&level_text);
    let levels = || one_of(LEVELS.iter().map(|(_, named)| (named.0, named.1)));
    keep(UnitField::Level, &level_text, level.is_none().then(levels));

    let division_text = text(UnitField::DivisionCode);
    let division = divisions().find(&division_text);
    keep(
        UnitField::DivisionCode,
        &division_text,
        division.is_none().then(|| {
            Words::new(
                "没有这个行政区划；请填六位行政区划代码，如 610305",
                "no such division; give its six-digit code, e.g. 610305",
            )
        }),
    );

    let line_text = Some(text(UnitField::Line)).filter(|line| !line.is_empty());
    let line_text = line_text.unwrap_or_else(|| "other".to_owned());
    let line = triple_read(LINES, &line_text);
    let lines = || one_of(LINES.iter().map(|row| (row.0, row.1)));
    keep(UnitField::Line, &line_text, line.is_none().then(lines));
    let basis_text = Some(text(UnitField::Basis)).filter(|basis| !basis.is_empty());
    let basis_text = basis_text.unwrap_or_else(|| "entered".to_owned());
    let basis = triple_read(BASES, &basis_text);
    let grounds = || one_of(BASES.iter().map(|row| (row.0, row.1)));
    keep(UnitField::Basis, &basis_text, basis.is_none().then(grounds));

    let aliases_text = text(UnitField::Aliases);
    let aliases = read_aliases(&aliases_text);
    let aliases_problem = if aliases.len() > UNIT_ALIASES_MAX {
        Some(Words::new(
            format!("曾用名最多 {UNIT_ALIASES_MAX} 个"),
            format!("at most {UNIT_ALIASES_MAX} former names"),
        ))
    } else {
        aliases.iter().find_map(|alias| name_problem(alias, UNIT_NAME_CHARS_MAX))
    };
    keep(UnitField::Aliases, &aliases_text, aliases_problem);

    let phone = text(UnitField::Phone);
    keep(UnitField::Phone, &phone, phone_problem(&phone));
    let active_text = text(UnitField::Active);
    let active = read_active(&active_text);
    keep(
        UnitField::Active,
        &active_text,
        active
            .is_none()
            .then(|| Words::new("请填“启用”或“停用”", "write yes (active) or no (not active)")),
    );
    let note = text(UnitField::Note);
    keep(UnitField::Note, &note, note_problem(&note));
    let parent_code = Some(text(UnitField::ParentCode).to_uppercase()).filter(|it| !it.is_empty());

    match (side, level, division, line, basis, active) {
        (Some(side), Some(level), Some(division), Some(line), Some(basis), Some(active))
            if wrongs.is_empty() =>
        {
            Ok(UnitEntry {
                code,
                name,
                short_name,
                side,
                level,
                division_code: division.code.clone(),
                parent_code,
                line: line.to_owned(),
                basis: basis.to_owned(),
                aliases,
                phone,
                active,
                note,
            })
        }
        _ => Err(wrongs),
    }
}

/// What can only be seen with every unit in view: names borne twice, parents that are missing,
/// on the other side or in a circle, sides that would change, units left under a closed one.
fn check_together(
    directory: &Directory,
    entries: &[(u64, Option<UnitId>, UnitEntry)],
) -> Vec<(u64, Wrong)> {
    let mut after: BTreeMap<String, UnitEntry> =
        directory.all().map(|unit| (unit.code.clone(), UnitEntry::of(unit, directory))).collect();
    after.extend(entries.iter().map(|(_, _, entry)| (entry.code.clone(), entry.clone())));
    let mut by_name: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut open_below: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in after.values().filter(|entry| entry.active) {
        by_name.entry(&entry.name).or_default().insert(&entry.code);
        if let Some(parent) = &entry.parent_code {
            open_below.entry(parent).or_insert(&entry.name);
        }
    }

    let mut wrongs = Vec::new();
    for (line, unit, entry) in entries {
        let mut wrong = |field: UnitField, zh: String, en: String| {
            wrongs.push((*line, (field, entry.text(field), Words::new(zh, en))));
        };
        let mut bearers = by_name.get(entry.name.as_str()).into_iter().flatten();
        if let (true, Some(other)) = (entry.active, bearers.find(|code| **code != entry.code)) {
            wrong(
                UnitField::Name,
                format!("与单位 {other} 同名；请改名，或先停用其中一个"),
                format!("unit {other} bears this name; change one or deactivate it"),
            );
        }
        let before = unit.and_then(|id| directory.get(id));
        if before.is_some_and(|unit| unit.side != entry.side) {
            wrong(
                UnitField::Side,
                "已有单位的所属方不能更改；请停用后另建单位".to_owned(),
                "the side of a unit never changes; deactivate it and create another".to_owned(),
            );
        }
        if let (false, Some(below)) = (entry.active, open_below.get(entry.code.as_str())) {
            wrong(
                UnitField::Active,
                format!("其下仍有启用单位（{below}）；请先为其更换上级单位"),
                format!("active units stand under it ({below}); give them another unit above"),
            );
        }
        let Some(parent_code) = &entry.parent_code else { continue };
        match after.get(parent_code) {
            None => wrong(
                UnitField::ParentCode,
                "没有这个上级单位代码；请核对，或在同一文件中加上该单位".to_owned(),
                "no unit has this code; correct it or add that unit to the file".to_owned(),
            ),
            Some(parent) if parent.side != entry.side => wrong(
                UnitField::ParentCode,
                format!("上级单位（{}）不在同一方", parent.name),
                format!("the unit above ({}) stands on the other side", parent.name),
            ),
            Some(parent) if entry.active && !parent.active => wrong(
                UnitField::ParentCode,
                format!("上级单位（{}）已停用", parent.name),
                format!("the unit above ({}) is not active", parent.name),
            ),
            Some(_) if is_in_circle(&after, &entry.code) => wrong(
                UnitField::ParentCode,
                "上下级关系成环；请更正上级单位代码".to_owned(),
                "the units above it lead back to itself; correct the unit above".to_owned(),
            ),
            Some(_) => {}
        }
    }
    wrongs
}

fn is_in_circle(units: &BTreeMap<String, UnitEntry>, code: &str) -> bool {
    let parent = |code: &str| units.get(code).and_then(|unit| unit.parent_code.as_deref());
    let mut above = parent(code);
    for _ in 0..TREE_DEPTH_MAX {
        match above {
            None => return false,
            Some(one) if one == code => return true,
            Some(one) => above = parent(one),
        }
    }
    true
}

fn twice_in_file(code: &str, first: u64) -> Wrong {
    let words = Words::new(
        format!("单位代码与第 {first} 行重复；请删去一行"),
        format!("line {first} has this code too; remove one of the two"),
    );
    (UnitField::Code, code.to_owned(), words)
}

fn one_of<'a>(choices: impl Iterator<Item = (&'a str, &'a str)>) -> Words {
    let (ids, names): (Vec<&str>, Vec<&str>) = choices.unzip();
    Words::new(format!("请填以下之一：{}", names.join("、")), format!("one of {}", ids.join(", ")))
}

fn code_problem(code: &str) -> Option<Words> {
    let shape = (4..=UNIT_CODE_CHARS_MAX).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (!shape).then(|| {
        Words::new(
            format!("单位代码为 4 至 {UNIT_CODE_CHARS_MAX} 位字母和数字，如 G61030501"),
            format!("a code is 4 to {UNIT_CODE_CHARS_MAX} letters and digits, e.g. G61030501"),
        )
    })
}

/// What is wrong with the name of a unit or a person.
pub(crate) fn name_problem(name: &str, most: usize) -> Option<Words> {
    let length = name.chars().count();
    if length < 2 {
        Some(Words::new("请填写名称（至少两个字）", "give a name of at least two characters"))
    } else if length > most {
        Some(Words::new(
            format!("名称不得超过 {most} 个字"),
            format!("a name has at most {most} characters"),
        ))
    } else if name.chars().any(|one| one.is_control() || "<>|".contains(one)) {
        Some(Words::new(
            "名称中不得有换行、制表符及 < > | 等符号",
            "a name holds no line breaks, tabs or the signs < > |",
        ))
    } else {
        None
    }
}

/// What is wrong with a telephone number; none may be given.
pub(crate) fn phone_problem(phone: &str) -> Option<Words> {
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let shape = phone.chars().all(|one| one.is_ascii_digit() || "+-() 转".contains(one));
    let fits =
        phone.is_empty() || (shape && digits >= 5 && phone.chars().count() <= PHONE_CHARS_MAX);
    (!fits).then(|| {
        Words::new(
            "电话号码只含数字、空格、+、-、括号和“转”，如 0917-7212345",
            "a telephone number holds digits, spaces, +, - and brackets, e.g. 0917-7212345",
        )
    })
}

fn note_problem(note: &str) -> Option<Words> {
    (note.chars().count() > UNIT_NOTE_CHARS_MAX).then(|| {
        Words::new(
            format!("备注不得超过 {UNIT_NOTE_CHARS_MAX} 个字"),
            format!("a note has at most {UNIT_NOTE_CHARS_MAX} characters"),
        )
    })
}

fn read_aliases(text: &str) -> Vec<String> {
    let mut aliases: Vec<String> = Vec::new();
    for alias in text.split(['|', '；', ';', '、', '\n']).map(str::trim) {
        if !alias.is_empty() && !aliases.iter().any(|one| one == alias) {
            aliases.push(alias.to_owned());
        }
    }
    aliases
}

fn read_active(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "" | "yes" | "true" | "1" | "active" | "启用" | "是" | "正常" => Some(true),
        "no" | "false" | "0" | "inactive" | "停用" | "否" | "撤销" => Some(false),
        _ => None,
    }
}
