//! Words people read, in both languages: `messages/zh.toml` and `messages/en.toml`.
//!
//! Both files hold the same keys; a test proves it, and that every key a page or a handler names is
//! there.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

use calendar::Words;

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// 简体中文, the default.
    #[default]
    Zh,
    /// English.
    En,
}

/// How a template asks for words: `{{ t("home.title") }}`.
pub type T = fn(&'static str) -> &'static str;

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The language of that code, `zh` or `en`.
    #[must_use]
    pub fn read(code: &str) -> Option<Self> {
        match code {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// Its code in addresses and cookies.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// Its tag for `lang`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    /// The function templates call.
    #[must_use]
    pub fn t(self) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// The words of a key; the key itself when there are none, which the tests rule out.
    #[must_use]
    pub fn say(self, key: &str) -> &str {
        let table: &'static Table = match self {
            Self::Zh => &ZH,
            Self::En => &EN,
        };
        table.get(key).map_or(key, |words| words.as_str())
    }

    /// The words of a key with one place filled: `{name}`.
    #[must_use]
    pub fn with(self, key: &str, name: &str, value: impl Display) -> String {
        self.say(key).replace(&format!("{{{name}}}"), &value.to_string())
    }

    /// The words of a key with its places filled.
    #[must_use]
    pub fn fill(self, key: &str, places: &[(&str, &dyn Display)]) -> String {
        places.iter().fold(self.say(key).to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), &value.to_string())
        })
    }

    /// The side of bilingual words this language reads.
    #[must_use]
    pub fn of(self, words: &Words) -> &str {
        match self {
            Self::Zh => &words.zh,
            Self::En => &words.en,
        }
    }
}

/// Whether a key has words.
#[must_use]
pub fn is_known(key: &str) -> bool {
    ZH.contains_key(key)
}

/// Both sides of a key, for words that outlive the page.
#[must_use]
pub fn words(key: &str) -> Words {
    Words { zh: Language::Zh.say(key).to_owned(), en: Language::En.say(key).to_owned() }
}

type Table = BTreeMap<String, String>;

fn zh(key: &'static str) -> &'static str {
    Language::Zh.say(key)
}

fn en(key: &'static str) -> &'static str {
    Language::En.say(key)
}

static ZH: LazyLock<Table> = LazyLock::new(|| read(include_str!("../messages/zh.toml")));
static EN: LazyLock<Table> = LazyLock::new(|| read(include_str!("../messages/en.toml")));

/// A file as one flat table: `[home]` `title = …` is `home.title`. The files are embedded and tested,
/// so one that does not parse is empty rather than a way to stop the program.
fn read(text: &str) -> Table {
    let mut table = Table::new();
    if let Ok(file) = text.parse::<toml::Table>() {
        flatten("", &file, &mut table);
    }
    table
}

fn flatten(under: &str, file: &toml::Table, table: &mut Table) {
    for (key, value) in file {
        let key = if under.is_empty() { key.clone() } else { format!("{under}.{key}") };
        match value {
            toml::Value::String(text) => {
                table.insert(key, text.clone());
            }
            toml::Value::Table(inner) => flatten(&key, inner, table),
            toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_parse_and_hold_the_same_keys() {
        for text in [include_str!("../messages/zh.toml"), include_str!("../messages/en.toml")] {
            text.parse::<toml::Table>().unwrap();
        }
        let missing = |a: &Table, b: &Table| {
            a.keys().filter(|key| !b.contains_key(*key)).cloned().collect::<Vec<_>>()
        };
        assert_eq!(missing(&ZH, &EN), Vec::<String>::new(), "only in zh.toml");
        assert_eq!(missing(&EN, &ZH), Vec::<String>::new(), "only in en.toml");
    }

    #[test]
    fn both_sides_fill_the_same_places() {
        let places = |text: &str| {
            let mut found: Vec<_> = text
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split_once('}'))
                .map(|(name, _)| name.to_owned())
                .collect();
            found.sort();
            found.dedup();
            found
        };
        for (key, zh) in ZH.iter() {
            assert_eq!(places(zh), places(&EN[key]), "{key}");
        }
    }

    #[test]
    fn no_words_are_empty() {
        for (key, words) in ZH.iter().chain(EN.iter()) {
            assert!(!words.trim().is_empty(), "{key}");
        }
    }
}
