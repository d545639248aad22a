//! Units: the directory, the files, the edits.

use jiff::Timestamp;
use procedure::definition::Side;
use procedure::matter::Directory as _;
use store::import::{TableLanguage, units_csv, units_xlsx};
use store::journal::AdminAct;
use store::unit::{ImportDone, UNITS_CSV, UnitField, UnitForm};
use store::{Authority, PeopleError, PeopleRefusal};

use super::on_both_engines;
use super::world::{World, refusal, unit_form, wrong_fields};

on_both_engines! {
    the_units_of_shaanxi_survive_every_way_out_and_in,
    the_directory_finds_a_unit_by_what_people_type,
    every_wrong_cell_is_named_and_nothing_is_written,
    a_preview_is_confirmed_once_and_by_its_maker,
    a_file_changes_only_what_it_says,
    two_units_may_exchange_their_names,
    a_change_must_have_seen_the_newest_version,
    the_side_the_code_and_the_tree_keep_their_rules,
    a_unit_that_owes_is_not_closed,
    another_process_sees_the_change,
}

async fn the_units_of_shaanxi_survive_every_way_out_and_in(world: World) {
    let people = &world.people;
    let done =
        people.unit_import(Authority::Program, "units.csv", UNITS_CSV.as_bytes()).await.unwrap();
    assert_eq!(done, ImportDone { created: 2036, changed: 0, unchanged: 0 });
    let directory = people.directory();
    assert_eq!(directory.len(), 2036);

    let at: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
    for language in [TableLanguage::Chinese, TableLanguage::English] {
        for (file, bytes) in [
            ("units.csv", units_csv(&directory, language).into_bytes()),
            ("units.xlsx", units_xlsx(&directory, language, at).unwrap()),
        ] {
            let done = people.unit_import(Authority::Program, file, &bytes).await.unwrap();
            let nothing = ImportDone { created: 0, changed: 0, unchanged: 2036 };
            assert_eq!(done, nothing, "{language:?} {file}");
        }
    }
}

async fn the_directory_finds_a_unit_by_what_people_type(world: World) {
    let people = &world.people;
    people.unit_import(Authority::Program, "units.csv", UNITS_CSV.as_bytes()).await.unwrap();
    let directory = people.directory();
    let procuratorate = world.find("J61030500").unwrap();
    for text in
        [&procuratorate.to_string(), " j61030500 ", "宝鸡市凤翔区人民检察院", "凤翔区检察院"]
    {
        assert_eq!(directory.find(text), Some(procuratorate), "{text}");
    }
    let bureau = world.find("宝鸡市环境保护局凤翔分局").unwrap();
    assert_eq!(directory.name(bureau), "宝鸡市生态环境局凤翔分局", "by its former name");
    assert_eq!(directory.find("检察院"), None);

    let first = |text: &str, side| {
        directory.suggest(text, side, 10).first().map(|unit| unit.name.clone()).unwrap_or_default()
    };
    for text in ["凤翔检察", "凤翔 检察院", "fxqjcy", "J610305", "FXQJCY"] {
        assert_eq!(first(text, None), "宝鸡市凤翔区人民检察院", "{text}");
    }
    assert_eq!(first("凤翔", Some(Side::Procuratorate)), "宝鸡市凤翔区人民检察院");
    assert!(directory.suggest("局", None, 10_000).len() <= 50);
    assert!(directory.suggest("  ", None, 10).is_empty());
    assert!(directory.suggest("没有这样的单位", None, 10).is_empty());

    let facts = directory.unit(bureau).unwrap();
    assert_eq!(facts.side, Side::Government);
    assert_eq!(directory.name(facts.above.unwrap()), "宝鸡市生态环境局");
    assert_eq!(directory.division("凤翔县").as_deref(), Some("610305"));
    let province = world.find("陕西省人民检察院").unwrap();
    assert_eq!(directory.tree(province).len(), 125, "every procuratorate");
    assert_eq!(directory.above(procuratorate).last().unwrap().id, province);
}

const BAD_FILE: &str = "code,name,side,level,division_code,parent_code,phone,active
G61030501,甲,government,county,610305,,,yes
G61030502,乙局,检查院,county,610305,,,yes
G61030503,丙局,government,乡村,610305,,,yes
G61030504,丁局,government,county,999999,,,yes
G61030505,戊局,government,county,610305,G69999999,,yes
g6,己局,government,county,610305,,,yes
G61030507,庚局,government,county,610305,,打电话,yes
G61030508,辛局,government,county,610305,,,也许
G61030509,壬局,government,county,610305,,,yes
G61030509,癸局,government,county,610305,,,yes
G61030510,癸局,government,county,610305,,,yes
G61030511,子局,government,county,610305,G61030512,,yes
G61030512,丑局,government,county,610305,G61030511,,yes
J61030513,寅院,procuratorate,county,610305,G61030509,,yes
";

