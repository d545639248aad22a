//! `/api/openapi.json`: what the API can do, as OpenAPI 3.1, made from the table and the rules.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use procedure::Rules;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::body::Json;
use super::operation::{Answer, Body, Looks, Operation, Parameter, Place, operations};
use super::problem::{Problem, language};
use super::{act, input};
use crate::House;
use crate::error::WebError;
use crate::message::{Language, words};

/// `GET /api/openapi.json`, in the language asked for.
pub(super) async fn show(State(house): State<House>, headers: HeaderMap) -> Response {
    let document = document(&house.store.rules(), language(&headers));
    ([(header::VARY, "accept-language")], Json(document)).into_response()
}

/// The whole description.
fn document(rules: &Rules, language: Language) -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .for_serialize();
    let mut generator = SchemaGenerator::new(settings);
    let problem = generator.subschema_for::<Problem>().to_value();
    let mut paths = Map::new();
    let mut tags: Vec<&str> = Vec::new();
    for operation in operations() {
        if !tags.contains(&operation.tag) {
            tags.push(operation.tag);
        }
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            let method = operation.method.as_str().to_ascii_lowercase();
            path.insert(method, described(&operation, rules, language, &mut generator));
        }
    }
    let mut schemas: Map<String, Value> = generator.take_definitions(true);
    schemas.extend(input::given_schemas().map(|(name, schema)| (name.to_owned(), schema)));
    schemas.extend(act::input_schemas(rules, language));
    let tags: Vec<Value> = tags
        .iter()
        .map(|tag| json!({ "name": tag, "description": language.say(&format!("api.tag.{tag}")) }))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": language.say("api.title"),
            "description": language.say("api.description"),
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": language.say("api.token"),
                },
            },
            "responses": {
                "Problem": {
                    "description": language.say("api.problem-answer"),
                    "content": { "application/problem+json": { "schema": problem } },
                },
            },
            "schemas": schemas,
        },
    })
}

fn described(
    operation: &Operation,
    rules: &Rules,
    language: Language,
    generator: &mut SchemaGenerator,
) -> Value {
    let parameters: Vec<Value> =
        operation.parameters.iter().map(|one| parameter(one, language)).collect();
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": language.say(&format!("api.operation.{}", operation.id)),
        "parameters": parameters,
        "responses": responses(operation, language, generator),
    });
    let Some(members) = described.as_object_mut() else { return described };
    if operation.is_public {
        members.insert("security".to_owned(), json!([]));
    }
    let content = |is_needed: bool, kind: &str, schema: Value| {
        let content = json!({ kind: { "schema": schema } });
        json!({ "required": is_needed, "content": content })
    };
    let body = match operation.body {
        Body::None => None,
        Body::Json(schema) => Some(content(true, "application/json", schema(rules, language))),
        Body::MaybeJson(schema) => {
            Some(content(false, "application/json", schema(rules, language)))
        }
        Body::Text => {
            let schema =
                json!({ "type": "string", "description": language.say("api.cosignature") });
            Some(content(true, "text/plain", schema))
        }
        Body::Bytes | Body::Piece => {
            let kind = if matches!(operation.body, Body::Piece) {
                "application/offset+octet-stream"
            } else {
                "application/octet-stream"
            };
            Some(content(true, kind, json!({ "description": language.say("api.bytes") })))
        }
    };
    if let Some(body) = body {
        members.insert("requestBody".to_owned(), body);
    }
    described
}

fn parameter(parameter: &Parameter, language: Language) -> Value {
    let schema = match parameter.looks {
        Looks::Text => json!({ "type": "string", "minLength": 1 }),
        Looks::Matter => json!({ "type": "string", "format": "uuid" }),
        Looks::Count => json!({ "type": "integer", "minimum": 0 }),
        Looks::Number => json!({ "type": "integer", "minimum": 1 }),
        Looks::Rows(most) => json!({ "type": "integer", "minimum": 1, "maximum": most }),
        Looks::Day => json!({ "type": "string", "format": "date" }),
        Looks::Truth => json!({ "type": "boolean" }),
        Looks::OneOf(words) => json!({ "type": "string", "enum": words }),
        Looks::Hash => json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }),
        Looks::Cursor => json!({ "type": "string", "pattern": "^([0-9a-f]{2})+$" }),
        Looks::Key => json!({ "type": "string", "pattern": "^[!-~]{1,100}$" }),
        Looks::Tag => json!({ "type": "string", "pattern": "^(\"[0-9]{1,9}\"|\\*)$" }),
    };
    let schema = if parameter.many { json!({ "type": "array", "items": schema }) } else { schema };
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    json!({
        "name": parameter.name,
        "in": place,
        "required": parameter.needed,
        "description": language.say(&parameter.key()),
        "schema": schema,
    })
}

