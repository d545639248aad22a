//! Procedure files, code lists, conditions, and the fields of forms.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use procedure::definition::Field;
use procedure::graph::{self, Language};
use procedure::guard::Guard;
use procedure::{Directory, Rules, Source, UnitFacts, UnitId, value};

use crate::law::{EMBEDDED, said};

/// Every procedure file of the repository, by its path.
static FILES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let (mut found, mut folders) = (BTreeMap::new(), vec![crate::repository("procedures")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                found.insert(path.display().to_string(), text);
            }
        }
    }
    found
});

static CODES: LazyLock<String> =
    LazyLock::new(|| read(&crate::repository("law/codes.toml").display().to_string()));

/// The rules as they stand in the repository.
pub(crate) static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let sources: Vec<_> = FILES.iter().map(|(path, text)| Source { path, text }).collect();
    rules(&sources, &CODES).unwrap_or_else(|problem| panic!("{problem}"))
});

static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    RULES.procedures().flat_map(|procedure| procedure.fields.iter().cloned()).collect()
});

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rules of some files, or the first problem.
fn rules(sources: &[Source<'_>], codes: &str) -> Result<Rules, String> {
    let codes = Source { path: "law/codes.toml", text: codes };
    let (law, calendar) = EMBEDDED.clone();
    Rules::read(sources, codes, law, calendar).map_err(|problems| {
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        for words in &words {
            said(words);
        }
        words.into_iter().next().unwrap_or_default()
    })
}

/// Reads and checks a procedure file among the code lists of the repository, and draws it.
pub(crate) fn file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(rules) = rules(&[Source { path: "any.toml", text }], &CODES) else { return };
    for procedure in rules.procedures() {
        for language in [Language::Chinese, Language::English] {
            let drawn = graph::graph(procedure, language, None);
            assert!(drawn.starts_with("<svg"), "{drawn}");
        }
    }
}

/// Reads the lists of codes.
pub(crate) fn codes(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let problem = FILES.iter().find(|(path, _)| path.ends_with("/problem.toml"));
    let sources: Vec<_> = problem.iter().map(|(path, text)| Source { path, text }).collect();
    drop(rules(&sources, text));
}

/// Reads a condition.
pub(crate) fn guard(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = Guard::parse(text) {
        said(&error.to_string());
    }
}

/// Reads what was filled into a field: the number of the field, then a line for each value.
pub(crate) fn field(bytes: &[u8]) {
    let Some((number, given)) = bytes.split_first_chunk::<2>() else { return };
    let Ok(given) = std::str::from_utf8(given) else { return };
    let fields = &*FIELDS;
    let Some(field) = fields.get(usize::from(u16::from_le_bytes(*number)) % fields.len()) else {
        return;
    };
    let given: Vec<String> = given.split('\n').map(str::to_owned).collect();
    let today = Date::constant(2026, 3, 2);
    match value::read(field, &given, &Anywhere, &EMBEDDED.0, today) {
        Ok(Some(value)) => {
            let written = value.written();
            let again = value::read(field, &written, &Anywhere, &EMBEDDED.0, today);
            assert_eq!(again.as_ref().ok(), Some(&Some(value)), "{field:?} {written:?}");
        }
        Ok(None) => {}
        Err(error) => {
            said(&error.words.zh);
            said(&error.words.en);
        }
    }
}

/// One unit and one division.
struct Anywhere;

impl Directory for Anywhere {
    fn unit(&self, _: UnitId) -> Option<UnitFacts> {
        None
    }

    fn find(&self, text: &str) -> Option<UnitId> {
        text.parse().ok()
    }

    fn division(&self, text: &str) -> Option<String> {
        (text == "610305" || text == "凤翔区").then(|| "610305".to_owned())
    }
}
