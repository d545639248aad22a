//! Whether the self-checks of `docs/security` are whole, and whether what they name exists.
//!
//! A document about security that has drifted from the code is worse than none: it is believed.

use crate::cargo::root;
use anyhow::Context as _;
use std::collections::BTreeSet;
use std::path::Path;

/// Each self-check with the items that must stand in it, each once.
const CHECKS: [(&str, &str); 2] = [
    ("docs/security/asvs-5.0.md", include_str!("security/asvs.txt")),
    ("docs/security/djbh-3.md", include_str!("security/djbh.txt")),
];

/// The threats: every name in it must exist too.
const THREATS: &str = "docs/security.md";

/// Where names are looked for. The documents that are checked are not among them.
const SOURCES: [&str; 13] = [
    "crates",
    "xtask/src",
    "procedures",
    "law",
    "data/passwords",
    "README.md",
    "docs/guide",
    "docs/decisions",
    "docs/ledger.md",
    "docs/routes.md",
    "fuzz",
    "Cargo.lock",
    "Cargo.toml",
];

/// What of them is read.
const READ: [&str; 8] = ["rs", "toml", "html", "js", "sql", "md", "txt", "lock"];

/// What the rows say of an item.
const VERDICTS: [&str; 3] = ["met", "not met", "n.a."];

/// Every problem, each as a line `file:line: what`.
pub(crate) fn check() -> anyhow::Result<Vec<String>> {
    let root = root()?;
    let sources = Sources::read(&root)?;
    let mut found = Vec::new();
    for (path, items) in CHECKS {
        let text = read(&root.join(path))?;
        found.extend(rows(path, &text, &items.lines().collect::<Vec<_>>()));
        found.extend(names(path, &text, &sources));
    }
    found.extend(names(THREATS, &read(&root.join(THREATS))?, &sources));
    Ok(found)
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Each item once, with a verdict, and with what shows it or why not.
fn rows(path: &str, text: &str, items: &[&str]) -> Vec<String> {
    let mut missing: BTreeSet<&str> = items.iter().copied().collect();
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut tell = |what: &str| found.push(format!("{path}:{}: {what}", index + 1));
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, item, _, verdict, shown, _] = cells.as_slice() else { continue };
        if !item.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        if !missing.remove(item) {
            tell(&format!("{item}: no such item, or for the second time"));
        }
        // The Chinese words stand behind the English verdict.
        let verdict = verdict.trim_end_matches(|one: char| !one.is_ascii()).trim_end();
        if !VERDICTS.contains(&verdict) {
            tell(&format!("{item}: “{verdict}” is none of {VERDICTS:?}"));
        }
        if shown.is_empty() {
            tell(&format!("{item}: says nothing"));
        } else if verdict == "met" && quoted(shown).is_empty() && !is_reference(shown) {
            tell(&format!("{item}: met, and nothing named that shows it"));
        }
    }
    found.extend(missing.into_iter().map(|item| format!("{path}: {item} is missing")));
    found
}

/// Whether a row rests on another.
fn is_reference(shown: &str) -> bool {
    shown.starts_with("同 8.1.")
}

/// The names in quotes on a line.
fn quoted(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// Names that exist nowhere.
fn names(path: &str, text: &str, sources: &Sources) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for name in quoted(line) {
            if !sources.know(name) {
                found.push(format!("{path}:{}: `{name}` exists nowhere", index + 1));
            }
        }
    }
    found
}

/// Everything a name may be found in.
struct Sources {
    files: BTreeSet<String>,
    texts: Vec<String>,
    functions: BTreeSet<String>,
}

impl Sources {
    fn read(root: &Path) -> anyhow::Result<Self> {
        let mut sources =
            Self { files: BTreeSet::new(), texts: Vec::new(), functions: BTreeSet::new() };
        for path in SOURCES {
            sources.gather(root, &root.join(path))?;
        }
        for path in ["docs/security.md", "docs/security/asvs-5.0.md", "docs/security/djbh-3.md"] {
            sources.files.insert(path.to_owned());
        }
        for path in ["docs/visibility.md", "docs/performance.md", "docs/api.md"] {
            if root.join(path).is_file() {
                sources.files.insert(path.to_owned());
            }
        }
        Ok(sources)
    }

