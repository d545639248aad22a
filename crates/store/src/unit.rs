//! Units (单位): the departments, procuratorates and courts that act on the platform.
//!
//! [`plan`](mod@plan) says what forms and files would change; this file writes it. Units are created,
//! changed and closed, never removed: what they did keeps their name.

pub mod plan;

use std::collections::BTreeMap;

use calendar::Words;
use jiff::{SignedDuration, Timestamp};
use procedure::definition::Side;
use procedure::{FieldError, UnitId};
use serde_json::json;

use crate::db::Tx;
use crate::directory::Directory;
use crate::error::StoreError;
use crate::import::{RowError, table_read, unit_rows};
use crate::job::{Claim, JobState, Report, end_in};
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::liaison::obligation_count_open;
use crate::people::{Authority, People, PeopleError, PeopleRefusal, require};
use crate::role::PlatformRole;
use crate::row::{Row, Value};
pub use plan::{Changed, UnitChange, UnitEntry, UnitField, UnitForm, UnitPlan};
pub(crate) use plan::{name_problem, phone_problem};

/// `data/units/units.csv`: the units of Shaanxi on both sides.
pub const UNITS_CSV: &str = include_str!("../../../data/units/units.csv");

/// Longest code of a unit, in characters.
pub const UNIT_CODE_CHARS_MAX: usize = 20;
/// Longest name of a unit, in characters.
pub const UNIT_NAME_CHARS_MAX: usize = 60;
/// Longest note on a unit, in characters.
pub const UNIT_NOTE_CHARS_MAX: usize = 500;
/// Most former names of a unit.
pub const UNIT_ALIASES_MAX: usize = 20;
/// Longest telephone number, in characters.
pub const PHONE_CHARS_MAX: usize = 40;

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// Its code, unique, e.g. `J61030500`.
    pub code: String,
    /// Its full name, unique among active units.
    pub name: String,
    /// Its short name.
    pub short_name: String,
    /// Its side.
    pub side: Side,
    /// Its level.
    pub level: UnitLevel,
    /// The division it works in.
    pub division_code: String,
    /// The unit that guides it.
    pub above: Option<UnitId>,
    /// Its line (条线), an id of [`LINES`].
    pub line: String,
    /// What the row rests on, an id of [`BASES`].
    pub basis: String,
    /// Its former and other names.
    pub aliases: Vec<String>,
    /// Its telephone number; empty when none is known.
    pub phone: String,
    /// What else is to be known.
    pub note: String,
    /// Whether it acts on the platform.
    pub active: bool,
    /// How often it has been changed; a change must name the version it saw.
    pub version: i64,
}

/// The level a unit stands on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum UnitLevel {
    /// 省级.
    Province,
    /// 市级.
    City,
    /// 县级.
    County,
    /// 乡级.
    Township,
}

