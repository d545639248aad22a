//! A program with a token, and the answers it gets.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use axum::body::Body;
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use procedure::definition::RoleName;
use serde_json::{Map, Value, json};
use tower::ServiceExt as _;

use crate::world::World;

pub use crate::matter_story::{BUREAU, PROCURATORATE};

static KEYS: AtomicU64 = AtomicU64::new(1);

/// A key nobody has used.
pub fn fresh_key() -> String {
    format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed))
}

/// Somebody's program.
#[derive(Clone)]
pub struct Program<'a> {
    pub world: &'a World,
    pub token: String,
    pub language: &'static str,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body of a success.
    pub fn well(self) -> Value {
        assert!(self.status < 300, "{} {:#}", self.status, self.body);
        self.body
    }

    /// The fields that are told to be wrong.
    pub fn wrong_fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap()).collect()
    }
}

/// One request in the making.
pub struct Call<'a> {
    program: &'a Program<'a>,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl<'a> Program<'a> {
    pub async fn of(world: &'a World, code: &str, role: RoleName) -> Self {
        let person = world.person(code, role);
        let made =
            world.people.api_token_create(person.user, person.unit, "test", 30).await.unwrap();
        Self { world, token: made.token, language: "en" }
    }

    pub fn without_token(world: &'a World) -> Self {
        Self { world, token: String::new(), language: "en" }
    }

    pub fn call(&'a self, method: &'static str, path: &str) -> Call<'a> {
        let path =
            if path.starts_with("/api/") { path.to_owned() } else { format!("/api/v1{path}") };
        Call { program: self, method, path, headers: Vec::new(), body: Vec::new() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path).key(&fresh_key()).json(&body).send().await
    }

    pub async fn matter(&self, id: &str) -> Value {
        self.get(&format!("/matters/{id}")).await.well()
    }

    /// Acts on what is there now.
    pub async fn act(&self, matter: &str, action: &str, input: Value) -> Answer {
        let seen = self.matter(matter).await["version"].clone();
        let path = format!("/matters/{matter}/actions/{action}");
        self.post(&path, json!({ "input": input, "seen": seen })).await
    }

    /// Answers the draft that waits now.
    pub async fn answer(&self, matter: &str, what: &str, mut body: Value) -> Answer {
        body["seen"] = self.matter(matter).await["version"].clone();
        self.post(&format!("/matters/{matter}/proposal/{what}"), body).await
    }

    pub async fn approve(&self, matter: &str) -> Value {
        self.answer(matter, "approve", json!({})).await.well()
    }

    /// Opens a problem; says its id.
    pub async fn open_problem(&self, title: &str) -> String {
        let done = self.post("/matters", problem(self.world, title)).await.well();
        done["matter"].as_str().unwrap().to_owned()
    }
}

/// A lawful problem.
pub fn problem(world: &World, title: &str) -> Value {
    let today = calendar::local_date(world.store.now()).to_string();
    json!({
        "procedure": "problem",
        "title": title,
        "parties": { "owner": BUREAU, "supervisor": PROCURATORATE },
        "input": {
            "place": "长青镇工业园",
            "point": { "longitude": 107.39, "latitude": 34.52 },
            "division": "610305",
            "categories": ["air"],
            "severity": "serious",
            "source": "patrol",
            "discovered-on": today,
            "facts": "锅炉颗粒物排放超过标准。",
        },
    })
}

impl Call<'_> {
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string().into_bytes())
    }

    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    pub async fn send(self) -> Answer {
        let mut request = Request::builder()
            .method(self.method)
            .uri(&self.path)
            .header("accept-language", self.program.language);
        if !self.program.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.program.token));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(self.body)).unwrap();
        let router = web::router(self.program.world.house.clone());
        let response = router.oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes().to_vec();
        let kind = headers.get("content-type").map_or("", |kind| kind.to_str().unwrap()).to_owned();
        let body = if kind.contains("json") {
            serde_json::from_slice(&bytes).unwrap()
        } else {
            Value::Null
        };
        let answer = Answer { status, headers, body, bytes };
        promised(self.program.world, self.method, &self.path, &kind, &answer).await;
        answer
    }
}