fn responses(
    operation: &Operation,
    language: Language,
    generator: &mut SchemaGenerator,
) -> Map<String, Value> {
    let say = |key: &str| json!(language.say(key));
    let shown = |kind: &str, schema: Value, words: &str| json!({ "description": say(words), "content": { kind: { "schema": schema } } });
    let any_text = || json!({ "type": "string" });
    let bytes = || json!({ "description": language.say("api.bytes") });
    let (status, mut well) = match operation.answer {
        Answer::Json(schema) => {
            ("200", shown("application/json", schema(generator).to_value(), "api.answer"))
        }
        Answer::Made(schema) => {
            ("201", shown("application/json", schema(generator).to_value(), "api.made"))
        }
        Answer::Any => {
            ("200", shown("application/json", json!({ "type": "object" }), "api.answer"))
        }
        Answer::Nothing => ("204", json!({ "description": say("api.nothing") })),
        Answer::Picture => ("200", shown("image/svg+xml", any_text(), "api.answer")),
        Answer::Text => ("200", shown("text/plain; charset=utf-8", any_text(), "api.answer")),
        Answer::Bytes => ("200", shown("application/octet-stream", bytes(), "api.answer")),
    };
    let text = |key: &str| json!({ "description": say(key), "schema": { "type": "string" } });
    let mut headers = Map::new();
    if operation.acts || operation.id == "matter" {
        headers.insert("ETag".to_owned(), text("api.etag"));
    }
    if operation.acts {
        headers.insert("Idempotency-Replayed".to_owned(), text("api.replayed"));
    }
    if matches!(operation.answer, Answer::Made(_)) {
        headers.insert("Location".to_owned(), text("api.location"));
    }
    if operation.parameters.iter().any(|one| one.name == "cursor") {
        headers.insert("Link".to_owned(), text("api.link"));
    }
    if let Some(well) = well.as_object_mut().filter(|_| !headers.is_empty()) {
        well.insert("headers".to_owned(), Value::Object(headers));
    }
    let problem = || json!({ "$ref": "#/components/responses/Problem" });
    let mut all = Map::from_iter([(status.to_owned(), well), ("default".to_owned(), problem())]);
    for error in problems(operation) {
        all.insert(error.status().as_str().to_owned(), problem());
    }
    all
}

/// One error for every status that may be told.
fn problems(operation: &Operation) -> Vec<WebError> {
    let mut all = vec![WebError::TooFast { wait_seconds: 1 }];
    let has = |place: Place| operation.parameters.iter().any(|one| one.place == place);
    let refused = |why| WebError::from(procedure::Refusal::new(why, "", ""));
    let fields = || refused(procedure::Why::Fields);
    if !operation.is_public {
        all.push(WebError::SignedOut);
    }
    if has(Place::Path) {
        // Also when the address cannot be read as text.
        all.extend([WebError::NotFound, WebError::bad("api.bad")]);
    }
    // What stands after the `?` is always checked.
    all.push(fields());
    if !matches!(operation.body, Body::None) {
        let media = WebError::Media(words("api.media-json"));
        all.extend([WebError::bad("api.bad"), WebError::TooLarge, media]);
    }
    all.extend(own_problems(operation.id));
    if operation.acts {
        all.extend([
            WebError::bad("api.bad"),
            WebError::NotFound,
            refused(procedure::Why::Role),
            refused(procedure::Why::State),
        ]);
        if operation.parameters.iter().any(|one| one.name == "If-Match") {
            let stale = procedure::Refusal::new(procedure::Why::Stale, "", "");
            all.extend([WebError::Outdated(Box::new(stale)), WebError::VersionNeeded]);
        }
    }
    all
}

/// What only some operations answer.
fn own_problems(id: &str) -> Vec<WebError> {
    let conflict = || WebError::Conflict(words("api.bad"));
    let too_many = || WebError::TooMany(words("api.bad"));
    match id {
        "begin-upload" => vec![WebError::bad("api.bad"), WebError::TooLarge, too_many()],
        "upload-state" | "drop-upload" => vec![WebError::bad("api.bad")],
        // Where the file stands is elsewhere; nothing came for a long time.
        "upload-piece" => vec![conflict(), WebError::Slow],
        "export" | "export-matter" => vec![too_many()],
        "ledger-keys" | "ledger-checkpoint" | "ledger-shown" | "ledger-cosign" => {
            vec![WebError::NotFound]
        }
        "job-result" => vec![WebError::forbidden("job.other-post")],
        "cancel-job" => vec![conflict()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::message::is_known;

    #[test]
    fn every_operation_and_parameter_has_words_and_a_name_of_its_own() {
        let mut ids = BTreeSet::new();
        for operation in operations() {
            assert!(ids.insert(operation.id), "{} stands twice", operation.id);
            assert!(is_known(&format!("api.operation.{}", operation.id)), "{}", operation.id);
            assert!(is_known(&format!("api.tag.{}", operation.tag)), "{}", operation.tag);
            for one in &operation.parameters {
                assert!(is_known(&one.key()), "{}", one.key());
            }
            let named: BTreeSet<&str> = operation
                .path
                .split('/')
                .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                .collect();
            let listed: BTreeSet<&str> = operation
                .parameters
                .iter()
                .filter(|one| one.place == Place::Path)
                .map(|one| one.name)
                .collect();
            assert_eq!(named, listed, "{}", operation.path);
        }
    }
}