/// An id, its words, and other texts that mean it.
type Named = (&'static str, &'static str, &'static str, &'static [&'static str]);

const SIDES: &[(Side, Named)] = &[
    (Side::Government, ("government", "政府", "government", &["行政机关", "政府部门"])),
    (
        Side::Procuratorate,
        ("procuratorate", "检察院", "procuratorate", &["检察机关", "人民检察院"]),
    ),
    (Side::Court, ("court", "法院", "court", &["人民法院"])),
];

const LEVELS: &[(UnitLevel, Named)] = &[
    (UnitLevel::Province, ("province", "省级", "province", &["省"])),
    (UnitLevel::City, ("city", "市级", "city", &["市", "设区市"])),
    (UnitLevel::County, ("county", "县级", "county", &["县", "区", "县区"])),
    (UnitLevel::Township, ("township", "乡级", "township", &["乡镇", "乡", "镇", "街道"])),
];

/// The lines (条线) of work: id, Chinese, English.
pub const LINES: &[(&str, &str, &str)] = &[
    ("gov", "人民政府", "people's government"),
    ("gov-office", "政府办公厅（室）", "general office"),
    ("ecology", "生态环境", "ecology and environment"),
    ("natural-resources", "自然资源", "natural resources"),
    ("water", "水利", "water resources"),
    ("forestry", "林业", "forestry"),
    ("agriculture", "农业农村", "agriculture and rural affairs"),
    ("housing", "住房和城乡建设", "housing and construction"),
    ("urban-mgmt", "城市管理", "urban management"),
    ("police", "公安", "public security"),
    ("ndrc", "发展改革", "development and reform"),
    ("industry", "工业和信息化", "industry"),
    ("transport", "交通运输", "transport"),
    ("emergency", "应急管理", "emergency management"),
    ("market", "市场监管", "market regulation"),
    ("justice", "司法行政", "justice"),
    ("finance", "财政", "finance"),
    ("health", "卫生健康", "health"),
    ("culture-tourism", "文化和旅游", "culture and tourism"),
    ("science", "科学技术", "science and technology"),
    ("qinling", "秦岭保护", "Qinling protection"),
    ("procuratorate", "检察", "procuratorate"),
    ("railway", "铁路运输检察", "railway procuratorate"),
    ("cross-region", "跨行政区划检察", "cross-division procuratorate"),
    ("court", "审判", "court"),
    ("other", "其他", "other"),
];

/// What a row rests on: id, Chinese, English.
pub const BASES: &[(&str, &str, &str)] = &[
    ("entered", "本平台录入", "entered on the platform"),
    ("known", "已核实", "known"),
    ("seen-in-public-document", "见于公开文件", "seen in a public document"),
    ("known-unverified", "已知，待核", "known, to be verified"),
    ("local-variant-unverified", "地方设置，待核", "local variant, to be verified"),
    ("pattern", "按规律推定，待核", "made by pattern, to be verified"),
];

/// The Chinese and English name of a side.
#[must_use]
pub fn side_words(side: Side) -> Words {
    words_of(SIDES, side)
}

/// The id of a side, as stored.
#[must_use]
pub fn side_id(side: Side) -> &'static str {
    id_of(SIDES, side)
}

/// The side of that id or name.
#[must_use]
pub fn side_read(text: &str) -> Option<Side> {
    read_named(SIDES, text)
}

/// The Chinese and English name of a line; its id when it is unknown.
#[must_use]
pub fn line_words(line: &str) -> Words {
    triple_words(LINES, line)
}

/// The Chinese and English name of what a row rests on.
#[must_use]
pub fn basis_words(basis: &str) -> Words {
    triple_words(BASES, basis)
}

impl UnitLevel {
    /// Its id, as stored.
    #[must_use]
    pub fn id(self) -> &'static str {
        id_of(LEVELS, self)
    }

    /// Its name.
    #[must_use]
    pub fn words(self) -> Words {
        words_of(LEVELS, self)
    }

    /// The level of that id or name.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        read_named(LEVELS, text)
    }
}

fn id_of<T: PartialEq + Copy>(table: &[(T, Named)], value: T) -> &'static str {
    table.iter().find(|(one, _)| *one == value).map_or("", |(_, named)| named.0)
}

fn words_of<T: PartialEq + Copy>(table: &[(T, Named)], value: T) -> Words {
    let named = table.iter().find(|(one, _)| *one == value);
    named.map_or_else(Words::default, |(_, named)| Words::new(named.1, named.2))
}

fn read_named<T: Copy>(table: &[(T, Named)], text: &str) -> Option<T> {
    let meant = |named: &Named| {
        named.0.eq_ignore_ascii_case(text) || named.1 == text || named.3.contains(&text)
    };
    table.iter().find(|(_, named)| meant(named)).map(|(value, _)| *value)
}

fn triple_words(table: &[(&str, &str, &str)], id: &str) -> Words {
    let found = table.iter().find(|row| row.0 == id);
    found.map_or_else(|| Words::new(id, id), |row| Words::new(row.1, row.2))
}

