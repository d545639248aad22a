//! The whole story by programs of both sides: from the problem to struck off and the return visit.

use std::collections::BTreeMap;

use procedure::definition::RoleName;
use serde_json::{Value, json};

use super::program::{BUREAU, PROCURATORATE, Program, filled, problem};
use crate::world::World;

struct Cast<'a> {
    world: &'a World,
    programs: BTreeMap<(String, RoleName), Program<'a>>,
    procedures: BTreeMap<String, Value>,
}

impl<'a> Cast<'a> {
    async fn of(world: &'a World) -> Self {
        let mut programs = BTreeMap::new();
        for person in world.persons.values() {
            let code = world.people.directory().get(person.unit).unwrap().code.clone();
            let program = Program::of(world, &code, person.role).await;
            programs.insert((code, person.role), program);
        }
        let one = &programs[&(BUREAU.to_owned(), RoleName::Handler)];
        let mut procedures = BTreeMap::new();
        for row in one.get("/procedures").await.well().as_array().unwrap() {
            let id = row["id"].as_str().unwrap().to_owned();
            let procedure = one.get(&format!("/procedures/{id}")).await.well();
            procedures.insert(id, procedure);
        }
        Self { world, programs, procedures }
    }

    fn program(&self, code: &str, role: RoleName) -> &Program<'a> {
        &self.programs[&(code.to_owned(), role)]
    }

    /// Acts as whoever of the unit may, and has every step approved.
    async fn act(&self, code: &str, matter: &str, action: &str, given: Value) -> Value {
        let handler = self.program(code, RoleName::Handler);
        let view = handler.matter(matter).await;
        let procedure = &self.procedures[view["procedure"]["id"].as_str().unwrap()];
        let actions = procedure["actions"].as_array().unwrap();
        let act = actions.iter().find(|one| one["id"] == action).unwrap();
        let role = if act["role"] == "liaison" { RoleName::Liaison } else { RoleName::Handler };
        let input = filled(self.world, procedure, action, given);
        let mut done = self.program(code, role).act(matter, action, input).await.well();
        for _ in act["approvals"].as_array().unwrap() {
            let waits = handler.matter(matter).await["proposal"]["waits_for"]["code"].clone();
            let leader = self.program(waits.as_str().unwrap(), RoleName::Leader);
            done = leader.approve(matter).await;
        }
        done
    }

    async fn open(&self, code: &str, procedure: &str, mut body: Value, given: Value) -> String {
        body["procedure"] = json!(procedure);
        body["input"] = filled(self.world, &self.procedures[procedure], "open", given);
        let answer = self.program(code, RoleName::Handler).post("/matters", body).await;
        let location = answer.header("location").to_owned();
        let done = answer.well();
        let id = done["matter"].as_str().unwrap();
        assert_eq!(location, format!("/api/v1/matters/{id}"));
        id.to_owned()
    }
}

