//! What JSON says of the fields of a form, as the rules read it, and back.
//!
//! The rules read text; JSON has kinds. A value of another kind than the field's is told, never bent.

use std::collections::BTreeMap;

use calendar::{Article, Law};
use procedure::definition::{Action, Field, FieldKind, Format, Party, Procedure};
use procedure::value::{LATITUDES, LONGITUDES};
use procedure::{MatterId, Raw, Value as Held};
use serde_json::{Map, Value, json};
use store::directory::Directory;

use super::body::Faults;
use super::view::{Bilingual, UnitName};
use crate::message::Language;

/// The fields of an action in the words of a form.
pub(super) fn read_fields(
    procedure: &Procedure,
    action: &Action,
    given: Map<String, Value>,
    faults: &mut Faults,
) -> Raw {
    let mut raw = Raw::new();
    for (name, value) in given {
        let field = action.fields().find(|id| **id == name).and_then(|id| procedure.field(id));
        match field {
            None => faults.unknown(&name, &name, action.fields().map(String::as_str)),
            Some(field) => {
                if let Some(texts) = read_field(field, value, faults) {
                    raw.insert(name, texts);
                }
            }
        }
    }
    raw
}

/// The parties somebody may choose when opening.
pub(super) fn chosen_parties(procedure: &Procedure) -> impl Iterator<Item = &Party> {
    let opener = procedure.open.by.first();
    let parties = procedure.parties.values();
    parties.filter(move |party| Some(&party.id) != opener && party.from.is_none())
}

/// The parties of a matter to be opened.
pub(super) fn read_parties(
    procedure: &Procedure,
    given: Map<String, Value>,
    faults: &mut Faults,
) -> Raw {
    let mut raw = Raw::new();
    for (name, value) in given {
        let field = format!("party.{name}");
        if !chosen_parties(procedure).any(|party| party.id == name) {
            let known = chosen_parties(procedure).map(|party| party.id.as_str());
            faults.unknown(&field, &name, known);
            continue;
        }
        let many = match value {
            Value::Array(many) => many,
            Value::Null => continue,
            one => vec![one],
        };
        let units: Option<Vec<String>> = many.iter().map(unit_text).collect();
        match units {
            Some(units) => drop(raw.insert(name, units)),
            None => faults.tell(&field, "api.want-unit", &[]),
        }
    }
    raw
}

/// One field; `None` when nothing was given, or what was given is told.
fn read_field(field: &Field, value: Value, faults: &mut Faults) -> Option<Vec<String>> {
    if value.is_null() {
        return None;
    }
    let (read, wanted) = match field.kind {
        FieldKind::Text | FieldKind::LongText => (text(value), "api.want-text"),
        FieldKind::Choice => (text(value), "api.want-choice"),
        FieldKind::Date => (text(value), "api.want-date"),
        FieldKind::Instant => (text(value), "api.want-instant"),
        FieldKind::Division => (text(value), "api.want-division"),
        FieldKind::Boolean => (value.as_bool().map(|is| vec![is.to_string()]), "api.want-boolean"),
        FieldKind::Integer => {
            let whole = value.as_i64().filter(|_| !value.is_f64());
            (whole.map(|number| vec![number.to_string()]), "api.want-integer")
        }
        FieldKind::Unit => (unit_text(&value).map(|unit| vec![unit]), "api.want-unit"),
        FieldKind::Point => (point(&value).map(|point| vec![point]), "api.want-point"),
        FieldKind::Choices => {
            (all(value, |one| one.as_str().map(str::to_owned)), "api.want-choices")
        }
        FieldKind::Files => (all(value, file_text), "api.want-files"),
        FieldKind::Articles => (all(value, article_text), "api.want-articles"),
    };
    if read.is_none() {
        faults.tell(&field.id, wanted, &[]);
    }
    read
}

fn text(value: Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text]),
        _ => None,
    }
}

fn all(value: Value, one: impl Fn(&Value) -> Option<String>) -> Option<Vec<String>> {
    match value {
        Value::Array(many) => many.iter().map(one).collect(),
        _ => None,
    }
}

/// A unit by id, code or exact name, or as answers show it.
pub(super) fn unit_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(id) => id.as_i64().map(|id| id.to_string()),
        Value::Object(shown) => {
            let is_ours = shown.keys().all(|key| matches!(key.as_str(), "id" | "code" | "name"));
            shown.get("id").filter(|_| is_ours)?.as_i64().map(|id| id.to_string())
        }
        _ => None,
    }
}

fn point(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(place) => {
            let longitude = place.get("longitude")?.as_f64()?;
            let latitude = place.get("latitude")?.as_f64()?;
            (place.len() == 2).then(|| format!("{longitude},{latitude}"))
        }
        _ => None,
    }
}

