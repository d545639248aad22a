//! The demo, told into fresh databases.

use std::path::Path;

use jiff::civil::Date;
use procedure::definition::RoleName;
use procedure::matter::Standing;
use procedure::{Family, Matter};
use store::matter::{Filter, Page, Sort};

use super::*;
use crate::house::{self, OpenFor};
use crate::settings::Settings;

fn settings(folder: &Path, database: Option<String>) -> Settings {
    let usual = Settings::usual(&folder.display().to_string());
    Settings { database, log_level: "warn".to_owned(), ..usual }
}

async fn house_of(
    folder: &Path,
    database: Option<String>,
) -> (House, std::sync::Arc<MovableClock>) {
    let clock = std::sync::Arc::new(MovableClock::kept_in(&folder.join("clock")));
    let settings = settings(folder, database);
    let house = house::open(&settings, clock.clone(), OpenFor::Demo).await.unwrap();
    (house, clock)
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Who reads for the tests: a handler of the unit of that code.
async fn family(house: &House, code: &str, title: &str) -> Family {
    let directory = house.people.directory();
    let unit = directory.by_code(code).unwrap();
    let people = house.people.demo_people(&[unit.id], "demo").await.unwrap();
    let person = people.get(&(unit.id, RoleName::Handler)).unwrap();
    let scope = store::Scope {
        user: person.user,
        unit: unit.id,
        side: unit.side,
        police: false,
        roles: [RoleName::Handler].into(),
    };
    let filter = Filter { procedure: "problem".to_owned(), ..Filter::default() };
    let page = Page { number: 1, rows: 100 };
    let listed = house.store.matter_list(&scope, &filter, Sort::Newest, page).await.unwrap();
    let row = listed.rows.iter().find(|row| row.title.contains(title)).unwrap();
    house.store.matter_fetch(&scope, &row.id).await.unwrap().unwrap().whole
}

fn of<'f>(family: &'f Family, procedure: &str) -> Vec<&'f Matter> {
    family.matters().filter(|matter| matter.procedure == procedure).collect()
}

const CASE: &str = "administrative-public-interest-case";
const NONE: Size = Size { problems: 0, retells: true, seed: 0 };

#[tokio::test(flavor = "multi_thread")]
async fn the_guiding_cases_come_out_as_they_did() {
    let folder = tempfile::tempdir().unwrap();
    let (house, clock) = house_of(folder.path(), None).await;
    let report = fill(&house, &clock, NONE, "fifteen-years-of-cases", &|_| {}).await.unwrap();
    assert_eq!(report.problems, 3);
    assert!(report.units > 2_000 && report.accounts.len() > 15);

    // 凤翔: the suggestion of 3 December falls under the pilot's one month; after New Year the due day
    // is Monday 4 January, and the reply of that day is in time.
    let family49 = family(&house, "J61030500", "长青能源").await;
    let letters = of(&family49, "suggestion");
    let [letter] = letters.as_slice() else { panic!("one letter") };
    let reply = letter.obligations.iter().find(|owed| owed.kind == "reply").unwrap();
    assert_eq!(reply.trigger.date(), day("2015-12-03"));
    assert_eq!(reply.due.date(), day("2016-01-04"));
    assert_eq!(calendar::local_date(reply.met_at.unwrap()), day("2016-01-04"));
    assert_eq!(reply.standing(), Standing::Met);
    let case = of(&family49, CASE)[0];
    assert_eq!(case.state, "closed");
    assert_eq!(case.fields["judgment-kind"], procedure::Value::Text("confirm-unlawful".into()));
    assert!(family49.matters().all(|matter| matter.ended));

    // 长沙: one problem, three agencies, three cases, no suit.
    let family50 = family(&house, "J43010000", "威尼斯城").await;
    let cases = of(&family50, CASE);
    assert_eq!(cases.len(), 3);
    assert!(
        cases.iter().all(|case| case.state == "terminated" && !case.reached.contains_key("sued"))
    );
    let served: Vec<Date> = of(&family50, "suggestion")
        .iter()
        .map(|letter| letter.obligations.iter().find(|owed| owed.kind == "reply").unwrap())
        .map(|reply| reply.trigger.date())
        .collect();
    assert_eq!(served, [day("2017-12-18"), day("2017-12-18"), day("2018-03-16")]);

    // 德惠: dismissed, appealed, upheld, protested, tried anew, confirmed unlawful.
    let family162 = family(&house, "J22018300", "松花江").await;
    let case = of(&family162, CASE).into_iter().find(|case| case.state == "closed").unwrap();
    assert_eq!(case.fields["judgment-kind"], procedure::Value::Text("confirm-unlawful".into()));
    assert_eq!(case.fields["judged-on"].day(), Some(day("2020-12-28")));
    for state in ["sued", "judged", "second-instance", "effective", "retrial", "first-instance"] {
        assert!(case.reached.contains_key(state), "{state}");
    }
    let appeal = case.obligations.iter().find(|owed| owed.kind == "appeal-period").unwrap();
    assert_eq!(appeal.due.date(), day("2018-01-05"));
    house.store.close().await;
}