async fn every_wrong_cell_is_named_and_nothing_is_written(world: World) {
    let people = &world.people;
    let result = people.unit_import(Authority::Program, "坏.csv", BAD_FILE.as_bytes()).await;
    let Err(PeopleError::Rows(errors)) = result else { panic!("{result:?}") };
    let found: Vec<(u64, &str)> =
        errors.iter().map(|error| (error.line, error.column.as_str())).collect();
    let wanted = [
        (2, "name"),
        (3, "side"),
        (4, "level"),
        (5, "division_code"),
        (6, "parent_code"),
        (7, "code"),
        (8, "phone"),
        (9, "active"),
        (11, "code"),
        (11, "name"),
        (12, "name"),
        (13, "parent_code"),
        (14, "parent_code"),
        (15, "parent_code"),
    ];
    assert_eq!(found, wanted);
    for error in &errors {
        assert_eq!(error.file, "坏.csv");
        assert!(!error.value.is_empty(), "{error}");
        assert!(!error.words.is_empty() && !error.words.is_half(), "{error}");
        assert!(error.line_zh().contains(&format!("第 {} 行", error.line)));
    }
    let side = errors.iter().find(|error| error.column == "side").unwrap();
    assert_eq!(
        side.to_string(),
        "坏.csv:3: side \"检查院\": one of government, procuratorate, court"
    );
    assert_eq!(
        side.line_zh(),
        "坏.csv 第 3 行“所属方”栏（填写内容：检查院）：请填以下之一：政府、检察院、法院"
    );
    assert!(people.directory().is_empty());
}

async fn a_preview_is_confirmed_once_and_by_its_maker(world: World) {
    let [system, security, _] = world.administrators().await;
    let people = &world.people;
    let file = b"code,name,side,level,division_code\nG61030501,\xe7\x94\xb2\xe5\xb1\x80,government,county,610305\n";
    let preview = people.unit_import_preview(system, "a.csv", file).await.unwrap();
    assert_eq!((preview.plan.created.len(), preview.plan.changed.len()), (1, 0));
    assert!(people.directory().is_empty(), "a preview writes nothing");
    let draft = preview.draft.unwrap();

    assert!(matches!(
        refusal(people.unit_import_apply(security, draft).await),
        PeopleRefusal::NotPermitted { .. }
    ));
    let done = people.unit_import_apply(system, draft).await.unwrap();
    assert_eq!(done, ImportDone { created: 1, changed: 0, unchanged: 0 });
    let again = people.unit_import_apply(system, draft).await;
    assert_eq!(refusal(again), PeopleRefusal::PreviewGone);

    let same = people.unit_import_preview(system, "a.csv", file).await.unwrap();
    assert_eq!((same.draft, same.plan.unchanged), (None, 1), "nothing to confirm");
    let bad = people.unit_import_preview(system, "b.csv", b"nothing").await.unwrap();
    assert_eq!(bad.draft, None);
    assert_eq!(bad.plan.errors.len(), 1);

    let changed = "code,phone\nG61030501,0917-0000001\n".as_bytes();
    let old = people.unit_import_preview(system, "c.csv", changed).await.unwrap().draft.unwrap();
    world.clock.forward(25 * 60);
    assert_eq!(refusal(people.unit_import_apply(system, old).await), PeopleRefusal::PreviewGone);

    let imports = world.journal(AdminAct::UnitsImported).await;
    assert_eq!(imports.len(), 1);
    assert_eq!(imports[0].user, system.user());
    assert_eq!(imports[0].detail["created"][0], "G61030501");
}

async fn a_file_changes_only_what_it_says(world: World) {
    let bureau = world.bureau().await;
    let people = &world.people;
    let file = "单位代码,联系电话\nG61030501,'+86 917 0000001\n";
    let done = people.unit_import(Authority::Program, "a.csv", file.as_bytes()).await.unwrap();
    assert_eq!(done, ImportDone { created: 0, changed: 1, unchanged: 0 });
    let directory = people.directory();
    let unit = directory.get(bureau).unwrap();
    assert_eq!(unit.phone, "+86 917 0000001");
    assert_eq!(unit.name, "宝鸡市生态环境局凤翔分局");
    assert_eq!(unit.version, 2);
    assert!(units_csv(&directory, TableLanguage::English).contains(",'+86 917 0000001,"));
    let changes = world.journal(AdminAct::UnitChanged).await;
    assert_eq!(changes[0].detail["fields"][0]["field"], "phone");
    assert_eq!(changes[0].detail["fields"][0]["before"], "");
}

async fn two_units_may_exchange_their_names(world: World) {
    let people = &world.people;
    let first = world.unit("G61030501", "甲局", "government").await;
    let second = world.unit("G61030502", "乙局", "government").await;
    let file = "code,name\nG61030501,乙局\nG61030502,甲局\n";
    people.unit_import(Authority::Program, "a.csv", file.as_bytes()).await.unwrap();
    assert_eq!(world.find("甲局"), Some(second));
    assert_eq!(world.find("乙局"), Some(first));
    // One closes and a new one takes its name, in one file.
    let file = "code,name,active,side,level,division_code
G61030509,甲局,yes,government,county,610305
G61030502,甲局,no,government,county,610305
";
    people.unit_import(Authority::Program, "b.csv", file.as_bytes()).await.unwrap();
    assert_eq!(world.find("甲局"), world.find("G61030509"));
    assert_eq!(world.find("G61030502"), None, "closed");
    assert!(people.directory().get(second).is_some(), "and still known");
}