fn triple_read(table: &[(&'static str, &str, &str)], text: &str) -> Option<&'static str> {
    let meant = |row: &&(&str, &str, &str)| {
        row.0.eq_ignore_ascii_case(text) || row.1 == text || row.2.eq_ignore_ascii_case(text)
    };
    table.iter().find(meant).map(|row| row.0)
}

/// What an import would do, to be looked at and confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportPreview {
    /// What to confirm; none when there are errors or nothing to do.
    pub draft: Option<i64>,
    /// What would be done, or what is wrong.
    pub plan: UnitPlan,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportDone {
    /// Units created.
    pub created: usize,
    /// Units changed.
    pub changed: usize,
    /// Rows that said what was so already.
    pub unchanged: usize,
}

/// The job an import is done in.
pub struct ImportJob<'a> {
    /// The claim on it.
    pub claim: &'a Claim,
    /// What it reports of what was done.
    pub report: &'a (dyn Fn(ImportDone) -> Report + Sync),
}

impl std::fmt::Debug for ImportJob<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportJob").field("claim", self.claim).finish_non_exhaustive()
    }
}

/// A preview can be confirmed this long.
const PREVIEW_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// Rows of a file with their lines.
type Rows = Vec<(u64, UnitForm)>;

impl People {
    /// Creates a unit; by the system administrator.
    ///
    /// # Errors
    /// [`PeopleError::Fields`] by the ids of [`UnitField`], also when the code is taken.
    pub async fn unit_create(&self, by: Authority, form: &UnitForm) -> Result<UnitId, PeopleError> {
        let at = self.now();
        let mut tx = self.unit_write(by, at).await?;
        let directory = Directory::new(unit_list_all(&mut tx).await?);
        let plan = plan::plan(&directory, "", &[(1, form.clone())]);
        fields_check(&plan)?;
        let Some(change) = plan.created.first() else {
            return Err(PeopleError::field(
                UnitField::Code.id(),
                "该单位代码已被使用",
                "this code is taken",
            ));
        };
        let ids = plan_write(&mut tx, &directory, &plan, at).await?;
        let unit = *ids.get(&change.entry.code).ok_or(PeopleError::NotFound("unit"))?;
        let act = AdminAct::UnitCreated;
        let detail = json!({ "code": change.entry.code, "name": change.entry.name });
        let entry = AdminEntry { at, by, act, target: Target::Unit(unit), unit: None, detail };
        admin_event_append(&mut tx, entry).await?;
        tx.commit().await?;
        self.refresh().await?;
        Ok(unit)
    }

    /// Changes a unit, or closes it with `active` `no`; by the system administrator. Fields that are
    /// absent stay; the code never changes.
    ///
    /// # Errors
    /// [`PeopleRefusal::Stale`] when `version` is not the present one, [`PeopleRefusal::UnitOwes`],
    /// or fields.
    pub async fn unit_change(
        &self,
        by: Authority,
        unit: UnitId,
        version: i64,
        form: &UnitForm,
    ) -> Result<(), PeopleError> {
        let at = self.now();
        let mut tx = self.unit_write(by, at).await?;
        let directory = Directory::new(unit_list_all(&mut tx).await?);
        let before = directory.get(unit).ok_or(PeopleError::NotFound("unit"))?;
        if before.version != version {
            return Err(PeopleRefusal::Stale.into());
        }
        let form = form.clone().with(UnitField::Code, &before.code);
        let plan = plan::plan(&directory, "", &[(1, form)]);
        fields_check(&plan)?;
        if let Some(change) = plan.changed.first() {
            if let (true, false) = (before.active, change.entry.active) {
                match obligation_count_open(&mut tx, unit).await? {
                    0 => {}
                    open => return Err(PeopleRefusal::UnitOwes { open }.into()),
                }
            }
            plan_write(&mut tx, &directory, &plan, at).await?;
            unit_changed_append(&mut tx, by, change, at).await?;
        }
        tx.commit().await?;
        self.refresh().await
    }