/// One Tuesday afternoon: what is lived must not depend on the day of the test.
fn afternoon() -> Timestamp {
    "2026-11-24T15:00:00+08:00".parse().unwrap()
}

/// Everything that happened to every problem, without ids and numbers, which another engine may give
/// in another order.
async fn lived(house: &House, problems: u32) -> Vec<String> {
    let directory = house.people.directory();
    let unit = directory.by_code("G61000000").unwrap();
    let people = house.people.demo_people(&[unit.id], "demo").await.unwrap();
    let person = people.get(&(unit.id, RoleName::Handler)).unwrap();
    let scope = store::Scope {
        user: person.user,
        unit: unit.id,
        side: unit.side,
        police: false,
        roles: [RoleName::Handler].into(),
    };
    let filter = Filter { procedure: "problem".to_owned(), ..Filter::default() };
    let page = Page { number: 1, rows: 200 };
    let listed = house.store.matter_list(&scope, &filter, Sort::Newest, page).await.unwrap();
    assert_eq!(listed.rows.len(), usize::try_from(problems).unwrap());
    let mut all = Vec::new();
    for row in listed.rows {
        let family = house.store.matter_fetch(&scope, &row.id).await.unwrap().unwrap().whole;
        for matter in family.matters() {
            let mut told = serde_json::to_value(matter).unwrap();
            for id in ["id", "root", "parent", "origin", "number"] {
                told.as_object_mut().unwrap().remove(id);
            }
            all.push(told.to_string());
        }
    }
    all.sort();
    all
}

async fn live(database: Option<String>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let (house, clock) = house_of(folder.path(), database).await;
    clock.hold_at(afternoon());
    let size = Size { problems: 24, retells: false, seed: 11 };
    let report = fill(&house, &clock, size, "fifteen-years-of-cases", &|_| {}).await.unwrap();
    assert_eq!(report.refused, Vec::<String>::new());
    assert_eq!(report.problems, 24);
    let lived = lived(&house, 24).await;
    house.store.close().await;
    lived
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_lives_the_same_problems_on_both_engines() {
    let first = live(None).await;
    assert!(first.len() > 60, "{}", first.len());
    assert_eq!(first, live(None).await);
    let Ok(server) = std::env::var("LIANDONG_TEST_POSTGRES") else { return };
    let schema = format!("demo_{}", std::process::id());
    let database = store::Database::open(&server).await.unwrap();
    let mut tx = database.write().await.unwrap();
    tx.batch(&format!("create schema {schema}")).await.unwrap();
    tx.commit().await.unwrap();
    let sign = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{sign}options=-csearch_path%3D{schema}");
    assert_eq!(first, live(Some(url)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_tries_the_demo_finds_something_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (house, clock) = house_of(folder.path(), None).await;
    clock.hold_at(afternoon());
    let size = Size { problems: 90, ..Size::default() };
    let report = fill(&house, &clock, size, "fifteen-years-of-cases", &|_| {}).await.unwrap();
    assert_eq!(report.refused, Vec::<String>::new());
    assert_eq!(report.problems, 93);
    let directory = house.people.directory();
    let of = |code: &str| directory.by_code(code).unwrap().id;
    let bureau = house.store.counters(of("G61030501")).await.unwrap();
    assert!(bureau.to_acknowledge > 0 && bureau.overdue > 0 && bureau.to_approve > 0, "{bureau:?}");
    let procuratorate = house.store.counters(of("J61030500")).await.unwrap();
    assert!(procuratorate.to_approve > 0 && procuratorate.owing > 0, "{procuratorate:?}");
    house.store.close().await;
}
