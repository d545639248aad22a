//! Lists: narrowed as the register is, paged so that nothing is skipped or shown twice.

use procedure::definition::RoleName;
use serde_json::{Value, json};

use super::program::{BUREAU, PROCURATORATE, Program};
use crate::world::World;

fn ids(page: &Value) -> Vec<String> {
    let rows = page["rows"].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_stay_right_while_matters_are_added() {
    for sort in ["newest", "oldest", "changed", "due"] {
        let world = World::new("2026-03-02").await;
        let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
        let mut all = Vec::new();
        for number in 1..=7 {
            all.push(bureau.open_problem(&format!("问题{number}")).await);
            let due = json!({ "repair-by": format!("2026-06-{:02}", 30 - number) });
            bureau.act(&all[number - 1], "take-on-repair", due).await.well();
        }
        let mut path = format!("/matters?procedure=problem&sort={sort}&limit=3");
        let mut seen = Vec::new();
        loop {
            let answer = bureau.get(&path).await;
            let link = answer.header("link").to_owned();
            let page = answer.well();
            seen.extend(ids(&page));
            // Somebody registers another one between two pages.
            bureau.open_problem("插进来的").await;
            match page["next"].as_str() {
                Some(next) => {
                    assert_eq!(link, format!("<{next}>; rel=\"next\""));
                    path = next.to_owned();
                }
                None => break,
            }
        }
        let before = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), before, "{sort}: none is shown twice");
        assert!(all.iter().all(|id| seen.contains(id)), "{sort}: none is skipped");
    }
}

#[tokio::test]
async fn matters_are_narrowed_with_and_without_a_procedure() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let found = |query: &str| {
        let (bureau, path) = (bureau.clone(), format!("/matters?{query}"));
        async move { ids(&bureau.get(&path).await.well()).len() }
    };
    bureau.open_problem("长青镇锅炉").await;
    for any in ["", "procedure=problem&"] {
        assert_eq!(found(&format!("{any}q=锅炉")).await, 1);
        assert_eq!(found(&format!("{any}q=渗滤液")).await, 0);
        assert_eq!(found(&format!("{any}unit={BUREAU}")).await, 1);
        assert_eq!(found(&format!("{any}unit=J61030000")).await, 0);
        assert_eq!(found(&format!("{any}division=610305")).await, 1);
        assert_eq!(found(&format!("{any}division=610300")).await, 1);
        assert_eq!(found(&format!("{any}division=610100")).await, 0);
        assert_eq!(found(&format!("{any}category=air")).await, 1);
        assert_eq!(found(&format!("{any}category=noise")).await, 0);
        assert_eq!(found(&format!("{any}ended=false&state=found")).await, 1);
        assert_eq!(found(&format!("{any}opened_from=2026-03-02&opened_to=2026-03-02")).await, 1);
        assert_eq!(found(&format!("{any}opened_from=2026-03-03")).await, 0);
        assert_eq!(found(&format!("{any}light=overdue")).await, 0);
    }
}

#[tokio::test]
async fn a_question_that_is_not_understood_is_told_not_guessed() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let wrong = |path: &str| {
        let (bureau, path) = (bureau.clone(), path.to_owned());
        async move {
            let answer = bureau.get(&path).await;
            assert_eq!(answer.status, 422, "{path}");
            answer.wrong_fields().join(" ")
        }
    };
    assert_eq!(wrong("/matters?proceduer=problem").await, "proceduer");
    assert_eq!(wrong("/matters?procedure=problm").await, "procedure");
    assert_eq!(wrong("/matters?procedure=problem&state=fund").await, "state");
    assert_eq!(
        wrong("/matters?limit=0&light=red&sort=x&ended=yes").await,
        "ended light sort limit"
    );
    assert_eq!(wrong("/matters?limit=201").await, "limit");
    assert_eq!(wrong("/matters?opened_to=&q=").await, "opened_to q");
    assert_eq!(wrong("/matters?limit=1&limit=2").await, "limit");
    assert_eq!(wrong("/matters?cursor=00").await, "cursor");
    assert_eq!(wrong("/matters?opened_from=20260302").await, "opened_from");
    assert_eq!(wrong("/matters?holder=没有这个单位").await, "holder");
    assert_eq!(wrong("/matters?category=%25").await, "category");
    assert_eq!(wrong("/obligations").await, "of");
    assert_eq!(wrong("/divisions").await, "q");
    // The cursor of one order is none of another.
    for number in 0..3 {
        bureau.open_problem(&format!("问题{number}")).await;
    }
    let page = bureau.get("/matters?limit=1").await.well();
    let next = page["next"].as_str().unwrap();
    assert_eq!(wrong(&format!("{next}&sort=due")).await, "cursor");
}

#[tokio::test]
async fn obligations_are_listed_either_way_and_paged() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    for number in 1..=5 {
        let matter = bureau.open_problem(&format!("问题{number}")).await;
        let due = json!({ "repair-by": format!("2026-06-{:02}", 30 - number) });
        bureau.act(&matter, "take-on-repair", due).await.well();
    }
    let mut path = "/obligations?of=us&limit=2".to_owned();
    let mut rows: Vec<(String, String)> = Vec::new();
    loop {
        let page = bureau.get(&path).await.well();
        let row = |row: &Value| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (text("due"), format!("{}#{}", text("matter"), row["number"]))
        };
        rows.extend(page["rows"].as_array().unwrap().iter().map(row));
        match page["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert!(rows.len() >= 5 && rows.is_sorted_by_key(|row| &row.0), "{rows:?}");
    let mut once = rows.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), rows.len());
    let prosecutor = Program::of(&world, PROCURATORATE, RoleName::Handler).await;
    prosecutor.get("/obligations?of=them").await.well();
    let counters = bureau.get("/counters").await.well();
    assert_eq!(counters["owing"].as_u64().unwrap(), rows.len() as u64);
}

#[tokio::test]
async fn units_and_divisions_are_found() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let found = bureau.get("/units?q=fxqjcy&limit=5").await.well();
    assert_eq!(found["rows"][0]["code"], PROCURATORATE);
    let unit = bureau.get(&format!("/units/{PROCURATORATE}")).await.well();
    assert_eq!(unit["id"], world.unit(PROCURATORATE).0);
    assert!(unit["liaison"]["person"]["name"].is_string());
    assert_eq!(bureau.get("/units/no-such-unit").await.status, 404);
    let mut path = "/units?side=procuratorate&limit=1".to_owned();
    let mut codes = Vec::new();
    loop {
        let page = bureau.get(&path).await.well();
        let rows = page["rows"].as_array().unwrap();
        codes.extend(rows.iter().map(|row| row["code"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert!(codes.len() > 1 && codes.iter().all(|code| code.starts_with('J')), "{codes:?}");
    let found = bureau.get("/divisions?q=凤翔").await.well();
    assert_eq!(found["rows"][0]["code"], "610305");
    let under = bureau.get("/divisions?parent=610300").await.well();
    assert!(under["rows"].as_array().unwrap().iter().any(|row| row["code"] == "610305"));
}