/// A file as the answer to its upload shows it, or in the writing of forms.
fn file_text(value: &Value) -> Option<String> {
    const SHOWN: [&str; 5] = ["sha256", "size_bytes", "name", "media_type", "stored_at"];
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(file) => {
            let is_ours = file.keys().all(|key| SHOWN.contains(&key.as_str()));
            let sha256 = file.get("sha256").filter(|_| is_ours)?.as_str()?;
            let size = file.get("size_bytes")?.as_u64()?;
            let name = file.get("name")?.as_str()?;
            Some(format!("{sha256}|{size}|{name}"))
        }
        _ => None,
    }
}

/// An article by its parts or as answers show it, or as people write it.
fn article_text(value: &Value) -> Option<String> {
    const SHOWN: [&str; 3] = ["instrument", "article", "name"];
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(cited) => {
            let is_ours = cited.keys().all(|key| SHOWN.contains(&key.as_str()));
            let instrument = cited.get("instrument").filter(|_| is_ours)?.as_str()?.to_owned();
            let article = match cited.get("article") {
                None | Some(Value::Null) => String::new(),
                Some(article) => article.as_str()?.to_owned(),
            };
            Some(Article { instrument, article }.code())
        }
        _ => None,
    }
}

/// What a field of a form looks like in JSON.
pub(super) fn field_schema(field: &Field, language: Language) -> Value {
    let options = || field.options.iter().map(|option| option.id.as_str()).collect::<Vec<_>>();
    let mut schema = match field.kind {
        FieldKind::Text | FieldKind::LongText => {
            let mut text = json!({ "type": "string", "maxLength": field.chars_max() });
            if let (Some(Format::Uscc), Some(text)) = (field.format, text.as_object_mut()) {
                text.insert("examples".to_owned(), json!(["91350100M000100Y43"]));
            }
            text
        }
        FieldKind::Boolean => json!({ "type": "boolean" }),
        FieldKind::Date => json!({ "type": "string", "format": "date" }),
        FieldKind::Instant => json!({ "type": "string", "examples": ["2026-03-02T09:30"] }),
        FieldKind::Integer => {
            let mut whole = json!({ "type": "integer", "minimum": field.min.unwrap_or(0) });
            if let (Some(most), Some(whole)) = (field.max, whole.as_object_mut()) {
                whole.insert("maximum".to_owned(), json!(most));
            }
            whole
        }
        FieldKind::Choice => json!({ "type": "string", "enum": options() }),
        FieldKind::Choices => {
            json!({ "type": "array", "items": { "type": "string", "enum": options() } })
        }
        FieldKind::Unit => json!({ "$ref": "#/components/schemas/UnitGiven" }),
        FieldKind::Division => json!({ "type": "string", "examples": ["610305"] }),
        FieldKind::Point => json!({ "$ref": "#/components/schemas/PointGiven" }),
        FieldKind::Files => json!({
            "type": "array",
            "maxItems": field.max.unwrap_or(procedure::value::FILES_MAX),
            "items": { "$ref": "#/components/schemas/FileGiven" },
        }),
        FieldKind::Articles => json!({
            "type": "array",
            "maxItems": field.max.unwrap_or(procedure::value::ARTICLES_MAX),
            "items": { "$ref": "#/components/schemas/ArticleGiven" },
        }),
    };
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("title".to_owned(), json!(language.of(&field.label)));
        if !field.help.is_empty() {
            schema.insert("description".to_owned(), json!(language.of(&field.help)));
        }
    }
    schema
}

/// What is filled in for an action, as a schema.
pub(super) fn input_schema(procedure: &Procedure, action: &Action, language: Language) -> Value {
    let fields = || action.fields().filter_map(|id| procedure.field(id));
    let property = |field: &Field| {
        let mut schema = field_schema(field, language);
        let is_text = matches!(field.kind, FieldKind::Text | FieldKind::LongText);
        if let Some(schema) =
            schema.as_object_mut().filter(|_| is_text && action.input.contains(&field.id))
        {
            schema.insert("minLength".to_owned(), json!(1));
        }
        (field.id.clone(), schema)
    };
    let properties: Map<String, Value> = fields().map(property).collect();
    // A box that is not ticked means no.
    let needed: Vec<&String> = action
        .input
        .iter()
        .filter(|id| procedure.field(id).is_some_and(|one| one.kind != FieldKind::Boolean))
        .collect();
    let mut schema = json!({
        "type": "object",
        "title": format!("{} · {}", language.of(&procedure.name), language.of(&action.name)),
        "properties": properties,
        "required": needed,
        "additionalProperties": false,
    });
    if let Some(schema) = schema.as_object_mut().filter(|_| !action.help.is_empty()) {
        schema.insert("description".to_owned(), json!(language.of(&action.help)));
    }
    schema
}