/// Holds an answer against the description of the API.
async fn promised(world: &World, method: &str, path: &str, kind: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap();
    let Some(template) = template(method, path) else {
        assert!(matches!(answer.status, 404 | 405), "{method} {path}: {}", answer.status);
        return;
    };
    let document = described(world).await;
    let responses = &document["paths"][template][method.to_ascii_lowercase()]["responses"];
    let status = answer.status.to_string();
    let mut response = &responses[&status];
    assert!(!response.is_null(), "{method} {template} does not say that it answers {status}");
    if let Some(reference) = response["$ref"].as_str() {
        response = document.pointer(reference.strip_prefix('#').unwrap()).unwrap();
    }
    let Some(contents) = response["content"].as_object() else {
        assert!(answer.bytes.is_empty(), "{method} {template} {status} should be empty");
        return;
    };
    if contents.contains_key("application/octet-stream") {
        return;
    }
    let content = contents.get(kind);
    let content = content.unwrap_or_else(|| panic!("{method} {template} {status}: {kind:?}"));
    if !kind.contains("json") {
        return;
    }
    let validator = validator(document, &content["schema"]);
    let faults: Vec<String> = validator
        .iter_errors(&answer.body)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{method} {template} {status}: {faults:#?}\n{:#}", answer.body);
}

/// The validator of a schema, made once.
fn validator(document: &Value, schema: &Value) -> Arc<jsonschema::Validator> {
    static MADE: Mutex<BTreeMap<String, Arc<jsonschema::Validator>>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap();
    let make = || {
        let mut whole = schema.clone();
        whole["components"] = document["components"].clone();
        Arc::new(jsonschema::validator_for(&whole).unwrap())
    };
    Arc::clone(made.entry(schema.to_string()).or_insert_with(make))
}

/// The row of the table an address belongs to.
fn template(method: &str, path: &str) -> Option<&'static str> {
    let fits = |template: &str| {
        let (mut ours, mut theirs) = (template.split('/'), path.split('/'));
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(ours), Some(theirs)) if ours.starts_with('{') || ours == theirs => {}
                _ => return false,
            }
        }
    };
    // A fixed part is meant before one that may be anything.
    let mut all: Vec<_> = web::api::addresses();
    all.sort_by_key(|(_, template)| template.matches('{').count());
    all.into_iter().find(|(one, template)| one == method && fits(template)).map(|(_, found)| found)
}

/// The description, read as a program reads it.
pub async fn described(world: &World) -> &'static Value {
    static DESCRIPTION: OnceLock<Value> = OnceLock::new();
    if let Some(known) = DESCRIPTION.get() {
        return known;
    }
    let request = Request::builder()
        .uri("/api/openapi.json")
        .header("accept-language", "en")
        .body(Body::empty())
        .unwrap();
    let response = web::router(world.house.clone()).oneshot(request).await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    DESCRIPTION.get_or_init(|| serde_json::from_slice(&bytes).unwrap())
}

/// What must be given for an action, filled in lawfully by what the API says of the procedure.
pub fn filled(world: &World, procedure: &Value, action: &str, given: Value) -> Value {
    let act = if action == "open" {
        &procedure["open"]
    } else {
        let actions = procedure["actions"].as_array().unwrap();
        actions.iter().find(|one| one["id"] == action).unwrap()
    };
    let fields: BTreeMap<&str, &Value> = procedure["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (field["id"].as_str().unwrap(), field))
        .collect();
    let mut input = Map::new();
    let needed =
        act["input"].as_array().unwrap().iter().chain(act["needed_at_times"].as_array().unwrap());
    for id in needed {
        let id = id.as_str().unwrap();
        input.insert(id.to_owned(), lawful(world, fields[id]));
    }
    for (id, value) in given.as_object().unwrap() {
        input.insert(id.clone(), value.clone());
    }
    Value::Object(input)
}

fn lawful(world: &World, field: &Value) -> Value {
    let today = calendar::local_date(world.store.now());
    let option = &field["options"][0]["id"];
    match field["kind"].as_str().unwrap() {
        "text" | "long-text" => json!("已写明。"),
        "boolean" => json!(true),
        "date" if field["future"] == true => {
            json!(today.checked_add(jiff::Span::new().days(45)).unwrap().to_string())
        }
        "date" => json!(today.to_string()),
        "instant" => json!(format!("{today}T08:30")),
        "integer" => json!(field["min"].as_i64().unwrap_or(1)),
        "choice" => option.clone(),
        "choices" => json!([option]),
        "unit" => json!(BUREAU),
        "division" => json!("610305"),
        "articles" => json!([{ "instrument": "《行政处罚法》", "article": "27" }]),
        "point" => json!({ "longitude": 107.39, "latitude": 34.52 }),
        other => panic!("{other} must be given: {field}"),
    }
}
