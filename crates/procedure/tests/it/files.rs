//! The files that ship, read from the tree, and what is said about broken ones.

use std::path::{Path, PathBuf};

use procedure::{Rules, Source};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn toml_files(folder: &Path, into: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            toml_files(&path, into);
        } else if path.extension().is_some_and(|end| end == "toml") {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            into.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The rules this tree ships.
pub(crate) fn rules() -> Rules {
    rules_with(str::to_owned)
}

/// The same with every file changed first.
pub(crate) fn rules_with(change: impl Fn(&str) -> String) -> Rules {
    let mut files = Vec::new();
    toml_files(&root().join("procedures"), &mut files);
    for (_, text) in &mut files {
        *text = change(text);
    }
    read(&files).unwrap_or_else(|problems| {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

pub(crate) fn read(files: &[(String, String)]) -> Result<Rules, Vec<procedure::Problem>> {
    let codes = std::fs::read_to_string(root().join("law/codes.toml")).unwrap();
    let (law, calendar) = calendar::embedded().unwrap();
    let sources: Vec<_> = files.iter().map(|(path, text)| Source { path, text }).collect();
    Rules::read(&sources, Source { path: "law/codes.toml", text: &codes }, law, calendar)
}

/// A small sound file for tests about the schema.
pub(crate) const NOTICE: &str = include_str!("notice.toml");

pub(crate) fn notice_rules() -> Rules {
    read(&[("notice.toml".to_owned(), NOTICE.to_owned())]).unwrap()
}

#[test]
fn every_shipped_procedure_is_sound() {
    let rules = rules();
    let ids: Vec<_> = rules.procedures().map(|procedure| procedure.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "administrative-public-interest-case",
            "bulletin",
            "campaign",
            "campaign-task",
            "civil-public-interest-case",
            "clue",
            "consultation",
            "custody-item",
            "damage-compensation",
            "emergency",
            "evidence-request",
            "guidance",
            "hearing",
            "joint-meeting",
            "non-prosecution-penalty",
            "pre-suit-notice",
            "problem",
            "procuratorial-opinion-transfer",
            "repair-item",
            "report",
            "resolution",
            "suggestion",
            "suspected-crime-transfer",
            "work-proposal",
        ]
    );
}

/// Breaks the sound file in one place and gives what is said about it.
fn broken(from: &str, to: &str) -> String {
    assert!(NOTICE.contains(from), "{from}");
    let text = NOTICE.replacen(from, to, 1);
    let problems = read(&[("notice.toml".to_owned(), text)]).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_broken_file_is_told_with_line_and_mend() {
    for (from, to, said) in [
        ("to = \"sent\"", "to = \"snet\"", "there is no state `snet`"),
        ("id = \"notice\"", "id = \"notice\"\ncolour = \"red\"", "unknown field `colour`"),
        ("end = true", "", "waits but nobody holds the pen"),
        (
            "no_limit = { zh = \"法律未规定期限\", en = \"no limit in law\" }",
            "",
            "waits without an obligation",
        ),
        ("use = \"clue-receipt\"", "use = \"clue-recipt\"", "clue-receipt"),
        ("on_lapse = \"record\"", "on_lapse = \"answer\"", "not a system action"),
        ("en = \"Send\"", "en = \"\"", "lacks Chinese or English"),
        ("NOTICE:二(一)", "二(一)", "names no article"),
        ("must = \"has(words)\"", "must = \"has(wrods)\"", "there is no field `wrods`"),
        ("must = \"has(words)\"", "must = \"has(words\"", "a `)` is missing"),
        ("from = [\"sent\"]", "from = [\"draft\"]", "can do nothing"),
        ("to = \"answered\"", "to = \"sent\"", "no end can be reached from state `sent`"),
        ("id = \"answer-words\"", "id = \"words\"", "field `words` stands twice"),
        (
            "many = true",
            "many = true\nfrom = { field = \"words\" }",
            "comes from field `words`, which is no unit",
        ),
        (
            "many = true",
            "many = true\nfrom = { field = \"recipients\" }",
            "joins later but may not stay empty",
        ),
        (
            "id = \"answer-words\"\ntype = \"text\"",
            "id = \"answer-words\"\ntype = \"text\"\nnot_before = \"1979-09-13\"",
            "`answer-words` holds no day that could be bounded",
        ),
        (
            "id = \"answer-words\"\ntype = \"text\"",
            "id = \"answer-words\"\ntype = \"date\"\nnot_after = \"words\"",
            "`words` holds no day",
        ),
        (
            "id = \"words\"\ntype = \"long-text\"",
            "id = \"words\"\ntype = \"long-text\"\nformat = \"uscc\"",
            "is no line of text",
        ),
        (
            "id = \"answer-words\"\ntype = \"text\"",
            "id = \"answer-words\"\ntype = \"unit\"\nusually = \"nobody\"",
            "there is no party `nobody` here or above",
        ),
        ("must = \"has(words)\"", "must = \"made(words)\"", "there is no document `words`"),
        ("on_lapse = \"record\"", "on_lapse = \"record\"\noutlives = true", "is still owed in"),
    ] {
        let report = broken(from, to);
        assert!(report.contains(said), "{from} → {to}\n{report}");
        assert!(report.lines().all(|line| line.starts_with("notice.toml:")), "{report}");
    }
}