    fn gather(&mut self, root: &Path, path: &Path) -> anyhow::Result<()> {
        if path.is_dir() {
            for entry in std::fs::read_dir(path)? {
                self.gather(root, &entry?.path())?;
            }
            return Ok(());
        }
        if !path.is_file() {
            return Ok(());
        }
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if let Ok(name) = path.strip_prefix(root) {
            self.files.insert(name.to_string_lossy().into_owned());
        }
        // This very file names what does not exist, to try it out.
        if READ.contains(&ending) && !path.ends_with(file!()) {
            let text = read(path)?;
            if ending == "rs" {
                self.functions.extend(functions(&text));
            }
            self.texts.push(text);
        }
        Ok(())
    }

    /// A test or another function by its name, a file by its path or its end, else anything that
    /// stands so in a source: a setting, a constant, a type, a command.
    fn know(&self, name: &str) -> bool {
        let is_test = name.matches('_').count() >= 2
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if is_test {
            return self.functions.contains(name);
        }
        let is_path = Path::new(name)
            .extension()
            .is_some_and(|ending| READ.iter().any(|known| ending == *known));
        if is_path || name.ends_with('/') {
            let inside = format!("/{name}");
            return self.files.iter().any(|file| {
                file == name
                    || file.ends_with(&inside)
                    || name.ends_with('/') && file.starts_with(name)
            });
        }
        match name.split_once("::") {
            Some((_, function)) => self.functions.contains(function),
            None => self.texts.iter().any(|text| stands_in(text, name)),
        }
    }
}

/// The functions a source defines.
fn functions(text: &str) -> impl Iterator<Item = String> {
    text.split("fn ").skip(1).filter_map(|rest| {
        let end = rest.find(|one: char| !(one.is_ascii_alphanumeric() || one == '_'))?;
        Some(rest.get(..end)?.to_owned())
    })
}

/// Whether a name stands in a text as a whole, not as a part of another.
fn stands_in(text: &str, name: &str) -> bool {
    let is_inside =
        |one: Option<char>| one.is_some_and(|one| one.is_alphanumeric() || "_-".contains(one));
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (text.get(..at), text.get(at + name.len()..));
        !is_inside(before.and_then(|before| before.chars().next_back()))
            && !is_inside(after.and_then(|after| after.chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_doc_names_exist() {
        assert_eq!(check().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_row_that_is_missing_double_or_empty_is_named() {
        let text = "| 1.1 | x | met | `a` |\n| 1.1 | x | n.a. | none |\n| 1.2 | x | maybe | why |\n\
                    | 1.3 | x | met | it is so |\n| 1.4 | x | not met 不符合 | |\n";
        let found = rows("it", text, &["1.1", "1.2", "1.3", "1.4", "1.5"]);
        assert_eq!(found.len(), 5, "{found:?}");
        for (problem, part) in found.iter().zip([
            "it:2: 1.1: no such item, or for the second time",
            "it:3: 1.2: “maybe”",
            "it:4: 1.3: met, and nothing named",
            "it:5: 1.4: says nothing",
            "it: 1.5 is missing",
        ]) {
            assert!(problem.starts_with(part), "{problem}");
        }
    }

    #[test]
    fn a_name_is_found_whole_or_not_at_all() {
        let sources = Sources {
            files: BTreeSet::from(["crates/a/src/b.rs".to_owned()]),
            texts: vec!["const LIMIT_MAX: u8 = 1; \"session-hours\"".to_owned()],
            functions: functions("async fn a_test_of_it() {} fn other()").collect(),
        };
        for known in ["a_test_of_it", "b.rs", "crates/a/src/b.rs", "crates/a/", "LIMIT_MAX"] {
            assert!(sources.know(known), "{known}");
        }
        assert!(sources.know("session-hours") && sources.know("It::other"));
        for unknown in ["a_test_of_that", "c.rs", "crates/b/", "LIMIT", "session", "It::none"] {
            assert!(!sources.know(unknown), "{unknown}");
        }
    }
}
