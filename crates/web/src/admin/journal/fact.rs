//! The particulars of an entry in words: what each is called, and what it is.

use jiff::Timestamp;
use procedure::UserId;
use serde_json::Value;
use store::role::{PlatformRole, role_read, role_words};
use store::unit::UnitField;

use crate::House;
use crate::message::Language;
use crate::parts::mark::minute;

/// Most parts of a list that are named; an import of thousands of units is one line.
const NAMED_MAX: usize = 6;

/// A particular.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) value: String,
}

/// The particulars of an entry, in the order the journal keeps them; those that say nothing are left out.
pub(super) async fn facts(house: &House, detail: &Value, language: Language) -> Vec<Fact> {
    let Some(detail) = detail.as_object() else { return Vec::new() };
    let mut facts = Vec::new();
    for (name, value) in detail {
        let words = match (name.as_str(), value) {
            ("from" | "to", Value::Number(user)) => person(house, user.as_i64(), language).await,
            ("from" | "to", Value::Null) => language.say("admin.fact.nobody").to_owned(),
            _ => said(name, value, language),
        };
        if !words.is_empty() {
            facts.push(Fact { name: called(name, language), value: words });
        }
    }
    facts
}

/// The particulars on one line: `岗位 联络员；会话 3`.
pub(super) fn line(facts: &[Fact], language: Language) -> String {
    let said: Vec<String> =
        facts.iter().map(|fact| format!("{} {}", fact.name, fact.value)).collect();
    said.join(language.say("matter.semicolon"))
}

/// What a particular is called; its own name where the journal knows one that the pages do not.
fn called(name: &str, language: Language) -> String {
    let key = match name {
        "address" => "admin.fact.address",
        "session" => "admin.fact.session",
        "sessions" => "admin.fact.sessions",
        "step" => "admin.fact.step",
        "road" => "admin.fact.road",
        "two_factors" => "admin.fact.two-factors",
        "left" => "admin.fact.left",
        "roles" => "admin.fact.roles",
        "roles_before" => "admin.fact.roles-before",
        "facts" => "admin.fact.facts",
        "token" => "admin.fact.token",
        "login_name" => "admin.fact.login-name",
        "display_name" => "admin.fact.display-name",
        "role" => "admin.fact.role",
        "until" => "admin.fact.until",
        "people" => "admin.fact.people",
        "code" => "admin.fact.code",
        "name" => "admin.fact.name",
        "file" => "admin.fact.file",
        "created" => "admin.fact.created",
        "changed" => "admin.fact.changed",
        "unchanged" => "admin.fact.unchanged",
        "fields" => "admin.fact.fields",
        "before" => "admin.fact.before",
        "after" => "admin.fact.after",
        "from" => "admin.fact.from",
        "to" => "admin.fact.to",
        "reason" => "admin.fact.reason",
        "obligations" => "admin.fact.obligations",
        "matters" => "admin.fact.matters",
        "drafts" => "admin.fact.drafts",
        "years" => "admin.fact.years",
        "rows" => "admin.fact.rows",
        "list" => "admin.fact.list",
        "place" => "admin.fact.place",
        "filter" => "admin.fact.filter",
        "sha256" => "matter.hash",
        other => return other.to_owned(),
    };
    language.say(key).to_owned()
}

async fn person(house: &House, user: Option<i64>, language: Language) -> String {
    let Some(user) = user.map(UserId) else { return String::new() };
    match house.people.user_fetch(user).await {
        Ok(known) => known.person.display_name,
        Err(_) => format!("{} #{user}", language.say("admin.fact.nobody")),
    }
}

/// A value in words: roles and fields by their names, instants to the minute, lists cut short.
fn said(name: &str, value: &Value, language: Language) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(truth) => {
            language.say(if *truth { "matter.yes" } else { "matter.no" }).to_owned()
        }
        Value::Number(number) => number.to_string(),
        Value::String(text) if name == "role" => role(text, language),
        Value::String(text) if name == "step" => step(text, language),
        Value::String(text) if name == "road" => road(text, language),
        Value::Array(many) if name.starts_with("roles") => {
            let roles = many.iter().filter_map(Value::as_str).map(|id| role(id, language));
            let roles: Vec<String> = roles.collect();
            if roles.is_empty() {
                language.say("admin.fact.nobody").to_owned()
            } else {
                roles.join(language.say("shell.and"))
            }
        }
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(at) => minute(at),
            Err(_) => text.clone(),
        },
        Value::Array(many) => list(many, language),
        Value::Object(_) => changed(value, language),
    }
}

fn step(id: &str, language: Language) -> String {
    let key = match id {
        "password" => "admin.fact.step-password",
        "code" => "admin.fact.step-code",
        "provider" => "admin.fact.step-provider",
        "own-password" => "admin.fact.step-own-password",
        "own-code" => "admin.fact.step-own-code",
        other => return other.to_owned(),
    };
    language.say(key).to_owned()
}

fn road(id: &str, language: Language) -> String {
    let key = match id {
        "password" => "account.road-password",
        "provider" => "account.road-provider",
        "demo" => "account.road-demo",
        other => return other.to_owned(),
    };
    language.say(key).to_owned()
}

fn role(id: &str, language: Language) -> String {
    let words = PlatformRole::read(id).map(PlatformRole::words);
    let words = words.or_else(|| role_read(id).map(role_words));
    words.map_or_else(|| id.to_owned(), |words| language.of(&words).to_owned())
}

fn list(many: &[Value], language: Language) -> String {
    let comma = language.say("shell.and");
    let said: Vec<String> = many
        .iter()
        .take(NAMED_MAX)
        .map(|one| said("", one, language))
        .filter(|words| !words.is_empty())
        .collect();
    let some = said.join(comma);
    if many.len() > NAMED_MAX {
        language.fill("admin.fact.more", &[("some", &some), ("number", &many.len())])
    } else {
        some
    }
}

/// A field of a unit that was changed: `联系电话 甲 → 乙`.
fn changed(value: &Value, language: Language) -> String {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let or_none = |text: &str| if text.is_empty() { "—" } else { text }.to_owned();
    if value.get("fact").is_some() {
        let (before, after) = (or_none(text("before")), or_none(text("after")));
        return format!("{} {before} → {after}", text("fact"));
    }
    let field = UnitField::ALL.into_iter().find(|field| field.id() == text("field"));
    match field {
        Some(field) => {
            let name = language.of(&field.words()).to_owned();
            format!("{name} {} → {}", or_none(text("before")), or_none(text("after")))
        }
        None => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn particulars_are_said_in_words() {
        let zh = |name: &str, value: Value| said(name, &value, Language::Zh);
        assert_eq!(zh("role", json!("security-auditor")), "安全审计员");
        assert_eq!(zh("role", json!("leader")), "审批领导");
        assert_eq!(zh("until", json!("2026-11-24T00:55:14.7Z")), "2026-11-24 08:55");
        assert_eq!(zh("address", json!("127.0.0.1")), "127.0.0.1");
        let fields = json!([{ "field": "phone", "before": "", "after": "0917-1" }]);
        assert_eq!(zh("fields", fields), "联系电话 — → 0917-1");
        let many: Vec<String> = (0..90).map(|number| format!("G{number}")).collect();
        assert_eq!(zh("created", json!(many)), "G0、G1、G2、G3、G4、G5等 90 个");
        assert_eq!(called("login_name", Language::En), "account");
    }
}