async fn a_change_must_have_seen_the_newest_version(world: World) {
    let bureau = world.bureau().await;
    let [system, security, _] = world.administrators().await;
    let people = &world.people;
    let phone = |phone: &str| UnitForm::default().with(UnitField::Phone, phone);
    people.unit_change(system, bureau, 1, &phone("0917-0000001")).await.unwrap();
    let stale = people.unit_change(system, bureau, 1, &phone("0917-0000002")).await;
    assert_eq!(refusal(stale), PeopleRefusal::Stale);
    assert_eq!(people.directory().get(bureau).unwrap().phone, "0917-0000001");
    let other = people.unit_change(security, bureau, 2, &phone("0917-0000002")).await;
    assert!(matches!(refusal(other), PeopleRefusal::NotPermitted { .. }));
    let changes = world.journal(AdminAct::UnitChanged).await;
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].user, changes[0].unit), (system.user(), Some(bureau)));
}

async fn the_side_the_code_and_the_tree_keep_their_rules(world: World) {
    let people = &world.people;
    let program = Authority::Program;
    let city = world.unit("G61030001", "宝鸡市生态环境局", "government").await;
    let form = unit_form("G61030501", "凤翔分局").with(UnitField::ParentCode, "g61030001");
    let county = people.unit_create(program, &form).await.unwrap();
    assert_eq!(people.directory().get(county).unwrap().above, Some(city));

    assert_eq!(wrong_fields(people.unit_create(program, &form).await), ["code"]);
    let twin = unit_form("G61030599", "凤翔分局");
    assert_eq!(wrong_fields(people.unit_create(program, &twin).await), ["name"]);
    let form = UnitForm::default();
    let fields = wrong_fields(people.unit_create(program, &form).await);
    assert_eq!(fields, ["code", "name", "side", "level", "division_code"]);

    let change = |unit, field, text: &'static str| async move {
        let version = people.directory().get(unit).unwrap().version;
        let form = UnitForm::default().with(field, text);
        people.unit_change(program, unit, version, &form).await
    };
    let other_side = wrong_fields(change(county, UnitField::Side, "court").await);
    assert_eq!(other_side, ["side", "parent_code"]);
    assert_eq!(
        wrong_fields(change(city, UnitField::ParentCode, "G61030501").await),
        ["parent_code"]
    );
    assert_eq!(wrong_fields(change(city, UnitField::Active, "no").await), ["active"]);
    change(county, UnitField::Active, "no").await.unwrap();
    change(city, UnitField::Active, "no").await.unwrap();
    assert_eq!(world.find("宝鸡市生态环境局"), None);
}

async fn a_unit_that_owes_is_not_closed(world: World) {
    let bureau = world.bureau().await;
    let procuratorate = world.procuratorate().await;
    obligation_open(&world, bureau.0, procuratorate.0).await;
    let people = &world.people;
    let close = UnitForm::default().with(UnitField::Active, "停用");
    let result = people.unit_change(Authority::Program, bureau, 1, &close).await;
    assert_eq!(refusal(result), PeopleRefusal::UnitOwes { open: 1 });
    let file = "code,active\nG61030501,no\n";
    let result = people.unit_import(Authority::Program, "a.csv", file.as_bytes()).await;
    let Err(PeopleError::Rows(errors)) = result else { panic!("{result:?}") };
    assert_eq!((errors[0].line, errors[0].column.as_str()), (2, "active"));
    people.unit_change(Authority::Program, procuratorate, 1, &close).await.unwrap();
}

async fn another_process_sees_the_change(world: World) {
    let bureau = world.bureau().await;
    world.raw("update unit set phone = '0917-0000009', version = version + 1").await.unwrap();
    assert_eq!(world.people.directory().get(bureau).unwrap().phone, "");
    world.people.refresh().await.unwrap();
    assert_eq!(world.people.directory().get(bureau).unwrap().phone, "0917-0000009");
}

/// An open obligation of one unit to another, as the store keeps it.
pub(super) async fn obligation_open(world: &World, debtor: i64, creditor: i64) {
    let sql = format!(
        "insert into obligation (matter_id, number, procedure_id, kind, nature, debtor_unit_id,
                creditor_unit_id, started_at, due_on, due_at, standing, is_open, is_running,
                provisional)
         values ('0190b6a0-0000-7000-8000-00000000000a', 0, 'suggestion', 'reply', 'obligation',
                {debtor}, {creditor}, 0, '2026-05-06', 0, 'running', 1, 1, 0)"
    );
    world.raw(&sql).await.unwrap();
}