/// The schemas fields refer to.
pub(super) fn given_schemas() -> [(&'static str, Value); 4] {
    let unit = json!({
        "anyOf": [
            { "type": "integer" },
            { "type": "string" },
            {
                "type": "object",
                "properties": {
                    "id": { "type": "integer" },
                    "code": { "type": "string" },
                    "name": { "type": "string" },
                },
                "required": ["id"],
                "additionalProperties": false,
            },
        ],
        "examples": ["G61030501"],
    });
    let point = json!({
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "longitude": {
                        "type": "number",
                        "minimum": LONGITUDES.start(),
                        "maximum": LONGITUDES.end(),
                    },
                    "latitude": {
                        "type": "number",
                        "minimum": LATITUDES.start(),
                        "maximum": LATITUDES.end(),
                    },
                },
                "required": ["longitude", "latitude"],
                "additionalProperties": false,
            },
            { "type": "string", "examples": ["107.39,34.52"] },
        ],
    });
    let file = json!({
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "sha256": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
                    "size_bytes": { "type": "integer", "minimum": 1 },
                    "name": { "type": "string" },
                    "media_type": { "type": "string" },
                    "stored_at": { "type": "string" },
                },
                "required": ["sha256", "size_bytes", "name"],
                "additionalProperties": false,
            },
            { "type": "string", "pattern": "^[0-9a-f]{64}\\|[0-9]+\\|" },
        ],
    });
    let article = json!({
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "instrument": { "type": "string", "examples": ["FD", "《陕西省节约用水条例》"] },
                    "article": { "type": "string", "examples": ["1076", "25(4)", "1062[9]", ""] },
                    "name": { "type": "object" },
                },
                "required": ["instrument"],
                "additionalProperties": false,
            },
            { "type": "string", "examples": ["FD:1076", "《生态环境法典》第1076条"] },
        ],
    });
    [("UnitGiven", unit), ("PointGiven", point), ("FileGiven", file), ("ArticleGiven", article)]
}

/// What a field holds, in JSON.
pub(super) fn shown(value: &Held, directory: &Directory, law: &Law) -> Value {
    match value {
        Held::Boolean(is) => json!(is),
        Held::Integer(number) => json!(number),
        Held::Text(text) | Held::Division(text) => json!(text),
        Held::Choices(many) => json!(many),
        Held::Date(day) => json!(day.to_string()),
        Held::Instant(at) => json!(calendar::Due::At(*at).to_string()),
        Held::Unit(unit) => json!(UnitName::of(directory, *unit)),
        Held::Point(point) => json!({
            "longitude": f64::from(point.longitude_e6) / 1e6,
            "latitude": f64::from(point.latitude_e6) / 1e6,
        }),
        Held::Files(files) => files
            .iter()
            .map(|file| {
                json!({
                    "sha256": file.sha256,
                    "size_bytes": file.size_bytes,
                    "name": file.name,
                })
            })
            .collect(),
        Held::Articles(cited) => cited
            .iter()
            .map(|one| {
                json!({
                    "instrument": one.instrument,
                    "article": one.article,
                    "name": Bilingual::from(&one.words(law)),
                })
            })
            .collect(),
    }
}

/// What a draft holds of the fields of a form, in the kinds of JSON where it can be read so.
pub(super) fn drafted(procedure: Option<&Procedure>, raw: &Raw) -> BTreeMap<String, Value> {
    let one = |id: &String, texts: &Vec<String>| {
        let field = procedure.and_then(|procedure| procedure.field(id));
        let first = texts.first().cloned().unwrap_or_default();
        match field.map(|field| field.kind) {
            Some(FieldKind::Choices | FieldKind::Articles) => json!(texts),
            Some(FieldKind::Point) => json!(texts.join(",")),
            Some(FieldKind::Files) => texts.iter().map(|text| drafted_file(text)).collect(),
            Some(FieldKind::Boolean) => match first.as_str() {
                "true" | "on" | "1" | "yes" => json!(true),
                "false" | "" => json!(false),
                _ => json!(first),
            },
            Some(FieldKind::Integer) => {
                first.parse::<i64>().map_or_else(|_| json!(first), Value::from)
            }
            None if texts.len() > 1 => json!(texts),
            _ => json!(first),
        }
    };
    raw.iter().map(|(id, texts)| (id.clone(), one(id, texts))).collect()
}

fn drafted_file(text: &str) -> Value {
    let mut parts = text.splitn(3, '|');
    let file = (parts.next(), parts.next().and_then(|size| size.parse::<u64>().ok()), parts.next());
    match file {
        (Some(sha256), Some(size), Some(name)) => {
            json!({ "sha256": sha256, "size_bytes": size, "name": name })
        }
        _ => json!(text),
    }
}

/// The id of a matter in a body.
pub(super) fn matter_id(text: &str) -> Option<MatterId> {
    text.parse().ok()
}