    /// What importing a file would do; by the system administrator. Nothing is written but the rows
    /// that wait to be confirmed.
    ///
    /// # Errors
    /// [`PeopleRefusal::NotPermitted`]; what is wrong with the file stands in the plan.
    pub async fn unit_import_preview(
        &self,
        by: Authority,
        file: &str,
        bytes: &[u8],
    ) -> Result<ImportPreview, PeopleError> {
        const SQL: &str = "
            insert into import_draft (user_id, file_name, contents, created_at)
            values ($1, $2, $3, $4)
            returning import_draft_id";
        let at = self.now();
        let mut tx = self.database.write().await?;
        require(&mut tx, by, &[PlatformRole::SystemAdministrator]).await?;
        let rows = match rows_read(file, bytes) {
            Ok(rows) => rows,
            Err(errors) => {
                let plan = UnitPlan { errors, ..UnitPlan::default() };
                return Ok(ImportPreview { draft: None, plan });
            }
        };
        let directory = Directory::new(unit_list_all(&mut tx).await?);
        let plan = plan::plan(&directory, file, &rows);
        let nothing = plan.created.is_empty() && plan.changed.is_empty();
        let (Authority::Person(user), true, false) = (by, plan.errors.is_empty(), nothing) else {
            return Ok(ImportPreview { draft: None, plan });
        };
        let old = at.checked_sub(PREVIEW_LASTS).unwrap_or(Timestamp::MIN);
        tx.execute("delete from import_draft where created_at < $1", &[old.into()]).await?;
        let contents = serde_json::to_string(&rows)
            .map_err(|error| StoreError::damaged("import preview", error))?;
        let row: [Value; 4] = [user.into(), file.into(), contents.into(), at.into()];
        let draft = tx.one(SQL, &row).await?;
        tx.commit().await?;
        Ok(ImportPreview { draft, plan })
    }

    /// Does what a preview showed, all of it or nothing; by whoever made the preview.
    ///
    /// # Errors
    /// [`PeopleRefusal::PreviewGone`]; [`PeopleError::Rows`] when units have been changed since so
    /// that the rows no longer fit.
    pub async fn unit_import_apply(
        &self,
        by: Authority,
        draft: i64,
    ) -> Result<ImportDone, PeopleError> {
        self.import_apply(by, draft, None).await
    }

    /// The same as long work: the units are written and the job is ended with its report in one
    /// transaction, so that neither is ever there without the other.
    ///
    /// # Errors
    /// As [`Self::unit_import_apply`], and [`PeopleError::NotFound`] when the claim no longer holds;
    /// then nothing is written.
    pub async fn unit_import_as_job(
        &self,
        by: Authority,
        draft: i64,
        job: ImportJob<'_>,
    ) -> Result<ImportDone, PeopleError> {
        self.import_apply(by, draft, Some(job)).await
    }

    async fn import_apply(
        &self,
        by: Authority,
        draft: i64,
        job: Option<ImportJob<'_>>,
    ) -> Result<ImportDone, PeopleError> {
        const SQL: &str = "
            delete from import_draft
             where import_draft_id = $1 and user_id = $2 and created_at >= $3
            returning file_name, contents";
        let at = self.now();
        let mut tx = self.unit_write(by, at).await?;
        let old = at.checked_sub(PREVIEW_LASTS).unwrap_or(Timestamp::MIN);
        let row = tx.row(SQL, &[draft.into(), by.user().into(), old.into()]).await?;
        let row = row.ok_or(PeopleRefusal::PreviewGone)?;
        let (file, contents): (String, String) = (row.get(0)?, row.get(1)?);
        let rows: Rows = serde_json::from_str(&contents)
            .map_err(|error| StoreError::damaged("import preview", error))?;
        self.rows_write(tx, by, &file, &rows, job).await
    }

    /// Imports a file at once, all of it or nothing; by the system administrator or the program.
    ///
    /// # Errors
    /// [`PeopleError::Rows`].
    pub async fn unit_import(
        &self,
        by: Authority,
        file: &str,
        bytes: &[u8],
    ) -> Result<ImportDone, PeopleError> {
        let rows = rows_read(file, bytes).map_err(PeopleError::Rows)?;
        let at = self.now();
        let tx = self.unit_write(by, at).await?;
        self.rows_write(tx, by, file, &rows, None).await
    }

    /// A turn to write units: one at a time, because names and the guidance tree are checked together.
    async fn unit_write(&self, by: Authority, at: Timestamp) -> Result<Tx, PeopleError> {
        const TURN: &str = "
            insert into setting (name, value, changed_at) values ('units-written', '', $1)
            on conflict (name) do update set changed_at = excluded.changed_at";
        let mut tx = self.database.write().await?;
        require(&mut tx, by, &[PlatformRole::SystemAdministrator]).await?;
        tx.execute(TURN, &[at.into()]).await?;
        Ok(tx)
    }

