//! `/api/openapi.json`: whole, sound, and of every procedure.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::program::described;
use crate::world::World;

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference.clone());
            }
            let mapping = members.get("mapping").and_then(Value::as_object);
            found.extend(
                mapping
                    .into_iter()
                    .flat_map(|all| all.values())
                    .map(|one| one.as_str().unwrap().to_owned()),
            );
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(many) => many.iter().for_each(|one| references(one, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_route_is_described_and_every_reference_leads_somewhere() {
    let world = World::new("2026-03-02").await;
    let document = described(&world).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (method, path) in web::api::addresses() {
        let one = &document["paths"][path][method.to_ascii_lowercase()];
        assert!(one.is_object(), "{method} {path}");
        assert!(ids.insert(one["operationId"].as_str().unwrap().to_owned()));
        assert!(!one["summary"].as_str().unwrap().starts_with("api."), "{method} {path}");
    }
    let listed: usize = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|path| path.as_object().unwrap().len())
        .sum();
    assert_eq!(listed, web::api::addresses().len());
    let mut found = BTreeSet::new();
    references(document, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    // No name of a component that tools would stumble over.
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        assert!(is_plain, "{name}");
    }
    // Words that were forgotten show as their keys.
    let text = document.to_string();
    assert!(!text.contains("\"api."), "{:?}", text.split("\"api.").nth(1).map(|rest| &rest[..40]));
}

#[tokio::test]
async fn the_input_of_every_action_has_a_schema_of_its_own() {
    let world = World::new("2026-03-02").await;
    let document = described(&world).await;
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let rules = world.store.rules();
    for procedure in rules.procedures() {
        for action in procedure.actions.iter().filter(|action| !action.by_system()) {
            let schema = &schemas[&format!("Act.{}.{}", procedure.id, action.id)];
            let fields: Vec<&String> = action.fields().collect();
            let described = schema["properties"].as_object().unwrap();
            assert_eq!(described.len(), fields.len(), "{} {}", procedure.id, action.id);
            jsonschema::validator_for(&alone(document, schema)).unwrap();
        }
        assert_eq!(
            schemas.contains_key(&format!("Open.{}", procedure.id)),
            procedure.opened_by_people,
            "{}",
            procedure.id
        );
    }
}

/// A schema with the components its references lead to.
fn alone(document: &Value, schema: &Value) -> Value {
    let mut alone = schema.clone();
    alone["components"] = document["components"].clone();
    alone
}

#[tokio::test]
async fn a_lawful_body_fits_its_schema_and_another_does_not() {
    let world = World::new("2026-03-02").await;
    let document = described(&world).await;
    let open = &document["paths"]["/api/v1/matters"]["post"]["requestBody"]["content"];
    let validator =
        jsonschema::validator_for(&alone(document, &open["application/json"]["schema"])).unwrap();
    let mut body = super::program::problem(&world, "锅炉超标");
    assert!(validator.is_valid(&body), "{:?}", validator.validate(&body).err());
    body["input"]["severity"] = "no such option".into();
    assert!(!validator.is_valid(&body));
}

#[tokio::test]
async fn the_description_speaks_chinese_by_default() {
    let world = World::new("2026-03-02").await;
    let request = Request::builder().uri("/api/openapi.json").body(Body::empty()).unwrap();
    let response = web::router(world.house.clone()).oneshot(request).await.unwrap();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(document["info"]["title"], "联动平台接口");
    assert!(!document.to_string().contains("\"api."));
}
