//! The people of a story as programs: what other stories click already is done over the API, up to where
//! this one begins.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use procedure::definition::RoleName;
use serde_json::{Value, json};
use store::password::Passwords;
use store::randomness::SystemRandomness;
use store::{Clock, Database, People};

use super::{Person, Stage};
use crate::http::Http;
use crate::program::Program;

/// 凤翔生态环境分局.
pub(super) const BUREAU_CODE: &str = "G61030501";
/// 凤翔区检察院.
pub(super) const PROCURATORATE_CODE: &str = "J61030500";
/// 宝鸡市生态环境局.
pub(super) const CITY_BUREAU_CODE: &str = "G61030001";
/// Both of these and the units above them.
const UNITS: [&str; 4] = [BUREAU_CODE, PROCURATORATE_CODE, CITY_BUREAU_CODE, "J61030000"];

struct Now;

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "tokens live in the time of the program")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Everybody of the units of a story, over the API.
pub(super) struct Cast {
    programs: BTreeMap<(String, RoleName), Http>,
    asked: AtomicU32,
}

/// Where the matters of a story are found.
pub(super) struct Matters {
    pub(super) problem: String,
    pub(super) case: String,
    pub(super) letter: String,
}

impl Stage {
    /// A demo with nothing in it, and a token for everybody of the story.
    pub(super) async fn with_programs() -> (Self, Cast) {
        let Self { program, folder } = Self::empty();
        assert!(program.stop().success());
        let tokens = tokens(&folder.path().join("liandong.db")).await;
        let program = Program::start(&["demo"], folder.path());
        let http = Http::new(&program.url);
        let programs =
            tokens.into_iter().map(|(who, token)| (who, http.with_token(&token))).collect();
        (Self { program, folder }, Cast { programs, asked: AtomicU32::new(0) })
    }
}

async fn tokens(database: &Path) -> BTreeMap<(String, RoleName), String> {
    let database = Database::open(database.to_str().unwrap()).await.unwrap();
    let randomness = Arc::new(SystemRandomness);
    let passwords = Passwords::cheap(randomness.clone()).unwrap();
    let people = People::open(database, Arc::new(Now), randomness, passwords).await.unwrap();
    let mut tokens = BTreeMap::new();
    for code in UNITS {
        let unit = people.directory().by_code(code).unwrap().id;
        let made = people.demo_people(&[unit], "lvshuiqingshan").await.unwrap();
        for ((_, role), person) in made {
            let token = people.api_token_create(person.user, unit, "story", 1).await.unwrap();
            tokens.insert((code.to_owned(), role), token.token);
        }
    }
    tokens
}

impl Cast {
    fn program(&self, code: &str, role: RoleName) -> &Http {
        &self.programs[&(code.to_owned(), role)]
    }