    async fn rows_write(
        &self,
        mut tx: Tx,
        by: Authority,
        file: &str,
        rows: &Rows,
        job: Option<ImportJob<'_>>,
    ) -> Result<ImportDone, PeopleError> {
        let at = self.now();
        let directory = Directory::new(unit_list_all(&mut tx).await?);
        let mut plan = plan::plan(&directory, file, rows);
        for change in plan.changed.iter().filter(|change| !change.entry.active) {
            let Some(unit) = change.unit.and_then(|unit| directory.get(unit)) else { continue };
            let open = if unit.active { obligation_count_open(&mut tx, unit.id).await? } else { 0 };
            if open > 0 {
                plan.errors.push(RowError {
                    file: file.to_owned(),
                    line: change.line,
                    column: UnitField::Active.id().to_owned(),
                    label: UnitField::Active.words(),
                    value: String::new(),
                    words: PeopleRefusal::UnitOwes { open }.words(),
                });
            }
        }
        if !plan.errors.is_empty() {
            return Err(PeopleError::Rows(plan.errors));
        }
        plan_write(&mut tx, &directory, &plan, at).await?;
        for change in &plan.changed {
            unit_changed_append(&mut tx, by, change, at).await?;
        }
        let done = ImportDone {
            created: plan.created.len(),
            changed: plan.changed.len(),
            unchanged: plan.unchanged,
        };
        let codes: Vec<&str> =
            plan.created.iter().map(|change| change.entry.code.as_str()).collect();
        let detail = json!({
            "file": file, "created": codes, "changed": done.changed, "unchanged": done.unchanged,
        });
        let act = AdminAct::UnitsImported;
        let entry = AdminEntry { at, by, act, target: Target::Platform, unit: None, detail };
        admin_event_append(&mut tx, entry).await?;
        if let Some(ImportJob { claim, report }) = job
            && !end_in(&mut tx, claim, JobState::Done, &report(done), at).await?
        {
            return Err(PeopleError::NotFound("claim"));
        }
        tx.commit().await?;
        self.refresh().await?;
        Ok(done)
    }
}

fn rows_read(file: &str, bytes: &[u8]) -> Result<Rows, Vec<RowError>> {
    let table = table_read(file, bytes).map_err(|error| vec![*error])?;
    unit_rows(&table)
}

/// The errors of a plan of one form, as errors of its fields.
fn fields_check(plan: &UnitPlan) -> Result<(), PeopleError> {
    let errors: Vec<FieldError> = plan
        .errors
        .iter()
        .map(|error| FieldError { field: error.column.clone(), words: error.words.clone() })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(PeopleError::Fields(errors)) }
}

async fn unit_changed_append(
    tx: &mut Tx,
    by: Authority,
    change: &UnitChange,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(unit) = change.unit else { return Ok(()) };
    let detail = json!({ "code": change.entry.code, "fields": change.fields });
    let act = AdminAct::UnitChanged;
    let entry = AdminEntry { at, by, act, target: Target::Unit(unit), unit: Some(unit), detail };
    admin_event_append(tx, entry).await
}

