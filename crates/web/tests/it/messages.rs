//! Every word a page or a handler asks for is there, and none stands unused.

use std::collections::BTreeSet;

use web::message::is_known;

use crate::routes::sources;

fn keys() -> BTreeSet<String> {
    fn walk(under: &str, table: &toml::Table, keys: &mut BTreeSet<String>) {
        for (key, value) in table {
            let key = if under.is_empty() { key.clone() } else { format!("{under}.{key}") };
            match value {
                toml::Value::Table(inner) => walk(&key, inner, keys),
                _ => drop(keys.insert(key)),
            }
        }
    }
    let mut keys = BTreeSet::new();
    walk("", &include_str!("../../messages/zh.toml").parse().unwrap(), &mut keys);
    keys
}

/// Texts in quotes that look like a key whose section exists.
fn named(text: &str, sections: &BTreeSet<String>) -> Vec<String> {
    let is_key = |one: &&str| {
        let Some((section, name)) = one.split_once('.') else { return false };
        let plain = |text: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
        };
        plain(section) && plain(name) && sections.contains(section)
    };
    // Names of files look alike: `form.html`, `matter.rs`.
    let is_file = |one: &str| {
        [".html", ".rs", ".csv", ".xlsx", ".css", ".js", ".svg", ".toml"]
            .iter()
            .any(|end| one.ends_with(end))
    };
    text.split('"').filter(is_key).filter(|one| !is_file(one)).map(str::to_owned).collect()
}

#[test]
fn every_key_that_is_named_has_words() {
    let keys = keys();
    let sections: BTreeSet<String> =
        keys.iter().filter_map(|key| key.split_once('.')).map(|(s, _)| s.to_owned()).collect();
    let mut missing = Vec::new();
    for (path, text) in sources("rs").into_iter().chain(sources("html")) {
        if path.contains("/src/api") {
            continue;
        }
        let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
        missing.extend(
            named(&text, &sections)
                .into_iter()
                .filter(|key| !is_known(key) && !is_known(&format!("{key}-one")))
                .map(|key| format!("{path}: {key}")),
        );
    }
    assert!(missing.is_empty(), "no words:\n{}", missing.join("\n"));
}

#[test]
fn no_words_stand_unused() {
    // Put together from a part that changes: `nav.{id}`, `light.left-one`.
    const MADE: &[&str] = &["nav.", "light.", "weekday.", "api."];
    let all: String =
        sources("rs").into_iter().chain(sources("html")).map(|(_, text)| text).collect();
    let unused: Vec<_> = keys()
        .into_iter()
        .filter(|key| !MADE.iter().any(|made| key.starts_with(made)))
        .filter(|key| !all.contains(&format!("\"{key}\"")))
        .filter(|key| {
            // `t("matter.x")` may be made of a section and a name in some places.
            let (section, name) = key.split_once('.').unwrap();
            !(all.contains(&format!("{section}.{{")) && all.contains(&format!("\"{name}\"")))
        })
        .collect();
    assert!(unused.is_empty(), "nobody says these:\n{}", unused.join("\n"));
}

#[test]
fn no_chinese_stands_in_the_code_of_pages() {
    // Words people read stand in the message files and the procedure files.
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    for (path, text) in sources("html") {
        assert!(!text.contains(is_chinese), "{path}");
    }
}