    async fn post(&self, code: &str, role: RoleName, path: &str, body: &Value) -> Value {
        let key = format!("story-{}", self.asked.fetch_add(1, Ordering::Relaxed));
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", key.as_str()),
            ("if-match", "*"),
        ];
        let program = self.program(code, role);
        let answer = program.send("POST", path, &headers, body.to_string()).await.unwrap();
        assert!(answer.status.is_success(), "{code} {path}: {answer:?}");
        answer.json()
    }

    /// Opens a matter and gives its id.
    async fn open(&self, code: &str, body: Value) -> String {
        let done = self.post(code, RoleName::Handler, "/api/v1/matters", &body).await;
        done["matter"].as_str().unwrap().to_owned()
    }

    /// Acts, has every step approved, and gives the id of what that opened; empty when nothing.
    pub(super) async fn act(&self, code: &str, matter: &str, action: &str, input: Value) -> String {
        let role = if action == "acknowledge" { RoleName::Liaison } else { RoleName::Handler };
        let path = format!("/api/v1/matters/{matter}");
        let body = json!({ "input": input });
        let mut done = self.post(code, role, &format!("{path}/actions/{action}"), &body).await;
        loop {
            let view = self.program(code, role).get(&path).await.unwrap().json();
            let Some(waits_for) = view["proposal"]["waits_for"]["code"].as_str() else { break };
            let approve = format!("{path}/proposal/approve");
            done = self.post(waits_for, RoleName::Leader, &approve, &json!({})).await;
        }
        done["opened"][0].as_str().unwrap_or_default().to_owned()
    }

    /// The bureau's own problem.
    pub(super) async fn problem(&self, title: &str, today: &str) -> String {
        let body = json!({
            "procedure": "problem",
            "title": title,
            "parties": { "owner": BUREAU_CODE },
            "input": {
                "place": "长青工业园区",
                "division": "610305",
                "categories": ["air"],
                "severity": "serious",
                "source": "patrol",
                "discovered-on": today,
                "facts": "燃煤锅炉颗粒物持续超过地方标准。",
            },
        });
        self.open(BUREAU_CODE, body).await
    }

    /// From the problem to a suggestion the bureau has signed for.
    pub(super) async fn acknowledged(&self, title: &str, today: &str) -> Matters {
        let (ours, theirs) = (PROCURATORATE_CODE, BUREAU_CODE);
        let problem = self.problem(title, today).await;
        let clue = json!({
            "procedure": "clue",
            "parent": problem,
            "parties": { "receiver": ours },
            "input": {
                "clue-source": "referred",
                "found-on": today,
                "field": "environment",
                "harm": "颗粒物排放超标，周边空气质量下降。",
                "place": "长青工业园区",
            },
        });
        let clue = self.open(theirs, clue).await;
        self.act(theirs, &clue, "submit", json!({})).await;
        self.act(ours, &clue, "register", json!({ "officer": "李检察官" })).await;
        self.act(ours, &clue, "begin-evaluation", json!({})).await;
        let filing = json!({ "evaluation": "线索属实。", "filing-ground": "harm-and-duty" });
        self.act(ours, &clue, "decide-filing", filing).await;
        let agency = json!({ "agency": theirs, "cause": "不依法履行大气污染防治监督管理职责" });
        let case = self.act(ours, &clue, "open-case", agency).await;
        let served = json!({ "filing-served-on": today, "filing-service": "direct" });
        self.act(ours, &case, "serve-filing", served).await;
        let conclusion = json!({ "conclusion": "事实已查清。" });
        self.act(ours, &case, "conclude-investigation", conclusion).await;
        let ground = json!({ "suggestion-ground": "行政机关未依法全面履职。" });
        let letter = self.act(ours, &case, "start-suggestion", ground).await;
        let words = json!({
            "case-source": "行政机关移送",
            "harm-facts": "颗粒物排放超标。",
            "non-performance-facts": "仅作罚款，未责令限制生产。",
            "legal-basis": ["FD:1076"],
            "demands": "依法全面履行监督管理职责。",
        });
        self.act(ours, &letter, "issue", words).await;
        self.act(ours, &letter, "serve-directly", json!({})).await;
        self.act(theirs, &letter, "acknowledge", json!({})).await;
        Matters { problem, case, letter }
    }

    /// The suit of a case under review, and the court's docket.
    pub(super) async fn sued(&self, case: &str, today: &str) {
        let suit = json!({
            "sued-on": today,
            "court-name": "宝鸡市陈仓区人民法院",
            "non-performance": ["no-reply-no-measures"],
            "claims": ["perform"],
            "claims-detail": "责令被告依法履行监督管理职责。",
            "indictment-facts": "逾期不回复，损害仍在持续。",
        });
        self.act(PROCURATORATE_CODE, case, "sue", suit).await;
        let docket = json!({ "docket-no": "（2026）陕0304行初22号", "docketed-on": today });
        self.act(PROCURATORATE_CODE, case, "court-dockets", docket).await;
    }
}

impl Person {
    /// Learns where the matters of a story are.
    pub(super) fn knows(&mut self, matters: &Matters) {
        for (kind, id) in [
            ("环境问题", &matters.problem),
            ("行政公益诉讼案件", &matters.case),
            ("检察建议", &matters.letter),
        ] {
            self.knows_one(kind, id);
        }
    }

    /// Learns where a matter is.
    pub(super) fn knows_one(&mut self, kind: &str, id: &str) {
        self.places.insert(kind.to_owned(), format!("/matters/{id}"));
    }
}