/// Writes a plan without errors; gives every unit's id by its code.
async fn plan_write(
    tx: &mut Tx,
    directory: &Directory,
    plan: &UnitPlan,
    at: Timestamp,
) -> Result<BTreeMap<String, UnitId>, StoreError> {
    const REST: &str = "update unit set active = 0 where unit_id = $1";
    const CREATE: &str = "
        insert into unit (code, name, short_name, side, level, division_code, line, basis, aliases,
               phone, note, active, version, created_at, changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $13)";
    const CHANGE: &str = "
        update unit
           set code = $1, name = $2, short_name = $3, side = $4, level = $5, division_code = $6,
               line = $7, basis = $8, aliases = $9, phone = $10, note = $11, active = $12,
               changed_at = $13, parent_unit_id = $14, version = version + 1
         where unit_id = $15";
    const PARENT: &str = "update unit set parent_unit_id = $2 where unit_id = $1";
    // Active names are unique at every moment, also while two units exchange theirs.
    let rest: Vec<Vec<Value>> =
        plan.changed.iter().filter_map(|change| Some(vec![change.unit?.into()])).collect();
    tx.execute_many(REST, &rest).await?;
    let create: Vec<Vec<Value>> =
        plan.created.iter().map(|change| entry_values(&change.entry, at)).collect();
    // The names of closed and renamed units must be free before new ones take them.
    let mut ids: BTreeMap<String, UnitId> =
        directory.all().map(|unit| (unit.code.clone(), unit.id)).collect();
    tx.execute_many(CREATE, &create).await?;
    if !create.is_empty() {
        for row in tx.rows("select code, unit_id from unit", &[]).await? {
            ids.insert(row.get(0)?, row.get(1)?);
        }
    }
    let id = |code: &Option<String>| code.as_ref().and_then(|code| ids.get(code)).copied();
    let change: Vec<Vec<Value>> = plan
        .changed
        .iter()
        .filter_map(|change| {
            let mut values = entry_values(&change.entry, at);
            values.push(id(&change.entry.parent_code).into());
            values.push(change.unit?.into());
            Some(values)
        })
        .collect();
    tx.execute_many(CHANGE, &change).await?;
    let parents: Vec<Vec<Value>> = plan
        .created
        .iter()
        .filter_map(|change| {
            let parent = id(&change.entry.parent_code)?;
            Some(vec![ids.get(&change.entry.code).copied()?.into(), parent.into()])
        })
        .collect();
    tx.execute_many(PARENT, &parents).await?;
    Ok(ids)
}

fn entry_values(entry: &UnitEntry, at: Timestamp) -> Vec<Value> {
    vec![
        (&entry.code).into(),
        (&entry.name).into(),
        (&entry.short_name).into(),
        side_id(entry.side).into(),
        entry.level.id().into(),
        (&entry.division_code).into(),
        (&entry.line).into(),
        (&entry.basis).into(),
        json!(entry.aliases).to_string().into(),
        (&entry.phone).into(),
        (&entry.note).into(),
        entry.active.into(),
        at.into(),
    ]
}

/// Every unit, active or not, by id.
///
/// # Errors
/// When the database fails.
pub async fn unit_list_all(tx: &mut Tx) -> Result<Vec<Unit>, StoreError> {
    const SQL: &str = "
        select unit_id, code, name, short_name, side, level, division_code, parent_unit_id, line,
               basis, aliases, phone, note, active, version
          from unit
         order by unit_id";
    tx.rows(SQL, &[]).await?.iter().map(unit).collect()
}

fn unit(row: &Row) -> Result<Unit, StoreError> {
    let (side, level): (String, String) = (row.get(4)?, row.get(5)?);
    let aliases: String = row.get(10)?;
    Ok(Unit {
        id: row.get(0)?,
        code: row.get(1)?,
        name: row.get(2)?,
        short_name: row.get(3)?,
        side: side_read(&side).ok_or_else(|| StoreError::damaged("side", side))?,
        level: UnitLevel::read(&level).ok_or_else(|| StoreError::damaged("level", level))?,
        division_code: row.get(6)?,
        above: row.get(7)?,
        line: row.get(8)?,
        basis: row.get(9)?,
        aliases: serde_json::from_str(&aliases)
            .map_err(|error| StoreError::damaged("former names", error))?,
        phone: row.get(11)?,
        note: row.get(12)?,
        active: row.get(13)?,
        version: row.get(14)?,
    })
}

/// What changes whenever a unit is created or changed.
pub(crate) async fn units_stamp(tx: &mut Tx) -> Result<(i64, i64), StoreError> {
    const SQL: &str = "
        select count(*), cast(coalesce(sum(version), 0) as bigint) from unit";
    match tx.row(SQL, &[]).await? {
        Some(row) => Ok((row.get(0)?, row.get(1)?)),
        None => Ok((0, 0)),
    }
}