fn only(done: &Value) -> String {
    let opened = done["opened"].as_array().unwrap();
    assert_eq!(opened.len(), 1, "{done:#}");
    opened[0].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn programs_of_both_sides_take_a_problem_to_its_return_visit() {
    let world = World::new("2026-03-02").await;
    let cast = Cast::of(&world).await;
    let bureau = cast.program(BUREAU, RoleName::Handler);

    let root = bureau.post("/matters", problem(&world, "长青镇锅炉超标排放")).await.well();
    let root = root["matter"].as_str().unwrap().to_owned();
    cast.act(BUREAU, &root, "take-on-repair", json!({})).await;

    let clue = json!({ "parent": root, "parties": { "receiver": PROCURATORATE } });
    let clue = cast.open(BUREAU, "clue", clue, json!({})).await;
    cast.act(BUREAU, &clue, "submit", json!({})).await;
    cast.act(PROCURATORATE, &clue, "register", json!({})).await;
    cast.act(PROCURATORATE, &clue, "begin-evaluation", json!({})).await;
    cast.act(PROCURATORATE, &clue, "decide-filing", json!({})).await;
    let case =
        only(&cast.act(PROCURATORATE, &clue, "open-case", json!({ "agency": BUREAU })).await);
    cast.act(PROCURATORATE, &clue, "give-feedback", json!({})).await;
    assert_eq!(bureau.matter(&clue).await["ended"], true);

    cast.act(PROCURATORATE, &case, "serve-filing", json!({})).await;
    cast.act(PROCURATORATE, &case, "record-investigation", json!({})).await;
    cast.act(PROCURATORATE, &case, "conclude-investigation", json!({})).await;
    let letter = only(&cast.act(PROCURATORATE, &case, "start-suggestion", json!({})).await);
    let own_day = json!({ "urgent": false, "urgent-reason": null, "correction-until": null, "objection-until": null });
    cast.act(PROCURATORATE, &letter, "issue", own_day).await;
    cast.act(PROCURATORATE, &letter, "serve-directly", json!({})).await;
    cast.act(BUREAU, &letter, "acknowledge", json!({})).await;

    // The bureau owes a reply within two months; the page and the API count alike.
    let owed = bureau.get("/obligations?of=us").await.well();
    let reply = owed["rows"].as_array().unwrap().iter().find(|row| row["kind"] == "reply").unwrap();
    assert_eq!(reply["due"], "2026-05-06", "{reply:#}");
    let view = bureau.matter(&letter).await;
    let explained = view["obligations"].as_array().unwrap();
    let explained = explained.iter().find(|one| one["kind"] == "reply").unwrap();
    assert_eq!(explained["explanation"]["due"], "2026-05-06");
    let prosecutor = cast.program(PROCURATORATE, RoleName::Handler);
    let urge = format!("/matters/{letter}/obligations/{}/urge", reply["number"]);
    prosecutor.post(&urge, json!({ "words": "请按期回复。" })).await.well();
    assert_eq!(prosecutor.post(&urge, json!({ "words": "请按期回复。" })).await.status, 422);

    cast.act(BUREAU, &letter, "register", json!({})).await;
    cast.act(BUREAU, &letter, "make-plan", json!({})).await;
    let item = only(&cast.act(BUREAU, &letter, "add-repair-item", json!({})).await);
    cast.act(BUREAU, &item, "start", json!({})).await;
    let reading = json!({ "after-reading": "20 mg/m³" });
    cast.act(BUREAU, &item, "report-done", reading).await;
    cast.act(BUREAU, &letter, "reply", json!({ "reply-kind": "complete" })).await;
    cast.act(PROCURATORATE, &letter, "begin-follow-up", json!({})).await;
    cast.act(PROCURATORATE, &item, "verify", json!({})).await;
    cast.act(PROCURATORATE, &letter, "verify-effective", json!({})).await;
    cast.act(PROCURATORATE, &case, "terminate", json!({})).await;

    cast.act(BUREAU, &root, "ask-acceptance", json!({})).await;
    let acceptor = bureau.matter(&root).await["holders"][0]["code"].as_str().unwrap().to_owned();
    cast.act(&acceptor, &root, "accept", json!({})).await;
    cast.act(&acceptor, &root, "strike-off", json!({})).await;
    assert_eq!(bureau.matter(&root).await["state"]["id"], "struck-off");
    cast.act(&acceptor, &root, "return-visit", json!({ "visit-result": "ok" })).await;
    let view = bureau.matter(&root).await;
    assert_eq!((&view["state"]["id"], &view["ended"]), (&json!("closed"), &json!(true)));

    // What happened is there for both sides, page by page, in order.
    let mut path = format!("/matters/{letter}/events?limit=5");
    let mut numbers = Vec::new();
    loop {
        let page = prosecutor.get(&path).await.well();
        numbers.extend(
            page["rows"].as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()),
        );
        match page["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert!(numbers.len() > 10 && numbers.is_sorted(), "{numbers:?}");
    let counters = bureau.get("/counters").await.well();
    assert_eq!(counters["live"]["problem"].as_i64().unwrap_or(0), 0);
}
